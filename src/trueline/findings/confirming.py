"""When what was read last confirmed a policy's findings, scope by scope.

A finding's own row changes only on transitions: what goes on failing is confirmed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update

from trueline.findings.schema import confirmations
from trueline.findings.store import Tx, micros
from trueline.model import ScopeState

__all__ = ["Confirmed", "confirm", "confirmed_by", "last_confirmed"]

Confirmed = Mapping[tuple[str, str, str], int]
"""(policy, account, region) → when the scope was collected that last confirmed it."""


def confirmed_by(tx: Tx, policies: Iterable[str]) -> dict[tuple[str, str, str], int]:
    """When each scope last confirmed what fails these policies."""
    c = confirmations.c
    rows = tx.conn.execute(
        select(c.policy, c.account, c.region, c.at).where(c.policy.in_(sorted(policies)))
    )
    return {(r.policy, r.account, r.region): r.at for r in rows}


def confirm(
    tx: Tx,
    snapshot: int,
    judged: Iterable[str],
    scopes: Mapping[tuple[str, str], ScopeState],
    before: Confirmed,
) -> None:
    """Note for each policy and scope when what now stands there was collected."""
    new, changed = [], []
    for (account, region), state in scopes.items():
        if not state.complete:
            continue
        at = micros(state.collected_at)
        for policy in judged:
            row = {"policy": policy, "account": account, "region": region, "at": at}
            last = before.get((policy, account, region))
            if last is None:
                new.append({**row, "snapshot": snapshot})
            elif last < at:
                changed.append({f"b_{name}": value for name, value in row.items()})
    tx.insert(confirmations, new)
    if changed:
        c = confirmations.c
        places = [c[name] == bindparam(f"b_{name}") for name in ("policy", "account", "region")]
        statement = update(confirmations).where(*places)
        tx.conn.execute(statement.values(at=bindparam("b_at"), snapshot=snapshot), changed)


def last_confirmed(was: Mapping[str, Any], confirmed: Confirmed) -> int:
    """When a finding was last confirmed."""
    if was["last_confirmed"] is not None:
        return int(was["last_confirmed"])
    place = (was["policy"], was["scope_account"], was["scope_region"])
    return confirmed.get(place, int(was["first_seen"]))
