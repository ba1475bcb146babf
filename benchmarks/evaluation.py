"""Evaluation of 10 thousand to a million resources, beside a bare scan of what it reads.

Run as a module it is one measurement in a fresh process: `build`, `scan` or `judge`, then the home
and, for `build`, the number of resources.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.estate import POLICIES, TYPES, build_lake
from benchmarks.measure import Figure, child, cpu_seconds, peak_mb, run_process
from trueline.catalog import load
from trueline.catalog.select import columns_read, tables_named
from trueline.lake import Lake, RunSelection, Snapshot
from trueline.language import CompiledPolicy
from trueline.model import ResourceType, ScanInfo
from trueline.pipeline import Bench, type_verdicts
from trueline.settings import Settings, cache_directory

__all__ = ["measure"]

SIZES = (10_000, 100_000, 1_000_000)
"""Resources; each is measured `TIMES`."""
TIMES = 3
JUDGED = 1_000_000
"""The limits are for this size."""
RATIO, RSS = 5.0, 300.0


def measure() -> Iterator[Figure]:
    """Figures of each size; those of the largest have limits."""
    for size in SIZES:
        yield from _measure_size(size)


def _measure_size(size: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="trueline-bench-") as folder:
        run_process(*child("benchmarks.evaluation", "build", folder, size))
        scans, judged = [], []
        for _ in range(TIMES):
            scans.append(_run("scan", folder))
            judged.append(_run("judge", folder))
    scan, judge = median(r["cpu"] for r in scans), median(r["cpu"] for r in judged)
    last = judged[-1]
    pairs, share = last["pairs"], last["not_passing"] / last["pairs"]
    what, limited = f"evaluation, {size:,} resources", size == JUDGED
    yield Figure(f"{what}: bare scan", scan, "s CPU")
    yield Figure(
        what, judge, "s CPU", note=f"{pairs:,} pairs, {share:.0%} not passing, stored with evidence"
    )
    yield Figure(f"{what}: ratio", judge / scan, "×", RATIO if limited else None)
    rss = median(r["rss"] for r in judged)
    yield Figure(f"{what}: memory", rss, "MB", RSS if limited else None)


def _run(what: str, folder: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(
        run_process(*child("benchmarks.evaluation", what, folder)).out
    )
    return result


@dataclass(frozen=True, slots=True)
class _Content:
    """The types of the estate, the policies that judge it, and what judging needs beside them."""

    types: Mapping[str, ResourceType]
    compiled: tuple[CompiledPolicy, ...]
    bench: Bench


def _content() -> _Content:
    from trueline.evaluate import baseline

    catalog = load((), cache_directory())
    compiled = tuple(catalog.compiled[i] for i in POLICIES)
    policies = {i: catalog.policies[i] for i in POLICIES}
    params = {"aws-ec2-instance-type-not-approved": {"approved_types": _APPROVED}}
    base = baseline(Settings(params=params), policies)
    now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    return _Content({t: catalog.types[t] for t in TYPES}, compiled, Bench(catalog, base, (), now))


_APPROVED = ["t3.micro", "t3.large", "m6i.large"]


def scan(home: Path) -> dict[str, float]:
    """Read every column that the policies use, from the same segments, and touch every value."""
    content = _content()
    lake = Lake(home, threads=1)  # as a commit has
    snapshot = _newest(lake)
    used = _columns_used(content)
    began = cpu_seconds()
    with lake.tables(snapshot, content.types) as tables:
        for table, columns in used.items():
            kinds = {n: content.types[table].column_type(n) for n in columns}
            nested = {n for n, kind in kinds.items() if kind and kind.kind in ("list", "map")}
            touched = ", ".join(
                f'bit_xor(hash("{n}"))' if n in nested else f'hash(max("{n}"))' for n in columns
            )
            tables.con.execute(f'SELECT {touched} FROM "{table}"').fetchall()
    return {"cpu": cpu_seconds() - began, "rss": peak_mb()}


def _columns_used(content: _Content) -> dict[str, list[str]]:
    """By table: what the predicates read of it, the columns that relations match by, identity."""
    used: dict[str, dict[str, None]] = {}
    for policy in content.compiled:
        for table, columns in columns_read(policy):
            used.setdefault(table, dict.fromkeys(("uid", "_absent", "_why"))).update(
                dict.fromkeys(columns)
            )
        for related in policy.relations:
            relation = content.types[policy.table].relations[related.relation]
            near, far = policy.table, relation.target
            holder, other = (near, far) if relation.to else (far, near)
            used[holder][relation.by] = None
            used[other].update(dict.fromkeys(relation.keys))
    return {table: list(columns) for table, columns in used.items()}


def judge(home: Path) -> dict[str, float]:
    """Make the next snapshot of the newest: judge every pair, store what does not pass."""
    content = _content()
    lake = Lake(home)
    run = lake.begin(RunSelection("aws", {}))
    now = dt.datetime.now(dt.UTC)
    needed = {t: content.types[t] for t in tables_named(content.compiled) | set(TYPES)}
    began = cpu_seconds()
    snapshot = lake.commit(
        run,
        ScanInfo("benchmark", now, now, "0", ("live",)),
        lambda tables: type_verdicts(content.bench, tables, content.compiled, TYPES),
        types=needed,
    )
    spent, rss = cpu_seconds() - began, peak_mb()
    run.close()
    passed, not_passing = _pairs(snapshot)
    return {"cpu": spent, "rss": rss, "pairs": passed + not_passing, "not_passing": not_passing}


def _pairs(snapshot: Snapshot) -> tuple[int, int]:
    """How many pairs passed, and how many are stored as failing or unknown."""
    passed = not_passing = 0
    for table, entry in snapshot.verdicts.items():
        passed += sum(row[3] for row in entry.metadata.get("counts", ()))
        codes = [p["code"] for p in entry.metadata.get("layout", {"policies": ()})["policies"]]
        for batch in snapshot.verdict_batches(table):
            for code in codes:
                not_passing += sum(1 for c in batch[code].to_pylist() if c)
    return passed, not_passing


def _newest(lake: Lake) -> Snapshot:
    snapshot = lake.snapshot()
    if snapshot is None:
        raise RuntimeError(f"there is no snapshot in {lake.home}")
    return snapshot


def main(what: str, home: str, size: str = "0") -> None:
    """One measurement; the result is a line of JSON."""
    if what == "build":
        content = _content()
        result: dict[str, float] = {"resources": build_lake(Path(home), content.types, int(size))}
    else:
        result = {"scan": scan, "judge": judge}[what](Path(home))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
