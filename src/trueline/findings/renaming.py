"""Findings follow their policy where it is called otherwise now (`formerly`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from trueline.findings.audit import Event
from trueline.findings.identity import key_of
from trueline.findings.lifecycle import end_acceptances, update_findings
from trueline.findings.schema import confirmations, exceptions, findings
from trueline.findings.store import Tx, compact
from trueline.model import Policy

__all__ = ["rename", "renamed"]


def renamed(policies: Mapping[str, Policy]) -> dict[str, str]:
    """Former id → id; one that a policy still has is no former one."""
    return {
        former: policy.id
        for policy in policies.values()
        for former in policy.formerly
        if former not in policies
    }


def rename(tx: Tx, names: Mapping[str, str]) -> None:
    """Give findings their policy's new id; of two that become one, the older stays.

    An id of a finding does not change. A resolved finding never stays in place of one that is not.
    """
    if not names:
        return
    f = findings.c
    listed = tx.conn.execute(
        select(findings).where(f.policy.in_(sorted(names))).order_by(f.first_seen, f.id)
    )
    for row in map(dict, listed.mappings().all()):
        _rename(tx, row, names[row["policy"]])
    for former, policy in sorted(names.items()):
        _confirm_as(tx, former, policy)
    _compensate_as(tx, names)


def _rename(tx: Tx, row: Mapping[str, Any], policy: str) -> None:
    key = key_of(policy, row["uid"]) if row["key"] else None
    changed = {"b_id": row["id"], "policy": policy, "key": key}
    holders = tx.conn.execute(select(findings).where(findings.c.key == key)).mappings()
    found = next(map(dict, holders), None)
    if found is not None and _rank(row) < _rank(found):
        update_findings(tx, [{"b_id": found["id"], "key": None, **_merged(tx, found, row["id"])}])
    elif found is not None:
        changed |= {"key": None, **_merged(tx, row, found["id"])}
    tx.tell(Event("renamed", row["id"], data={"policy": [row["policy"], policy]}))
    update_findings(tx, [changed])


def _rank(row: Mapping[str, Any]) -> tuple[bool, int]:
    """The least of two findings that become one stays."""
    return row["resolved_at"] is not None, row["first_seen"]


def _merged(tx: Tx, row: Mapping[str, Any], other: str) -> dict[str, Any]:
    """What ends a finding that another one goes on for."""
    if row["resolved_at"] is not None:
        return {}
    why = f"the same as finding {other} now"
    tx.tell(Event("resolved", row["id"], why=why))
    end_acceptances(tx, row["id"], why)
    return {
        "state": "resolved",
        "resolved_at": tx.now,
        "resolved_reason": "merged",
        "last_confirmed": _last(tx, row),
        "unconfirmed_since": None,
        "unconfirmed_cause": None,
        "exception": None,
        "next_step_at": None,
    }


def _last(tx: Tx, row: Mapping[str, Any]) -> int:
    """When it was last confirmed."""
    c = confirmations.c
    place = (c.policy == row["policy"], c.account == row["scope_account"])
    found = tx.conn.execute(select(c.at).where(*place, c.region == row["scope_region"])).scalar()
    return int(row["last_confirmed"] or found or row["first_seen"])


def _confirm_as(tx: Tx, former: str, policy: str) -> None:
    """What was last read of the former policy's rows was read of the policy's."""
    c = confirmations.c
    listed = tx.conn.execute(select(confirmations).where(c.policy.in_((former, policy))))
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    rows = [dict(row) for row in listed.mappings()]
    if all(row["policy"] == policy for row in rows):
        return
    for row in sorted(rows, key=lambda row: int(row["at"])):
        latest[row["account"], row["region"]] = {**row, "policy": policy}
    tx.conn.execute(confirmations.delete().where(c.policy.in_((former, policy))))
    tx.insert(confirmations, list(latest.values()))


def _compensate_as(tx: Tx, names: Mapping[str, str]) -> None:
    """Exceptions go on to rely on the same policies."""
    e = exceptions.c
    listed = tx.conn.execute(select(e.id, e.compensating).where(e.compensating != "[]"))
    for row in listed.all():
        was = json.loads(row.compensating)
        now = [names.get(policy, policy) for policy in was]
        if now != was:
            tx.conn.execute(
                update(exceptions).where(e.id == row.id).values(compensating=compact(now))
            )
            tx.tell(Event("renamed", None, row.id, data={"compensating": [was, now]}))
