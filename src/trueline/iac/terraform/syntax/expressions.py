"""Reads an expression of Terraform's native syntax out of a text."""

from __future__ import annotations

import re
from decimal import Decimal

from trueline.iac.terraform.syntax import templates
from trueline.iac.terraform.syntax.nodes import (
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForObject,
    GetAttr,
    Index,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
    Span,
    Splat,
    Unary,
)
from trueline.iac.terraform.syntax.text import DEEPEST, Text, TextError, quoted

__all__ = ["ITEM", "Reader", "number"]

ITEM = "*"
"""What a splat calls the element at hand."""

_LONGEST_CHAIN = 150
_LARGEST_EXPONENT = 150

_IN_LINE = r"(?:[ \t\r]++|/\*[\s\S]*?\*/|(?:#|//)[^\n]*+)*+"
_BETWEEN = r"(?:[ \t\r\n]++|/\*[\s\S]*?\*/|(?:#|//)[^\n]*+)*+"
_ANY = (
    r"(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[^\W\d][\w-]*)"
    r'|(?P<sign>&&|\|\||[=!<>]=|=>|\.\.\.|::|<<-?|[][(){}.,:?!<>=+*/%"~-])'
    r"|(?P<newline>\n)|(?P<end>\Z)|(?P<other>.))"
)
_NEXT_IN_LINE = re.compile(_IN_LINE + _ANY)
_NEXT = re.compile(_BETWEEN + _ANY)
_FOR = re.compile(_BETWEEN + r"for(?![\w-])")
_DIGITS = re.compile(r"[ \t]*(\d+)(?!\.?\d)")

_PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip

_CONSTANTS = {"true": True, "false": False, "null": None}


