"""Terraform's JSON syntax as the same tree: a position-keeping JSON reader and the block rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from trueline.iac.terraform.syntax import templates
from trueline.iac.terraform.syntax.expressions import Reader, number
from trueline.iac.terraform.syntax.nodes import (
    Attribute,
    Bad,
    Block,
    Body,
    Expression,
    ListExpr,
    Literal,
    ObjectExpr,
    Problem,
    Span,
)
from trueline.iac.terraform.syntax.text import DEEPEST, Text, TextError, quoted

__all__ = ["json_body"]

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"true|false|null")
_WORDS = {"true": True, "false": False, "null": None}

_LABELS = {
    "terraform": 0, "locals": 0, "moved": 0, "import": 0, "removed": 0, "provider": 1,
    "variable": 1, "output": 1, "module": 1, "check": 1, "resource": 2, "data": 2, "ephemeral": 2,
}  # fmt: skip
"""Blocks at the top of a file, and how many labels they have."""


def json_body(text: Text, problems: list[Problem], is_values: bool) -> Body:
    """The body of a JSON file; with `is_values` (tfvars) all keys are attributes and text is text.

    Where the JSON is broken nothing of it can be trusted: the body is empty and damaged.
    """
    reader = _JsonReader(text, problems, templated=not is_values)
    try:
        tree = reader.document()
    except TextError as fault:
        problem = Problem(*text.place(fault.offset), fault.message)
        problems.append(problem)
        return Body(damaged=problem)
    if not isinstance(tree, _Object):
        problem = Problem(*tree.span[:2], "expected an object")
        problems.append(problem)
        return Body(damaged=problem)
    if is_values:
        return reader.body(tree)
    return reader.top(tree)


class _Object:
    """A JSON object whose keys keep their places; `items` may name a key twice."""

    __slots__ = ("items", "span")

    def __init__(self, items: list[tuple[str, Span, _Node]], span: Span) -> None:
        self.items, self.span = items, span


class _List:
    __slots__ = ("items", "span")

    def __init__(self, items: list[_Node], span: Span) -> None:
        self.items, self.span = items, span


_Node = _Object | _List | Literal


class _JsonReader:
    def __init__(self, text: Text, problems: list[Problem], templated: bool) -> None:
        self.text, self.problems, self.templated = text, problems, templated
        self.at = 0

    def document(self) -> _Node:
        """The one value that the text is."""
        made = self._value(0)
        self._blank()
        if self.at < len(self.text.source):
            raise self._fault("the end")
        return made

    def top(self, tree: _Object) -> Body:
        """The body of a configuration file."""
        blocks: list[Block] = []
        for key, span, value in tree.items:
            if key in _LABELS:
                blocks += self._blocks(key, span, value, _LABELS[key])
            elif key != "//":
                self.problems.append(Problem(*span[:2], f"expected a block type, saw `{key}`"))
        return Body({}, tuple(blocks))

    def body(self, tree: _Object) -> Body:
        """A body of which only a schema could tell which keys are blocks."""
        attributes: dict[str, Attribute] = {}
        for key, span, value in tree.items:
            if key == "//":
                continue
            read: Callable[[], Expression] = partial(self._expression, value)
            if key in attributes:
                self.problems.append(Problem(*span[:2], f"`{key}` is set again"))
                read = partial(Bad, f"{self.text.name}:{span.line}", value.span)
            whole = Span(*span[:2], *value.span[2:])
            attributes[key] = Attribute(key, whole, span, read)
        return Body(attributes, json_blocks=partial(self._nested, tree))

    def _nested(self, tree: _Object, type_: str, labels: int) -> tuple[Block, ...]:
        found = [(span, value) for key, span, value in tree.items if key == type_]
        return tuple(
            block for span, value in found for block in self._blocks(type_, span, value, labels)
        )

    def _blocks(self, type_: str, span: Span, value: _Node, labels: int) -> Iterator[Block]:
        for names, header, inner in _labelled(value, (), span, labels):
            if isinstance(inner, _Object):
                body = self._literally(inner) if type_ == "variable" else self.body(inner)
                yield Block(type_, names, body, Span(*header[:2], *inner.span[2:]), header)
            elif not (isinstance(inner, Literal) and inner.value is None):
                message = f"expected an object for a block `{type_}`"
                problem = Problem(*inner.span[:2], message)
                self.problems.append(problem)
                yield Block(type_, names, Body(damaged=problem), inner.span, header)

    def _literally(self, tree: _Object) -> Body:
        """A variable's body: Terraform reads its default without looking for `${`."""
        plain = _JsonReader(self.text, self.problems, templated=False)
        exact = plain.body(tree).attributes
        attributes: Mapping[str, Attribute] = {
            name: exact[name] if name == "default" else attribute
            for name, attribute in self.body(tree).attributes.items()
        }
        return Body(attributes, json_blocks=partial(self._nested, tree))

    def _expression(self, node: _Node) -> Expression:
        if isinstance(node, _List):
            return ListExpr(tuple(self._expression(item) for item in node.items), node.span)
        if isinstance(node, _Object):
            items = [
                (self._template(Literal(key, span)), self._expression(value))
                for key, span, value in node.items
            ]
            return ObjectExpr(tuple(items), node.span)
        return self._template(node)

    def _template(self, node: Literal) -> Expression:
        value = node.value
        if not self.templated or not isinstance(value, str):
            return node
        if "${" not in value and "%{" not in value:
            return node
        try:
            return templates.bare(Reader(Text(value, self.text.name, node.span), 0))
        except TextError as fault:
            self.problems.append(Problem(*node.span[:2], fault.message))
            return Bad(f"{self.text.name}:{node.span.line}", node.span)

    def _value(self, depth: int) -> _Node:
        self._blank()
        start = self.at
        if depth > DEEPEST:
            raise TextError(start, f"nested more than {DEEPEST} levels deep")
        sign = self.text.source[start : start + 1]
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        if sign == '"':
            return Literal(*self._string())
        for pattern in (_WORD, _NUMBER):
            found = pattern.match(self.text.source, start)
            if found:
                self.at = found.end()
                token = found.group()
                value = _WORDS[token] if token in _WORDS else number(token, start)
                return Literal(value, self.text.span(start, self.at))
        raise self._fault("a value")

    def _object(self, depth: int) -> _Object:
        start = self.at
        items: list[tuple[str, Span, _Node]] = []
        while self._next(start, "}"):
            key, span = self._string()
            self._blank()
            if not self.text.source.startswith(":", self.at):
                raise self._fault("`:`")
            self.at += 1
            items.append((key, span, self._value(depth + 1)))
        return _Object(items, self.text.span(start, self.at))

    def _list(self, depth: int) -> _List:
        start = self.at
        items: list[_Node] = []
        while self._next(start, "]"):
            items.append(self._value(depth + 1))
        return _List(items, self.text.span(start, self.at))

    def _next(self, start: int, closing: str) -> bool:
        """Go to the next member: over the opening sign or a comma; False behind the closing."""
        opening = self.at == start
        self.at += opening
        self._blank()
        if self.text.source.startswith(closing, self.at):
            self.at += 1
            return False
        if not opening:
            if not self.text.source.startswith(",", self.at):
                raise self._fault(f"`,` or `{closing}`")
            self.at += 1
            self._blank()
        return True

    def _string(self) -> tuple[str, Span]:
        found = _STRING.match(self.text.source, self.at)
        if not found:
            raise self._fault("a quoted text")
        self.at = found.end()
        try:
            value = json.loads(found.group())
        except json.JSONDecodeError as error:
            raise TextError(found.start(), f"expected a quoted text, saw {error.msg}") from error
        # Halves of a surrogate pair cannot be written in UTF-8 again.
        value = value.encode("utf-8", "replace").decode("utf-8")
        return value, self.text.span(*found.span())

    def _blank(self) -> None:
        found = _BLANK.match(self.text.source, self.at)
        assert found is not None
        self.at = found.end()

    def _fault(self, wanted: str) -> TextError:
        seen = self.text.source[self.at : self.at + 40].split("\n")[0]
        return TextError(self.at, f"expected {wanted}, saw {quoted(seen) if seen else 'the end'}")


def _labelled(
    value: _Node, names: tuple[str, ...], header: Span, labels: int
) -> Iterator[tuple[tuple[str, ...], Span, _Node]]:
    """The bodies under so many levels of labels; on each level stands one object or a list."""
    for item in value.items if isinstance(value, _List) else [value]:
        assert not isinstance(item, tuple)
        if labels == 0:
            yield names, header, item
        elif isinstance(item, _Object):
            for key, span, inner in item.items:
                if key != "//":
                    yield from _labelled(inner, (*names, key), span, labels - 1)
        else:
            yield names, header, item
