"""findings: snapshots of the lake → the state store, in order, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from trueline.errors import ActionError, TruelineError
from trueline.model import Verdict
from trueline.pipeline.judging import Bench, make_bench, moment
from trueline.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueline.findings import Comparison, FileException, Rules, State
    from trueline.lake import Lake, Snapshot

__all__ = [
    "AfterScan",
    "Standing",
    "apply_outstanding",
    "bring_up_to_date",
    "open_findings",
    "standing",
]

MEMORY = "256MB"
"""What comparing a snapshot with the store may take."""


def open_findings(workspace: Workspace, *, create: bool = True) -> State:
    """The state store of this home. Its lake must be the home's, where that has one."""
    from trueline.findings import open_state, state_url

    url = state_url(workspace.settings.state, workspace.home)
    return open_state(url, lake=_lake_id(workspace), create=create)


def bring_up_to_date(
    workspace: Workspace, state: State, say: Callable[[str], None] = lambda text: None
) -> None:
    """Apply what is outstanding: snapshots, changed settings, and what time has brought."""
    from trueline.findings import keep_up

    files = _files(workspace)  # a broken one stops it before anything is written
    apply_outstanding(workspace, state, say)
    keep_up(state, workspace.settings, workspace.catalog.policies, moment(), say, files)


def _files(workspace: Workspace) -> Sequence[FileException]:
    """The exceptions that stand in files."""
    settings = workspace.settings
    if settings.exceptions is None:
        return ()
    from trueline.findings import load_exceptions

    policies = workspace.catalog.policies
    return load_exceptions(settings.exceptions, settings, policies, moment().date())


def applied_through(workspace: Workspace) -> int:
    """The number of the newest snapshot that findings were made of; 0 = none yet."""
    state = open_findings(workspace)
    try:
        return applied_number(state)
    finally:
        state.close()


def applied_number(state: State) -> int:
    """The number of the newest snapshot applied to this store; 0 = none yet."""
    from trueline.findings import last_applied

    with state.reading() as conn:
        return last_applied(conn).number or 0


def apply_outstanding(
    workspace: Workspace, state: State, say: Callable[[str], None] = lambda text: None
) -> list[int]:
    """Apply snapshots that the store has not seen, and the newest again where settings changed.

    Returns their numbers. Where there is nothing to do, no more than that is found out.
    """
    from trueline.findings import last_applied
    from trueline.lake import snapshot_numbers

    digest, numbers = _digest(workspace), snapshot_numbers(workspace.home)
    with state.reading() as conn:
        seen = last_applied(conn)
    outstanding = [n for n in numbers if seen.number is None or n > seen.number]
    if not outstanding and seen.number is not None and seen.settings != digest:
        outstanding = numbers[-1:]
    if not outstanding:
        return []
    from trueline.lake import Lake

    lake, facts = Lake(workspace.home, memory=MEMORY, threads=1), _rules(workspace)
    applied = []
    for number in outstanding:
        snapshot = lake.snapshot(number)
        if snapshot and _apply(workspace, facts, state, lake, snapshot, digest, say):
            applied.append(number)
    return applied


Standing = Callable[[Sequence[Verdict]], list[Verdict]]
"""Adds to verdicts what the store knows of their findings."""


def standing(workspace: Workspace, state: State) -> Standing:
    """What gives fails their owner and the exception that covers them."""
    from trueline.findings import owner_reason, standing_of

    reason = partial(owner_reason, workspace.settings)

    def add(verdicts: Sequence[Verdict]) -> list[Verdict]:
        fails = [(v.policy, v.resource.uid) for v in verdicts if v.status == "fail"]
        with state.reading() as conn:
            known = standing_of(conn, fails, reason)
        return [
            replace(v, owner=k.owner, owner_reason=k.owner_reason, exception=k.exception)
            if v.status == "fail" and (k := known.get((v.policy, v.resource.uid)))
            else v
            for v in verdicts
        ]

    return add


def refuse_state(workspace: Workspace, lake: Lake) -> None:
    """Stop before anything is read where findings could never be kept: a file of an exception is
    broken, the store is of another lake, or of a version this program does not know. One that
    cannot be reached is no reason."""
    from trueline.findings import open_state, state_url

    _files(workspace)
    url = state_url(workspace.settings.state, workspace.home)
    try:
        open_state(url, lake=lake.id).close()
    except ActionError:
        return


@dataclass(frozen=True, slots=True)
class AfterScan:
    """What became of a scan's findings: what adds to its verdicts, events by kind, what failed."""

    standing: Standing = list
    changes: Mapping[str, int] = field(default_factory=dict)
    error: TruelineError | None = None