class Reader:
    """Reads one expression after another; the token at hand is (`kind`, `seen`).

    A newline is a token of its own only where `lines` is set: at an attribute's level and in
    objects. Whoever sets it reads the next token, so that it is read by the right rule.
    """

    __slots__ = ("depth", "end", "kind", "lines", "seen", "start", "stop", "text")

    def __init__(self, text: Text, start: int, end: int | None = None, lines: bool = True) -> None:
        self.text = text
        self.end = len(text.source) if end is None else end
        self.lines, self.depth = lines, 0
        self.kind, self.seen, self.start, self.stop = "", "", start, start

    def advance(self) -> None:
        """Go to the next token."""
        pattern = _NEXT_IN_LINE if self.lines else _NEXT
        found = pattern.match(self.text.source, self.stop, self.end)
        assert found is not None
        self.kind = str(found.lastgroup)
        self.seen = found[self.kind]
        self.start, self.stop = found.span(self.kind)

    def expression(self) -> Expression:
        """The expression that begins with the token at hand, which is the one behind it then."""
        self._descend()
        start = self.start
        test = self._binary(1)
        if self.seen == "?":
            self.advance()
            then = self.expression()
            self.expect(":")
            otherwise = self.expression()
            test = Conditional(test, then, otherwise, self._span(start, otherwise))
        self.depth -= 1
        return test

    def expect(self, *tokens: str) -> str:
        """Go over one of these signs or words, and say which."""
        token = self.seen
        if token not in tokens:
            raise self.fault(" or ".join(f"`{wanted}`" for wanted in tokens))
        self.advance()
        return token

    def fault(self, wanted: str) -> TextError:
        """The complaint that something else was wanted here."""
        seen = {"end": "the end", "newline": "the end of the line"}.get(self.kind)
        return TextError(self.start, f"expected {wanted}, saw {seen or quoted(self.seen)}")

    def expect_end(self) -> None:
        """Check that nothing follows on the line but the end of a block."""
        if self.kind not in ("newline", "end") and self.seen != "}":
            raise self.fault("the end of the line")

    def name(self) -> str:
        """Go over an identifier."""
        if self.kind != "word":
            raise self.fault("a name")
        token = self.seen
        self.advance()
        return token

    def within(self, lines: bool) -> bool:
        """Go over an opening sign, into what has its own rule for newlines; gives the old rule."""
        outer, self.lines = self.lines, lines
        self.advance()
        return outer

    def leave(self, outer: bool, sign: str) -> None:
        """Go over the closing sign, back to the old rule for newlines."""
        if self.seen != sign:
            raise self.fault(f"`{sign}`")
        self.lines = outer
        self.advance()

    def _descend(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise TextError(self.start, f"nested more than {DEEPEST} levels deep")

    def _span(self, start: int, last: Expression) -> Span:
        if self.text.fixed:
            return self.text.fixed
        line, column = self.text.place(start)
        return Span(line, column, last.span.end_line, last.span.end_column)

    def _binary(self, weakest: int) -> Expression:
        start = self.start
        left = self._unary()
        chain = 0
        while _PRECEDENCE.get(self.seen, 0) >= weakest:
            op = self.seen
            chain += 1
            if chain > _LONGEST_CHAIN:
                raise TextError(self.start, f"more than {_LONGEST_CHAIN} operators in a row")
            self.advance()
            right = self._binary(_PRECEDENCE[op] + 1)
            left = Binary(op, left, right, self._span(start, right))
        return left

    def _unary(self) -> Expression:
        if self.seen in ("-", "!"):
            self._descend()
            op, start = self.seen, self.start
            self.advance()
            operand = self._unary()
            self.depth -= 1
            return Unary(op, operand, self._span(start, operand))
        return self._steps(self._primary())

    def _steps(self, item: Expression) -> Expression:
        """What follows a term: names, indices, splats."""
        length = 0
        while self.seen in (".", "["):
            length += 1
            if length > _LONGEST_CHAIN:
                raise TextError(self.start, f"more than {_LONGEST_CHAIN} steps in a row")
            if self._is_full_splat():
                outer = self.within(False)
                self.advance()
                self.leave(outer, "]")
                item = self._splat(item, full=True)
            elif self.seen == "[":
                item = self._index(item)
            else:
                item = self._dot(item)
        return item

    def _is_full_splat(self) -> bool:
        return self.seen == "[" and self.text.source[self.stop : self.stop + 2] == "*]"

    def _index(self, item: Expression) -> Expression:
        outer = self.within(False)
        key = self.expression()
        end = self.stop
        self.leave(outer, "]")
        return Index(item, key, self._to(item, end))

    def _dot(self, item: Expression, splat: bool = True) -> Expression:
        digits = _DIGITS.match(self.text.source, self.stop, self.end)
        if digits:
            span = self.text.span(*digits.span(1))
            self.stop = digits.end()
            self.advance()
            return Index(item, Literal(int(digits[1][:20]), span), self._to(item, digits.end()))
        self.advance()
        if self.seen == "*" and splat:
            self.advance()
            return self._splat(item, full=False)
        end = self.stop
        return GetAttr(item, self.name(), self._to(item, end))

    def _splat(self, item: Expression, full: bool) -> Expression:
        """All that follows `[*]` is made of each element; behind `.*` only what follows dots."""
        self._descend()
        each: Expression = Name(ITEM, item.span)
        if full:
            each = self._steps(each)
        else:
            while self.seen == ".":
                each = self._dot(each, splat=False)
        self.depth -= 1
        last = item.span if each.__class__ is Name else each.span
        return Splat(item, each, full, Span(*item.span[:2], *last[2:]))

    def _to(self, item: Expression, end: int) -> Span:
        if self.text.fixed:
            return self.text.fixed
        return Span(*item.span[:2], *self.text.place(end))

    def _primary(self) -> Expression:
        start = self.start
        if self.kind == "number":
            value = number(self.seen, start)
            span = self.text.span(start, self.stop)
            self.advance()
            return Literal(value, span)
        if self.kind == "word":
            return self._word()
        if self.seen == '"':
            return templates.quoted(self)
        if self.seen in ("<<", "<<-"):
            return templates.heredoc(self)
        if self.seen == "(":
            outer = self.within(False)
            inner = self.expression()
            self.leave(outer, ")")
            return inner
        if self.seen in ("[", "{") and self._is_for():
            return self._for(start)
        if self.seen == "[":
            return self._list(start)
        if self.seen == "{":
            return self._object(start)
        raise self.fault("an expression")

    def _word(self) -> Expression:
        start, word, end = self.start, self.seen, self.stop
        self.advance()
        while self.seen == "::":
            self.advance()
            end = self.stop
            word = f"{word}::{self.name()}"
        if self.seen == "(":
            return self._call(start, word)
        span = self.text.span(start, end)
        if word in _CONSTANTS:
            return Literal(_CONSTANTS[word], span)
        return Name(word, span)

    def _call(self, start: int, name: str) -> Expression:
        outer = self.within(False)
        args: list[Expression] = []
        expand = False
        while self.seen != ")":
            args.append(self.expression())
            expand = self.seen == "..."
            if expand:
                self.advance()
            if self.seen != "," or expand:
                break
            self.advance()
        end = self.stop
        self.leave(outer, ")")
        return Call(name, tuple(args), expand, self.text.span(start, end))

    def _list(self, start: int) -> Expression:
        outer = self.within(False)
        items: list[Expression] = []
        while self.seen != "]":
            items.append(self.expression())
            if self.seen != ",":
                break
            self.advance()
        end = self.stop
        self.leave(outer, "]")
        return ListExpr(tuple(items), self.text.span(start, end))

    def _object(self, start: int) -> Expression:
        outer = self.within(True)
        items: list[tuple[Expression, Expression]] = []
        self._skip_lines()
        while self.seen != "}":
            key = self._key()
            self.expect("=", ":")
            items.append((key, self.expression()))
            if self.seen != "," and self.kind != "newline":
                break
            self.advance()
            self._skip_lines()
        end = self.stop
        self.leave(outer, "}")
        return ObjectExpr(tuple(items), self.text.span(start, end))

    def _skip_lines(self) -> None:
        while self.kind == "newline":
            self.advance()

    def _key(self) -> Expression:
        word = self.seen if self.kind == "word" else None
        key = self.expression()
        if word and isinstance(key, (Name, Literal)):
            return Literal(word, key.span)
        if word and isinstance(key, (GetAttr, Index)):
            raise TextError(self.start, "expected a name or a key in parentheses, saw a reference")
        return key

    def _is_for(self) -> bool:
        return _FOR.match(self.text.source, self.stop, self.end) is not None

    def _for(self, start: int) -> Expression:
        is_object = self.seen == "{"
        outer = self.within(False)
        self.advance()
        key, value = self.variables()
        self.expect("in")
        over = self.expression()
        self.expect(":")
        result_key = self.expression() if is_object else None
        if is_object:
            self.expect("=>")
        result = self.expression()
        group = is_object and self.seen == "..."
        if group:
            self.advance()
        test = None
        if self.kind == "word" and self.seen == "if":
            self.advance()
            test = self.expression()
        end = self.stop
        self.leave(outer, "}" if is_object else "]")
        span = self.text.span(start, end)
        if result_key is None:
            return ForList(key, value, over, result, test, span)
        return ForObject(key, value, over, result_key, result, test, group, span)

    def variables(self) -> tuple[str | None, str]:
        """Key and value of a `for`: `value` or `key, value`."""
        first = self.name()
        if self.seen != ",":
            return None, first
        self.advance()
        return first, self.name()


def number(token: str, offset: int) -> int | Decimal:
    """The number that a token writes; a fault where it is beyond all sense."""
    value = Decimal(token[:1000])
    if len(token) > _LARGEST_EXPONENT or abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise TextError(offset, "a number out of range")
    return int(value) if value == value.to_integral_value() else value
