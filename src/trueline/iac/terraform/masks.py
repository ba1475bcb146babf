"""Masks of a plan: trees of the form of a value, with `true` where it is unknown or sensitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trueline.mapping import Unknown, is_unknown

__all__ = ["marks", "stretched", "without_secrets"]


def marks(mask: Any) -> bool:
    """Does a mask mark anything?"""
    if isinstance(mask, dict):
        return any(map(marks, mask.values()))
    if isinstance(mask, list):
        return any(map(marks, mask))
    return mask is True


def without_secrets(document: dict[str, Any], mask: Mapping[str, Any] | bool) -> dict[str, Any]:
    """A document without what is sensitive; a mask of `true` hides every member."""
    if isinstance(mask, bool):
        return {k: _masked(v, mask) for k, v in document.items()}
    return {k: _masked(v, mask[k]) if k in mask else v for k, v in document.items()}


def _masked(value: Any, mask: Any) -> Any:
    """The value without what is sensitive; null and unknown values hold no secret."""
    if mask is True:
        return value if value is None or is_unknown(value) else Unknown("sensitive", present=True)
    if isinstance(mask, dict) and isinstance(value, dict):
        return {k: _masked(v, mask[k]) if k in mask else v for k, v in value.items()}
    if isinstance(mask, list) and isinstance(value, list):
        return [_masked(v, m) for v, m in zip(value, stretched(mask, len(value)), strict=True)]
    return value


def stretched(mask: Sequence[Any], length: int) -> list[Any]:
    """A list of masks for a list of values, which may be longer."""
    return [*mask, *[False] * (length - len(mask))][:length]
