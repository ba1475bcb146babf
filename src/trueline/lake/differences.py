"""The difference of two snapshots, resource by resource and column by column.

Only what both snapshots know is compared. A scope that one of them did not read whole is a gap:
its resources are never called added or removed. A cell that was unknown and is known now says
something about the reading, not about the resource, and is no change either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import pyarrow as pa

from trueline.lake.connect import connect, quote
from trueline.lake.snapshot import Snapshot
from trueline.lake.store import Lake
from trueline.lake.tables import Stream, Tables, load
from trueline.model import COMMON, ResourceType, Scope

__all__ = ["Change", "ColumnChange", "Difference", "Gap", "changes", "diff", "may_be_equal"]

Kind = Literal["added", "removed", "changed", "replaced"]

_KEYS = ("uid", "fingerprint", "incarnation", "scope_account", "scope_region")
_NAMES = ("name", "provider", "account", "region")
_READ = pa.schema([("account", pa.string()), ("region", pa.string())])


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """Old and new value; None = known to be absent."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a resource. `replaced` = the same uid, created anew."""

    kind: Kind
    type: str
    uid: str
    name: str | None
    provider: str
    account: str | None
    region: str | None
    columns: tuple[ColumnChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A scope that cannot be compared, because `snapshot` did not read it, for `cause`."""

    scope: Scope
    snapshot: int
    cause: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What of two snapshots cannot be compared; `changes` yields what can.

    `remade` names columns (table, column) whose values were made by different mappings.
    """

    old: int
    new: int
    gaps: tuple[Gap, ...]
    remade: tuple[tuple[str, str], ...]


def diff(old: Snapshot, new: Snapshot, types: Mapping[str, ResourceType]) -> Difference:
    """Which scopes and columns of these types the two snapshots cannot compare."""
    gaps = []
    sides = [(snapshot, _read(snapshot, types)) for snapshot in (old, new)]
    every = {e.scope for s in (old, new) for e in s.scopes if e.scope.type in types}
    for scope in sorted(every):
        for snapshot, read in sides:
            if scope not in read:
                gaps.append(Gap(scope, snapshot.number, _cause(snapshot, scope)))
                break
    remade = [(t, c) for t, rtype in types.items() for c in sorted(_remade(old, new, rtype))]
    return Difference(old.number, new.number, tuple(gaps), tuple(remade))


def changes(
    lake: Lake, old: Snapshot, new: Snapshot, types: Mapping[str, ResourceType]
) -> Iterator[Change]:
    """Every difference, by type and then uid. Memory is bounded: rows are streamed, and what does
    not fit spills."""
    read = [_read(snapshot, types) for snapshot in (old, new)]
    limits = lake.limits()
    with lake.tables(old, types) as before, lake.tables(new, types) as after:
        con = connect(memory=limits.memory, threads=limits.threads, spill=limits.spill, files=True)
        try:
            for name, rtype in sorted(types.items()):
                pair = _Pair(con, before, after, rtype, _remade(old, new, rtype))
                yield from pair.changes(*({s for s in side if s.type == name} for side in read))
        finally:
            con.close()


def _read(snapshot: Snapshot, types: Mapping[str, ResourceType]) -> set[Scope]:
    """Scopes whose rows are what was there when the snapshot was made."""
    lost = {Scope(d.provider, d.account, d.region, d.type) for d in snapshot.damage(types)}
    return {s.scope for s in snapshot.states if s.complete and s.scope.type in types} - lost


def _cause(snapshot: Snapshot, scope: Scope) -> str:
    entry = snapshot.manifest.scopes.get(scope)
    if entry is None:
        return "not_collected"
    return entry.state.cause or "error"


def _remade(old: Snapshot, new: Snapshot, rtype: ResourceType) -> set[str]:
    """Columns whose digest is not the same in every segment of the type."""
    used = [
        snapshot.manifest.segments[entry.segment].mappings
        for snapshot in (old, new)
        for entry in snapshot.scopes
        if entry.segment is not None and entry.scope.type == rtype.table
    ]
    return {c for c in rtype.columns if len({m.get(c) for m in used}) > 1}


@dataclass(frozen=True, slots=True)
class _Pair:
    """One type on both sides, compared on a connection of its own."""

    con: duckdb.DuckDBPyConnection
    before: Tables
    after: Tables
    rtype: ResourceType
    remade: set[str]

    def changes(self, read_before: set[Scope], read_after: set[Scope]) -> Iterator[Change]:
        columns = self._columns()
        self._register(_KEYS if not self.remade else (*_KEYS, *columns))
        for side, read in (("before", read_before), ("after", read_after)):
            self.con.execute(f"DROP TABLE IF EXISTS read_{side}")
            load(self.con, f"read_{side}", _READ, [_scopes(read)])
        self.con.execute("DROP TABLE IF EXISTS touched")
        self.con.execute(f"CREATE TABLE touched AS {self._touched_sql(columns)}")
        wanted = tuple(dict.fromkeys(("uid", *_NAMES, "_absent", "incarnation", *columns)))
        self._register(wanted)
        pick = ", ".join(
            f"{side}.{quote(c)} AS {quote(f'{side}.{c}')}"
            for side in ("before", "after")
            for c in wanted
        )
        reader = self.con.sql(
            f"SELECT t.kind, t.uid, {pick} FROM touched t"
            " LEFT JOIN before ON before.uid = t.uid LEFT JOIN after ON after.uid = t.uid"
            " ORDER BY t.uid"
        ).to_arrow_reader(1_000)
        for batch in reader:
            for row in batch.to_pylist(maps_as_pydicts="lossy"):
                change = self._change(row, columns)
                if change is not None:
                    yield change

    def _columns(self) -> tuple[str, ...]:
        shared = [n for n in ("name", "tags", "region", "account") if n not in self.rtype.columns]
        return (*(c for c in self.rtype.columns if c not in self.remade), *shared)

    def _register(self, columns: Sequence[str]) -> None:
        for side, tables in (("before", self.before), ("after", self.after)):
            self.con.register(side, Stream(tables, self.rtype.table, tuple(columns)))

    def _touched_sql(self, columns: Sequence[str]) -> str:
        """uids that may differ: by fingerprint, or where mappings changed by the other columns."""
        if self.remade:
            cells = ", ".join(map(quote, columns))
            mark = f"md5(CAST(row({cells}) AS VARCHAR))"
        else:
            mark = "fingerprint"
        side = f"SELECT uid, incarnation, scope_account AS a, scope_region AS r, {mark} AS mark"
        in_before = "(o.a, o.r) IN (SELECT (account, region) FROM read_before)"
        in_after = "(n.a, n.r) IN (SELECT (account, region) FROM read_after)"
        both_before = f"{in_before} AND (o.a, o.r) IN (SELECT (account, region) FROM read_after)"
        both_after = f"{in_after} AND (n.a, n.r) IN (SELECT (account, region) FROM read_before)"
        return f"""
        WITH o AS ({side} FROM before), n AS ({side} FROM after),
        paired AS (SELECT o.uid, o.incarnation <> n.incarnation IS TRUE AS anew,
            o.mark IS DISTINCT FROM n.mark AS differs
          FROM o JOIN n ON o.uid = n.uid WHERE {in_before} AND {in_after})
        SELECT uid, CASE WHEN anew IS TRUE THEN 'replaced' ELSE 'changed' END AS kind
          FROM paired WHERE anew IS TRUE OR differs
        UNION ALL SELECT uid, 'removed' FROM o ANTI JOIN n USING (uid) WHERE {both_before}
        UNION ALL SELECT uid, 'added' FROM n ANTI JOIN o USING (uid) WHERE {both_after}"""

    def _change(self, row: Mapping[str, Any], columns: Sequence[str]) -> Change | None:
        kind: Kind = row["kind"]
        side = "before" if kind == "removed" else "after"
        found = []
        if kind in ("changed", "replaced"):
            found = [c for c in (self._column(row, name) for name in columns) if c is not None]
        if kind == "changed" and not found:
            return None
        name, provider, account, region = (row[f"{side}.{n}"] for n in _NAMES)
        return Change(
            kind, self.rtype.table, row["uid"], name, provider, account, region, tuple(found)
        )

    def _column(self, row: Mapping[str, Any], name: str) -> ColumnChange | None:
        old, new = row[f"before.{name}"], row[f"after.{name}"]
        for side, value in (("before", old), ("after", new)):
            if value is None and name not in (row[f"{side}._absent"] or ()) and name not in COMMON:
                return None
        if old is None and new is None:
            return None
        if old is not None and new is not None and may_be_equal(old, new):
            return None
        return ColumnChange(name, old, new)


def may_be_equal(one: Any, other: Any) -> bool:
    """Could both be the same, whatever the unknown (None) parts of them are?

    A None in a list means that there may be more elements. The order of texts and structs in a
    list says nothing; that of numbers (versions) does.
    """
    if one is None or other is None:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(may_be_equal(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return _lists_may_be_equal(one, other)
    return bool(one == other)


def _lists_may_be_equal(one: list[Any], other: list[Any]) -> bool:
    known, others = ([e for e in side if e is not None] for side in (one, other))
    one_open, other_open = len(known) < len(one), len(others) < len(other)
    if any(isinstance(e, int) and not isinstance(e, bool) for e in (*known, *others)):
        return one_open or other_open or known == others
    left = list(others)
    for element in known:
        match = next((e for e in left if may_be_equal(element, e)), None)
        if match is not None:
            left.remove(match)
        elif not other_open:
            return False
    return one_open or not left


def _scopes(read: set[Scope]) -> pa.RecordBatch:
    listed = sorted(read)
    columns = [[s.account for s in listed], [s.region for s in listed]]
    return pa.RecordBatch.from_arrays([pa.array(c, pa.string()) for c in columns], schema=_READ)
