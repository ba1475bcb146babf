"""Brings exceptions that stand in files into the store: a file's review is its approval.

What a file covers is bound to what findings say when it is first seen, and again whenever the file
says something else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select, update

from trueline.findings.audit import Event
from trueline.findings.compensation import failing
from trueline.findings.exception_files import FileException
from trueline.findings.exceptions import Desk
from trueline.findings.schema import exceptions
from trueline.findings.store import compact, micros, moment_of

__all__ = ["outdated", "sync_files"]


def sync_files(desk: Desk, files: Iterable[FileException], say: Callable[[str], None]) -> None:
    """Take over what is new or changed, and end what has no file any more."""
    today = moment_of(desk.tx.now).date()
    stored = _stored(desk)
    there = {each.id: each for each in files if each.approved_on <= today}
    for name, was in stored.items():
        if was["file"] is not None and name not in there and was["state"] == "approved":
            desk.stop(name, "ended", f"its file {was['file']} is not there any more")
    for name, each in there.items():
        row = stored.get(name)
        if row is not None and row["file"] is None:
            say(
                f"{each.where}: an exception made by command has the id {name}; the file is ignored"
            )
        elif row is None and each.holds_on(today):
            desk.tx.conn.execute(insert(exceptions), _row(each))
            _take(desk, each, "exception_approved", say)
        elif row is not None and each.holds_on(today) and _differs(row, each):
            said = _row(each)
            longer = said["until"] > row["until"]
            said["renewals"] = row["renewals"] + longer
            desk.tx.conn.execute(update(exceptions).where(exceptions.c.id == name).values(**said))
            _take(desk, each, "exception_renewed" if longer else "exception_changed", say)


def outdated(conn: Any, files: Iterable[FileException], now: int) -> bool:
    """Does the store say otherwise than the files?"""
    today = moment_of(now).date()
    e = exceptions.c
    rows = conn.execute(select(exceptions).where(e.file.is_not(None))).mappings()
    stored = {row["id"]: dict(row) for row in rows}
    there = {each.id: each for each in files if each.holds_on(today)}
    gone = any(r["state"] == "approved" and name not in there for name, r in stored.items())
    return gone or any(
        name not in stored or _differs(stored[name], each) for name, each in there.items()
    )


def _take(desk: Desk, each: FileException, kind: str, say: Callable[[str], None]) -> None:
    """Say what the file says now, and bind it to the findings that it fits."""
    row = _row(each)
    matched = desk.matched(each.rule)
    fitting = [f for f in matched if desk.fits(f, row["until"], row["approved_at"])]
    if len(fitting) < len(matched):
        count = len(matched) - len(fitting)
        say(
            f"{each.where}: {each.id} lives longer than {count} of the findings it fits may be "
            "excepted for; these it does not cover"
        )
    data = {"file": row["file"], "until": each.until.isoformat(), "approved_by": each.approved_by}
    desk.tx.tell(Event(kind, None, each.id, each.justification, data))
    covered = [f for f in fitting if failing(desk.tx, row, f) is None]
    desk.release(each.id, {f["id"] for f in covered}, "its file does not cover this any more")
    desk.accept(each.id, covered)


def _stored(desk: Desk) -> dict[str, dict[str, Any]]:
    rows = desk.tx.conn.execute(select(exceptions)).mappings()
    return {row["id"]: dict(row) for row in rows}


def _row(each: FileException) -> dict[str, Any]:
    """A file as a row of the store."""
    approved = micros(dt.datetime.combine(each.approved_on, dt.time(), dt.UTC))
    return {
        "id": each.id,
        "file": each.where.file if each.where else each.id,
        "rule": each.rule,
        "justification": each.justification,
        "state": "approved",
        "requested_by": each.requested_by,
        "requested_at": approved,
        "approved_by": each.approved_by,
        "approved_at": approved,
        "until": micros(_end(each.until)),
        "compensating": compact(list(each.compensating)),
        "include_new": each.include_new,
        "renewals": 0,
        "renewal": None,
    }


def _end(day: dt.date) -> dt.datetime:
    """The moment behind a day."""
    return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=1)


def _differs(row: Mapping[str, Any], each: FileException) -> bool:
    said = _row(each)
    compared = (
        "rule", "justification", "state", "until", "approved_by", "approved_at", "compensating",
        "include_new",
    )  # fmt: skip
    return any(row[name] != said[name] for name in compared)
