"""Points verdicts on code at the attribute that decides, or at the block where none is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

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
        column = _column(name)
        found = _of_element(place, column, verdict.evidence.get(name))
        found = found or place.columns.get(column)
        if found is not None:
            return found
    return place.block


def _of_element(place: Place, column: str, evidence: Any) -> Location | None:
    """The first block that says one of the elements that decided."""
    for location, elements in place.elements.get(column, ()):
        if isinstance(evidence, list) and any(element in evidence for element in elements):
            return location
    return None


def _column(name: str) -> str:
    """The column of a path inside it, `statements[].principals`."""
    return name.partition(".")[0].partition("[")[0]
