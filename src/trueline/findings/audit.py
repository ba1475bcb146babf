"""The audit trail: events in transactions, each sealed by a hash over all that came before.

A transaction's hash covers the hash before it, its own row and its events. Whoever keeps a head
(`number:hash`) elsewhere can later tell whether anything up to it was changed, removed or moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from trueline.errors import ConfigError
from trueline.findings.schema import events, transactions

__all__ = ["Event", "Fault", "Head", "Seal", "head", "parse_head", "verify"]

_FIRST = "0" * 64
_BATCH = 10_000
_CANONICAL = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Event:
    """One transition: of a finding or an exception, what, why, and values that belong to it."""

    kind: str
    finding: str | None = None
    exception: str | None = None
    why: str | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the number of the last transaction and its hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the chain does not hold, and what is wrong there."""

    transaction: int
    message: str


class Seal:
    """The hash of one transaction in the making; events are added in order."""

    def __init__(
        self, previous: str, number: int, at: int, actor: str, snapshot: int | None
    ) -> None:
        self._sum = hashlib.sha256()
        self._sum.update(_canonical([previous, number, at, actor, snapshot]))

    def add(self, row: Sequence[Any]) -> None:
        """One event as (number, kind, finding, exception, why, data as JSON text)."""
        self._sum.update(_canonical(row))

    def digest(self) -> str:
        return self._sum.hexdigest()


def _canonical(row: Sequence[Any]) -> bytes:
    return (_CANONICAL(row) + "\n").encode()


def head(conn: Connection) -> Head:
    """The end of the chain; number 0 before the first transaction."""
    t = transactions.c
    row = conn.execute(select(t.number, t.hash).order_by(t.number.desc()).limit(1)).first()
    return Head(row.number, row.hash) if row else Head(0, _FIRST)


def parse_head(text: str) -> Head:
    """Read what `trueline audit head` printed. Raises ConfigError."""
    number, colon, digest = text.strip().partition(":")
    if colon and number.isdecimal() and len(digest) == 64:
        return Head(int(number), digest)
    raise ConfigError(
        "audit-head", f"{text!r} is no head", "give what `trueline audit head` printed: NUMBER:HASH"
    )


def verify(conn: Connection, kept: Sequence[Head] = ()) -> tuple[Head, list[Fault]]:
    """Walk the whole chain; `kept` are heads that were noted elsewhere.

    Returns where the chain ends now, and its faults: none = everything up to the newest kept head
    is as it was when that was noted.
    """
    faults: list[Fault] = []
    previous, number, last_event = _FIRST, 0, 0
    hashes: dict[int, str] = {}
    wanted = {h.number for h in kept}
    stream = _Events(conn)
    t = transactions.c
    rows = conn.execute(
        select(t.number, t.at, t.actor, t.snapshot, t.last_event, t.hash)
        .order_by(t.number)
        .execution_options(yield_per=_BATCH)
    )
    for row in rows:
        if row.number != number + 1:
            faults.append(Fault(row.number, f"transaction {number + 1} is missing"))
        seal = Seal(previous, row.number, row.at, row.actor, row.snapshot)
        expected = last_event
        for owner, event in stream.until(row.last_event):
            if owner != row.number:
                message = f"event {event[0]} says that it is of transaction {owner}"
                faults.append(Fault(row.number, message))
                continue
            expected += 1
            if event[0] != expected:
                faults.append(Fault(row.number, f"event {expected} is missing or moved"))
                expected = event[0]
            seal.add(event)
        if expected != row.last_event:
            faults.append(Fault(row.number, f"events up to {row.last_event} are missing"))
        if seal.digest() != row.hash:
            faults.append(Fault(row.number, "its hash does not fit what it holds"))
        previous, number, last_event = row.hash, row.number, row.last_event
        if number in wanted:
            hashes[number] = previous
    if stream.rest():
        faults.append(Fault(number, "there are events behind the last transaction"))
    for noted in kept:
        if noted.number and hashes.get(noted.number) != noted.hash:
            said = "is another one" if noted.number in hashes else "is not there any more"
            faults.append(Fault(noted.number, f"the head that was noted elsewhere {said}"))
    return Head(number, previous), faults


class _Events:
    """The events in order, handed out transaction by transaction."""

    def __init__(self, conn: Connection) -> None:
        e = events.c
        self._rows = iter(
            conn.execute(
                select(e.number, e.kind, e.finding, e.exception, e.why, e.data, e.transaction)
                .order_by(e.number)
                .execution_options(yield_per=_BATCH)
            )
        )
        self._next = next(self._rows, None)

    def until(self, last: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """The events up to number `last`, and the transaction that each says."""
        while self._next is not None and self._next.number <= last:
            row, self._next = self._next, next(self._rows, None)
            yield row.transaction, tuple(row[:6])

    def rest(self) -> bool:
        return self._next is not None
