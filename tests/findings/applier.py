"""Applies snapshots, or makes a store, in processes that a test may kill.

Run with a home and URL of a store, it reads a line each: `apply`, `migrate`, `full` (apply on a
full disk) or `backup FILE` forks a child and answers its process id; `wait PID` answers how that
ended. Everything is loaded before, so that what is killed is the work itself. It is always `FINAL`.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import time_machine

from findings.kit import HOUR, T0, Estate
from trueline.errors import TruelineError
from trueline.findings import applying, open_state, store  # noqa: F401 - loaded before the fork
from trueline.findings.backup import backup
from trueline.lake import Lake  # noqa: F401

FINAL = T0.timestamp() + 100 * HOUR


class Applier:
    """Such a process; a context, at whose end it is gone with its children."""

    def __init__(self, home: Path, url: str) -> None:
        command = [sys.executable, __file__, str(home), url]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self.started: list[int] = []

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def start(self, what: str, url: str = "") -> int:
        self.started.append(int(self._ask(f"{what} {url}")))
        return self.started[-1]

    def wait(self, pid: int) -> int:
        """Its exit code; -9 = it was killed."""
        self.started.remove(pid)
        return int(self._ask(f"wait {pid}"))

    def kill(self, pid: int) -> int:
        os.kill(pid, signal.SIGKILL)
        return self.wait(pid)

    def run(self, what: str, url: str = "") -> int:
        return self.wait(self.start(what, url))

    def __enter__(self) -> Applier:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self.started):
            self.kill(pid)
        _, self.said = self.process.communicate()


def work(what: str, home: Path, url: str) -> int:
    estate = Estate(home)
    estate.set(state=url)
    try:
        with time_machine.travel(FINAL, tick=False):
            if what == "migrate":
                open_state(url).close()
                return 0
            if what.startswith("backup"):
                with estate.opened() as state:
                    backup(state, Path(what.partition(":")[2]))
                return 0
            if what == "full":
                with estate.opened():
                    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
                    estate.sync()
            estate.sync()
    except TruelineError as error:
        print(error.render(), file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def serve(home: Path, url: str) -> None:
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        if what == "backup":
            what, rest = f"backup:{rest}", ""
        if what == "wait":
            answer = os.waitstatus_to_exitcode(os.waitpid(int(rest), 0)[1])
        else:
            answer = os.fork()
            if not answer:
                code = 70
                try:
                    code = work(what, home, rest or url)
                finally:
                    os._exit(code)
        print(answer, flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
