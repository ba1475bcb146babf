"""Resolves relations into `_edges(type, relation, from_row, to_row, cause)`.

A relation thereby becomes a list of rows, each by its `_row`, on every plane alike. `to_row` NULL
is its unknown element: there may be more targets, and `cause` says why it could not be told. No
edge at all means that there is known to be no target. A target stands once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trueline.lake import Tables
from trueline.model import Relation, ResourceType

__all__ = ["relate"]

_PLACE = ("uid", "_row", "plane", "region", "scope_account", "scope_region")


def relate(
    tables: Tables,
    types: Mapping[str, ResourceType],
    needed: Iterable[tuple[str, str]],
    only: Mapping[tuple[str, str], str] | None = None,
) -> None:
    """Create the table `_edges` for the `needed` pairs of (table, relation name).

    `only` = conditions over alias `p`, of the rows of such a pair that need their edges; a relation
    that others' references make has all of them.

    A table, not a view: a statement reads its edges twice, to decide and to tell. Where no code
    says a reference, nothing looks for one: that is more to plan than all the rest.
    """
    wanted = sorted(set(needed))
    kind = _kind(wanted)
    branches = [
        f"SELECT NULL::{kind} AS type, NULL::{kind} AS relation, NULL::BIGINT AS from_row, "
        "NULL::BIGINT AS to_row, NULL::VARCHAR AS cause WHERE FALSE"
    ]
    for table, name in wanted:
        relation = types[table].relations[name]
        if relation.to:
            asking = (only or {}).get((table, name), "TRUE")
            inner = _forward(types, table, relation, tables.referenced, asking)
        else:
            inner = _reverse(types, table, relation, tables.referenced)
        branches.append(
            f"SELECT {_text(table)}::{kind}, {_text(name)}::{kind}, from_row, to_row, cause "
            f"FROM ({inner})"
        )
    tables.con.execute(
        "CREATE OR REPLACE TABLE _edges AS " + "\nUNION ALL\n".join(f"({b})" for b in branches)
    )


def _kind(wanted: Iterable[tuple[str, str]]) -> str:
    """The type of names of tables and relations: a number, where a text takes forty bytes."""
    names = sorted({name for pair in wanted for name in pair})
    return f"ENUM({', '.join(map(_text, names))})" if names else "VARCHAR"


def _forward(
    types: Mapping[str, ResourceType], table: str, relation: Relation, referenced: bool, asking: str
) -> str:
    """Edges from our column to their rows; what matches nothing is an unknown target.

    A name that several rows of the range share means the one in our region; where that does not
    decide it, the target is unknown.
    """
    source, target = types[table], types[relation.target]
    said = f"""
UNION ALL
SELECT p._row, k._row, CASE WHEN k._row IS NULL
  THEN coalesce(f.cause, {_text("dangling:" + relation.by)}) END
FROM _references f JOIN {_name(table)} p ON p.uid = f.from_uid
LEFT JOIN {_name(relation.target)} k ON k.uid = f.to_uid
WHERE f.column_name = {_text(relation.by)}"""
    return f"""
WITH refs AS ({_refs(source, relation, referenced, asking)}),
named AS ({_keys(target, relation)}),
{_told_apart(relation)},
led AS (
  SELECT r.from_row, k._row AS to_row, r.cause,
    CASE WHEN k._row IS NULL THEN r.ref END AS lost, r.place, r.plane, r.range
  FROM refs r LEFT JOIN keys k ON k.key = r.ref AND k.place = r.place
    AND (k.region IS NULL OR k.region = r.region)
)
SELECT {_once(source, relation, referenced)} * FROM (
SELECT r.from_row, r.to_row, CASE WHEN r.to_row IS NULL THEN {_excuse(relation)} END AS cause
FROM ({_homes(relation)}) r
LEFT JOIN shared m ON m.key = r.lost AND m.place = r.place
LEFT JOIN ({_listings(relation)}) l ON l.range = r.home
LEFT JOIN (SELECT DISTINCT account FROM _scopes) a ON a.account = r.away
{said if referenced else ""})"""


def _reverse(
    types: Mapping[str, ResourceType], table: str, relation: Relation, referenced: bool
) -> str:
    """Their edges to us turned round, and an unknown element wherever one may have been missed.

    One may have been missed where their listing is not complete in our range; where a row of
    theirs in our range points to something that could not be told, or through something that is
    none of ours; and where what it says matches nothing while we do not know our own names.
    """
    ours, theirs = types[table], types[relation.target]
    said = f"""
said AS (
  SELECT p._row AS from_row, o._row AS to_row, f.cause, {_range(relation, "p")} AS range
  FROM _references f JOIN {_name(relation.target)} p ON p.uid = f.from_uid
  LEFT JOIN {_name(table)} o ON o.uid = f.to_uid WHERE f.column_name = {_text(relation.by)}
),"""
    said_lost = f"""
  UNION ALL
  SELECT range, any_value(coalesce(cause, {_text("dangling:" + relation.by)})) FROM said
  WHERE to_row IS NULL GROUP BY range"""
    said_found = (
        "UNION ALL SELECT to_row, CASE WHEN cause IS NULL THEN from_row END, cause "
        "FROM said WHERE to_row IS NOT NULL"
    )
    return f"""
