"""A million findings: applying snapshots to a new store, and asking it, on each database.

Run as a module it is one step in a fresh process: `build` or `change` and a home, or `apply` or
`ask`, a home and the URL of its store (and for PostgreSQL the number of the server's process).
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from benchmarks.estate import POLICIES, TYPES, build_lake, change_lake
from benchmarks.measure import Figure, child, cpu_seconds, run_process
from benchmarks.postgresql import Server, postgresql
from trueline.catalog import load
from trueline.catalog.select import tables_named
from trueline.findings.queries import Wanted, counts, find, listed
from trueline.findings.schema import events, findings
from trueline.findings.store import micros
from trueline.lake import Lake, RunSelection
from trueline.model import ScanInfo
from trueline.pipeline import Workspace, make_bench, type_verdicts
from trueline.pipeline.findings import bring_up_to_date, open_findings
from trueline.settings import Environment, Owners, Settings, cache_directory

__all__ = ["apply", "ask", "build", "change", "measure"]

RESOURCES = 1_000_000
"""So many give a million findings."""
CHANGED = 0.006
"""The share of resources that are otherwise in the second snapshot: 1 % of the findings are."""
FIRST, NEXT, RSS, QUERY = 90.0, 20.0, 500.0, 100.0
"""CPU seconds of the first snapshot and of the next, MB, milliseconds of CPU."""
_JUDGED = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
_LATER = dt.timedelta(days=40)
"""How long after the snapshots the store is asked: some findings are overdue then, some not."""
_PAGE, _TIMES = 100, 10
_READ = (
    "uid LIKE '%nowhere%'", "name LIKE '%nowhere%' OR uid LIKE '%nowhere%'",
    "tag('env') = tag('audit')", "environment = 'dev' AND tag('env') = 'prod'",
)  # fmt: skip
"""What no index tells: the names of all resources are read, or the findings."""


def measure() -> Iterator[Figure]:
    """Figures on SQLite, then on PostgreSQL where it is installed."""
    with ExitStack() as stack:
        first, changed = (
            stack.enter_context(tempfile.TemporaryDirectory(prefix="trueline-bench-"))
            for _ in range(2)
        )
        _step("build", first, RESOURCES)
        shutil.copytree(first, changed, dirs_exist_ok=True)
        _step("change", changed, RESOURCES)
        yield from _measure_store("SQLite", f"sqlite:///{first}/state.sqlite", None, first, changed)
        server = stack.enter_context(postgresql())
        if server is None:
            print("     findings on PostgreSQL: skipped, it is not installed", file=sys.stderr)
            return
        yield from _measure_store("PostgreSQL", server.url, server, first, changed)


def _measure_store(
    name: str, url: str, server: Server | None, first: str, changed: str
) -> Iterator[Figure]:
    for what, home, limit in (("first snapshot", first, FIRST), ("the next", changed, NEXT)):
        before = server.cpu_seconds() if server else 0.0
        cost = run_process(*child("benchmarks.findings", "apply", home, url))
        took = server.cpu_seconds() - before if server else 0.0
        said = _step("count", home, url)
        note = f"{said['findings']:,} findings, {said['told']:,} of them new or otherwise"
        title = f"findings, {name}: {what}"
        yield Figure(title, cost.cpu, "s CPU", limit, note=note)
        yield Figure(f"{title}: memory", cost.rss, "MB", RSS)
        if server:
            yield Figure(f"{title}: the server", took, "s CPU")
    asked = _step("ask", changed, url, *([server.pid] if server else []))
    for query, took in asked["pages"].items():
        note = f"{asked['rows'][query]} rows"
        yield Figure(f"findings, {name}: {query}", took, "ms CPU", QUERY, note=note)
    for query, took in asked["counts"].items():
        yield Figure(f"findings, {name}: {query}", took, "ms CPU")


def _step(*arguments: object) -> dict[str, Any]:
    out = run_process(*child("benchmarks.findings", *arguments)).out
    result: dict[str, Any] = json.loads(out)
    return result


def build(home: Path, size: int) -> None:
    """Write an estate and judge it: the first snapshot with verdicts."""
    workspace = _workspace(home)
    build_lake(home, {t: workspace.catalog.types[t] for t in TYPES}, size)
    _judge(workspace)


def change(home: Path, size: int) -> None:
    """Read the estate again, otherwise in a few places, and judge it."""
    workspace = _workspace(home)
    change_lake(home, {t: workspace.catalog.types[t] for t in TYPES}, size, CHANGED)
    _judge(workspace)


def _workspace(home: Path, url: str | None = None) -> Workspace:
    params = {"aws-ec2-instance-type-not-approved": {"approved_types": ["t3.micro", "t3.large"]}}
    environments = tuple(Environment(e, f"tag('env') = '{e}'") for e in ("prod", "dev"))
    settings = Settings(
        state=url, params=params, environments=environments, owners=Owners(tag="owner")
    )
    return Workspace(home, settings, load((), cache_directory()))


def _judge(workspace: Workspace) -> None:
    """Make the next snapshot of the newest: its rows with their verdicts."""
    catalog, lake = workspace.catalog, Lake(workspace.home)
    compiled = [catalog.compiled[i] for i in POLICIES]
    bench = make_bench(workspace, _JUDGED)
    now = dt.datetime.now(dt.UTC)
    run = lake.begin(RunSelection("aws", {}))
    lake.commit(
        run,
        ScanInfo("benchmark", now, now, "0", ("live",)),
        lambda tables: type_verdicts(bench, tables, compiled, TYPES),
        types={t: catalog.types[t] for t in tables_named(compiled) | set(TYPES)},
    )
    run.close()


def apply(home: Path, url: str) -> None:
    """Bring the store up to date."""
    workspace = _workspace(home, url)
    state = open_findings(workspace)
    bring_up_to_date(workspace, state)
    state.close()


def count(home: Path, url: str) -> dict[str, int]:
    """How many findings there are, and of how many the newest snapshot told something."""
    state = open_findings(_workspace(home, url), create=False)
    e = events.c
    newest = select(func.max(e.transaction)).scalar_subquery()
    asked = {
        "findings": select(func.count()).select_from(findings),
        "told": select(func.count(e.finding.distinct())).where(e.transaction == newest),
    }
    with state.reading() as conn:
        said = {name: int(conn.execute(query).scalar() or 0) for name, query in asked.items()}
    state.close()
    return said


def ask(home: Path, url: str, pid: str = "") -> dict[str, dict[str, float]]:
    """What queries cost, in milliseconds, and how many rows each gives."""
    state = open_findings(_workspace(home, url), create=False)
    server = Server(url, int(pid)) if pid else None
    now = micros(dt.datetime.now(dt.UTC) + _LATER)
    rows: dict[str, float] = {}
    took: dict[str, dict[str, float]] = {"pages": {}, "counts": {}}
    with state.reading() as conn:
        some = list(listed(conn, Wanted(), now, limit=_PAGE))[-1]

        def page(text: str | None) -> Callable[[], int]:
            return lambda: sum(1 for _ in listed(conn, Wanted(text), now, limit=_PAGE))

        asked: dict[str, dict[str, Callable[[], int]]] = {
            "pages": {"first page": page(None)}
            | {text: page(text) for text in _filters(some)}
            | {"id prefix": lambda: len([find(conn, some["id"][:12], now)])},
            "counts": {
                f"counts by {by}": partial(_counted, conn, by, now)
                for by in ("severity", "owner", "environment")
            }
            | {f"{text}, which no index tells": page(text) for text in _READ},
        }
        for kind, queries in asked.items():
            for name, query in queries.items():
                took[kind][name], rows[name] = _timed(query, server)
    state.close()
    return {**took, "rows": rows}


def _counted(conn: Connection, by: str, now: int) -> int:
    return len(counts(conn, by, now))


def _filters(some: Mapping[str, Any]) -> list[str]:
    return [
        "severity:critical", "severity:high", "severity:low", "env:prod", "env:none",
        f"owner:{some['owner']}", f"account:{some['account']}", f"policy:{some['policy']}",
        f"name:{some['name'] or 'main'}", f"uid:'{some['uid']}'", "type:aws_vpc",
        "state:open AND overdue", "state:acknowledged", "age:>30d", "age:>60d",
        "tag('env') = 'prod'", "tag('env') = 'dev'", "tag('audit') = 'yes'", "tag('audit') = 'no'",
        "tag('audit') = 'yes' AND state:open", "is_absent(tag('env'))", "is_absent(tag('audit'))",
        f"region = '{some['region']}'", "region = 'eu-west-1' AND NOT overdue", "risk < 20",
        "tag('env') = 'dev' AND severity:critical", "severity:low AND overdue", "severity <> 'low'",
        "type:aws_vpc AND env:dev AND region = 'us-east-1'", f"owner:{some['owner']} OR env:prod",
        "policy LIKE 'aws-vpc-%' AND state:acknowledged", "NOT overdue AND NOT env:prod",
        "name LIKE '%nowhere%'", "name LIKE '%25%' AND severity:critical",
        "name LIKE '%nowhere%' OR account = 'nobody'", "name:nowhere AND state:open",
    ]  # fmt: skip


def _timed(query: Callable[[], int], server: Server | None) -> tuple[float, int]:
    """CPU milliseconds of a query here and on the server, and its rows; once before, unmeasured."""

    def spent() -> float:
        return cpu_seconds() + (server.cpu_seconds() if server else 0.0)

    rows = query()
    began = spent()
    for _ in range(_TIMES):
        query()
    return (spent() - began) * 1000 / _TIMES, rows


_STEPS: Mapping[str, Callable[..., Any]] = {
    "build": lambda home, size: build(Path(home), int(size)),
    "change": lambda home, size: change(Path(home), int(size)),
    "apply": lambda home, url: apply(Path(home), url),
    "count": lambda home, url: count(Path(home), url),
    "ask": lambda home, url, pid="": ask(Path(home), url, pid),
}


def main(what: str, *arguments: str) -> None:
    """One step; what it says is a line of JSON."""
    print(json.dumps(_STEPS[what](*arguments)))


if __name__ == "__main__":
    main(*sys.argv[1:])
