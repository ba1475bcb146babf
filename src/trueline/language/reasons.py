"""Why a verdict is unknown: what it reads that is not known, each with a cause.

To find the causes of every policy in SQL costs as much as to judge. A statement therefore says only
what is not known of a row, as JSON, and who reads it asks which of that a policy read:

    why      the row's `_why`
    gaps     what has no value: a label, or `open_list:` and the label of a list that may go on
    set      the row's `_set`
    related  for each relation a list of the same about related rows, or of {cause} where there is
             no row to say it of; by code in the row that is judged
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Reasons", "causes_of"]

_OPEN = "open_list:"


@dataclass(frozen=True, slots=True)
class Reasons:
    """What conditions over one row read, and so may be unknown for.

    Of `columns` the value is read, of those in `presence` only whether there is one. `first` is
    named where nothing else is to blame; `related` are the relations asked, in the order of holes.
    """

    columns: tuple[str, ...]
    presence: frozenset[str]
    first: str
    related: tuple[tuple[str, Reasons], ...]

    def to_json(self) -> list[Any]:
        related = [[name, inner.to_json()] for name, inner in self.related]
        return [list(self.columns), sorted(self.presence), self.first, related]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Reasons:
        columns, presence, first, related = data
        inner = tuple((name, cls.from_json(each)) for name, each in related)
        return cls(tuple(columns), frozenset(presence), first, inner)


def causes_of(said: Mapping[str, Any], reasons: Reasons, code: str = "related") -> list[_Cause]:
    """(column, cause) of a row that is not decided, of what is `said` about it; never empty."""
    known = list(_not_known(said))
    marked = reasons.presence & set(said.get("set") or ())
    found: list[_Cause] = []
    for column in reasons.columns:
        if column not in marked:
            found += sorted((name, cause) for name, cause in known if _root(name) == column)
    for (relation, inner), rows in zip(reasons.related, said.get(code) or (), strict=False):
        found += sorted({each for row in rows for each in _of_related(row, relation, inner)})
    # A struct field that is unknown without a written cause leaves nothing to blame.
    return found or [(reasons.first, "not_collected")]


_Cause = tuple[str, str]


def _not_known(said: Mapping[str, Any]) -> Iterator[_Cause]:
    """What `why` says comes first; a column that it does not mention has its gap's own cause."""
    why: Mapping[str, str] = said["why"] or {}
    yield from why.items()
    mentioned = set(map(_root, why))
    for gap in said.get("gaps", ()):
        name = (gap or "").removeprefix(_OPEN)
        if gap and _root(name) not in mentioned:
            yield name, gap if gap.startswith(_OPEN) else "not_collected"


def _of_related(row: Mapping[str, Any], relation: str, reasons: Reasons) -> Iterator[_Cause]:
    if "cause" in row:
        yield relation, row["cause"]
    else:
        yield from ((f"{relation}.{name}", cause) for name, cause in causes_of(row, reasons))


def _root(name: str) -> str:
    return re.split(r"[.[]", name, maxsplit=1)[0]
