"""SQL over segments: one relation per resource type, as a snapshot shows it.

A segment may hold scopes that a later scan has read again, may have been written by an older
set of columns, and may hold a resource that other scopes list too. The text made here leaves out
what is superseded, shows what was not asked for at the time as unknown, and keeps one row a uid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from trueline.lake.connect import quote, text

__all__ = [
    "NOT_COLLECTED",
    "OWNERS_SCHEMA",
    "Part",
    "literal_path",
    "owners_sql",
    "relation_sql",
    "same_type",
]

NOT_COLLECTED = "not_collected"

OWNERS_SCHEMA = pa.schema(
    [
        ("uid", pa.string()),
        ("scope_account", pa.string()),
        ("scope_region", pa.string()),
        ("seen_from", pa.list_(pa.string())),
    ]
)
"""For each uid listed by several scopes: whose row stands, and where else it was seen."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment's file; `whole` = every scope in it is still the current one of its rows."""

    segment: str
    path: Path
    schema: pa.Schema
    whole: bool


def same_type(one: pa.DataType, other: pa.DataType) -> bool:
    """Are these the same type, whatever Parquet calls the element of a list?"""
    if pa.types.is_list(one) and pa.types.is_list(other):
        return same_type(one.value_type, other.value_type)
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        left, right = list(one), list(other)
        return [f.name for f in left] == [f.name for f in right] and all(
            same_type(a.type, b.type) for a, b in zip(left, right, strict=True)
        )
    return bool(one == other)


def relation_sql(
    schema: pa.Schema,
    sql_types: Mapping[str, str],
    parts: Sequence[Part],
    *,
    stale: str | None,
    owners: str | None,
) -> str:
    """A SELECT of all current rows, columns in the order of `schema`, and last `_row`: a number
    that no other row has.

    `_current(segment, account, region)` must hold the current scopes of parts that are not
    whole; `stale` names a relation (account, region, stale_since) and `owners` one of
    `OWNERS_SCHEMA`, or None where the type has none. `sql_types` are DuckDB's names of types.
    """
    if not parts:
        columns = ", ".join(f"NULL::{sql_types[n]} AS {quote(n)}" for n in schema.names)
        return f"SELECT {columns}, NULL::BIGINT AS _row WHERE false"
    selects, files = [], 0
    for group in _grouped(parts):
        selects.append(_part_sql(schema, sql_types, group, files))
        files += len(group)
    union = "\nUNION ALL\n".join(selects)
    if not stale and not owners:
        return union
    columns = ", ".join(_overlaid(n, stale, owners) for n in schema.names)
    sql = f"SELECT {columns}, r._row FROM ({union}) r"
    if stale:
        sql += f" LEFT JOIN {stale} s ON s.account = r.scope_account AND s.region = r.scope_region"
    if owners:
        sql += (
            f" LEFT JOIN {owners} o ON o.uid = r.uid WHERE o.uid IS NULL"
            " OR (o.scope_account = r.scope_account AND o.scope_region = r.scope_region)"
        )
    return sql


def _overlaid(name: str, stale: str | None, owners: str | None) -> str:
    if name == "stale_since" and stale:
        return "s.stale_since AS stale_since"
    if name == "seen_from" and owners:
        return "coalesce(o.seen_from, r.seen_from) AS seen_from"
    return f"r.{quote(name)}"


def _grouped(parts: Sequence[Part]) -> list[list[Part]]:
    """Whole parts of one schema are read together, each other part by itself."""
    groups: list[list[Part]] = []
    whole: list[list[Part]] = []
    for part in parts:
        home = next((g for g in whole if part.whole and g[0].schema.equals(part.schema)), None)
        if home is not None:
            home.append(part)
            continue
        groups.append([part])
        if part.whole:
            whole.append(groups[-1])
    return groups


def _part_sql(
    schema: pa.Schema, sql_types: Mapping[str, str], group: Sequence[Part], first: int
) -> str:
    """One SELECT of a group; `first` = how many files are read before it."""
    files = ", ".join(text(literal_path(p.path)) for p in group)
    written = group[0].schema
    columns, unread = [], []
    for field in schema:
        columns.append(_column_sql(field, written, sql_types[field.name]))
        if not _readable(field, written):
            unread.append(field.name)
    if unread:
        marks = "MAP {" + ", ".join(f"{text(n)}: {text(NOT_COLLECTED)}" for n in unread) + "}"
        columns[schema.get_field_index("_why")] = f'map_concat({quote("_why")}, {marks}) AS "_why"'
    # A file has less than 2**32 rows.
    columns.append(f"(({first}::BIGINT + file_index::BIGINT) << 32) + file_row_number AS _row")
    sql = f"SELECT {', '.join(columns)} FROM read_parquet([{files}], hive_partitioning = false)"
    if group[0].whole:
        return sql
    return sql + (
        " WHERE (scope_account, scope_region) IN"
        f" (SELECT (account, region) FROM _current WHERE segment = {text(group[0].segment)})"
    )


def _column_sql(field: pa.Field, written: pa.Schema, sql_type: str) -> str:
    name = quote(field.name)
    if not _readable(field, written):
        return f"NULL::{sql_type} AS {name}"
    if same_type(written.field(field.name).type, field.type):
        return name
    return f"TRY_CAST({name} AS {sql_type}) AS {name}"


def _readable(field: pa.Field, written: pa.Schema) -> bool:
    return field.name in written.names and _castable(written.field(field.name).type, field.type)


def _castable(old: pa.DataType, new: pa.DataType) -> bool:
    """Only struct fields may have come or gone: another type would give the value another sense."""
    if pa.types.is_list(old) and pa.types.is_list(new):
        return _castable(old.value_type, new.value_type)
    if pa.types.is_struct(old) and pa.types.is_struct(new):
        shared = [(f.type, new.field(f.name).type) for f in old if new.get_field_index(f.name) >= 0]
        return bool(shared) and all(_castable(a, b) for a, b in shared)
    return same_type(old, new)


def literal_path(path: Path) -> str:
    """The path with DuckDB's pattern characters taken literally."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


def owners_sql(relation: str) -> str:
    """A SELECT of `OWNERS_SCHEMA` over a relation in which scopes may share a uid.

    The scope in which the resource lives wins; else its account's; else the first by name, so
    that the choice does not depend on the order of reading.
    """
    return f"""
    WITH listed AS (
      SELECT uid, scope_account, scope_region,
        coalesce(bool_or(account = scope_account), false) AS at_home,
        coalesce(bool_or(account = scope_account AND region = scope_region), false) AS lives_here
      FROM {relation}
      WHERE uid IN (SELECT uid FROM {relation} GROUP BY uid HAVING count(*) > 1)
      GROUP BY ALL),
    ranked AS (
      SELECT *, row_number() OVER (
        PARTITION BY uid
        ORDER BY lives_here DESC, at_home DESC, scope_account, scope_region) AS place
      FROM listed)
    SELECT uid, min_by(scope_account, place) AS scope_account,
      min_by(scope_region, place) AS scope_region,
      coalesce(list(scope_account || '/' || scope_region ORDER BY place) FILTER (place > 1), [])
        AS seen_from
    FROM ranked GROUP BY uid HAVING count(*) > 1"""
