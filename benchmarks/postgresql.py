"""A PostgreSQL of its own for a benchmark, from the programs that are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Server", "postgresql"]

_SETTINGS = {
    "listen_addresses": "",
    "max_parallel_workers_per_gather": "0",  # so that a query's whole cost is one process's
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the URL of its database, and the number of its first process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far, those that have ended included."""
        listed = [p for p in Path("/proc").iterdir() if p.name.isdecimal()]
        ours = [s for s in map(_stat, listed) if s and self.pid in (s.pid, s.parent)]
        ticks = sum(s.own + (s.children if s.pid == self.pid else 0) for s in ours)
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    """What /proc says of a process; times in clock ticks."""

    pid: int
    parent: int
    own: int
    children: int


def _stat(folder: Path) -> _Stat | None:
    try:
        text = (folder / "stat").read_text()
    except OSError:  # it has ended meanwhile
        return None
    fields = text.rpartition(")")[2].split()
    user, system, waited_user, waited_system = map(int, fields[11:15])
    return _Stat(int(folder.name), int(fields[1]), user + system, waited_user + waited_system)


@contextmanager
def postgresql() -> Iterator[Server | None]:
    """Start a server in a temporary directory; None where PostgreSQL is not installed.

    It refuses to run as root, and is started as somebody else then.
    """
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="trueline-pg-") as folder:
        who = _unprivileged()
        if who:
            shutil.chown(folder, who)
        data, made = Path(folder) / "data", ("-U", "bench", "-A", "trust", "--no-sync")
        _run(binaries / "initdb", "-D", data, "-E", "UTF8", "--locale=C", *made, who=who)
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        control, log = binaries / "pg_ctl", Path(folder) / "log"
        options += f" -k {folder}"
        _run(control, "-D", data, "-l", log, "-o", options, "-w", "start", who=who)
        try:
            pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            yield Server(f"postgresql://bench@/postgres?host={folder}", pid)
        finally:
            _run(control, "-D", data, "-m", "immediate", "-w", "stop", who=who)


def _binaries() -> Path | None:
    """The newest PostgreSQL's programs: those of the path, else where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    listed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(listed, key=lambda p: int(p.parts[-3]), default=None)
    return newest and newest.parent


def _unprivileged() -> str | None:
    """Whom to start it as; None = as who we are."""
    return "nobody" if os.geteuid() == 0 else None


def _run(*command: object, who: str | None) -> None:
    # The server inherits what it is given: a pipe would not end before it does.
    with tempfile.TemporaryFile("w+") as talk:
        code = subprocess.run(
            [*map(str, command)], user=who, stdout=talk, stderr=talk, check=False, cwd="/"
        ).returncode
        if code:
            talk.seek(0)
            raise RuntimeError(f"{command[0]} ended with {code}:\n{talk.read()}")
