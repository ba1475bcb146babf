"""What time brings: exceptions end, predicates wait for review, ladders are climbed, ages grow.

Every command that shows findings does this first, so that nothing depends on a server's clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, select, update

from trueline.findings.acceptance import predicate
from trueline.findings.audit import Event
from trueline.findings.compensation import failing, undecided
from trueline.findings.exception_files import FileException
from trueline.findings.exception_sync import outdated, sync_files
from trueline.findings.exceptions import Desk
from trueline.findings.lifecycle import update_findings, void
from trueline.findings.risk import AGE_DAYS, AGE_POINTS
from trueline.findings.schema import acceptances, exceptions, findings, transactions
from trueline.findings.store import State, Tx, micros, moment_of
from trueline.findings.windows import DAY, next_step, person, step_at
from trueline.model import Policy
from trueline.settings import Settings

__all__ = ["REVIEW_DAYS", "keep_up"]

REVIEW_DAYS = 14
"""How long an exception goes on after its policy asks something else."""
_BACK = dt.timedelta(minutes=5)
_BATCH = 1_000


def keep_up(
    state: State,
    settings: Settings,
    policies: Mapping[str, Policy],
    now: dt.datetime,
    say: Callable[[str], None] = lambda text: None,
    files: Sequence[FileException] = (),
) -> None:
    """Do what is due at `now`; a clock that went back does nothing but say so.

    `files` are the exceptions that stand in files.
    """
    at = micros(now)
    with state.reading() as conn:
        t = transactions.c
        newest = conn.execute(select(t.at).order_by(t.number.desc()).limit(1)).scalar()
        if newest is not None and at < newest - _BACK / dt.timedelta(microseconds=1):
            say(
                f"the clock says {now:%Y-%m-%d %H:%M}, but the newest event is of "
                f"{moment_of(newest):%Y-%m-%d %H:%M}: nothing expires and nobody is told until "
                "the clock is right, or the next scan or change shows that it is"
            )
            return
        if not _anything(conn, at) and not outdated(conn, files, at):
            return
    with state.writing(now) as tx:
        desk = Desk(tx, settings, policies)
        sync_files(desk, files, say)
        _expire(desk)
        _review(desk)
        _compensate(desk)
        _include(desk)
        _climb(tx, settings)
        _age(tx)


def _anything(conn: Connection, now: int) -> bool:
    """Is there anything to do? Looking must cost nothing where there is not."""
    f = findings.c
    if conn.execute(
        select(exceptions.c.id).where(exceptions.c.state == "approved").limit(1)
    ).first():
        return True
    if conn.execute(select(f.id).where(f.next_step_at <= now).limit(1)).first():
        return True
    return any(
        conn.execute(select(f.id).where(_ageing(step, now)).limit(1)).first()
        for step in range(len(AGE_DAYS))
    )


def _expire(desk: Desk) -> None:
    e = exceptions.c
    over = desk.tx.conn.execute(
        select(e.id, e.until)
        .where(e.state == "approved", e.until <= desk.tx.now)
        .order_by(e.until, e.id)
    )
    for row in over.all():
        desk.stop(row.id, "expired", f"it held until {moment_of(row.until - 1):%Y-%m-%d}")


def _active(desk: Desk) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """Each acceptance that holds, its exception and its finding."""
    conn, a = desk.tx.conn, acceptances.c
    listed = select(acceptances).where(a.state == "active").order_by(a.finding, a.exception)
    held = [dict(r) for r in conn.execute(listed).mappings()]
    by_id: dict[str, dict[str, Any]] = {}
    ids = [row["finding"] for row in held]
    for start in range(0, len(ids), _BATCH):
        rows = conn.execute(select(findings).where(findings.c.id.in_(ids[start : start + _BATCH])))
        by_id |= {row["id"]: dict(row) for row in rows.mappings()}
    known = {r["id"]: dict(r) for r in conn.execute(select(exceptions)).mappings()}
    return [(row, known[row["exception"]], by_id[row["finding"]]) for row in held]


def _review(desk: Desk) -> None:
    """A policy that asks something else than was accepted waits for somebody to look again."""
    now, a = desk.tx.now, acceptances.c
    for row, _, finding in _active(desk):
        policy = desk.policies.get(finding["policy"])
        same = policy is not None and row["predicate"] == predicate(
            policy, desk.settings, finding["environment"]
        )
        until = row["review_until"]
        if same and until is None:
            continue
        if not same and until is not None and until <= now:
            why = f"the policy was changed and nobody reviewed it in {REVIEW_DAYS} days"
            void(desk.tx, desk.settings, row["finding"], row["exception"], why)
            continue
        if same == (until is None):
            continue
        until = None if same else now + REVIEW_DAYS * DAY
        desk.tx.conn.execute(
            update(acceptances)
            .where(a.exception == row["exception"], a.finding == row["finding"])
            .values(review_until=until)
        )
        if until is not None:
            said = {"until": moment_of(until).isoformat()}
            desk.tx.tell(
                Event("exception_needs_review", row["finding"], row["exception"], None, said)
            )


def _compensate(desk: Desk) -> None:
    """Void where a compensating policy fails, and mark where it is not known to hold."""
    for row, exception, finding in _active(desk):
        if exception["compensating"] == "[]":
            continue
        against = failing(desk.tx, exception, finding)
        if against:
            why = f"the compensating policy {against} fails"
            void(desk.tx, desk.settings, row["finding"], row["exception"], why)
            continue
        open_ = undecided(desk.tx, exception, finding, row["at"])
        if (open_ is None) != row["compensated"]:
            _mark_compensated(desk, row, open_)


def _mark_compensated(desk: Desk, row: Mapping[str, Any], open_: str | None) -> None:
    a, first = acceptances.c, row["compensated"] is None
    desk.tx.conn.execute(
        update(acceptances)
        .where(a.exception == row["exception"], a.finding == row["finding"])
        .values(compensated=open_ is None)
    )
    if open_ is None and not first:
        desk.tx.tell(Event("exception_verified", row["finding"], row["exception"]))
    elif open_ is not None:
        why = f"the compensating policy {open_} is not known to hold"
        desk.tx.tell(Event("exception_unverified", row["finding"], row["exception"], why))


def _include(desk: Desk) -> None:
    """Exceptions that cover new findings take those that have opened since."""
    e = exceptions.c
    rows = desk.tx.conn.execute(
        select(exceptions).where(e.state == "approved", e.include_new.is_(True))
    )
    for row in map(dict, rows.mappings().all()):
        fitting = [f for f in desk.new_matches(row) if failing(desk.tx, row, f) is None]
        desk.accept(row["id"], fitting)


def _climb(tx: Tx, settings: Settings) -> None:
    """Take the steps of the ladder whose time has come; who is told stands in the event."""
    f = findings.c
    while True:
        rows = (
            tx.conn.execute(
                select(f.id, f.owner, f.opened_at, f.due_at, f.escalation, f.next_step_at)
                .where(f.next_step_at <= tx.now, f.state.in_(("open", "acknowledged")))
                .order_by(f.next_step_at, f.id)
                .limit(_BATCH)
            )
            .mappings()
            .all()
        )
        if not rows:
            return
        update_findings(tx, [_climbed(tx, settings, dict(row)) for row in rows])


def _climbed(tx: Tx, settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    taken = row["escalation"]
    for index, step in enumerate(settings.escalation):
        when = step_at(step, row["opened_at"], row["due_at"])
        if taken & 1 << index or when > tx.now:
            continue
        taken |= 1 << index
        after = "due" if step.after == "due" else "open"
        why = f"{after} for {step.days} days" if step.days else after
        data = {"to": person(settings, step, row), "role": step.to}
        tx.tell(Event("escalated", row["id"], None, why, data))
    coming = next_step(settings, taken, row["opened_at"], row["due_at"])
    return {"b_id": row["id"], "escalation": taken, "next_step_at": coming}


def _ageing(step: int, now: int) -> Any:
    """Findings that are as old as the step behind `step`, and do not weigh it yet."""
    f = findings.c
    return and_(
        f.age_step == step, f.resolved_at.is_(None), f.opened_at <= now - AGE_DAYS[step] * DAY
    )


def _age(tx: Tx) -> None:
    """Let risk grow with age, in steps."""
    f = findings.c
    for step in range(len(AGE_DAYS)):
        more = AGE_POINTS[step + 1] - AGE_POINTS[step]
        tx.conn.execute(
            update(findings)
            .where(_ageing(step, tx.now))
            .values(age_step=step + 1, risk=f.risk + more)
        )
