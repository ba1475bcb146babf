"""The moves of a finding that several parts make: begin, end, be excepted, be written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from trueline.findings.audit import Event
from trueline.findings.risk import young
from trueline.findings.schema import acceptances, findings
from trueline.findings.store import Tx, compact
from trueline.findings.windows import at_once, due_at, next_step
from trueline.settings import Settings

__all__ = [
    "active_acceptances",
    "begun",
    "end_acceptances",
    "mark_verified",
    "reopen",
    "update_findings",
    "void",
]


def begun(settings: Settings, row: Mapping[str, Any], at: int) -> dict[str, Any]:
    """What an opening, new or again, sets: state, dates and the ladder."""
    due = due_at(settings, at, row["severity"], row["environment"])
    taken = at_once(settings)
    return {
        "state": "open",
        "opened_at": at,
        "due_at": due,
        "resolved_at": None,
        "resolved_reason": None,
        "last_confirmed": None,
        "unconfirmed_since": None,
        "unconfirmed_cause": None,
        "exception": None,
        "age_step": 0,
        "escalation": taken,
        "next_step_at": next_step(settings, taken, at, due),
    }


def reopen(tx: Tx, settings: Settings, row: Mapping[str, Any], why: str) -> None:
    """An excepted finding becomes work again; what is in doubt of it stays in doubt."""
    doubt = ("last_confirmed", "unconfirmed_since", "unconfirmed_cause")
    made = begun(settings, row, tx.now) | {name: row[name] for name in doubt}
    # Read again: the snapshot that voids an exception may just have changed them.
    f = findings.c
    factors = tx.conn.execute(select(f.factors).where(f.id == row["id"])).scalar_one()
    risk, parts = young(factors)
    made |= {"risk": risk, "factors": compact(parts)}
    tx.tell(Event("reopened", row["id"], row["exception"], why))
    update_findings(tx, [{"b_id": row["id"], **made}])


def void(tx: Tx, settings: Settings, finding: str, exception: str, why: str) -> None:
    """What an exception accepted of a finding does not hold any more.

    The finding is reopened for this reason, unless another exception still covers it.
    """
    a = acceptances.c
    tx.conn.execute(
        update(acceptances)
        .where(a.finding == finding, a.exception == exception, a.state == "active")
        .values(state="void", why=why)
    )
    tx.tell(Event("exception_voided", finding, exception, why))
    # As it stands now: whoever voids several has read it before the first was void.
    row = tx.conn.execute(select(findings).where(findings.c.id == finding)).mappings().one()
    if row["exception"] != exception:
        return
    other = tx.conn.execute(
        select(a.exception)
        .where(a.finding == finding, a.state == "active")
        .order_by(a.exception)
        .limit(1)
    ).scalar()
    if other is None:
        reopen(tx, settings, dict(row), why)
    else:
        update_findings(tx, [{"b_id": finding, "exception": other}])


def active_acceptances(tx: Tx, ids: Sequence[str]) -> list[dict[str, Any]]:
    """What holds of these findings."""
    a, out = acceptances.c, []
    for start in range(0, len(ids), 500):
        found = tx.conn.execute(
            select(acceptances)
            .where(a.finding.in_(ids[start : start + 500]), a.state == "active")
            .order_by(a.finding, a.exception)
        )
        out += [dict(row) for row in found.mappings()]
    return out


def mark_verified(tx: Tx, held: Mapping[str, Any], verified: bool) -> None:
    """Say whether the accepted evidence could be read again."""
    a = acceptances.c
    tx.conn.execute(
        update(acceptances)
        .where(a.finding == held["finding"], a.exception == held["exception"])
        .values(verified=verified)
    )
    kind = "exception_verified" if verified else "exception_unverified"
    tx.tell(Event(kind, held["finding"], held["exception"]))


def end_acceptances(tx: Tx, finding: str, why: str) -> None:
    """The finding has been resolved: nothing is left to accept."""
    a = acceptances.c
    tx.conn.execute(
        update(acceptances)
        .where(a.finding == finding, a.state == "active")
        .values(state="ended", why=why)
    )


def update_findings(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write changed columns; each row names its finding as `b_id`, its tags are JSON as text."""
    by_shape: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row.get("tags") is not None:
            row = {**row, "tags": json.loads(row["tags"])}
        row = {**row, **tx.numbers.of(row)}
        by_shape.setdefault(tuple(row), []).append(row)
    for shape, listed in by_shape.items():
        values: dict[str, Any] = {name: bindparam(name) for name in shape if name != "b_id"}
        statement = update(findings).where(findings.c.id == bindparam("b_id")).values(values)
        tx.conn.execute(statement, [dict(row) for row in listed])
