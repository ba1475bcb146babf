"""Points verdicts on code at the attribute that decides, or at the block where none is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from trueline.model import Location, Place, Verdict

__all__ = ["located"]


def located(verdicts: Iterable[Verdict], places: Mapping[str, Place]) -> list[Verdict]:
    """The verdicts with `location` and `calls`, where the place of their resource is known."""
    return [_located(v, places.get(v.resource.uid)) for v in verdicts]


def _located(verdict: Verdict, place: Place | None) -> Verdict:
    if place is None:
        return verdict
    return replace(verdict, location=_deciding(verdict, place), calls=place.calls)


def _deciding(verdict: Verdict, place: Place) -> Location:
    """Of the columns that decided, the first that is written; for a relation its own column."""
    named = [c.column for c in verdict.unknown] or list(verdict.evidence)
    for name in named:
        found = place.columns.get(_column(name))
        if found is not None:
            return found
    return place.block


def _column(name: str) -> str:
    """The column of a path inside it, `statements[].principals`."""
    return name.partition(".")[0].partition("[")[0]
