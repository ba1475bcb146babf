"""The report of a recorded snapshot: what was stored, and passes judged again where wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from trueline.catalog.select import tables_named
from trueline.model import Policy, Scope, Verdict
from trueline.pipeline.judging import Bench, make_bench, ordered, said_once
from trueline.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from trueline.lake import Lake, Snapshot
    from trueline.pipeline.findings import Standing
    from trueline.report import Report

__all__ = ["snapshot_report"]


def snapshot_report(
    workspace: Workspace,
    lake: Lake,
    snapshot: Snapshot,
    *,
    chosen: Mapping[str, Policy],
    scopes: Collection[Scope],
    passes: bool = False,
    standing: Standing = list,
) -> Report:
    """The report of a snapshot's scan: verdicts of `chosen` policies in these scopes.

    Fails and unknowns were stored; passing verdicts are judged again where they are wanted.
    `standing` adds what is known of the findings behind the verdicts.
    """
    from trueline.evaluate import scope_verdicts, tally
    from trueline.report import build_report

    policies = workspace.catalog.policies
    tables = {s.type for s in scopes} & set(snapshot.verdicts)
    # Days are counted to the moment of the stored verdicts, so that none differs when made again.
    metadata = [snapshot.verdicts[t].metadata for t in tables]
    judged_at = [dt.datetime.fromisoformat(m["judged_at"]) for m in metadata if "judged_at" in m]
    now = max(judged_at, default=snapshot.created_at)
    bench = make_bench(workspace, now)
    places = {t: {(s.account, s.region) for s in scopes if s.type == t} for t in tables}
    counted = [tally(snapshot.verdicts[t].metadata, places[t], chosen) for t in sorted(tables)]
    read = _read_again if passes else _read_stored
    verdicts = list(read(bench, lake, snapshot, places, chosen))
    never = bench.base.nowhere | {n.policy for n in snapshot.not_judged if n.plane == "live"}
    verdicts += scope_verdicts(
        [s for s in snapshot.states if s.scope in scopes],
        [p for i, p in chosen.items() if i not in never],
        bench.base.severities,
    )
    return build_report(
        snapshot.scan,
        ordered(standing(verdicts)),
        snapshot.coverage(of_this_scan=True),
        resources=sum(c.rows for c in counted),
        passed=None if passes else sum(c.passed for c in counted),
        not_judged=said_once(snapshot.not_judged, chosen),
        policies=policies,
    )


def _read_stored(
    bench: Bench,
    lake: Lake,
    snapshot: Snapshot,
    places: Mapping[str, Collection[tuple[str, str]]],
    chosen: Mapping[str, Policy],
) -> Iterator[Verdict]:
    from trueline.evaluate import Layout, only_scopes, read_verdicts

    for table, inside in sorted(places.items()):
        metadata = snapshot.verdicts[table].metadata
        if "layout" in metadata:
            batches = only_scopes(snapshot.verdict_batches(table), inside)
            layout = Layout.from_json(metadata["layout"])
            yield from (
                v
                for v in read_verdicts(layout, batches, chosen, bench.base.severities)
                if v.status != "pass"
            )


def _read_again(
    bench: Bench,
    lake: Lake,
    snapshot: Snapshot,
    places: Mapping[str, Collection[tuple[str, str]]],
    chosen: Mapping[str, Policy],
) -> Iterator[Verdict]:
    from trueline.evaluate import only_scopes, read_verdicts, readable

    catalog = bench.catalog
    compiled, _ = readable(
        [catalog.compiled[i] for i in chosen if catalog.compiled[i].table in places],
        catalog.types,
        "live",
    )
    types = {t: catalog.types[t] for t in tables_named(compiled)}
    with lake.tables(snapshot, types) as tables:
        for judged in bench.judge(tables, compiled, "all"):
            batches = only_scopes(judged.all(), places[judged.layout.table])
            yield from read_verdicts(judged.layout, batches, chosen, bench.base.severities)
