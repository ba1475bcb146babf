"""Resolves relations into `_edges(type, relation, from_uid, to_uid, cause)`.

A relation thereby becomes a list of rows on every plane alike. `to_uid` NULL is its unknown
element: there may be one more target, and `cause` says why it could not be told. No edge at all
means that there is known to be no target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trueline.lake import Tables
from trueline.model import Relation, ResourceType

__all__ = ["relate"]

_NO_EDGES = """SELECT NULL::VARCHAR AS type, NULL::VARCHAR AS relation, NULL::VARCHAR AS from_uid,
NULL::VARCHAR AS to_uid, NULL::VARCHAR AS cause WHERE FALSE"""


def relate(
    tables: Tables, types: Mapping[str, ResourceType], needed: Iterable[tuple[str, str]]
) -> None:
    """Create the view `_edges` for the `needed` pairs of (table, relation name).

    A view, not a table: each statement reads only the branches it names, and nothing is stored.
    """
    branches = [_NO_EDGES]
    for table, name in sorted(set(needed)):
        relation = types[table].relations[name]
        make = _forward if relation.to else _reverse
        inner = make(types, table, relation)
        branches.append(
            f"SELECT {_text(table)} AS type, {_text(name)} AS relation, from_uid, to_uid, cause "
            f"FROM ({inner})"
        )
    tables.con.execute(
        "CREATE OR REPLACE VIEW _edges AS " + "\nUNION ALL\n".join(f"({b})" for b in branches)
    )


def _forward(types: Mapping[str, ResourceType], table: str, relation: Relation) -> str:
    """Edges from our column to their rows; what matches nothing is an unknown target."""
    source, target = types[table], types[relation.target]
    return f"""
WITH refs AS ({_refs(source, relation)}),
keys AS ({_keys(target, relation)}),
known AS (SELECT DISTINCT uid FROM {_name(relation.target)})
SELECT r.from_uid, k.uid AS to_uid,
  CASE WHEN k.uid IS NULL THEN coalesce(r.cause, {_miss_cause(relation)}) END AS cause
FROM refs r LEFT JOIN keys k ON k.match = r.match
LEFT JOIN ({_incomplete(relation)}) i ON i.range = r.range
LEFT JOIN (SELECT DISTINCT account FROM _scopes) a ON a.account = split_part(r.ref, ':', 5)
UNION ALL
SELECT f.from_uid, k.uid, CASE WHEN k.uid IS NULL
  THEN coalesce(f.cause, {_text("dangling:" + relation.by)}) END
FROM _references f JOIN {_name(table)} p ON p.uid = f.from_uid
LEFT JOIN known k ON k.uid = f.to_uid
WHERE f.column_name = {_text(relation.by)}"""


def _reverse(types: Mapping[str, ResourceType], table: str, relation: Relation) -> str:
    """Their edges to us turned round, and an unknown element wherever one may have been missed.

    One may have been missed where their listing is not complete in our range, and where a row of
    theirs in our range points to something that could not be told.
    """
    ours, theirs = types[table], types[relation.target]
    return f"""
