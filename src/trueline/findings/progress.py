"""How far the store has come: the newest snapshot applied, and by which settings."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from trueline.findings.schema import snapshots
from trueline.findings.store import Tx, compact, get_fact, set_fact

__all__ = ["Applied", "changes_of", "last_applied", "note_applied"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The number of the newest applied snapshot (None = none yet) and the digest of settings."""

    number: int | None
    settings: str | None


def last_applied(conn: Connection) -> Applied:
    """How far the store has come."""
    number = conn.execute(select(func.max(snapshots.c.number))).scalar()
    return Applied(number, get_fact(conn, "settings"))


def changes_of(conn: Connection, after: int) -> dict[str, int]:
    """Events by kind that the snapshots after this number brought."""
    out: dict[str, int] = {}
    s = snapshots.c
    rows = conn.execute(select(s.changes).where(s.number > after).order_by(s.number))
    for changes in rows.scalars():
        for kind, count in json.loads(changes).items():
            out[kind] = out.get(kind, 0) + count
    return out


def note_applied(tx: Tx, number: int, created_at: int, settings: str) -> None:
    """Say that a snapshot is applied, with what it changed; again, where settings have."""
    tx.conn.execute(snapshots.delete().where(snapshots.c.number == number))
    row = {
        "number": number,
        "created_at": created_at,
        "applied_at": tx.now,
        "changes": compact(tx.kinds),
    }
    tx.conn.execute(insert(snapshots), row)
    set_fact(tx.conn, "settings", settings)
