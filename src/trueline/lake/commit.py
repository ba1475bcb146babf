"""Makes the next snapshot of the newest one and a run.

Only scopes that were read whole are replaced. A scope that failed keeps its last rows, marked
with the time since when they have not been confirmed; scopes the run did not read stay as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trueline.lake import ledger
from trueline.lake.compact import folds
from trueline.lake.files import read_part
from trueline.lake.manifest import Manifest, ScopeEntry, Segment, VerdictEntry
from trueline.lake.reading import Content, Limits, damage_of, open_tables, owners_table
from trueline.lake.run import Finished, Run
from trueline.lake.schema import arrow_schema, mapping_hashes
from trueline.lake.segments import Segments
from trueline.lake.snapshot import Snapshot
from trueline.lake.tables import Tables
from trueline.lake.views import NOT_COLLECTED, OWNERS_SCHEMA
from trueline.model import CoverageRow, NotJudged, ResourceType, ScanInfo, Scope, ScopeState

__all__ = ["Judge", "Judgement", "TypeVerdicts", "build"]


@dataclass(frozen=True, slots=True)
class TypeVerdicts:
    """What evaluation stores of one table.

    `batches` share one schema and are read once; `metadata` (JSON values) is read after the last
    of them, so that counts made on the way are in it.
    """

    table: str
    batches: Iterable[pa.RecordBatch]
    metadata: Mapping[str, Any]


Judge = Callable[[Tables], Iterable[TypeVerdicts]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a snapshot records beside rows and verdicts.

    `coverage` holds ledger rows that belong to no scope; `settings` is a digest of what was judged
    by; `types` are all tables that judging may read (at least those of the run).
    """

    scan: ScanInfo
    judge: Judge
    types: Mapping[str, ResourceType]
    coverage: Sequence[CoverageRow] = ()
    not_judged: Sequence[NotJudged] = ()
    settings: str = ""


def build(
    store: Segments,
    lake_id: str,
    previous: Snapshot | None,
    run: Run,
    said: Judgement,
    limits: Limits,
    now: dt.datetime,
) -> Manifest:
    """Write the segments of the next snapshot and return its manifest; publishing it is left to
    the caller. Raises OSError when a segment cannot be written."""
    base = previous.content if previous else Content({}, {})
    standing = _without_damage(store, base)
    written = _write_rows(store, run, standing, base.segments)
    scopes = _merge(standing, run.finished, written)
    segments = dict(base.segments) | {s.id: s for s in written.segments.values()}
    touched = {scope.type for scope in run.finished} & set(run.selection.types)
    content = Content(scopes, segments, base.owners, touched)
    types = dict(said.types) | dict(run.selection.types)
    # A second thread holds memory of its own, and collecting has taken a thousand times as long.
    frugal = replace(limits, threads=limits.threads or 1)
    with open_tables(store, content, types, frugal) as tables:
        owners = _write_owners(store, tables, content, touched, segments)
        number = previous.number + 1 if previous else 1
        verdicts = {
            **(previous.verdicts if previous else {}),
            **_write_verdicts(store, said.judge(tables), segments, number),
        }
    lines = _ledger(previous, run, said)
    covered = store.write("coverage", ledger.LEDGER, ledger.batches(lines))
    segments[covered.id] = covered
    manifest = Manifest(
        lake=lake_id,
        number=number,
        created_at=now,
        scan=said.scan,
        settings=said.settings,
        segments=segments,
        scopes=dict(sorted(scopes.items())),
        owners=owners,
        verdicts=verdicts,
        coverage=covered.id,
        not_judged=tuple(said.not_judged),
    )
    used = manifest.used()
    return replace(manifest, segments={i: s for i, s in segments.items() if i in used})


@dataclass(frozen=True, slots=True)
class _Written:
    """The segments of a run by table, how many rows each scope it read has there, and scopes
    whose rows were moved there from older segments."""

    segments: dict[str, Segment]
    rows: dict[Scope, int]
    moved: list[Scope]


def _write_rows(
    store: Segments,
    run: Run,
    standing: Mapping[Scope, ScopeEntry],
    segments: Mapping[str, Segment],
) -> _Written:
    """One segment per type that has rows, its scopes in order."""
    by_type: dict[str, list[Finished]] = {}
    for scope, finished in sorted(run.finished.items()):
        if finished.parts:
            by_type.setdefault(scope.type, []).append(finished)
    out = _Written({}, {}, [])
    replaced = {scope for scope, finished in run.finished.items() if finished.state.complete}
    for table, listed in by_type.items():
        rtype = run.selection.types[table]
        folded = folds(store, rtype, standing, segments, replaced)
        batches = chain(
            chain.from_iterable(_scope_batches(run, f, out.rows) for f in listed),
            chain.from_iterable(fold.batches() for fold in folded),
        )
        out.segments[table] = store.write(
            table, arrow_schema(rtype), batches, mapping_hashes(rtype)
        )
        out.moved.extend(scope for fold in folded for scope in fold.scopes)
    return out