WITH refs AS ({_refs(theirs, relation)}),
keys AS ({_keys(ours, relation)}),
orphans AS (
  SELECT range, any_value(cause) AS cause FROM refs WHERE match IS NULL GROUP BY range
  UNION ALL
  SELECT {_range(relation, "p")}, any_value(coalesce(f.cause, 'not_collected'))
  FROM _references f JOIN {_name(relation.target)} p ON p.uid = f.from_uid
  WHERE f.column_name = {_text(relation.by)} AND f.to_uid IS NULL GROUP BY 1
)
SELECT k.uid AS from_uid, r.from_uid AS to_uid, NULL::VARCHAR AS cause
FROM refs r JOIN keys k ON k.match = r.match
UNION ALL
SELECT f.to_uid, f.from_uid, NULL
FROM _references f JOIN {_name(relation.target)} p ON p.uid = f.from_uid
JOIN {_name(table)} o ON o.uid = f.to_uid WHERE f.column_name = {_text(relation.by)}
UNION ALL
SELECT p.uid, NULL, o.cause
FROM {_name(table)} p JOIN orphans o ON o.range = {_range(relation, "p")}
UNION ALL
SELECT p.uid, NULL, i.cause
FROM {_name(table)} p JOIN ({_incomplete(relation)}) i ON i.range = {_range(relation, "p")}
UNION ALL
SELECT p.uid, NULL, 'not_collected'
FROM {_name(table)} p ANTI JOIN ({_listed(relation)}) l ON l.range = {_range(relation, "p")}"""


def _refs(source: ResourceType, relation: Relation) -> str:
    """`from_uid, match, range, ref, cause`: each reference of a column; `match` NULL = unknown.

    Where code says a reference, it stands in `_references`; the unknown value beside it, or the
    unknown elements of its list, are not a second target.
    """
    column = source.column_type(relation.by)
    assert column is not None  # the catalog checked it
    by, table = f"p.{_name(relation.by)}", _name(source.table)
    said = (
        "EXISTS (SELECT 1 FROM _references f WHERE f.from_uid = p.uid "
        f"AND f.column_name = {_text(relation.by)})"
    )
    unknown = (
        f"SELECT p.uid AS from_uid, NULL::VARCHAR AS match, {_range(relation, 'p')} AS range, "
        f"NULL::VARCHAR AS ref, coalesce(p._why[{_text(relation.by)}], 'not_collected') AS cause "
        f"FROM {table} p WHERE {by} IS NULL "
        f"AND NOT list_contains(p._absent, {_text(relation.by)}) AND NOT {said}"
    )
    if column.kind == "list":
        rows = (
            f"SELECT p.uid, p.scope_account, p.scope_region, unnest({by}) AS ref, {said} AS said "
            f"FROM {table} p"
        )
        known = (
            f"SELECT q.uid AS from_uid, {_match(relation, 'q', 'q.ref')} AS match, "
            f"{_range(relation, 'q')} AS range, q.ref, "
            f"CASE WHEN q.ref IS NULL THEN {_text('open_list:' + relation.by)} END AS cause "
            f"FROM ({rows}) q WHERE NOT (q.said AND q.ref IS NULL)"
        )
    else:
        known = (
            f"SELECT p.uid AS from_uid, {_match(relation, 'p', by)} AS match, "
            f"{_range(relation, 'p')} AS range, {by} AS ref, NULL::VARCHAR AS cause "
            f"FROM {table} p WHERE {by} IS NOT NULL AND NOT {said}"
        )
    return f"{known} UNION ALL {unknown}"


def _keys(target: ResourceType, relation: Relation) -> str:
    """`uid, match`: what a reference may hold to mean a row of the target."""
    branches = []
    for key in dict.fromkeys(("uid", *relation.keys)):
        column = target.column_type(key)
        assert column is not None  # the catalog checked it
        value = f"unnest(p.{_name(key)})" if column.kind == "list" else f"p.{_name(key)}"
        branches.append(
            f"SELECT p.uid, p.scope_account, p.scope_region, {value} AS key "
            f"FROM {_name(target.table)} p"
        )
    union = " UNION ALL ".join(branches)
    return (
        f"SELECT DISTINCT q.uid, {_match(relation, 'q', 'q.key')} AS match "
        f"FROM ({union}) q WHERE q.key IS NOT NULL"
    )


def _match(relation: Relation, alias: str, value: str) -> str:
    """The text that both sides of a match must share.

    An ARN is unique everywhere; an id or name only within the range that the relation names.
    """
    return (
        f"CASE WHEN starts_with({value}, 'arn:') THEN {value} "
        f"ELSE {_range(relation, alias)} || '|' || {value} END"
    )


def _range(relation: Relation, alias: str) -> str:
    """The text that names the range of a row: its scope, its account, or everything."""
    if relation.within == "scope":
        return f"({alias}.scope_account || '|' || {alias}.scope_region)"
    if relation.within == "account":
        return f"{alias}.scope_account"
    return "''"


def _scope_range(relation: Relation) -> str:
    if relation.within == "scope":
        return "(s.account || '|' || s.region)"
    return "s.account" if relation.within == "account" else "''"


def _incomplete(relation: Relation) -> str:
    """`range, cause` where a listing of the target did not come whole."""
    return (
        f"SELECT {_scope_range(relation)} AS range, "
        "min(coalesce(s.cause, 'not_collected')) AS cause "
        f"FROM _scopes s WHERE s.type = {_text(relation.target)} AND NOT s.complete GROUP BY 1"
    )


def _listed(relation: Relation) -> str:
    """Ranges in which the target was listed at all."""
    return (
        f"SELECT DISTINCT {_scope_range(relation)} AS range FROM _scopes s "
        f"WHERE s.type = {_text(relation.target)}"
    )


def _miss_cause(relation: Relation) -> str:
    """Why a reference with a known value found nothing."""
    return f"""CASE
  WHEN starts_with(r.ref, 'arn:') AND a.account IS NULL
    AND regexp_matches(split_part(r.ref, ':', 5), '^[0-9]+$')
    AND NOT starts_with(r.from_uid, 'code:')
  THEN 'account_not_scanned'
  ELSE coalesce(i.cause, {_text("dangling:" + relation.by)}) END"""


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
