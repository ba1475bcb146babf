"""Terraform's functions on text with patterns."""

from __future__ import annotations

from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.iac.terraform.functions.texts import replace_text
from trueline.mapping import Unknown

__all__ = ["replace"]


def replace(text: str, old: str, new: str) -> str | Unknown:
    """`replace(text, old, new)`: `old` between slashes is a pattern."""
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return not_reproduced("replace")
    return replace_text(text, old, new)
