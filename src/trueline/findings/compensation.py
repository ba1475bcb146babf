"""Compensating policies: does what makes an exception bearable hold?

One that fails ends what was accepted. One that could not be judged proves nothing: the approval
stays, and is shown as unverified.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select

from trueline.findings.schema import confirmations, doubts, exceptions, findings
from trueline.findings.store import Tx

__all__ = ["failing", "note_doubts", "undecided", "watched"]


def watched(tx: Tx) -> set[str]:
    """The policies that some exception which may hold counts on."""
    e = exceptions.c
    rows = tx.conn.execute(
        select(e.compensating).where(e.state.in_(("requested", "approved"))).distinct()
    )
    return {policy for text in rows.scalars() for policy in json.loads(text)}


def note_doubts(
    tx: Tx, table: str, policies: Collection[str], unknown: Iterable[tuple[str, str, str]]
) -> None:
    """Keep which (policy, uid, account) of a type a snapshot could not judge, in place of what was
    known; for a listing that failed the uid is `scope:` and the region."""
    if not policies:
        return
    tx.conn.execute(doubts.delete().where(doubts.c.policy.in_(sorted(policies))))
    names = ("policy", "uid", "account")
    tx.insert(doubts, [dict(zip(names, row, strict=True), type=table) for row in unknown])


def failing(tx: Tx, exception: Mapping[str, Any], finding: Mapping[str, Any]) -> str | None:
    """A compensating policy that fails for a finding: on the same resource, or, where the policy
    is about another type, anywhere in its account. None = none is known to fail."""
    wanted = json.loads(exception["compensating"])
    if not wanted:
        return None
    f = findings.c
    found: str | None = tx.conn.execute(
        select(f.policy)
        .where(
            f.policy.in_(wanted),
            f.resolved_at.is_(None),
            (f.uid == finding["uid"])
            | ((f.type != finding["type"]) & (f.scope_account == finding["scope_account"])),
        )
        .limit(1)
    ).scalar()
    return found


def undecided(
    tx: Tx, exception: Mapping[str, Any], finding: Mapping[str, Any], since: int
) -> str | None:
    """A compensating policy of which it is not known that it holds, by a read after `since`."""
    account = finding["scope_account"]
    for policy in json.loads(exception["compensating"]):
        c, d = confirmations.c, doubts.c
        read: ColumnElement[bool] = (c.policy == policy) & (c.account == account) & (c.at > since)
        if tx.conn.execute(select(c.policy).where(read).limit(1)).first() is None:
            return str(policy)
        doubted = select(d.policy).where(
            d.policy == policy,
            d.account == account,
            (d.uid == finding["uid"]) | (d.type != finding["type"]),
        )
        if tx.conn.execute(doubted.limit(1)).first() is not None:
            return str(policy)
    return None
