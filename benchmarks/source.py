"""What it costs to judge Terraform source: small roots, trees of modules, and the second time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.measure import Cost, Figure, median_cost
from benchmarks.startup import run_trueline
from benchmarks.tree import flat_files, tree_files, write_files

__all__ = ["measure"]

_TIMES = 5
SMALL, SMALL_RSS, TREE, LARGE, AGAIN, GROWTH = 1.0, 150.0, 3.0, 12.0, 0.5, 1.25
_TREE, _LARGE = (38, 43), (228, 258)


def measure() -> Iterator[Figure]:
    """Medians of fresh processes; but for the second time, none has seen its tree before."""
    with tempfile.TemporaryDirectory(prefix="trueline-bench-") as folder:
        place = Path(folder)
        write_files(place / "small", flat_files(60))
        small = _first(place, "small")
        yield Figure("check of source, 60 resources", small.cpu, "s CPU", SMALL, note=_note(small))
        yield Figure("check of source, 60 resources: memory", small.rss, "MB", SMALL_RSS)
        size = write_files(place / "tree", tree_files(*_TREE))
        tree = _first(place, "tree")
        note = f"{size / 1e6:.2f} MB, {_note(tree)}"
        yield Figure("check of a tree of modules", tree.cpu, "s CPU", TREE, note=note)
        again = median_cost(_TIMES, lambda: _check(place, "tree"))
        yield Figure("the same tree again, over the first time", again.cpu / tree.cpu, "×", AGAIN)
        large_size = write_files(place / "large", tree_files(*_LARGE))
        large = _first(place, "large", times=1)
        note = f"{large_size / 1e6:.2f} MB, {_note(large)}, {large.rss:.0f} MB"
        yield Figure("check of a large tree", large.cpu, "s CPU", LARGE, note=note)
        growth = (large.cpu / tree.cpu) / (large_size / size)
        yield Figure("growth with size, 1 = linear", growth, "×", GROWTH)


def _note(cost: Cost) -> str:
    summary = json.loads(cost.out)["summary"]
    return f"{summary['resources']} resources, {summary['fail']} fails"


def _first(place: Path, tree: str, times: int = _TIMES) -> Cost:
    """Runs that find nothing remembered: before each, a file changes that says nothing."""
    marked = place / tree / "modules" / "mark.tf"
    marked.parent.mkdir(exist_ok=True)
    marks = count(1)

    def once() -> Cost:
        marked.write_text(f"# {next(marks)}\n")
        return _check(place, tree)

    once()  # fills the caches of content and bytecode
    return median_cost(times, once)


def _check(place: Path, tree: str) -> Cost:
    arguments = ("check", str(place / tree), "--format", "json")
    return run_trueline(place / "home", *arguments, codes=(0, 1))
