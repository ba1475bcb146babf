"""Reads text with `${ }` and `%{ }`: quoted, as a heredoc, or bare (a template's file, JSON)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueline.iac.terraform.syntax.nodes import (
    Conditional,
    Expression,
    ForTemplate,
    Literal,
    Span,
    Template,
)
from trueline.iac.terraform.syntax.text import DEEPEST, TextError

if TYPE_CHECKING:
    from trueline.iac.terraform.syntax.expressions import Reader

__all__ = ["bare", "heredoc", "quoted"]

_QUOTED = re.compile(r'(?:[^"\\$%\n]++|\\[^\n]|\$\$\{|%%\{|[$%](?!\{))+')
_LINE = re.compile(r"(?:[^$%\n]++|\$\$\{|%%\{|[$%](?!\{))*\n?")
_BARE = re.compile(r"(?:[^$%]++|\$\$\{|%%\{|[$%](?!\{))+")
_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)|\$\$\{|%%\{')
_MARKER = re.compile(r"([^\W\d][\w-]*)[ \t]*\r?\n")
_DOUBLED = re.compile(r"([$%])\1\{")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(slots=True)
class _Directive:
    """`%{ word … }`: what stands behind the word, and where."""

    word: str
    span: Span
    key: str | None = None
    value: str = ""
    argument: Expression | None = None


@dataclass(slots=True)
class _Text:
    """A stretch of literal text, at most a line long, as trimming and indentation see it."""

    value: str


_Token = _Text | _Directive | Expression


def quoted(reader: Reader) -> Expression:
    """The template whose opening quote is the token at hand."""
    source, start = reader.text.source, reader.start
    outer, tokens = reader.lines, _Tokens(reader)
    at = reader.stop
    while True:
        chunk = _QUOTED.match(source, at, reader.end)
        if chunk:
            tokens.literal(_unescaped(chunk.group(), at))
            at = chunk.end()
        if at >= reader.end or source[at] == "\n":
            raise TextError(start, "expected a closing quote on the same line, saw none")
        if source[at] == '"':
            break
        at = tokens.marked(at)
    return _finish(reader, outer, tokens, start, at + 1)


def heredoc(reader: Reader) -> Expression:
    """The template whose `<<` or `<<-` is the token at hand."""
    source, start, indented = reader.text.source, reader.start, reader.seen == "<<-"
    marker = _MARKER.match(source, reader.stop, reader.end)
    if not marker:
        raise TextError(start, "expected a word and the end of the line behind `<<`")
    last = re.compile(rf"[ \t]*{re.escape(marker[1])}(?=[ \t]*\r?(?:\n|\Z))")
    outer, tokens = reader.lines, _Tokens(reader)
    at, line_begins = marker.end(), True
    while True:
        ending = last.match(source, at, reader.end) if line_begins else None
        if ending:
            break
        if at >= reader.end:
            raise TextError(start, f"expected a line `{marker[1]}` that ends the text, saw the end")
        chunk = _LINE.match(source, at, reader.end)
        assert chunk is not None
        if chunk.group():
            tokens.literal(_DOUBLED.sub(r"\1{", chunk.group()))
        at, line_begins = chunk.end(), chunk.group().endswith("\n")
        if not line_begins and at < reader.end:
            at = tokens.marked(at)
    if indented:
        _outdent(tokens.items)
    return _finish(reader, outer, tokens, start, ending.end())


def bare(reader: Reader) -> Expression:
    """The whole text of a reader as a template."""
    source, at, tokens = reader.text.source, reader.start, _Tokens(reader)
    while at < reader.end:
        chunk = _BARE.match(source, at, reader.end)
        if chunk:
            tokens.literal(_DOUBLED.sub(r"\1{", chunk.group()))
            at = chunk.end()
        else:
            at = tokens.marked(at)
    return _finish(reader, reader.lines, tokens, reader.start, reader.end)


class _Tokens:
    """The flat pieces of a template, in order; `~` is applied as they come."""

    __slots__ = ("items", "reader", "trim")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.items: list[_Token] = []
        self.trim = False

    def literal(self, value: str) -> None:
        self.items.append(_Text(value.lstrip() if self.trim else value))
        self.trim = False

    def marked(self, at: int) -> int:
        """Take the `${ }` or `%{ }` that begins here; gives the offset behind it."""
        reader, start = self.reader, at
        sign = reader.text.source[at]
        reader.lines, reader.stop = False, at + 2
        if reader.text.source.startswith("~", at + 2):
            reader.stop += 1
            before = self.items[-1] if self.items else None
            if isinstance(before, _Text):
                before.value = before.value.rstrip()
        reader.advance()
        item = reader.expression() if sign == "$" else self._directive(start)
        self.items.append(item)
        self.trim = reader.seen == "~"
        if self.trim:
            reader.advance()
        if reader.seen != "}":
            raise reader.fault("`}`")
        return reader.stop

    def _directive(self, start: int) -> _Directive:
        reader = self.reader
        word = reader.expect("if", "else", "endif", "for", "endfor")
        made = _Directive(word, reader.text.span(start, reader.stop))
        if word == "for":
            made.key, made.value = reader.variables()
            reader.expect("in")
        if word in ("for", "if"):
            made.argument = reader.expression()
        return made


def _finish(reader: Reader, outer: bool, tokens: _Tokens, start: int, end: int) -> Expression:
    reader.lines, reader.stop = outer, end
    span = reader.text.span(start, end)
    items = tokens.items
    if len(items) == 1 and not isinstance(items[0], (_Text, _Directive)):
        made = items[0]
    elif all(isinstance(item, _Text) for item in items):
        made = Literal("".join(item.value for item in items if isinstance(item, _Text)), span)
    else:
        made, _ = _nested(iter(items), (), span, start, reader.depth)
    reader.advance()
    return made


def _nested(
    items: Iterator[_Token], ends: tuple[str, ...], span: Span, start: int, depth: int
) -> tuple[Template, str]:
    """The template up to one of the directives that end it, and that directive's word."""
    if depth > DEEPEST:
        raise TextError(start, f"nested more than {DEEPEST} levels deep")
    parts: list[str | Expression] = []
    for item in items:
        if isinstance(item, _Text):
            if parts and isinstance(parts[-1], str):
                parts[-1] += item.value
            elif item.value:
                parts.append(item.value)
        elif not isinstance(item, _Directive):
            parts.append(item)
        elif item.word in ends:
            return Template(tuple(parts), span), item.word
        elif item.argument is None:
            raise TextError(start, f"`%{{ {item.word} }}` has no beginning")
        elif item.word == "for":
            body, _ = _nested(items, ("endfor",), span, start, depth + 1)
            parts.append(ForTemplate(item.key, item.value, item.argument, body, item.span))
        else:
            then, word = _nested(items, ("else", "endif"), span, start, depth + 1)
            otherwise = Template((), span)
            if word == "else":
                otherwise, _ = _nested(items, ("endif",), span, start, depth + 1)
            parts.append(Conditional(item.argument, then, otherwise, item.span))
    if ends:
        raise TextError(start, f"expected `%{{ {ends[-1]} }}`, saw the end of the text")
    return Template(tuple(parts), span), ""


def _outdent(items: list[_Token]) -> None:
    """Take from every line what all lines of a `<<-` text have in front; blank lines stay."""
    least: int | None = None
    shifted: list[_Text] = []
    begins = True
    for item in items:
        if begins:
            indent: int | None = 0
            if isinstance(item, _Text):
                rest = item.value.lstrip()
                if not rest and item.value.endswith("\n"):
                    indent = None
                else:
                    indent = len(item.value) - len(rest)
                    shifted.append(item)
            if indent is not None:
                least = indent if least is None else min(least, indent)
        begins = isinstance(item, _Text) and item.value.endswith("\n")
    for text in shifted:
        text.value = text.value[least or 0 :]


def _unescaped(raw: str, offset: int) -> str:
    """The text that a stretch of a quoted template stands for."""
    if "\\" not in raw and "{" not in raw:
        return raw

    def plain(found: re.Match[str]) -> str:
        if not found.group().startswith("\\"):
            return found.group()[1:]
        if found[1]:
            return _PLAIN[found[1]]
        code = int(found[2] or found[3] or "110000", 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise TextError(offset + found.start(), "expected an escape such as `\\n` behind `\\`")
        return chr(code)

    return _ESCAPE.sub(plain, raw)
