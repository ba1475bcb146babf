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
from trueline.iac.terraform.syntax.nodes import (
    Attribute,
    Bad,
    Block,
    Body,
    Comment,
    Expression,
    Literal,
    Problem,
)
from trueline.iac.terraform.syntax.text import DEEPEST, Text, TextError

__all__ = ["Structure"]

Node = tree_sitter.Node

_HCL = tree_sitter.Language(tree_sitter_hcl.language())
_COMMENTS = tree_sitter.Query(_HCL, "(comment) @comment")

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPE = re.compile(r"\\[^\n]")
_EXPONENT = re.compile(r"(?<=\d)[eE][+-]?(?=\d)")

_SET = re.compile(r"([^\W\d][\w-]*)\s*=\s*")
_HEADER = re.compile(r'([^\W\d][\w-]*)((?:[ \t]*(?:"[^"\n]*"|[^\W\d][\w-]*))*)[ \t]*(?=\{)')
_LABEL = re.compile(r'"[^"\n]*"|[^\W\d][\w-]*')
_SIMPLE = re.compile(r'"([^"\\$%\n]*)"|(true|false)|(\d{1,15})')

_TOP = re.compile(
    r"(?:terraform|provider|resource|data|ephemeral|module|variable|output|locals|moved|import"
    r'|removed|check)(?:[ \t]*(?:"[^"\n]*"|[\w-]+))*[ \t]*\{'
    r"|[^\W\d][\w-]*[ \t]*=(?!=)"
)
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)[ \t]*\r?\n")


