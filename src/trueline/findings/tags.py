"""Sets of tags, each kept once: a tag that few findings have is found without reading them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true, union_all
from sqlalchemy.dialects import postgresql, sqlite

from trueline.findings.filters import tag_tests
from trueline.findings.schema import findings, tag_values
from trueline.findings.store import Tx

__all__ = ["FEW", "TagSets", "few", "narrowed"]

FEW = 3_000
"""Up to so many findings are looked at one by one; of more, a page is full soon enough."""
_REMEMBERED = 50_000
_LONGEST = 2_600
_COUNTABLE = 50_000
_LISTED = 500
"""So many sets are named one by one, which is quicker than to look each up."""
_SET = ""
"""No tag has this key: the row of a set itself."""


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
    yield {"key": _SET, "value": "", "tag_set": tag_set}
    for key, value in json.loads(tags).items():
        if value is not None:
            yield {"key": key, "value": value, "tag_set": tag_set}


def _fits(entry: str) -> bool:
    """Can an index of PostgreSQL hold it? A row of one has at most 2,704 bytes."""
    return len(entry.encode()) <= _LONGEST and "\0" not in entry


def few(conn: Connection, text: str, now: int, *, resolved: bool) -> list[str] | None:
    """Ids of the findings that a filter may fit by their tags, where that is but a few.

    None: it is more than `FEW`, or the filter asks for no tag alone.
    """
    f = findings.c
    among = select(f.id) if resolved else select(f.id).where(f.resolved_at.is_(None))
    for test in _tests(conn, text, now):
        if test.of_all and not _countable(conn):
            continue
        fitting = among.where(f.tag_set.in_(test.fitting()))
        found = union_all(fitting, among.where(f.tag_set.is_(None)))
        if conn.execute(found.offset(FEW).limit(1)).first() is None:
            return list(conn.execute(found).scalars())
    return None


def narrowed(conn: Connection, text: str, now: int) -> ColumnElement[bool]:
    """What a filter asks of tags, as far as their sets tell, which the index by risk holds."""
    tag_set = findings.c.tag_set + 0  # the index of sets would give no order
    asked = []
    for test in _tests(conn, text, now):
        sets = test.failing() if test.of_all else test.fitting()
        listed = list(conn.execute(sets.limit(_LISTED + 1)).scalars())
        among: Any = listed if len(listed) <= _LISTED else sets
        asked.append(tag_set.not_in(among) if test.of_all else tag_set.in_(among))
    return and_(true(), *(or_(tag_set.is_(None), each) for each in asked))


@dataclass(frozen=True, slots=True)
class _Test:
    """What a filter asks of one tag; `of_all` = it fits findings that do not have the tag."""

    key: str
    fits: ColumnElement[bool]
    of_all: bool

    def fitting(self) -> Select[tuple[int]]:
        """The sets of tags that fit."""
        if self.of_all:
            every = tag_values.alias().c
            kept = every.tag_set.not_in(self.failing())
            return select(every.tag_set).where(every.key == _SET, kept)
        t = tag_values.c
        return select(t.tag_set).where(t.key == self.key, self.fits)

    def failing(self) -> Select[tuple[int]]:
        """Of a test that fits where there is no such tag: the sets whose tag does not fit."""
        t = tag_values.c
        return select(t.tag_set).where(t.key == self.key, ~func.coalesce(self.fits, true()))


def _tests(conn: Connection, text: str, now: int) -> list[_Test]:
    return [
        _Test(key, fits, conn.execute(select(of_none)).scalar() != 0)
        for key, fits, of_none in tag_tests(text, now, tag_values.c.value)
    ]


def _countable(conn: Connection) -> bool:
    """Are there so few sets that all of them can be gone through?"""
    t = tag_values.c
    some = select(t.tag_set).where(t.key == _SET).offset(_COUNTABLE).limit(1)
    return conn.execute(some).first() is None
