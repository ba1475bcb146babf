"""Sets of tags, each kept once: a tag that few findings have is found without reading them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from trueline.findings.filters import tag_tests
from trueline.findings.schema import findings, tag_values
from trueline.findings.store import Tx

__all__ = ["FEW", "TagSets", "few"]

FEW = 5_000
"""Up to so many findings are looked at one by one; of more, a page is full soon enough."""
_REMEMBERED = 50_000


class TagSets:
    """What a transaction meets of them; each is written before the next rows are."""

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._new: dict[int, str] = {}

    def add(self, tag_set: int | None, tags: str | None) -> None:
        """Note a set by its digest and its JSON."""
        if tag_set is None or tags is None or tag_set in self._met:
            return
        if len(self._met) >= _REMEMBERED:
            self._met.clear()
        self._met.add(tag_set)
        self._new[tag_set] = tags

    def write(self, tx: Tx) -> None:
        """Write what is new; what an earlier transaction wrote stays."""
        rows = list(_rows(self._new))
        self._new = {}
        if rows:
            insert = sqlite.insert if tx.conn.dialect.name == "sqlite" else postgresql.insert
            tx.conn.execute(insert(tag_values).on_conflict_do_nothing(), rows)


def _rows(sets: dict[int, str]) -> Iterator[dict[str, Any]]:
    for tag_set, tags in sets.items():
        for key, value in json.loads(tags).items():
            if value is not None:
                yield {"key": key, "value": value, "tag_set": tag_set}


def few(conn: Connection, text: str, now: int) -> list[str] | None:
    """Ids of the unresolved findings that a filter may fit by their tags, where that is but a few.

    None: it is more than `FEW`, or the filter asks for no tag that such findings must have.
    """
    f, t = findings.c, tag_values.c
    unresolved = select(f.id).where(f.resolved_at.is_(None))
    for key, test, without in tag_tests(text, now, t.value):
        if conn.execute(select(without)).scalar() != 0:
            continue  # it fits findings that do not have the tag
        fitting = unresolved.join(tag_values, t.tag_set == f.tag_set).where(t.key == key, test)
        unread = unresolved.where(f.tag_set.is_(None))
        found = conn.execute(union_all(fitting, unread).limit(FEW + 1)).scalars().all()
        if len(found) <= FEW:
            return list(found)
    return None
