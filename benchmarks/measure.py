"""Figures with limits, and the CPU time and memory of processes.

Only CPU time (user and system) and ratios of it are judged: on a shared machine the clock on the
wall measures the neighbours.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["Cost", "Figure", "child", "cpu_seconds", "median_cost", "peak_mb", "run_process"]

_KILOBYTES = 1024 if sys.platform == "darwin" else 1
"""What one unit of `ru_maxrss` divides into: macOS counts bytes, Linux kilobytes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured. `limit` None = shown, not judged; `least` = the limit is a minimum."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    least: bool = False
    note: str = ""

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        judged = "" if self.limit is None else f"limit {sign} {self.limit:,g}"
        mark = "    " if self.limit is None else "ok  " if self.ok else "OVER"
        value = f"{self.value:,.0f}" if self.value >= 1000 else f"{self.value:,.3g}"
        return f"{mark} {self.name:<52} {value:>9} {self.unit:<8} {judged:<18} {self.note}".rstrip()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: CPU seconds, peak resident memory in MB, and its standard output."""

    cpu: float
    rss: float
    out: str = ""


def cpu_seconds() -> float:
    """CPU time of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """Most resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTES / 1024


def run_process(
    *command: str, env: Mapping[str, str] | None = None, codes: Sequence[int] = (0,)
) -> Cost:
    """Run a program to its end and say what it and its children took.

    Raises RuntimeError where it ends with a code that is not expected: a failed run is no figure.
    """
    with (
        tempfile.TemporaryFile("w+") as talk,
        subprocess.Popen(
            command,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=talk,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        if code not in codes:
            talk.seek(0)
            raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{talk.read()}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / _KILOBYTES / 1024, out)


def median_cost(times: int, measured: Callable[[], Cost]) -> Cost:
    """The medians over several runs; what came out is that of the last."""
    costs = [measured() for _ in range(times)]
    return Cost(median(c.cpu for c in costs), median(c.rss for c in costs), costs[-1].out)


def child(module: str, *arguments: Any) -> tuple[str, ...]:
    """The command that runs a benchmark's own work in a fresh process."""
    return (sys.executable, "-m", module, *map(str, arguments))
