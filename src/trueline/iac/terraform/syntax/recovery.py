"""Reads what can be read of a broken stretch of a file, line by line.

Terraform would refuse the file. What stands after a fault in the same block is read as well as it
goes, and the block is marked as damaged: what is not there may have been hidden by the fault.
"""

from __future__ import annotations

import re

from trueline.iac.terraform.syntax.expressions import Reader
from trueline.iac.terraform.syntax.making import HEADER, SET, Maker
from trueline.iac.terraform.syntax.nodes import Attribute, Block, Body, Expression, Problem
from trueline.iac.terraform.syntax.text import DEEPEST, TextError, quoted

__all__ = ["comments", "pieces", "read_piece"]

_LABEL = r'(?:[ \t]*+(?:"[^"\n]*+"|[^\W\d][\w-]*+))'
_TOP = re.compile(
    rf"(?:(?:resource|data|ephemeral)(?![\w-]){_LABEL}{{2}}"
    rf"|(?:provider|module|variable|output|check)(?![\w-]){_LABEL}"
    r"|(?:terraform|locals|moved|import|removed)(?![\w-]))[ \t]*+\{"
)
_MOST_FAULTS = 20
"""Faults in one stretch after which the rest of it is not read."""

_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*)[ \t]*\r?\n")
_BLANK = re.compile(r"(?:[ \t\r\n]++|/\*[\s\S]*?\*/|(?:#|//)[^\n]*+)*+")
_BALANCE = re.compile(
    r'"(?:\\.|[^"\\\n])*+"|/\*[\s\S]*?\*/|(?:#|//)[^\n]*|<<-?[^\W\d][\w-]*[ \t]*\r?\n|[][(){}\n]'
)
_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*+"|(?:#|//)[^\n]*+|/\*')
_CLOSING = {"}": "{", "]": "[", ")": "("}


def pieces(source: str) -> list[tuple[int, int]]:
    """Stretches that begin with a block that stands at the top of a file, at a line's beginning.

    What looks like it inside a heredoc or a comment does not count.
    """
    begins, at = [0], 0
    last_comment_end, misses = source.rfind("*/"), 0
    while at < len(source):
        line_end = source.find("\n", at) + 1 or len(source)
        if at and _TOP.match(source, at):
            begins.append(at)
        heredoc = _HEREDOC.search(source, at, line_end) if misses < _MOST_FAULTS else None
        behind = _behind_heredoc(source, heredoc) if heredoc else None
        misses += heredoc is not None and behind is None
        if at + 2 <= last_comment_end and source.startswith("/*", at):
            behind = source.find("*/", at + 2) + 2
        at = max(line_end, behind or 0)
    return list(zip(begins, [*begins[1:], len(source)], strict=True))


def comments(source: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where comments stand in a broken stretch, as far as can be told."""
    found: list[tuple[int, int]] = []
    at, last_comment_end = start, source.rfind("*/", start, end)
    while (mark := _COMMENT.search(source, at, end)) is not None:
        at = mark.end()
        is_block = mark.group() == "/*"
        if is_block and at <= last_comment_end:
            at = source.find("*/", at) + 2
        if mark.group()[0] != '"' and (not is_block or at > mark.end()):
            found.append((mark.start(), at))
    return found


def read_piece(maker: Maker, start: int, end: int) -> Body:
    """The body of a stretch in which something is broken."""
    return _Recovery(maker, start, end).body(0, None)


def _behind_heredoc(source: str, heredoc: re.Match[str]) -> int | None:
    last = re.compile(rf"^[ \t]*{re.escape(heredoc[1])}[ \t]*\r?$", re.MULTILINE)
    found = last.search(source, heredoc.end())
    return found.end() if found else None


class _Recovery:
    def __init__(self, maker: Maker, start: int, end: int) -> None:
        self.maker, self.at, self.end = maker, start, end
        self.source = maker.text.source
        self.faults = 0

    def body(self, depth: int, header: int | None) -> Body:
        """Members up to the closing brace, which is gone over; at the top up to the end."""
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        damaged: Problem | None = None
        in_doubt = False
        while True:
            self._blank()
            if self.at >= self.end:
                if header is not None:
                    message = "expected `}` that closes the block, saw none"
                    damaged = damaged or self.maker.problem(header, message)
                break
            if header is not None and self.source.startswith("}", self.at):
                self.at += 1
                break
            fault = self._member(attributes, blocks, depth)
            if fault and not in_doubt:
                problem = self.maker.problem(fault.offset, fault.message)
                damaged = damaged or problem
            in_doubt = fault is not None
            self.faults += in_doubt
            if self.faults > _MOST_FAULTS:
                self.at = self.end
        return Body(attributes, tuple(blocks), damaged)

    def _member(
        self, attributes: dict[str, Attribute], blocks: list[Block], depth: int
    ) -> TextError | None:
        """Read an attribute or block; gives the fault when there is none, a line further then."""
        start = self.at
        found = SET.match(self.source, start, self.end)
        if found:
            return self._attribute(found, attributes)
        header = HEADER.match(self.source, start, self.end)
        if header and depth < DEEPEST:
            self.at = header.end() + 1
            body = self.body(depth + 1, start)
            blocks.append(self.maker.block(header, self.at, body))
            return None
        self.at = self._line_end(start)
        seen = quoted(self.source[start : self.at])
        return TextError(start, f"expected an attribute or a block, saw {seen}")

    def _attribute(
        self, found: re.Match[str], attributes: dict[str, Attribute]
    ) -> TextError | None:
        start, value = found.start(), found.end()
        reader = Reader(self.maker.text, value, self.end)
        try:
            reader.advance()
            made: Expression = reader.expression()
            reader.expect_end()
        except TextError as error:
            self.at = self._behind_fault(start, error.offset)
            problem = Problem(*self.maker.text.place(error.offset), error.message)
            bad = self.maker.bad(problem, value, self.at)
            self.maker.attribute(attributes, found, self.at, lambda: bad)
            return error
        self.at = reader.start
        end = len(self.source[start : self.at].rstrip()) + start
        self.maker.attribute(attributes, found, end, lambda: made)
        return None

    def _behind_fault(self, start: int, fault: int) -> int:
        """Where the attribute ends: at the end of the line on which all its brackets are closed.

        Where they never are, what follows the fault is taken for what comes next.
        """
        stack: list[str] = []
        for found in _BALANCE.finditer(self.source, start, self.end):
            sign = found.group()
            if sign in _CLOSING:
                if not stack or stack.pop() != _CLOSING[sign]:
                    break
            elif sign in ("{", "[", "("):
                stack.append(sign)
            elif sign.startswith("<<"):
                heredoc = _HEREDOC.match(self.source, found.start())
                behind = _behind_heredoc(self.source, heredoc) if heredoc else None
                return min(behind, self.end) if behind else self.end
            elif sign == "\n" and not stack and found.start() >= fault:
                return found.end()
        line = self.source.rfind("\n", 0, fault) + 1
        return line if line > start else self._line_end(start)

    def _line_end(self, at: int) -> int:
        found = self.source.find("\n", at, self.end)
        return found + 1 if found >= 0 else self.end

    def _blank(self) -> None:
        found = _BLANK.match(self.source, self.at, self.end)
        assert found is not None
        self.at = found.end()
