"""Read models of the inventory: lists of resources, one resource whole, and the footprint."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.lake import Lake, Snapshot, Tables
from trueline.model import COMMON, ResourceType
from trueline.report.model import plain

__all__ = ["Footprint", "ResourceRow", "footprint", "one_resource", "resources"]


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A line of the inventory; `stale_since` is set where the newest read of its scope failed.

    `fits` tells whether the filter holds, None where that is not known.
    """

    uid: str
    type: str
    name: str | None
    account: str | None
    region: str | None
    stale_since: str | None
    fits: bool | None = True


def resources(
    lake: Lake,
    snapshot: Snapshot,
    types: Mapping[str, ResourceType],
    *,
    account: str | None = None,
    region: str | None = None,
    name: str | None = None,
    rule: str = "TRUE",
) -> Iterator[ResourceRow]:
    """The recorded resources of these types for which `rule` is not false.

    `name` is a glob over name and uid; `rule` is boolean SQL over alias `p`, as
    `language.compile_rule` makes it.
    """
    with lake.tables(snapshot, types) as tables:
        for table in sorted(types):
            sql = (
                f"SELECT p.uid, p.name, p.account, p.region, p.stale_since, ({rule}) AS fits "
                f'FROM "{table}" p WHERE ({rule}) IS DISTINCT FROM FALSE ORDER BY p.uid'
            )
            for batch in tables.batches(sql):
                for row in batch.to_pylist():
                    if account not in (None, row["account"]) or region not in (None, row["region"]):
                        continue
                    if name and not _fits(name, row):
                        continue
                    row["stale_since"] = plain(row["stale_since"])
                    yield ResourceRow(type=table, **row)


def _fits(glob: str, row: Mapping[str, Any]) -> bool:
    return fnmatch.fnmatchcase(row["uid"], glob) or fnmatch.fnmatchcase(row["name"] or "", glob)


def one_resource(
    lake: Lake, snapshot: Snapshot, types: Mapping[str, ResourceType], wanted: str
) -> list[dict[str, Any]]:
    """Every resource whose uid or name is `wanted`, column by column.

    A cell is `{"value": …}`, `{"absent": true}`, `{"set": true, "cause": …}` or
    `{"unknown": cause}`; `default` is true where the service's default stands in.
    """
    found = []
    with lake.tables(snapshot, types) as tables:
        for table, rtype in sorted(types.items()):
            sql = f'SELECT * FROM "{table}" WHERE uid = $wanted OR name = $wanted'
            for batch in tables.con.sql(sql, params={"wanted": wanted}).to_arrow_reader():
                found += [_whole(rtype, row) for row in batch.to_pylist()]
    return found


def _whole(rtype: ResourceType, row: Mapping[str, Any]) -> dict[str, Any]:
    why = dict(row["_why"] or ())
    shown = ("uid", "name", "account", "region", "incarnation", "collected_at", "stale_since")
    return {
        "type": rtype.table,
        **{k: plain(row[k]) for k in shown},
        "seen_from": row["seen_from"],
        "columns": {name: _cell(name, row, why) for name in rtype.columns},
    }


def _cell(name: str, row: Mapping[str, Any], why: Mapping[str, str]) -> dict[str, Any]:
    value = row[name]
    if value is not None:
        kind = COMMON.get(name)
        value = dict(value) if kind and kind.kind == "map" else value
        cell: dict[str, Any] = {"value": plain(value)}
        if name in (row["_defaulted"] or ()):
            cell["default"] = True
        partly = {k: v for k, v in why.items() if k.startswith((f"{name}[", f"{name}."))}
        if partly:
            cell["unknown_parts"] = partly
        return cell
    if name in (row["_absent"] or ()):
        return {"absent": True}
    cause = why.get(name, "not_collected")
    return {"set": True, "cause": cause} if name in (row["_set"] or ()) else {"unknown": cause}


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the estate is made of, and what of it was not seen.

    `not_asked` are regions that no scan was asked to read, by account; `untabled` counts
    mentions, in the configuration that was read, of services no table covers.
    """

    accounts: Mapping[str, int]
    missing: Sequence[str]
    regions: Mapping[str, int]
    types: Mapping[str, int]
    incomplete: Sequence[tuple[str, str, str, str]]
    not_asked: Mapping[str, Sequence[str]]
    untabled: Mapping[str, int]


def footprint(
    lake: Lake,
    snapshot: Snapshot,
    types: Mapping[str, ResourceType],
    expected: Sequence[str],
) -> Footprint:
    """Accounts, regions and types with their numbers of resources."""
    accounts: Counter[str] = Counter()
    regions: Counter[str] = Counter()
    by_type: Counter[str] = Counter()
    not_asked: dict[str, set[str]] = {}
    for entry in snapshot.scopes:
        if entry.state.cause == "not_collected":
            not_asked.setdefault(entry.scope.account, set()).add(entry.scope.region)
            continue
        accounts[entry.scope.account] += entry.rows
        regions[entry.scope.region] += entry.rows
    with lake.tables(snapshot, types) as tables:
        for table in types:
            count = tables.con.execute(f'SELECT count(*) FROM "{table}"').fetchone()
            by_type[table] = count[0] if count else 0
        mentioned = _mentioned(tables)
    covered = {
        call.service for t in types.values() if t.live is not None for call in t.live.calls()
    }
    covered |= {"elasticloadbalancing", "aws-marketplace"}
    return Footprint(
        accounts=dict(sorted(accounts.items())),
        missing=[a for a in expected if a not in accounts],
        regions=dict(regions.most_common()),
        types=dict(by_type.most_common()),
        incomplete=[
            (e.scope.account, e.scope.region, e.scope.type, e.state.cause or "error")
            for e in snapshot.scopes
            if not e.state.complete and e.state.cause != "not_collected"
        ],
        not_asked={a: sorted(r) for a, r in sorted(not_asked.items())},
        untabled={s: n for s, n in mentioned.most_common() if s not in covered},
    )


def _mentioned(tables: Tables) -> Counter[str]:
    """Services named by ARNs in what was read of the resources."""
    out: Counter[str] = Counter()
    pattern = r"arn:aws[a-z-]*:([a-z0-9-]+):"
    for table in tables.types:
        sql = (
            "SELECT s, count(*) FROM (SELECT unnest(list_distinct("
            f"regexp_extract_all(config, '{pattern}', 1))) AS s FROM \"{table}\") GROUP BY s"
        )
        for service, count in tables.con.execute(sql).fetchall():
            out[service] += count
    return out
