"""A text with the places of its characters."""

from __future__ import annotations

import re
from bisect import bisect_right

from trueline.iac.terraform.syntax.nodes import Span

__all__ = ["DEEPEST", "Text", "TextError", "quoted"]

DEEPEST = 80
"""Expressions and blocks nested deeper are not read: nobody writes them but to break a reader."""

_TOKEN = re.compile(r"\s*([\w-]{1,24}(?![\w-])|[^\w\s])")


def quoted(seen: str) -> str:
    """The word or sign that a text begins with, as a message may show it.

    No more than that, and no long word: broken text may be part of a key or password.
    """
    token = _TOKEN.match(seen)
    return f"`{token[1]}`" if token else "something else"


class TextError(Exception):
    """What stands at this offset is no Terraform; the message says what was expected and seen."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset, self.message = offset, message


class Text:
    """The characters of a file, or of a piece of text inside one.

    `fixed` is the place of everything in it, for text (a JSON string, a template's file) whose
    characters do not stand in the file as they are.
    """

    __slots__ = ("_starts", "fixed", "name", "source")

    def __init__(self, source: str, name: str, fixed: Span | None = None) -> None:
        self.source, self.name, self.fixed = source, name, fixed
        self._starts: list[int] | None = None

    def span(self, start: int, end: int) -> Span:
        """The place of a stretch of characters."""
        if self.fixed:
            return self.fixed
        line, column = self.place(start)
        end_line, end_column = self.place(end)
        return Span(line, column, end_line, end_column)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, 1-based."""
        if self.fixed:
            return self.fixed.line, self.fixed.column
        starts = self._starts
        if starts is None:
            starts = self._starts = [0]
            at = self.source.find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = self.source.find("\n", at + 1)
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1
