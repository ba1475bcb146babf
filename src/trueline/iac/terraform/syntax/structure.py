"""Blocks and attributes of native syntax, found by tree-sitter also around what is broken.

tree-sitter sees a mask of the text that has one byte for each character and no escapes, so that
its offsets are characters' offsets. Expressions are read later, by `expressions.Reader`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import tree_sitter
import tree_sitter_hcl

from trueline.iac.terraform.syntax.expressions import Reader
from trueline.iac.terraform.syntax.making import HEADER, SET, Maker
from trueline.iac.terraform.syntax.nodes import (
    Attribute,
    Block,
    Body,
    Comment,
    Expression,
    Literal,
    Problem,
)
from trueline.iac.terraform.syntax.recovery import comments, pieces, read_piece
from trueline.iac.terraform.syntax.text import DEEPEST, Text, TextError, quoted

__all__ = ["Structure"]

Node = tree_sitter.Node

_HCL = tree_sitter.Language(tree_sitter_hcl.language())
_COMMENTS = tree_sitter.Query(_HCL, "(comment) @comment")

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPE = re.compile(r"\\[^\n]")
_EXPONENT = re.compile(r"(?<=\d)[eE][+-]?(?=\d)")

_SIMPLE = re.compile(
    r'(?:"([^"\\$%\n]*+)"|(true|false)|(\d{1,15}))(?=[ \t\r]*+(?:[\n#}]|//|/\*|\Z))'
)


_LONGEST = 256 * 1024
"""Characters that are parsed at once: on nonsense, tree-sitter takes 700 bytes for each."""

_MOST_PROBLEMS = 1000
_MOST_BROKEN = 20
"""Broken stretches after which tree-sitter is not asked any more: nonsense takes it long."""


class Structure:
    """Reads one text; `problems` grows while its attributes are read."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self.text = text
        self._maker = Maker(text, problems)
        self._parser = tree_sitter.Parser(_HCL)
        self._mask = _mask(text.source)
        self._comments: list[tuple[int, int]] = []
        self._base = self._broken = 0

    def body(self) -> Body:
        """The text's body: read at once, or in pieces where it is long or broken."""
        source = self.text.source
        whole = self._read(0, len(source)) if len(source) <= _LONGEST else None
        if whole:
            return whole
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        damaged: Problem | None = None
        for start, end in pieces(source):
            part = self._read(start, end)
            if part is None:
                part = read_piece(self._maker, start, end)
                self._comments += comments(source, start, end)
            attributes |= part.attributes
            blocks += part.blocks
            damaged = damaged or part.damaged
            if len(self._maker.problems) > _MOST_PROBLEMS:
                damaged = self._maker.problem(end, "too many faults; the rest is not read")
                break
        return Body(attributes, tuple(blocks), damaged)

    def _read(self, start: int, end: int) -> Body | None:
        """The body of a stretch; None where it is broken, or too long to be looked at at once."""
        if end - start > _LONGEST or self._broken > _MOST_BROKEN:
            return None
        root = self._parser.parse(self._mask[start:end]).root_node
        if root.has_error:
            self._broken += 1
            return None
        self._base = start
        found = tree_sitter.QueryCursor(_COMMENTS).captures(root).get("comment", ())
        self._comments += [(start + node.start_byte, start + node.end_byte) for node in found]
        return self._body(root, 0)

    def comments(self) -> tuple[Comment, ...]:
        """All comments, in order; there are none before `body` has been called."""
        return tuple(self._comment(start, end) for start, end in sorted(self._comments))

    def _comment(self, start: int, end: int) -> Comment:
        source = self.text.source
        written = source[start:end].rstrip()
        line, column = self.text.place(start)
        before = source[start - column + 1 : start]
        # tree-sitter takes the end of the line into a comment of one line.
        behind = source[end : source.find("\n", end) + 1 or None]
        alone = not before.strip() and (written.startswith(("#", "//")) or not behind.strip())
        return Comment(line, line + written.count("\n"), written, alone)

    def _body(self, node: Node, depth: int) -> Body:
        """The body under a node in which nothing is broken."""
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        damaged: Problem | None = None
        source, base = self.text.source, self._base
        for child in _members(node):
            start, end = base + child.start_byte, base + child.end_byte
            kind = child.type
            if kind == "attribute" and (found := SET.match(source, start)):
                self._maker.attribute(
                    attributes, found, end, partial(self._expression, found.end(), end)
                )
            elif kind == "block" and (found := HEADER.match(source, start)):
                blocks.append(self._block(child, found, end, depth + 1))
            elif kind != "comment":
                message = f"expected an attribute or a block, saw {quoted(source[start:end])}"
                damaged = self._maker.problem(start, message)
        return Body(attributes, tuple(blocks), damaged)

    def _block(self, node: Node, found: re.Match[str], end: int, depth: int) -> Block:
        if depth <= DEEPEST:
            return self._maker.block(found, end, self._body(node, depth))
        problem = self._maker.problem(found.start(), f"nested more than {DEEPEST} levels deep")
        return self._maker.block(found, end, Body(damaged=problem))

    def _expression(self, start: int, end: int) -> Expression:
        source = self.text.source
        simple = _SIMPLE.match(source, start)
        if simple and simple.end() == end:
            text, word, digits = simple.groups()
            value = text if text is not None else word == "true" if word else int(digits)
            return Literal(value, self.text.span(start, end))
        reader = Reader(self.text, start)
        try:
            reader.advance()
            made = reader.expression()
            reader.expect_end()
            if source[reader.start : end].strip():
                raise TextError(reader.start, "expected the next attribute or block")
        except TextError as fault:
            problem = self._maker.problem(fault.offset, fault.message)
            return self._maker.bad(problem, start, end)
        return made


def _mask(source: str) -> bytes:
    """What tree-sitter is to see: letters for what is not ASCII, no escapes, no exponents."""
    if "\\" in source:
        source = _ESCAPE.sub("xx", source)
    source = _EXPONENT.sub(lambda found: "0" * len(found.group()), source)
    if not source.isascii():
        source = _NOT_ASCII.sub("x", source)
    return source.encode("ascii")


def _members(node: Node) -> Iterator[Node]:
    """What stands in a file or block, without the braces around it."""
    for child in node.children:
        if child.type == "body":
            yield from child.children
