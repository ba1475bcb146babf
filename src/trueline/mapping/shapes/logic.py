"""Three-valued helpers of the shape functions: verdicts are True, False or Unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trueline.mapping.unknown import MALFORMED, Unknown, strongest

__all__ = ["Verdict", "all_of", "any_of", "is_concrete", "negated", "read_bool", "said"]

Verdict = bool | Unknown


def any_of(verdicts: Iterable[Any]) -> Verdict:
    """True as soon as one is; else unknown as soon as one is."""
    held = list(verdicts)
    return True if any(v is True for v in held) else _unknown_or(held, False)


def all_of(verdicts: Iterable[Any]) -> Verdict:
    """False as soon as one is; else unknown as soon as one is."""
    held = list(verdicts)
    return False if any(v is False for v in held) else _unknown_or(held, True)


def _unknown_or(verdicts: list[Any], otherwise: bool) -> Verdict:
    unknown = strongest(v for v in verdicts if v.__class__ is Unknown)
    return otherwise if unknown is None else Unknown(unknown.cause)


def negated(verdict: Verdict) -> Verdict:
    """The opposite; unknown stays."""
    return verdict if isinstance(verdict, Unknown) else not verdict


def said(value: Any) -> Any:
    """A value, or None for one that the code does not say: nobody adds to a written document."""
    return None if value.__class__ is Unknown and value.unset else value


def is_concrete(value: Any) -> bool:
    """Is this the name of one thing? It is not known yet, but it is no wildcard."""
    return value.__class__ is Unknown and value.named


def read_bool(value: Any) -> Verdict:
    """A truth value, also as text."""
    if value.__class__ is Unknown:
        unknown: Unknown = value.derived()
        return unknown
    text = str(value).lower()
    return text == "true" if text in ("true", "false") else Unknown(MALFORMED)
