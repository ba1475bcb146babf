"""The syntax tree of a Terraform file; the same for native syntax and for JSON.

Every expression has a `span`. Trees are read, never changed; only an attribute's expression is made
when it is first asked for, since most files hold more than anybody asks about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

__all__ = [
    "Attribute",
    "Bad",
    "Binary",
    "Block",
    "Body",
    "Call",
    "Comment",
    "Conditional",
    "Expression",
    "File",
    "ForList",
    "ForObject",
    "ForTemplate",
    "GetAttr",
    "Index",
    "ListExpr",
    "Literal",
    "Name",
    "ObjectExpr",
    "Problem",
    "Span",
    "Splat",
    "Template",
    "Unary",
]


class Span(NamedTuple):
    """A stretch of a file: 1-based, columns in characters, the end is the first column behind."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands there as such: text without interpolation, a number, bool or null."""

    value: str | int | Decimal | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class Template:
    """Text with interpolations; escapes, indentation and strip markers are already applied.

    A part is text, an expression, or a directive (`Conditional`, `ForTemplate`) whose branches are
    templates. It always yields text: `"${x}"` alone is read as `x`.
    """

    parts: tuple[str | Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ForTemplate:
    """`%{ for key, value in over }…%{ endfor }`: text."""

    key: str | None
    value: str
    over: Expression
    body: Template
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """The root of a reference: `var`, `local`, `each`, a resource type, a `for` variable …"""

    root: str
    span: Span


@dataclass(frozen=True, slots=True)
class GetAttr:
    """`object.name`."""

    object: Expression
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`object[key]`, or `object.0` as older code writes it."""

    object: Expression
    key: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Splat:
    """`object.*.name` (only names follow, `full` False) or `object[*].name[0]` (`full`).

    `each` is what is made of every element, which it calls `Name("*")`.
    """

    object: Expression
    each: Expression
    full: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-operand` or `!operand`."""

    op: str
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right`; op is one of `|| && == != < > <= >= + - * / %`."""

    op: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? then : otherwise`, or the directive `%{ if test }…%{ else }…%{ endif }`."""

    test: Expression
    then: Expression
    otherwise: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args)`; `expand`: the last argument is followed by `...`."""

    name: str
    args: tuple[Expression, ...]
    expand: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ListExpr:
    """`[a, b]`."""

    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ObjectExpr:
    """`{ key = value }`; a bare word as key is a `Literal`."""

    items: tuple[tuple[Expression, Expression], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ForList:
    """`[for key, value in over : result if test]`."""

    key: str | None
    value: str
    over: Expression
    result: Expression
    test: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class ForObject:
    """`{for key, value in over : result_key => result if test}`; `group`: `...` follows result."""

    key: str | None
    value: str
    over: Expression
    result_key: Expression
    result: Expression
    test: Expression | None
    group: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Bad:
    """An expression that could not be read; `reason` is `<file>:<line>` of the fault."""

    reason: str
    span: Span


Expression = (
    Literal
    | Template
    | ForTemplate
    | Name
    | GetAttr
    | Index
    | Splat
    | Unary
    | Binary
    | Conditional
    | Call
    | ListExpr
    | ObjectExpr
    | ForList
    | ForObject
    | Bad
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that could not be read; `message` says what was expected and seen."""

    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its marks; `alone`: nothing else stands on its lines."""

    line: int
    end_line: int
    text: str
    alone: bool


class Attribute:
    """`name = expression`; `expr` is read when it is first asked for, and kept."""

    __slots__ = ("_expr", "_read", "name", "name_span", "span")

    def __init__(
        self, name: str, span: Span, name_span: Span, read: Callable[[], Expression]
    ) -> None:
        self.name, self.span, self.name_span = name, span, name_span
        self._read, self._expr = read, None

    _expr: Expression | None

    @property
    def expr(self) -> Expression:
        """The expression; `Bad` when it cannot be read, with a problem in its file's list."""
        if self._expr is None:
            self._expr = self._read()
        return self._expr

    def __repr__(self) -> str:
        return f"Attribute({self.name!r}, {self.expr!r})"


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" { body }`; `header_span` ends before the brace."""

    type: str
    labels: tuple[str, ...]
    body: Body
    span: Span
    header_span: Span


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in a block or file.

    `damaged`: part of it could not be read, so that what is not here is not known to be unset.
    In JSON a key may mean an attribute or nested blocks: it is in `attributes` then, and
    `nested(type)` reads the same key as blocks.
    """

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    damaged: Problem | None = None
    json_blocks: Callable[[str, int], tuple[Block, ...]] | None = None

    def nested(self, type_: str, labels: int = 0) -> tuple[Block, ...]:
        """The nested blocks of a type; `labels` says how many labels such a block has (JSON)."""
        if self.json_blocks:
            return self.json_blocks(type_, labels)
        return tuple(block for block in self.blocks if block.type == type_)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read. `problems` grows while attributes' expressions are read."""

    name: str
    body: Body
    comments: tuple[Comment, ...] = ()
    problems: list[Problem] = field(default_factory=list)