def _scope_batches(
    run: Run, finished: Finished, counts: dict[Scope, int]
) -> Iterator[pa.RecordBatch]:
    """A scope's rows, each uid once: a listing that shifts between pages shows some twice."""
    scope = finished.state.scope
    paths = [run.part_path(name) for name in finished.parts]
    repeated = _repeated_uids(paths)
    seen: set[str] = set()
    counts[scope] = 0
    for read in chain.from_iterable(map(read_part, paths)):
        batch = _first_only(read, repeated, seen) if repeated else read
        counts[scope] += batch.num_rows
        yield batch


def _repeated_uids(paths: Sequence[Path]) -> set[str]:
    chunks = [batch["uid"] for path in paths for batch in read_part(path, ["uid"])]
    uids = pa.chunked_array(chunks, pa.string())
    if pc.count_distinct(uids).as_py() == len(uids):
        return set()
    counted = pc.value_counts(uids).to_pylist()
    return {entry["values"] for entry in counted if entry["counts"] > 1}


def _first_only(batch: pa.RecordBatch, repeated: set[str], seen: set[str]) -> pa.RecordBatch:
    keep = []
    for uid in batch["uid"].to_pylist():
        keep.append(uid not in seen)
        if uid in repeated:
            seen.add(uid)
    return batch.filter(pa.array(keep))


def _merge(
    base: Mapping[Scope, ScopeEntry],
    finished: Mapping[Scope, Finished],
    written: _Written,
) -> dict[Scope, ScopeEntry]:
    out = dict(base)
    for scope, new in finished.items():
        if new.state.complete:
            state = replace(new.state, cause=None, stale_since=None)
            rows = written.rows.get(scope, 0)
            segment = written.segments[scope.type].id if rows else None
            out[scope] = ScopeEntry(state, state.collected_at, segment, rows, read=True)
        elif _passed_over(new):
            out.setdefault(scope, ScopeEntry(new.state, new.state.collected_at))
        else:
            out[scope] = _failed(base.get(scope), new.state)
    for scope in written.moved:
        out[scope] = replace(out[scope], segment=written.segments[scope.type].id)
    return out


def _passed_over(finished: Finished) -> bool:
    """Was the scope not asked for? Then what is known of it stays as it is."""
    return finished.state.cause == NOT_COLLECTED


def _failed(last: ScopeEntry | None, state: ScopeState) -> ScopeEntry:
    """The last rows stay; they are stale since the first failure after they were read."""
    tried = state.collected_at
    cause = state.cause or "error"
    if last is None or not last.read:
        state = replace(state, complete=False, cause=cause, stale_since=None)
        return ScopeEntry(state, tried)
    since = last.state.stale_since or tried
    state = replace(last.state, complete=False, cause=cause, stale_since=since)
    return replace(last, state=state, attempted_at=tried)


def _without_damage(store: Segments, base: Content) -> dict[Scope, ScopeEntry]:
    """Scopes whose rows are lost become unread, so that no later snapshot believes in them."""
    lost = damage_of(store, base)
    out = dict(base.scopes)
    for scope in lost:
        state = replace(out[scope].state, complete=False, cause="error", stale_since=None)
        out[scope] = ScopeEntry(state, out[scope].attempted_at)
    return out


def _write_owners(
    store: Segments,
    tables: Tables,
    content: Content,
    touched: Iterable[str],
    segments: dict[str, Segment],
) -> dict[str, str]:
    owners = dict(content.owners)
    for table in touched:
        owners.pop(table, None)
        rows = list(tables.batches(f'SELECT * FROM "{owners_table(table)}"'))
        if any(batch.num_rows for batch in rows):
            segment = store.write(f"owners-{table}", OWNERS_SCHEMA, rows)
            segments[segment.id] = segment
            owners[table] = segment.id
    return owners


def _write_verdicts(
    store: Segments, judged: Iterable[TypeVerdicts], segments: dict[str, Segment], number: int
) -> dict[str, VerdictEntry]:
    out = {}
    for verdict in judged:
        batches = iter(verdict.batches)
        first = next(batches, None)
        segment = None
        if first is not None:
            name = f"verdicts-{verdict.table}"
            # Verdicts are only ever read whole, and their nested columns are many.
            segment = store.write(name, first.schema, chain([first], batches), statistics=False)
            segments[segment.id] = segment
        out[verdict.table] = VerdictEntry(
            segment.id if segment else None, dict(verdict.metadata), number
        )
    return out


def _ledger(previous: Snapshot | None, run: Run, said: Judgement) -> list[ledger.Line]:
    """The run's rows, and for scopes it did not read those of the last attempt."""
    finished = run.finished
    passed_over = {scope for scope, done in finished.items() if _passed_over(done)}
    kept = [
        line
        for line in (previous.ledger() if previous else ())
        if line.scope is not None
        and (
            line.scope not in finished
            or (line.scope in passed_over and line.row.status != "skipped")
        )
    ]
    new = [
        ledger.Line(row, said.scan.id, scope)
        for scope, done in finished.items()
        for row in done.coverage
    ]
    return [*kept, *new, *(ledger.Line(row, said.scan.id, None) for row in said.coverage)]
