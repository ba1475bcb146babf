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
_LONGEST = 2_600


class TagSets:
    """What a transaction meets of them; new ones are written with its next rows."""

    def __init__(self) -> None:
        self._met: dict[int, int | None] = {}
        self._new: list[dict[str, Any]] = []

    def kept(self, tag_set: int | None, tags: str | None) -> int | None:
        """The digest that a finding has in the store, from that of its tags and their JSON.

        None = tags that were not read, or that no index can hold: they are looked at each time.
        """
        if tag_set is None or tags is None:
            return None
        if tag_set not in self._met:
            if len(self._met) >= _REMEMBERED:
                self._met.clear()
            rows = list(_rows(tag_set, tags))
            fit = all(_fits(row["key"] + row["value"]) for row in rows)
            self._met[tag_set] = tag_set if fit else None
            self._new += rows if fit else []
        return self._met[tag_set]

    def write(self, tx: Tx) -> None:
        """Write what is new; what an earlier transaction wrote stays."""
        if self._new:
            insert = sqlite.insert if tx.conn.dialect.name == "sqlite" else postgresql.insert
            tx.conn.execute(insert(tag_values).on_conflict_do_nothing(), self._new)
        self._new = []


def _rows(tag_set: int, tags: str) -> Iterator[dict[str, Any]]:
    for key, value in json.loads(tags).items():
        if value is not None:
            yield {"key": key, "value": value, "tag_set": tag_set}


def _fits(entry: str) -> bool:
    """Can an index of PostgreSQL hold it? A row of one has at most 2,704 bytes."""
    return len(entry.encode()) <= _LONGEST and "\0" not in entry


def few(conn: Connection, text: str, now: int, *, resolved: bool) -> list[str] | None:
    """Ids of the findings that a filter may fit by their tags, where that is but a few.

    None: it is more than `FEW`, or the filter asks for no tag that such findings must have.
    """
    f, t = findings.c, tag_values.c
    among = select(f.id) if resolved else select(f.id).where(f.resolved_at.is_(None))
    for key, test, without in tag_tests(text, now, t.value):
        if conn.execute(select(without)).scalar() != 0:
            continue  # it fits findings that do not have the tag
        fitting = among.join(tag_values, t.tag_set == f.tag_set).where(t.key == key, test)
        unread = among.where(f.tag_set.is_(None))
        found = conn.execute(union_all(fitting, unread).limit(FEW + 1)).scalars().all()
        if len(found) <= FEW:
            return list(found)
    return None
