"""Tables over segments: what a snapshot, or a commit in the making, shows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from trueline.lake.connect import connect, quote, text
from trueline.lake.manifest import ScopeEntry, Segment
from trueline.lake.schema import arrow_schema, column_types
from trueline.lake.segments import Segments
from trueline.lake.tables import Tables, load
from trueline.lake.views import Part, literal_path, owners_sql, relation_sql
from trueline.model import CoverageRow, ResourceType, Scope

__all__ = ["Content", "Limits", "damage_of", "open_tables", "owners_table"]

_CURRENT = pa.schema([("segment", pa.string()), ("account", pa.string()), ("region", pa.string())])
_STALE = pa.schema(
    [
        ("type", pa.string()),
        ("account", pa.string()),
        ("region", pa.string()),
        ("stale_since", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may use; `spill` is the directory for what does not fit in memory."""

    memory: str = "1GB"
    threads: int | None = None
    spill: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """Which scopes there are and where their rows stand.

    `owners` = table -> segment of `OWNERS_SCHEMA`; the tables named in `undecided` have not been
    looked at for resources that several scopes list.
    """

    scopes: Mapping[Scope, ScopeEntry]
    segments: Mapping[str, Segment]
    owners: Mapping[str, str] = field(default_factory=dict)
    undecided: Collection[str] = ()


def damage_of(
    store: Segments, content: Content, types: Collection[str] | None = None
) -> dict[Scope, CoverageRow]:
    """A ledger row for each scope (of `types`) whose segment cannot be believed."""
    out = {}
    for scope, entry in content.scopes.items():
        if entry.segment is None or (types is not None and scope.type not in types):
            continue
        fault = store.fault(content.segments[entry.segment])
        if fault is not None:
            out[scope] = CoverageRow(
                *(scope.provider, scope.account, scope.region, scope.type),
                call="lake.segment",
                status="error",
                code="segment-damaged",
                message=fault,
            )
    return out


def open_tables(
    store: Segments, content: Content, types: Mapping[str, ResourceType], limits: Limits
) -> Tables:
    """Views over the segments of `types`; rows of a damaged segment are not there, and its scopes
    are incomplete for the cause `error`."""
    damage = damage_of(store, content, types)
    entries = {
        scope: _damaged(entry) if scope in damage else entry
        for scope, entry in content.scopes.items()
    }
    con = connect(memory=limits.memory, threads=limits.threads, spill=limits.spill, files=True)
    states = [entry.state for entry in entries.values()]
    tables = Tables(con, types, states, list(damage.values()), live=True)
    tables.load_scopes()
    tables.load_references(())
    by_type: dict[str, list[ScopeEntry]] = {name: [] for name in types}
    for scope, entry in entries.items():
        if entry.segment is not None and scope.type in by_type:
            by_type[scope.type].append(entry)
    parts = {name: _parts(store, content.segments, listed) for name, listed in by_type.items()}
    partial = {p.segment for listed in parts.values() for p in listed if not p.whole}
    rows = [e for listed in by_type.values() for e in listed]
    load(con, "_current", _CURRENT, [_current_batch([e for e in rows if e.segment in partial])])
    stale = [e for e in rows if e.state.stale_since is not None]
    load(con, "_stale", _STALE, [_stale_batch(stale)])
    stale_types = {e.scope.type for e in stale}
    hurt = {scope.type for scope in damage}
    for rtype in types.values():
        _View(tables, store, content, rtype, parts[rtype.table]).create(
            stale=rtype.table in stale_types, hurt=rtype.table in hurt
        )
    return tables


def owners_table(table: str) -> str:
    """The name under which the owners of a table's uids stand on the connection."""
    return "_owners_" + table


@dataclass(frozen=True, slots=True)
class _View:
    """One type's relation in the making."""

    tables: Tables
    store: Segments
    content: Content
    rtype: ResourceType
    parts: Sequence[Part]

    def create(self, *, stale: bool, hurt: bool) -> None:
        con, table = self.tables.con, self.rtype.table
        schema = arrow_schema(self.rtype)
        types = {name: kind.sql for name, kind in column_types(self.rtype).items()}
        marks = (
            f"(SELECT account, region, stale_since FROM _stale WHERE type = {text(table)})"
            if stale
            else None
        )

        def relation(stale: str | None, owners: str | None) -> str:
            return relation_sql(schema, types, self.parts, stale=stale, owners=owners)

        owners = self._owners(hurt, lambda: relation(None, None))
        body = relation(marks, owners)
        con.execute(f"CREATE VIEW {quote(table)} AS {body}")

    def _owners(self, hurt: bool, relation: Callable[[], str]) -> str | None:
        """Where to read whose row stands for a uid. Chosen anew where the stored choice may name
        a row that is not there."""
        table = self.rtype.table
        stored = self.content.owners.get(table)
        if table not in self.content.undecided:
            if stored is None:
                return None
            segment = self.content.segments[stored]
            if not hurt and self.store.fault(segment) is None:
                return f"read_parquet([{text(literal_path(self.store.path(stored)))}])"
        name, con = quote(owners_table(table)), self.tables.con
        con.execute(f"CREATE TABLE {name} AS {owners_sql(f'({relation()})')}")
        found = con.execute(f"SELECT count(*) FROM {name}").fetchall()
        return name if found[0][0] else None


def _damaged(entry: ScopeEntry) -> ScopeEntry:
    state = replace(entry.state, complete=False, cause="error", stale_since=None)
    return replace(entry, state=state, segment=None, rows=0, read=False)


def _parts(
    store: Segments, segments: Mapping[str, Segment], entries: Sequence[ScopeEntry]
) -> list[Part]:
    current: dict[str, int] = {}
    for entry in entries:
        if entry.segment is not None:
            current[entry.segment] = current.get(entry.segment, 0) + entry.rows
    return [
        Part(i, store.path(i), store.schema(segments[i]), rows == segments[i].rows)
        for i, rows in current.items()
    ]


def _current_batch(entries: Sequence[ScopeEntry]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([e.segment for e in entries], pa.string()),
            pa.array([e.scope.account for e in entries], pa.string()),
            pa.array([e.scope.region for e in entries], pa.string()),
        ],
        schema=_CURRENT,
    )


def _stale_batch(entries: Sequence[ScopeEntry]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array([e.scope.type for e in entries], pa.string()),
            pa.array([e.scope.account for e in entries], pa.string()),
            pa.array([e.scope.region for e in entries], pa.string()),
            pa.array([e.state.stale_since for e in entries], _STALE.field("stale_since").type),
        ],
        schema=_STALE,
    )
