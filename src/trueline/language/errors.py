"""What is wrong with a predicate, where, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from trueline.errors import ConfigError

__all__ = ["LanguageError", "did_you_mean"]


class LanguageError(ConfigError):
    """A predicate, rule or filter that cannot be read or does not type-check."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest known names, else the first few of them; None without any."""
    names = sorted(n for n in known if not n.startswith("_"))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return "did you mean " + " or ".join(f"`{n}`" for n in near) + "?"
    if not names:
        return None
    more = ", …" if len(names) > 12 else ""
    return "known here: " + ", ".join(names[:12]) + more
