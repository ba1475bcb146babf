"""Looks a store over: is it whole, and does what it says of findings follow from its events?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, text

from trueline.findings.audit import Head, head, verify
from trueline.findings.progress import last_applied
from trueline.findings.schema import STATES, acceptances, events, exceptions, findings
from trueline.findings.store import get_fact

__all__ = ["describe", "inspect_store"]

_STATES = {
    "opened": "open",
    "reopened": "open",
    "acknowledged": "acknowledged",
    "excepted": "excepted",
    "resolved": "resolved",
}
"""Events that move a finding, and the state they leave it in."""
_SHOWN = 5


def describe(conn: Connection) -> dict[str, Any]:
    """What a store says of itself."""
    f = findings.c
    states = conn.execute(select(f.state, func.count()).group_by(f.state)).all()
    return {
        "version": conn.execute(text("SELECT version_num FROM alembic_version")).scalar(),
        "lake": get_fact(conn, "lake"),
        "newest_snapshot": last_applied(conn).number,
        "findings": sum(count for _, count in states),
        **{state: dict(map(tuple, states)).get(state, 0) for state in STATES},
        "exceptions": conn.execute(select(func.count()).select_from(exceptions)).scalar_one(),
        "events": conn.execute(select(func.count()).select_from(events)).scalar_one(),
        "head": str(head(conn)),
    }


def inspect_store(conn: Connection, kept: Sequence[Head] = ()) -> list[str]:
    """Everything that is wrong, a sentence each; nothing where all is well."""
    said = [
        f"audit trail, transaction {fault.transaction}: {fault.message}"
        for fault in verify(conn, kept)[1]
    ]
    if conn.dialect.name == "sqlite":
        answer = conn.execute(text("PRAGMA integrity_check(5)")).scalars().all()
        said += [f"the file: {line}" for line in answer if line != "ok"]
    return said + _states(conn) + _exceptions(conn)


def _states(conn: Connection) -> list[str]:
    """Findings whose state is not the one that their last moving event left."""
    e, f = events.c, findings.c
    last = (
        select(e.finding, func.max(e.number).label("number"))
        .where(e.kind.in_(_STATES), e.finding.is_not(None))
        .group_by(e.finding)
        .subquery()
    )
    wrong = or_(*(and_(e.kind == kind, f.state != state) for kind, state in _STATES.items()))
    rows = conn.execute(
        select(f.id, f.state, e.kind)
        .outerjoin(last, last.c.finding == f.id)
        .outerjoin(events, e.number == last.c.number)
        .where(or_(last.c.number.is_(None), wrong))
        .limit(_SHOWN)
    )
    return [
        f"finding {row.id} is {row.state}, its last event is {row.kind or 'missing'}"
        for row in rows
    ]


def _exceptions(conn: Connection) -> list[str]:
    a, e, f = acceptances.c, exceptions.c, findings.c
    uncovered = conn.execute(
        select(f.id)
        .outerjoin(
            acceptances,
            and_(a.finding == f.id, a.exception == f.exception, a.state == "active"),
        )
        .where(f.state == "excepted", a.finding.is_(None))
        .limit(_SHOWN)
    )
    overdue = conn.execute(
        select(a.finding, e.id, e.state)
        .join(exceptions, e.id == a.exception)
        .where(a.state == "active", e.state != "approved")
        .limit(_SHOWN)
    )
    return [
        *(f"finding {row.id} is excepted without anything that accepts it" for row in uncovered),
        *(f"finding {row.finding} is covered by {row.id}, which is {row.state}" for row in overdue),
    ]
