"""What findings are of, each resource once under each name that it has had.

Where a part of a name is looked for, these are read, and not the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, insert, literal, select

from trueline.findings.schema import findings, resources
from trueline.findings.store import Tx

__all__ = ["note", "note_all"]

_CHUNK = 500


def note(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep the names of these rows' resources."""
    r = resources.c
    said = sorted({(row["uid"], row["name"] or "") for row in rows})
    for start in range(0, len(said), _CHUNK):
        chunk = said[start : start + _CHUNK]
        known: dict[str, list[str]] = {}
        query = select(r.uid, r.name).where(r.uid.in_({uid for uid, _ in chunk}))
        for uid, name in tx.conn.execute(query):
            known.setdefault(uid, []).append(name)
        new = []
        for uid, name in chunk:
            names = known.setdefault(uid, [])
            if name not in names:
                new.append({"uid": uid, "number": len(names), "name": name})
                names.append(name)
        tx.insert(resources, new)


def note_all(tx: Tx) -> None:
    """Keep the names of all resources, of which none has been kept."""
    f = findings.c
    found = select(f.uid, literal(0), func.max(func.coalesce(f.name, ""))).group_by(f.uid)
    tx.conn.execute(insert(resources).from_select(["uid", "number", "name"], found))
