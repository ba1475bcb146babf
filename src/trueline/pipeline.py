"""The order of the stages; no other file knows it.

scan:   collect → lake run → (in the commit) enrich → evaluate → snapshot → report
check:  iac → tables → enrich → evaluate → report
policy test:  test rows → tables → enrich → evaluate
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from trueline import __version__
from trueline.catalog import Catalog, load
from trueline.catalog.select import relations_used, select_policies, select_types, tables_named
from trueline.errors import ConfigError, InterruptedRun, Where
from trueline.model import (
    COMMON,
    CoverageRow,
    NotJudged,
    Policy,
    ResourceType,
    ScanInfo,
    Scope,
    Verdict,
)
from trueline.settings import (
    Environment,
    Settings,
    cache_directory,
    find_config,
    git_top,
    home_directory,
    load_settings,
)

if TYPE_CHECKING:
    from pyarrow import RecordBatch

    from trueline.collect import Outcome, Progress
    from trueline.evaluate import Baseline, Judged
    from trueline.lake import Lake, Run, Snapshot, Tables, TypeVerdicts
    from trueline.language import CompiledPolicy
    from trueline.report import Report

__all__ = [
    "Bench",
    "ScanOptions",
    "ScanOutcome",
    "Workspace",
    "check_code",
    "environment_rules",
    "open_workspace",
    "scan_aws",
    "snapshot_report",
]

LARGEST_PLAN = 256 << 20
FEW_ROWS = 5_000
"""Fewer than these are judged by one thread: starting more costs more than they save."""
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that is read before anything else: home, settings, content."""

    home: Path
    settings: Settings
    catalog: Catalog


def open_workspace(
    home: str | None = None, config: str | None = None, start: Path | None = None
) -> Workspace:
    """Read configuration and content. Raises ConfigError; nothing else was touched."""
    place = home_directory(home)
    settings = load_settings(find_config(config, place, start))
    return Workspace(place, settings, load(settings.content, cache_directory()))


# --- judging -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bench:
    """What judging needs: the content, and what the configuration makes of it."""

    catalog: Catalog
    base: Baseline
    environments: tuple[Environment, ...]
    now: dt.datetime

    def assign_environments(self, tables: Tables) -> None:
        from trueline.enrich import assign_environments

        assign_environments(tables, environment_rules(self.environments))

    def judge(
        self,
        tables: Tables,
        compiled: Sequence[CompiledPolicy],
        evidence: Literal["all", "failing"],
    ) -> Iterator[Judged]:
        """Judge each type that has policies.

        Edges are related anew for each type: a statement plans every relation that `_edges` has.
        """
        from trueline.enrich import relate
        from trueline.evaluate import judge

        self.assign_environments(tables)
        by_table: dict[str, list[CompiledPolicy]] = {}
        for policy in compiled:
            by_table.setdefault(policy.table, []).append(policy)
        for table, policies in sorted(by_table.items()):
            rtype = self.catalog.types[table]
            needed = {used for policy in policies for used in relations_used(policy)}
            relate(tables, self.catalog.types, needed)
            yield judge(tables, rtype, policies, self.base.settings, self.now, evidence)


def environment_rules(environments: Iterable[Environment]) -> list[tuple[str, str]]:
    """(name, boolean SQL) of each environment. Raises LanguageError with the rule's place."""
    listed = list(environments)
    if not listed:
        return []
    from trueline.language import compile_rule

    return [(e.name, compile_rule(e.match, COMMON, e.where)) for e in listed]


def make_bench(workspace: Workspace, now: dt.datetime, environment: str | None = None) -> Bench:
    from trueline.evaluate import baseline

    settings, named = workspace.settings, None
    environments = settings.environments
    if environment is not None:
        named = next((e for e in environments if e.name == environment), None)
        if named is None:
            known = ", ".join(e.name for e in environments) or "none"
            raise ConfigError(
                "usage", f"there is no environment {environment!r}", f"configured: {known}"
            )
        environments = (replace(named, match="TRUE"),)
    base = baseline(settings, workspace.catalog.policies, named)
    return Bench(workspace.catalog, base, environments, now)


# --- check -------------------------------------------------------------------------------------


def check_code(
    workspace: Workspace,
    path: str,
    *,
    environment: str | None = None,
    policies: Sequence[str] = (),
) -> Report:
    """Judge a Terraform plan in JSON form; `-` reads standard input."""
    from trueline.evaluate import read_verdicts, readable
    from trueline.iac.terraform import read_plan
    from trueline.lake import Tables
    from trueline.report import build_report

    started = _now()
    chosen = select_policies(workspace.catalog, policies)
    bench = make_bench(workspace, started, environment)
    data, name, root, file = _read_input(path)
    code = read_plan(data, name, workspace.catalog.types, judged_root=root, path=file)
    del data
    compiled, not_judged = readable(
        [workspace.catalog.compiled[i] for i in chosen], workspace.catalog.types, "plan"
    )
    present = {table for table, rows in code.rows.items() if rows}
    compiled = [c for c in compiled if c.table in present and c.id not in bench.base.nowhere]
    wanted = {t: workspace.catalog.types[t] for t in tables_named(compiled) | present}
    verdicts: list[Verdict] = []
    threads = 1 if sum(map(len, code.rows.values())) < FEW_ROWS else None
    with Tables.from_rows(wanted, code.rows, code.scopes, code.edges, threads=threads) as tables:
        for judged in bench.judge(tables, compiled, "all"):
            verdicts.extend(
                read_verdicts(
                    judged.layout, judged.all(), workspace.catalog.policies, bench.base.severities
                )
            )
    return build_report(
        _info(started, ("plan",)),
        _ordered(verdicts),
        code.coverage,
        resources=sum(len(rows) for rows in code.rows.values()),
        not_judged=_said_once((*bench.base.not_judged, *not_judged), chosen),
        policies=workspace.catalog.policies,
    )


