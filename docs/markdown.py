"""Markdown tables and texts out of plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["code", "codes", "table", "text"]


def text(value: str) -> str:
    """A text as Markdown shows it: one line, only code spans stay markup."""
    flat = " ".join(value.split())
    for sign in ("\\", "|", "<", "*"):
        flat = flat.replace(sign, "\\" + sign)
    return flat


def code(value: str) -> str:
    """A text as code; in a table a bar must be escaped even there."""
    return "`" + " ".join(value.split()).replace("|", "\\|") + "`"


def codes(values: Iterable[str]) -> str:
    """Several texts as code, with commas."""
    return ", ".join(code(v) for v in values)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
