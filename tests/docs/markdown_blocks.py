"""Reads the marked examples of a page.

A comment above a fenced block says what to do with it: `<!-- file: PATH -->` writes it,
`<!-- insert: PATH, before "TEXT" -->` puts it above the first line that begins with TEXT, and
`<!-- run -->` runs its `$` lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Block", "commands", "marked_blocks"]

_MARKED = re.compile(r"^<!-- (\w+)(?:: (.*?))? -->\n```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """`verb` is file, insert, run …; `what` is the rest of the mark."""

    verb: str
    what: str
    language: str
    text: str


def marked_blocks(page: Path) -> list[Block]:
    return [Block(m[1], m[2] or "", m[3], m[4]) for m in _MARKED.finditer(page.read_text())]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each `$` line without its comment, and the lines that must occur in what it prints."""
    out: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            out.append((line[2:].partition("   # ")[0].strip(), []))
        elif line.strip() and line.strip() != "…":
            out[-1][1].append(line)
    return out
