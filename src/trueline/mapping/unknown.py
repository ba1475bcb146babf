"""A value that is not known, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeGuard

__all__ = ["MALFORMED", "Unknown", "find_unknown", "is_unknown", "maybe_empty", "strongest"]

MALFORMED = "malformed"
"""Cause of a value that could not be read; the mapper adds `:<member>` where it knows it."""

_DEEPEST = 200


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value of which we cannot tell whether it exists, nor what it is.

    `cause` is one of DESIGN §4. `unset`: the code does not say it, so that a default may apply.
    `present`: it is known to be set. `refs`: addresses of the blocks it comes from. `named`: it is,
    or holds, the name of one thing that a cloud gives: neither a wildcard nor a secret.
    As an element of a list it stands for any number of elements, unless it is `present`.
    """

    cause: str
    unset: bool = False
    present: bool = False
    refs: tuple[str, ...] = ()
    named: bool = False

    def derived(self) -> Unknown:
        """What can be said of a value computed from this one: the cause, and no more."""
        plain = not (self.present or self.refs or self.named)
        return self if plain else Unknown(self.cause, self.unset)

    def __bool__(self) -> bool:
        # A truth value would silently turn "not known" into a verdict.
        raise TypeError(f"an unknown value is neither true nor false ({self.cause})")


def is_unknown(value: object) -> TypeGuard[Unknown]:
    """Is this value not known? Looks at the value itself, not inside it."""
    return value.__class__ is Unknown


def find_unknown(value: Any, depth: int = 0) -> Unknown | None:
    """The unknown anywhere inside a value; one that is really unknown outranks an unset one.

    What is nested deeper than 200 levels counts as not readable.
    """
    if value.__class__ is Unknown:
        found: Unknown = value
        return found
    if value.__class__ is list:
        return strongest(value, depth + 1)
    if isinstance(value, dict):
        return strongest(value.values(), depth + 1)
    return None


def strongest(values: Iterable[Any], depth: int = 0) -> Unknown | None:
    """The unknown that decides among several values, looked for inside them."""
    if depth > _DEEPEST:
        return Unknown(MALFORMED)
    held = None
    for value in values:
        found = find_unknown(value, depth)
        if found is not None:
            if not found.unset:
                return found
            held = found if held is None else held
    return held


def maybe_empty(value: Any) -> Unknown | None:
    """Why it cannot be told whether a list or map holds anything: all inside may be nothing."""
    if value.__class__ is list:
        inside = value
    elif isinstance(value, dict):
        inside = list(value.values())
    else:
        return None
    if not inside or any(v.__class__ is not Unknown or v.present for v in inside):
        return None
    return Unknown(inside[0].cause)
