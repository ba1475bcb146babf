"""scan: collect → run → (in the commit) enrich → evaluate → snapshot → report."""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.catalog.select import select_policies, select_types, tables_named
from trueline.errors import ConfigError, InterruptedRun, TruelineError
from trueline.model import CoverageRow, ResourceType
from trueline.pipeline.findings import AfterScan, applied, refuse_state
from trueline.pipeline.inspection import broken_rules
from trueline.pipeline.judging import Bench, info, make_bench, moment
from trueline.pipeline.snapshots import snapshot_report
from trueline.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pyarrow import RecordBatch

    from trueline.collect import Outcome, Progress
    from trueline.evaluate import Judged
    from trueline.lake import Lake, Run, Snapshot, Tables, TypeVerdicts
    from trueline.language import CompiledPolicy
    from trueline.report import Report

__all__ = ["ScanOptions", "ScanOutcome", "scan_aws", "type_verdicts"]


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What `trueline scan aws` was asked; empty = everything. `passes`: report them too."""

    profile: str | None = None
    role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    record: bool = True
    resume: bool = False
    passes: bool = False


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """A scan's report, and the snapshot it recorded (None with `record=False`).

    `changes` are events of findings by kind. `state_error`: the snapshot is kept, but could not be
    applied to the findings.
    """

    report: Report
    snapshot: int | None
    changes: Mapping[str, int] = field(default_factory=dict)
    state_error: TruelineError | None = None


def scan_aws(
    workspace: Workspace,
    options: ScanOptions,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> ScanOutcome:
    """Read AWS, judge what was read, record a snapshot, and report on this scan."""
    from trueline.lake import Lake

    catalog = workspace.catalog
    chosen = select_policies(catalog, options.policies)
    types = select_types(catalog, "aws", options.types, list(chosen) if options.policies else None)
    if options.types:
        chosen = {i: p for i, p in chosen.items() if p.resource in types}
    started = moment()
    bench = make_bench(workspace, started)
    for broken in broken_rules(workspace.settings):
        raise broken.error
    with ExitStack() as stack:
        home = workspace.home
        if not options.record:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trueline-")))
        lake = Lake(home)
        if options.record:
            refuse_state(workspace, lake)
        run = _begin(lake, options, types, say)
        outcome = _collect(workspace, options, types, run, progress, stop)
        read = {s for s, f in run.finished.items() if f.state.cause != "not_collected"}
        snapshot = _commit(lake, run, bench, types, started, outcome)
        findings = applied(workspace, say) if options.record else AfterScan()
        report = snapshot_report(
            workspace,
            lake,
            snapshot,
            chosen=chosen,
            scopes=read,
            passes=options.passes,
            standing=findings.standing,
        )
        number = snapshot.number if options.record else None
        return ScanOutcome(report, number, findings.changes, findings.error)


def _begin(
    lake: Lake,
    options: ScanOptions,
    types: Mapping[str, ResourceType],
    say: Callable[[str], None],
) -> Run:
    from trueline.lake import RunSelection

    identities = (options.profile or "", *options.role_arns)
    selection = RunSelection(
        "aws", types, options.accounts, options.regions, note="|".join(identities)
    )
    run = lake.begin(selection, options.resume)
    if options.resume and not run.resumed:
        say("there is no unfinished scan like this one under 24 hours old; starting a new one")
    elif run.resumed:
        say(f"resuming {run.id}: {len(run.finished)} scopes are already read")
    return run


def _collect(
    workspace: Workspace,
    options: ScanOptions,
    types: Mapping[str, ResourceType],
    run: Run,
    progress: Progress | None,
    stop: threading.Event | None,
) -> Outcome:
    """Fill the run. A run that is stopped or that reads nothing is not committed."""
    try:
        from trueline.collect import Silence
        from trueline.collect.aws import AwsRequest, collect
    except ImportError as error:
        run.close()
        raise ConfigError(
            "extra-missing",
            f"scanning AWS needs a package that is not installed: {error.name}",
            'pip install "trueline[aws]"',
        ) from None
    request = AwsRequest(
        profile=options.profile,
        role_arns=options.role_arns,
        external_id=options.external_id,
        accounts=options.accounts,
        regions=options.regions,
        expected_accounts=workspace.settings.expected_accounts,
    )
    halt = stop or threading.Event()
    try:
        outcome = collect(request, types, run, progress or Silence(), halt)
    except BaseException:
        run.close()
        raise
    if outcome.interrupted or halt.is_set():
        run.close()
        raise InterruptedRun(
            "interrupted",
            f"the scan was stopped after {len(run.finished)} scopes; nothing was recorded",
            "run the same command with --resume to go on",
        )
    return outcome


def _commit(
    lake: Lake,
    run: Run,
    bench: Bench,
    types: Mapping[str, ResourceType],
    started: dt.datetime,
    outcome: Outcome,
) -> Snapshot:
    """Judge the estate as it stands with this run in it, and make that the newest snapshot."""
    from trueline.evaluate import readable

    catalog = bench.catalog
    compiled, not_judged = readable(
        [c for c in catalog.compiled.values() if c.table in types], catalog.types, "live"
    )
    needed = {t: catalog.types[t] for t in tables_named(compiled) | set(types)}
    bench = replace(bench, now=moment())
    try:
        return lake.commit(
            run,
            info(started, ("live",), run.id),
            lambda tables: type_verdicts(bench, tables, compiled, types),
            types=needed,
            coverage=(*outcome.coverage, *(_never_seen(a) for a in outcome.missing)),
            not_judged=(*bench.base.not_judged, *not_judged),
            settings=catalog.digest,
        )
    finally:
        run.close()


def _never_seen(account: str) -> CoverageRow:
    """The ledger row of an account that the configuration expects and no credentials gave."""
    return CoverageRow(
        "aws",
        account,
        "global",
        "aws_account",
        "sts.GetCallerIdentity",
        "error",
        code="account-not-seen",
        message="expected, but no credentials or role lead to it",
    )


def type_verdicts(
    bench: Bench,
    tables: Tables,
    compiled: Sequence[CompiledPolicy],
    types: Iterable[str],
) -> Iterator[TypeVerdicts]:
    """What the lake keeps: fails and unknowns with their evidence, and counts of the rest."""
    from trueline.evaluate import row_counts
    from trueline.lake import TypeVerdicts

    for judged in bench.judge(tables, compiled, "failing"):
        facts: dict[str, Any] = {"held": _held(bench, judged)}
        yield TypeVerdicts(judged.layout.table, _kept(judged, facts, bench.now), facts)
    for table in sorted(set(types) - {c.table for c in compiled}):
        yield TypeVerdicts(table, (), {"rows": row_counts(tables, table)})


def _held(bench: Bench, judged: Judged) -> list[tuple[str | None, str]]:
    """Which environments did not judge which policy: no verdict of theirs is a pass."""
    named = {p.policy for p in judged.layout.policies}
    return [(name, policy) for name, policy in bench.base.held if policy in named]


def _kept(judged: Judged, facts: dict[str, Any], now: dt.datetime) -> Iterator[RecordBatch]:
    """The rows to keep; `facts` is filled when all of them have been counted."""
    yield from judged.not_passing()
    facts["layout"] = judged.layout.to_json()
    facts["judged_at"] = now.isoformat()
    facts |= judged.counts.to_json()
