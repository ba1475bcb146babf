"""A framework as its crosswalk file says it: requirements and the policies that cover them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trueline.errors import Where

__all__ = ["COVERAGES", "Framework", "Requirement"]

COVERAGES = ("full", "partial", "manual", "none")
"""How much of a requirement the policies decide; `manual` = a person must look."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One numbered item of a framework; the note is in our own words."""

    id: str
    policies: tuple[str, ...]
    coverage: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Framework:
    id: str
    title: str
    requirements: Mapping[str, Requirement]
    where: Where | None = None
