"""Resource types, rows and scopes for tests of the lake."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from trueline.lake.schema import column_types
from trueline.model import Column, ResourceType, Scope, ScopeState, parse_type

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ACCOUNT = "111122223333"


def resource_type(table: str = "aws_thing", **columns: str) -> ResourceType:
    kinds = columns or {
        "name": "text",
        "size": "int?",
        "public": "bool",
        "labels": "list<text>",
        "rules": "list<struct<port:int,cidrs:list<text>>>",
        "created": "time",
    }
    own = {n: Column(n, parse_type(k), n, mappings={"live": n}) for n, k in kinds.items()}
    return ResourceType(table, table, "aws", own)


def row(rtype: ResourceType, uid: str, scope: Scope, **values: Any) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(column_types(rtype))
    out |= {
        "uid": uid,
        "type": rtype.table,
        "provider": scope.provider,
        "account": scope.account,
        "region": scope.region,
        "scope_account": scope.account,
        "scope_region": scope.region,
        "seen_from": [],
        "plane": "live",
        "config": "{}",
        "collected_at": NOW,
        "_absent": [],
        "_set": [],
        "_defaulted": [],
        "_why": {},
    }
    out |= values
    own = {n: repr(out[n]) for n in rtype.columns}
    out["fingerprint"] = hashlib.md5(json.dumps(own).encode(), usedforsecurity=False).hexdigest()
    return out


def scope(region: str = "eu-west-1", table: str = "aws_thing", account: str = ACCOUNT) -> Scope:
    return Scope("aws", account, region, table)


def whole(where: Scope, at: dt.datetime = NOW) -> ScopeState:
    return ScopeState(where, True, at)


def failed(where: Scope, cause: str = "denied", at: dt.datetime = NOW) -> ScopeState:
    return ScopeState(where, False, at, cause)