WITH refs AS ({_refs(theirs, relation, referenced)}),
keys AS ({_keys(ours, relation)}),{said if referenced else ""}
orphans AS (
  SELECT range, any_value(cause) AS cause FROM refs WHERE ref IS NULL GROUP BY range
  {said_lost if referenced else ""}
),
strays AS (
  SELECT DISTINCT r.range FROM refs r LEFT JOIN keys k ON k.key = r.ref AND k.place = r.place
  WHERE r.ref IS NOT NULL AND k._row IS NULL
)
SELECT {_once(theirs, relation, referenced)} from_row, to_row, cause FROM (
  SELECT k._row AS from_row, r.from_row AS to_row, NULL::VARCHAR AS cause
  FROM refs r JOIN keys k ON k.key = r.ref AND k.place = r.place
  {said_found if referenced else ""})
UNION ALL
SELECT p._row, NULL, o.cause
FROM {_name(table)} p JOIN orphans o ON o.range = {_range(relation, "p")}
{_nameless(ours, relation)}
UNION ALL
SELECT p._row, NULL, CASE WHEN l.range IS NULL THEN 'not_collected' ELSE l.cause END
FROM {_name(table)} p LEFT JOIN ({_listings(relation)}) l ON l.range = {_range(relation, "p")}
WHERE l.range IS NULL OR l.cause IS NOT NULL"""


def _nameless(ours: ResourceType, relation: Relation) -> str:
    """An unknown element where a stray reference may mean us: a name of ours is not known.

    In code what is not known yet cannot be written elsewhere: there references tell.
    """
    branches = []
    for key in relation.keys:
        if key not in ours.columns:
            continue
        column = f"p.{_name(key)}"
        unknown = f"({column} IS NULL AND NOT list_contains(p._absent, {_text(key)}))"
        if ours.columns[key].type.kind == "list":
            unknown = f"({unknown} OR list_count({column}) < len({column}))"
        branches.append(f"""
UNION ALL
SELECT p._row, NULL, coalesce(p._why[{_text(key)}], 'not_collected')
FROM {_name(ours.table)} p JOIN strays s ON s.range = {_range(relation, "p")}
WHERE {unknown} AND p.plane = 'live'""")
    return "".join(branches)


def _once(source: ResourceType, relation: Relation, referenced: bool) -> str:
    """`DISTINCT` where one row may hold two names of one target, or code say it twice."""
    return "DISTINCT" if referenced or _is_list(source, relation) else ""


def _is_list(source: ResourceType, relation: Relation) -> bool:
    column = source.column_type(relation.by)
    assert column is not None  # the catalog checked it
    return column.kind == "list"


def _refs(source: ResourceType, relation: Relation, referenced: bool, asking: str = "TRUE") -> str:
    """`from_row, region, range, plane, place, ref, cause`: each reference of a column, in the rows
    that are asking.

    `ref` NULL = unknown, for `cause`. Where code says a reference, it stands in `_references`; the
    unknown value beside it, or the unknown elements of its list, are not a second target.
    """
    by, table = f"p.{_name(relation.by)}", f"(FROM {_name(source.table)} p WHERE {asking})"
    given = f"({by} IS NOT NULL OR NOT list_contains(p._absent, {_text(relation.by)}))"
    said = "FALSE"
    if referenced:
        said = (
            "EXISTS (SELECT 1 FROM _references f WHERE f.from_uid = p.uid "
            f"AND f.column_name = {_text(relation.by)})"
        )
    place = ", ".join(f"p.{c}" for c in _PLACE)
    unread = f"coalesce(p._why[{_text(relation.by)}], 'not_collected')"
    if _is_list(source, relation):
        opened = _text("open_list:" + relation.by)
        rows = (
            f"SELECT * EXCLUDE (said) FROM (SELECT {place}, {said} AS said, "
            f"unnest(CASE WHEN {by} IS NOT NULL THEN {by} WHEN {given} THEN [NULL] END) AS ref, "
            f"CASE WHEN {by} IS NULL THEN {unread} ELSE {opened} END AS cause FROM {table} p) "
            "WHERE NOT (said AND ref IS NULL)"
        )
    else:
        rows = (
            f"SELECT {place}, {by} AS ref, CASE WHEN {by} IS NULL THEN {unread} END AS cause "
            f"FROM {table} p WHERE {given} AND NOT {said}"
        )
    return (
        f"SELECT q._row AS from_row, q.region, {_range(relation, 'q')} AS range, q.plane, "
        f"{_place(relation, 'q', 'q.ref')} AS place, q.ref, q.cause FROM ({rows}) q"
    )


def _homes(relation: Relation) -> str:
    """`led` beside `away`, the account that the ARN of a lost reference names, and `home`, the
    range in which its target is listed."""
    account = "regexp_extract(lost, '^(?:[^:]*:){4}([0-9]+):', 1)"
    away = f"CASE WHEN starts_with(lost, 'arn:') AND plane = 'live' THEN {account} ELSE '' END"
    home = f"CASE WHEN away = '' THEN range ELSE {_arn_range(relation)} END"
    return f"""