class Structure:
    """Reads one text; `problems` grows while its attributes are read."""

    def __init__(self, text: Text, problems: list[Problem]) -> None:
        self.text, self.problems = text, problems
        self._comments: list[tuple[int, int]] = []
        self._base = 0

    def body(self) -> Body:
        """The text's body: read at once, or piece by piece where something in it is broken."""
        parser = tree_sitter.Parser(_HCL)
        mask = _mask(self.text.source)
        root = parser.parse(mask).root_node
        if not root.has_error:
            self._find_comments(root)
            return self._body(root, 0)
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        damaged: Problem | None = None
        for start, end in _pieces(self.text.source):
            self._base = start
            root = parser.parse(mask[start:end]).root_node
            self._find_comments(root)
            part = self._body(root, 0)
            attributes |= part.attributes
            blocks += part.blocks or self._lost_block(start, end, part.damaged)
            damaged = damaged or part.damaged
        return Body(attributes, tuple(blocks), damaged)

    def comments(self) -> tuple[Comment, ...]:
        """All comments, in order; there are none before `body` has been called."""
        return tuple(self._comment(start, end) for start, end in sorted(self._comments))

    def _find_comments(self, root: Node) -> None:
        found = tree_sitter.QueryCursor(_COMMENTS).captures(root).get("comment", ())
        base = self._base
        self._comments += [(base + node.start_byte, base + node.end_byte) for node in found]

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
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        known = len(self.problems)
        damaged: Problem | None = None
        for child in _members(node):
            kind = child.type
            if kind == "attribute":
                damaged = self._attribute(child, attributes) or damaged
            elif kind == "block":
                block = self._block(child, depth + 1)
                if isinstance(block, Block):
                    blocks.append(block)
                else:
                    damaged = block
            elif kind == "block_end":
                message = "expected `}` that closes the block, saw none"
                damaged = self._problem(self._base + node.start_byte, message)
            elif child.has_error:
                damaged = self._unexpected(child)
        return Body(attributes, tuple(blocks), self.problems[known] if damaged else None)

    def _attribute(self, node: Node, into: dict[str, Attribute]) -> Problem | None:
        """Take an attribute; gives the problem when more than its value is lost."""
        start, end = self._base + node.start_byte, self._base + node.end_byte
        found = _SET.match(self.text.source, start)
        if not found:
            return self._unexpected(node)
        name = found[1]
        span = self.text.span(start, end)
        made = Attribute(
            name,
            span,
            self.text.span(start, found.end(1)),
            partial(self._expression, found.end(), end),
        )
        if name in into:
            line = into[name].span.line
            self._problem(start, f"`{name}` is set again; it is already set in line {line}")
            bad = Bad(f"{self.text.name}:{span.line}", span)
            made = Attribute(name, into[name].span, into[name].name_span, lambda: bad)
        into[name] = made
        if node.has_error and made.expr.__class__ is Bad:
            return self.problems[-1]
        return None

    def _expression(self, start: int, end: int) -> Expression:
        source = self.text.source
        simple = _SIMPLE.match(source, start, end)
        if simple and simple.end() == end:
            text, word, digits = simple.groups()
            value = text if text is not None else word == "true" if word else int(digits)
            return Literal(value, self.text.span(start, end))
        reader = Reader(self.text, start)
        try:
            reader.advance()
            made = reader.expression()
            if reader.kind not in ("newline", "end") and reader.seen != "}":
                raise reader.fault("the end of the line")
            if source[reader.start : end].strip():
                raise TextError(reader.start, "expected the next attribute or block")
        except TextError as fault:
            problem = self._problem(fault.offset, fault.message)
            return Bad(f"{self.text.name}:{problem.line}", self.text.span(start, end))
        return made

    def _block(self, node: Node, depth: int) -> Block | Problem:
        start, end = self._base + node.start_byte, self._base + node.end_byte
        found = _HEADER.match(self.text.source, start)
        if not found:
            return self._unexpected(node)
        span, header = self.text.span(start, end), self.text.span(start, found.end(2))
        labels = tuple(label.strip('"') for label in _LABEL.findall(found[2]))
        if depth > DEEPEST:
            problem = self._problem(start, f"nested more than {DEEPEST} levels deep")
            return Block(found[1], labels, Body(damaged=problem), span, header)
        return Block(found[1], labels, self._body(node, depth), span, header)

    def _lost_block(self, start: int, end: int, problem: Problem | None) -> list[Block]:
        """The block of which only the header can be told."""
        found = _HEADER.match(self.text.source, start)
        if not found or not problem:
            return []
        labels = tuple(label.strip('"') for label in _LABEL.findall(found[2]))
        span, header = self.text.span(start, end), self.text.span(start, found.end(2))
        return [Block(found[1], labels, Body(damaged=problem), span, header)]

    def _unexpected(self, node: Node) -> Problem:
        start = self._base + node.start_byte
        seen = self.text.source[start : self._base + node.end_byte].split("\n")[0].strip()
        shown = f"`{seen[:40]}`" if seen else "the end of the line"
        return self._problem(start, f"expected an attribute or a block, saw {shown}")

    def _problem(self, offset: int, message: str) -> Problem:
        problem = Problem(*self.text.place(offset), message)
        self.problems.append(problem)
        return problem


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
        elif child.has_error:
            yield child


def _pieces(source: str) -> Iterator[tuple[int, int]]:
    """Stretches that begin with what can only stand at the top of a file, at a line's beginning.

    What looks like it inside a heredoc or a comment does not count.
    """
    begin = at = 0
    while at < len(source):
        line_end = source.find("\n", at) + 1 or len(source)
        if at > begin and _TOP.match(source, at):
            yield begin, at
            begin = at
        heredoc = _HEREDOC.search(source, at, line_end)
        if heredoc:
            last = re.compile(rf"^[ \t]*{re.escape(heredoc[1])}[ \t]*\r?$", re.MULTILINE)
            closing = last.search(source, line_end)
            line_end = closing.end() if closing else line_end
        elif source.startswith("/*", at):
            closing_at = source.find("*/", at)
            line_end = closing_at + 2 if closing_at >= 0 else line_end
        at = line_end
    yield begin, len(source)
