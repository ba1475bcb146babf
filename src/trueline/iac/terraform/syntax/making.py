"""Makes attributes, blocks and problems out of the stretches of text that readers find."""

from __future__ import annotations

import re
from collections.abc import Callable

from trueline.iac.terraform.syntax.nodes import (
    Attribute,
    Bad,
    Block,
    Body,
    Expression,
    Problem,
)
from trueline.iac.terraform.syntax.text import Text

__all__ = ["HEADER", "SET", "Maker"]

SET = re.compile(r"([^\W\d][\w-]*+)[ \t]*+=(?![=>])[ \t]*")
"""The name of an attribute and the sign behind it."""

HEADER = re.compile(r'([^\W\d][\w-]*+)((?:[ \t]*+(?:"[^"\n]*+"|[^\W\d][\w-]*+))*+)[ \t]*+(?=\{)')
"""Type and labels of a block, up to its brace."""

_LABEL = re.compile(r'"[^"\n]*"|[^\W\d][\w-]*')


class Maker:
    """Makes what stands in one text; `problems` is the file's list."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self.text, self.problems = text, problems

    def problem(self, offset: int, message: str) -> Problem:
        """Note that something cannot be read."""
        made = Problem(*self.text.place(offset), message)
        self.problems.append(made)
        return made

    def bad(self, problem: Problem, start: int, end: int) -> Bad:
        """The expression in whose place something cannot be read."""
        return Bad(f"{self.text.name}:{problem.line}", self.text.span(start, end))

    def attribute(
        self,
        into: dict[str, Attribute],
        found: re.Match[str],
        end: int,
        read: Callable[[], Expression],
    ) -> None:
        """Put an attribute among the others, of which none may have the same name."""
        name, start = found[1], found.start()
        span = self.text.span(start, end)
        if name not in into:
            name_span = self.text.span(start, found.end(1))
            into[name] = Attribute(name, span, name_span, read)
            return
        first = into[name]
        message = f"`{name}` is set again; it is already set in line {first.span.line}"
        bad = self.bad(self.problem(start, message), start, end)
        into[name] = Attribute(name, first.span, first.name_span, lambda: bad)

    def block(self, found: re.Match[str], end: int, body: Body) -> Block:
        """A block whose header was found."""
        labels = tuple(label.strip('"') for label in _LABEL.findall(found[2]))
        span = self.text.span(found.start(), end)
        return Block(found[1], labels, body, span, self.text.span(found.start(), found.end(2)))