def applied(workspace: Workspace, say: Callable[[str], None]) -> AfterScan:
    """Apply what is outstanding after a scan."""
    from trueline.findings import changes_of

    try:
        state = open_findings(workspace)
        before = applied_number(state)
        bring_up_to_date(workspace, state, say)
        with state.reading() as conn:
            changes = changes_of(conn, before)
        return AfterScan(standing(workspace, state), changes)
    except ActionError as error:
        return AfterScan(error=error)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What applying needs beside the snapshot."""

    bench: Bench
    rules: Rules
    levels: tuple[str, str]
    salt: str


def _rules(workspace: Workspace) -> _Facts:
    from trueline.findings import Rules, levels_sql, owning

    settings, policies = workspace.settings, workspace.catalog.policies
    bench = make_bench(workspace, moment())
    rules = Rules(settings, policies, bench.base.held, owning(settings))
    told = (
        settings.windows,
        [(e.name, e.windows, e.weight) for e in settings.environments],
        settings.risk.levels,
        settings.escalation,
    )
    salt = hashlib.sha256(repr(told).encode()).hexdigest()[:12]
    return _Facts(bench, rules, levels_sql(settings), salt)


def _digest(workspace: Workspace) -> str:
    """What findings are made by, but for the snapshots: settings and content."""
    said = replace(workspace.settings, file=None, state=None)
    assets = said.risk.assets_file
    read = assets.read_bytes() if assets and assets.is_file() else b""
    text = repr(said).encode() + workspace.catalog.digest.encode() + read
    return hashlib.sha256(text).hexdigest()


def _apply(
    workspace: Workspace,
    facts: _Facts,
    state: State,
    lake: Lake,
    snapshot: Snapshot,
    digest: str,
    say: Callable[[str], None],
) -> bool:
    """One snapshot in one transaction; False = somebody else was faster."""
    from trueline.findings import Applying, last_applied, micros, note_applied, rename, renamed

    catalog = workspace.catalog
    with state.writing(moment()) as tx:
        seen = last_applied(tx.conn)
        again = seen.number == snapshot.number
        if seen.number is not None and (seen.number > snapshot.number):
            return False
        if again and seen.settings == digest:
            return False
        tx.snapshot = snapshot.number
        names = renamed(catalog.policies)
        rename(tx, names)
        anew = seen.number is None or seen.settings != digest
        tables = [
            table
            for table, entry in sorted(snapshot.verdicts.items())
            if table in catalog.types and (anew or entry.snapshot > (seen.number or 0))
        ]
        applying = Applying(tx, facts.rules, snapshot.number, micros(snapshot.created_at))
        types = {t: catalog.types[t] for t in tables}
        with lake.tables(snapshot, types) as opened:
            facts.bench.assign_environments(opened)
            for table in tables:
                states = [s for s in opened.scopes if s.scope.type == table]
                comparison, judged = _comparison(
                    workspace, facts, snapshot, opened.con, table, names, say
                )
                applying.type(comparison, states, judged)
        applying.removed(catalog.types)
        applying.done()
        note_applied(tx, snapshot.number, micros(snapshot.created_at), digest)
    return True


def _comparison(
    workspace: Workspace,
    facts: _Facts,
    snapshot: Snapshot,
    con: DuckDBPyConnection,
    table: str,
    names: dict[str, str],
    say: Callable[[str], None],
) -> tuple[Comparison, frozenset[str]]:
    from trueline.evaluate import Layout, flag_statement
    from trueline.findings import Comparison, Said

    catalog = workspace.catalog
    flags = catalog.flags.get(table)
    metadata = snapshot.verdicts[table].metadata
    layout = Layout(table, (), frozenset())
    if "layout" in metadata:
        layout = Layout.from_json(metadata["layout"])
    # Of two that are one policy now, what was judged under its present name counts.
    named = {names.get(p.policy, p.policy): p for p in layout.policies}
    named |= {p.policy: p for p in layout.policies if p.policy not in names}
    layout = replace(layout, policies=tuple(replace(p, policy=n) for n, p in named.items()))
    source = None
    try:
        source = snapshot.verdict_source(table)
    except ActionError as error:
        say(f"{error.message}; its findings are not confirmed")
        layout = replace(layout, policies=())
    said = Said(
        table,
        layout,
        source,
        catalog.policies,
        facts.bench.base.severities,
        facts.rules.held,
        facts.rules.owning,
        facts.levels,
        facts.salt,
        flag_statement(catalog.types[table], flags, facts.bench.now) if flags else None,
        unjudged=frozenset((env, names.get(p, p)) for env, p in metadata.get("held", ())),
    )
    judged = frozenset(p.policy for p in layout.policies) & set(catalog.policies)
    return Comparison(con, said), judged


def _lake_id(workspace: Workspace) -> str | None:
    """The id of the home's lake; a damaged one is told by opening it."""
    from trueline.lake import lake_id

    try:
        return lake_id(workspace.home)
    except ValueError:
        from trueline.lake import Lake

        return Lake(workspace.home).id
