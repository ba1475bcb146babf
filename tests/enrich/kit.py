"""Locks and keys: a lock refers to keys by uid, ARN, id or alias; a key knows its locks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from lake.support import ACCOUNT, NOW, failed, resource_type, row, whole
from trueline.enrich import relate
from trueline.lake import Tables
from trueline.model import Edge, Relation, ResourceType, Row, Scope, ScopeState

OTHER = "444455556666"
REGION = "eu-west-1"
TARGETS = ("uid", "key_id", "aliases")

KEY = replace(
    resource_type("aws_key", key_id="text", aliases="list<text>", boss_id="text?"),
    relations={
        "locks": Relation("locks", None, "aws_lock", "key", TARGETS),
        "rings": Relation("rings", None, "aws_lock", "spares", TARGETS),
        "account_locks": Relation("account_locks", None, "aws_lock", "key", TARGETS, "account"),
    },
)
LOCK = replace(
    resource_type("aws_lock", key="text?", spares="list<text>"),
    relations={
        "key": Relation("key", "aws_key", None, "key", TARGETS),
        "spares": Relation("spares", "aws_key", None, "spares", TARGETS),
        "account_key": Relation("account_key", "aws_key", None, "key", TARGETS, "account"),
        "any_key": Relation("any_key", "aws_key", None, "key", TARGETS, "provider"),
    },
)
TYPES: dict[str, ResourceType] = {"aws_key": KEY, "aws_lock": LOCK}

Found = list[tuple[str, str | None, str | None]]


def key(name: str, account: str = ACCOUNT, region: str = REGION, **values: Any) -> Row:
    where = Scope("aws", account, region, "aws_key")
    given = {"key_id": f"id-{name}", "aliases": [f"alias/{name}"], "boss_id": None}
    return row(KEY, arn(name, account, region), where, **(given | values))


def lock(name: str, account: str = ACCOUNT, region: str = REGION, **values: Any) -> Row:
    """A lock without any key; `key=…` and `spares=[…]` give it some."""
    given: dict[str, Any] = {"key": None, "spares": []} | values
    given.setdefault("_absent", ["key"] if given["key"] is None else [])
    return row(LOCK, f"lock-{name}", Scope("aws", account, region, "aws_lock"), **given)


def planned(rtype: ResourceType, name: str, root: str = "code:app", **values: Any) -> Row:
    """A row of a plan; what is not given is not known yet."""
    rest = {"plane": "plan", "region": None, "account": None, **values}
    return row(rtype, f"{root}:{name}", Scope("aws", root, "", rtype.table), **rest)


def arn(name: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:kms:{region}:{account}:key/{name}"


def scopes(
    *lacking: ScopeState, accounts: Sequence[str] = (ACCOUNT,), regions: Sequence[str] = (REGION,)
) -> list[ScopeState]:
    """Every scope of both types read whole, save those `lacking`."""
    said = {s.scope: s for s in lacking}
    every = [Scope("aws", a, r, t) for a in accounts for r in regions for t in TYPES]
    return [said.get(s) or whole(s) for s in every]


def lost(
    table: str, account: str = ACCOUNT, region: str = REGION, cause: str = "denied"
) -> ScopeState:
    return failed(Scope("aws", account, region, table), cause, NOW)


def edges(
    table: str,
    relation: str,
    rows: Iterable[Row],
    states: Sequence[ScopeState] | None = None,
    references: Sequence[Edge] = (),
) -> Found:
    """The edges of one relation, in order."""
    by_table: dict[str, list[Row]] = {name: [] for name in TYPES}
    for each in rows:
        by_table[each["type"]].append(each)
    with Tables.from_rows(
        TYPES, by_table, scopes() if states is None else states, references, threads=1
    ) as tables:
        relate(tables, TYPES, [(table, relation)])
        target = TYPES[table].relations[relation].target
        sql = f"""
            SELECT p.uid, t.uid, e.cause FROM _edges e JOIN {table} p ON p._row = e.from_row
            LEFT JOIN {target} t ON t._row = e.to_row WHERE e.type = $1 AND e.relation = $2"""
        found: Found = tables.con.execute(sql, [table, relation]).fetchall()
    return sorted(found, key=lambda e: (e[0], e[1] or "", e[2] or ""))