def _read_input(path: str) -> tuple[bytes, str, Path, Path | None]:
    """The bytes, their name, the judged root, and the file."""
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST_PLAN + 1)
        file, name, root = None, "-", Path.cwd()
    else:
        file = Path(path)
        name, root = file.name, file.resolve().parent
        if file.is_dir():
            raise ConfigError(
                "input-unreadable",
                f"expected a plan file, seen the directory {path}",
                "make one with terraform plan -out FILE, then terraform show -json FILE",
                Where(path),
            )
        try:
            with file.open("rb") as handle:
                data = handle.read(LARGEST_PLAN + 1)
        except OSError as error:
            raise ConfigError(
                "input-unreadable",
                f"the file could not be read: {error.strerror or error}",
                "give the path of a plan made by terraform show -json, or - for stdin",
                Where(path),
            ) from None
    if len(data) > LARGEST_PLAN:
        raise ConfigError(
            "input-too-large",
            f"the plan is larger than {LARGEST_PLAN >> 20} MB",
            "split the root module, or plan with -target",
            Where(name),
        )
    return data, name, git_top(root) or root, file


def _said_once(not_judged: Iterable[NotJudged], chosen: Collection[str]) -> tuple[NotJudged, ...]:
    first: dict[str, NotJudged] = {}
    for entry in not_judged:
        if entry.policy in chosen:
            first.setdefault(entry.policy, entry)
    return tuple(first[k] for k in sorted(first))


_STATUS_ORDER = {"fail": 0, "unknown": 1, "pass": 2}


def _ordered(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Fails first, then unknowns; worst first; then by resource."""
    from trueline.model import SEVERITIES

    return sorted(
        verdicts,
        key=lambda v: (
            _STATUS_ORDER[v.status],
            SEVERITIES.index(v.severity),
            v.policy,
            v.resource.uid,
        ),
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _info(started: dt.datetime, planes: tuple[str, ...], run: str | None = None) -> ScanInfo:
    return ScanInfo(run or uuid.uuid4().hex, started, _now(), __version__, planes)


# --- scan --------------------------------------------------------------------------------------


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
    """A scan's report, and the snapshot it recorded (None with `record=False`)."""

    report: Report
    snapshot: int | None


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
    started = _now()
    bench = make_bench(workspace, started)
    with ExitStack() as stack:
        home = workspace.home
        if not options.record:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trueline-")))
        lake = Lake(home)
        run = _begin(lake, options, types, say)
        outcome = _collect(workspace, options, types, run, progress, stop)
        read = {s for s, f in run.finished.items() if f.state.cause != "not_collected"}
        snapshot = _commit(lake, run, bench, types, started, outcome)
        report = snapshot_report(
            workspace, lake, snapshot, chosen=chosen, scopes=read, passes=options.passes
        )
        return ScanOutcome(report, snapshot.number if options.record else None)


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
    bench = replace(bench, now=_now())
    try:
        return lake.commit(
            run,
            _info(started, ("live",), run.id),
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
        facts: dict[str, Any] = {}
        yield TypeVerdicts(judged.layout.table, _kept(judged, facts, bench.now), facts)
    for table in sorted(set(types) - {c.table for c in compiled}):
        yield TypeVerdicts(table, (), {"rows": row_counts(tables, table)})


def _kept(judged: Judged, facts: dict[str, Any], now: dt.datetime) -> Iterator[RecordBatch]:
    """The rows to keep; `facts` is filled when all of them have been counted."""
    yield from judged.not_passing()
    facts["layout"] = judged.layout.to_json()
    facts["judged_at"] = now.isoformat()
    facts |= judged.counts.to_json()


# --- reading a snapshot ------------------------------------------------------------------------


def snapshot_report(
    workspace: Workspace,
    lake: Lake,
    snapshot: Snapshot,
    *,
    chosen: Mapping[str, Policy],
    scopes: Collection[Scope],
    passes: bool = False,
) -> Report:
    """The report of a snapshot's scan: verdicts of `chosen` policies in these scopes.

    Fails and unknowns were stored; passing verdicts are judged again where they are wanted.
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
        _ordered(verdicts),
        snapshot.coverage(of_this_scan=True),
        resources=sum(c.rows for c in counted),
        passed=None if passes else sum(c.passed for c in counted),
        not_judged=_said_once(snapshot.not_judged, chosen),
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
