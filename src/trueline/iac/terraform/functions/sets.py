"""Terraform's functions on sets."""

from __future__ import annotations

import itertools
import math

from trueline.iac.terraform.evaluate.operators import equal
from trueline.iac.terraform.evaluate.types import set_of
from trueline.iac.terraform.evaluate.values import (
    FunctionError,
    TfList,
    TfSet,
    Value,
    is_known,
    unknown_in,
)
from trueline.iac.terraform.functions.arguments import is_opaque, unified
from trueline.iac.terraform.functions.limits import few

__all__ = ["intersection", "product", "subtract", "union"]


def _alike(sets: tuple[TfSet, ...]) -> list[list[Value]]:
    """The sets with all members in one type."""
    every = iter(unified(member for each in sets for member in each))
    return [[next(every) for _ in each] for each in sets]


def union(*sets: Value) -> Value:
    """`setunion(sets…)`; unknown members stay."""
    if any(map(is_opaque, sets)):
        return unknown_in(*sets, present=True)
    return set_of(member for each in _alike(sets) for member in each)


def intersection(*sets: TfSet) -> TfSet:
    """`setintersection(sets…)`."""
    first, *others = _alike(sets)
    return set_of(m for m in first if all(_holds(other, m) for other in others))


def subtract(minuend: TfSet, subtrahend: TfSet) -> TfSet:
    """`setsubtract(minuend, subtrahend)`."""
    first, second = _alike((minuend, subtrahend))
    return set_of(member for member in first if not _holds(second, member))


def _holds(members: list[Value], wanted: Value) -> bool:
    return any(equal(member, wanted) is True for member in members)


def product(*sets: Value) -> Value:
    """`setproduct(sets…)`: every combination, the last set's members change first."""
    if len(sets) < 2:
        raise FunctionError("at least two arguments are required")
    unordered = any(isinstance(each, TfSet) for each in sets)
    if any(map(is_opaque, sets)) or (unordered and not all(map(is_known, sets))):
        return unknown_in(*sets, present=True)
    for each in sets:
        if not isinstance(each, list):
            raise FunctionError("a set or a list is required")
    few(math.prod(map(len, sets)))
    combined = [list(each) for each in itertools.product(*map(unified, sets))]
    return set_of(combined) if unordered else TfList(combined)