SELECT *, CASE WHEN lost IS NOT NULL THEN {home} END AS home FROM (
  SELECT *, CASE WHEN lost IS NOT NULL THEN {away} END AS away FROM led)"""


def _keys(target: ResourceType, relation: Relation) -> str:
    """`_row, region, place, key`: what a reference may hold to mean a row of the target, and where,
    each once."""
    branches, earlier, once = [], list[str](), ""
    place = ", ".join(f"p.{c}" for c in _PLACE)
    for key in dict.fromkeys(("uid", *relation.keys)):
        column = target.column_type(key)
        assert column is not None  # the catalog checked it
        value, new = f"p.{_name(key)}", "TRUE"
        if column.kind == "list":
            value, once = f"unnest({value})", "DISTINCT"
        else:
            # To leave out a name that the row has already is cheaper than to look for doubles.
            new = " AND ".join(f"{value} IS DISTINCT FROM {e}" for e in earlier) or new
            earlier.append(value)
        branches.append(f"SELECT {place}, {value} AS key FROM {_name(target.table)} p WHERE {new}")
    return (
        f"SELECT {once} q._row, q.region, {_place(relation, 'q', 'q.key')} AS place, q.key "
        f"FROM ({' UNION ALL '.join(branches)}) q WHERE q.key IS NOT NULL"
    )


def _told_apart(relation: Relation) -> str:
    """`shared` of `named`: the names that several rows bear, and `keys`: `_row, region, place, key`
    of each name that means one row: of the range (`region` NULL), or of a region. Within one
    listing, and of uids, there is nothing to tell apart."""
    if relation.within == "scope" or relation.keys == ("uid",):
        return """
shared AS (SELECT place, key FROM named WHERE FALSE),
keys AS (SELECT _row, NULL::VARCHAR AS region, place, key FROM named)"""
    return """
shared AS (SELECT place, key FROM named GROUP BY ALL HAVING count(*) > 1),
keys AS (
  SELECT CASE WHEN count(*) = 1 THEN any_value(n._row) END AS _row,
    CASE WHEN any_value(s.key) IS NOT NULL THEN coalesce(n.region, '') END AS region,
    n.place, n.key
  FROM named n LEFT JOIN shared s ON s.key = n.key AND s.place = n.place
  GROUP BY n.place, n.key, n.region)"""


def _place(relation: Relation, alias: str, value: str) -> str:
    """The text that both sides of a match must share beside the value.

    An ARN is unique in its world; an id or name only within the range that the relation names.
    """
    world, within = _world(f"{alias}.scope_account"), _range(relation, alias)
    return f"CASE WHEN starts_with({value}, 'arn:') THEN {world} ELSE {within} END"


def _range(relation: Relation, alias: str) -> str:
    """The text that names the range of a row: its scope, its account, or its whole world."""
    return _within(relation, f"{alias}.scope_account", f"{alias}.scope_region")


def _within(relation: Relation, account: str, region: str) -> str:
    if relation.within == "scope":
        return f"({account} || '|' || {region})"
    return account if relation.within == "account" else _world(account)


def _world(account: str) -> str:
    """All that is live is one world; in code each root module is closed."""
    return f"CASE WHEN starts_with({account}, 'code:') THEN {account} ELSE '' END"


def _arn_range(relation: Relation) -> str:
    region = "coalesce(nullif(split_part(lost, ':', 4), ''), 'global')"
    return _within(relation, "away", region)


def _listings(relation: Relation) -> str:
    """`range, cause` of each range in which the target was listed; `cause` where that did not come
    whole."""
    return (
        f"SELECT {_within(relation, 's.account', 's.region')} AS range, "
        "min(CASE WHEN NOT s.complete THEN coalesce(s.cause, 'not_collected') END) AS cause "
        f"FROM _scopes s WHERE s.type = {_text(relation.target)} GROUP BY 1"
    )


def _excuse(relation: Relation) -> str:
    """Why a reference leads to no row."""
    return f"""CASE
  WHEN r.lost IS NULL THEN r.cause
  WHEN m.key IS NOT NULL THEN {_text("unresolved:" + relation.by)}
  WHEN r.away <> '' AND a.account IS NULL THEN 'account_not_scanned'
  WHEN l.cause IS NOT NULL THEN l.cause
  WHEN l.range IS NULL THEN 'not_collected'
  ELSE {_text("dangling:" + relation.by)} END"""


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
