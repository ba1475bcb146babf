"""Findings follow their policy where it is called otherwise now (`formerly`)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from trueline.findings.audit import Event
from trueline.findings.identity import key_of
from trueline.findings.lifecycle import update_findings
from trueline.findings.schema import findings
from trueline.findings.store import Tx
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

    An id of a finding does not change.
    """
    f = findings.c
    if not names:
        return
    listed = tx.conn.execute(
        select(f.id, f.key, f.policy, f.uid).where(f.policy.in_(sorted(names)))
    ).all()
    for row in listed:
        policy = names[row.policy]
        key = key_of(policy, row.uid) if row.key else None
        other = key and tx.conn.execute(select(f.id).where(f.key == key)).scalar()
        changed: dict[str, object] = {"b_id": row.id, "policy": policy, "key": key}
        if other:
            changed |= {
                "key": None,
                "state": "resolved",
                "resolved_at": tx.now,
                "resolved_reason": "merged",
                "exception": None,
                "next_step_at": None,
            }
            tx.tell(Event("resolved", row.id, why=f"the same as finding {other} now"))
        tx.tell(Event("renamed", row.id, data={"policy": [row.policy, policy]}))
        update_findings(tx, [changed])
