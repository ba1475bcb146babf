"""How long the demo takes from the command to the report, as one who tries it waits."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure, run_process

__all__ = ["measure"]

WAIT = 60.0


def measure() -> Iterator[Figure]:
    """One run in a fresh process; the wait is time on the clock, the rest of the limits is CPU."""
    with tempfile.TemporaryDirectory(prefix="trueline-bench-") as folder:
        report = Path(folder) / "demo.html"
        began = time.monotonic()
        cost = run_process(sys.executable, "-m", "trueline", "demo", "-q", "-o", str(report))
        waited = time.monotonic() - began
        yield Figure("trueline demo", waited, "s", WAIT, note=f"{cost.cpu:.1f} s CPU")
