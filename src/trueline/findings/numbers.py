"""Numbers for what findings are filtered by most: an index of them is a fraction as wide as one
of texts, so that all of it is read in the time of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from trueline.findings.schema import FACETS, numbers

__all__ = ["Numbers"]

_COLUMNS = {facet: f"{facet}_number" for facet in FACETS}


class _Values(dict[str | None, int | None]):
    """The numbers of one facet's values; whoever asks for a new one makes it."""

    def __init__(self, facet: str, new: list[dict[str, Any]]) -> None:
        super().__init__({None: None})
        self.facet, self.new = facet, new

    def __missing__(self, value: str | None) -> int:
        self[value] = number = len(self)
        self.new.append({"facet": self.facet, "value": value, "number": number})
        return number


class Numbers:
    """What a transaction knows of them; `new` is to be written at its end."""

    def __init__(self, conn: Connection) -> None:
        self.new: list[dict[str, Any]] = []
        self._conn = conn
        self._known: dict[str, _Values] = {}

    def of(self, row: Mapping[str, Any]) -> dict[str, int | None]:
        """The numbers of the facets that a row has, as columns of the store."""
        known = self._known or self._read()
        return {_COLUMNS[f]: values[row[f]] for f, values in known.items() if f in row}

    def _read(self) -> dict[str, _Values]:
        self._known = {facet: _Values(facet, self.new) for facet in FACETS}
        c = numbers.c
        for facet, value, number in self._conn.execute(select(c.facet, c.value, c.number)):
            self._known[facet][value] = number
        return self._known
