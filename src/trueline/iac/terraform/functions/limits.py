"""How much a function may make: code must not be able to fill the memory of who judges it."""

from __future__ import annotations

from trueline.iac.terraform.evaluate.values import FunctionError

__all__ = ["LONGEST_TEXT", "MOST_ELEMENTS", "bounded", "few"]

LONGEST_TEXT = 10_000_000
"""Characters of a text that a function makes."""

MOST_ELEMENTS = 100_000
"""Elements of a list that a function makes."""


def bounded(length: int) -> None:
    """Refuse to make a text that is too long."""
    if length > LONGEST_TEXT:
        raise FunctionError(f"the result would be longer than {LONGEST_TEXT} characters")


def few(count: int) -> None:
    """Refuse to make a list that is too long."""
    if count > MOST_ELEMENTS:
        raise FunctionError(f"the result would have more than {MOST_ELEMENTS} elements")
