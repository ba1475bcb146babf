"""What it costs to start the program, to list the policies, and to check a plan."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Cost, Figure, median_cost, run_process
from benchmarks.plan import make_plan

__all__ = ["measure", "run_trueline"]

_TIMES = 7
HELP, LIST, CHECK, CHECK_RSS = 0.12, 0.4, 1.0, 150.0


def measure() -> Iterator[Figure]:
    """Medians of fresh processes; the catalog's cache is there, as on every run but the first."""
    with tempfile.TemporaryDirectory(prefix="trueline-bench-") as folder:
        home = Path(folder)
        yield Figure("trueline --help", _cost(home, "--help").cpu, "s CPU", HELP)
        yield Figure("trueline policy list", _cost(home, "policy", "list").cpu, "s CPU", LIST)
        plan = home / "plan.json"
        document = make_plan(60)
        plan.write_text(json.dumps(document))
        checked = _cost(home, "check", str(plan), "--format", "json", codes=(1,))
        found = json.loads(checked.out)["summary"]
        note = f"{len(document['resource_changes'])} blocks, {found['fail']} fails"
        yield Figure("trueline check, 60 resources", checked.cpu, "s CPU", CHECK, note=note)
        yield Figure("trueline check, 60 resources: memory", checked.rss, "MB", CHECK_RSS)


def _cost(home: Path, *arguments: str, codes: Sequence[int] = (0,)) -> Cost:
    """The median of several runs, after one that fills the caches."""
    run_trueline(home, *arguments, codes=codes)
    return median_cost(_TIMES, lambda: run_trueline(home, *arguments, codes=codes))


def run_trueline(home: Path, *arguments: str, codes: Sequence[int] = (0,)) -> Cost:
    """One run of the program with a home and caches of its own."""
    env = {
        "TRUELINE_HOME": str(home),
        "TRUELINE_CACHE": str(home / "cache"),
        # An installed program has its bytecode, wherever this one may write it.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
    }
    return run_process(sys.executable, "-m", "trueline", *arguments, env=env, codes=codes)
