"""The predicate as a small typed tree: what the parser makes and every later step reads.

`at` is the 0-based offset of the node in the predicate's text; it never takes part in equality.
Scopes are settled by the parser: a `Column` belongs to the row of `row` ("" = the policy's own
resource, else the variable of a relation lambda), an `Element` to a list lambda's variable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from trueline.model import Type

__all__ = [
    "TEXT",
    "Arithmetic",
    "Between",
    "Call",
    "Coalesce",
    "Column",
    "Compare",
    "Count",
    "Element",
    "Expr",
    "In",
    "InParam",
    "Known",
    "Like",
    "ListSource",
    "Literal",
    "Logic",
    "Negative",
    "Not",
    "ParamRef",
    "Quantifier",
    "Ref",
    "Regexp",
    "RelationSource",
    "Source",
    "Tag",
    "Value",
    "parts",
    "walk",
    "with_parts",
]

Value = bool | int | float | str | dt.datetime
TEXT = Type("text")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Literal(_Node):
    """A constant; `type` is one of bool, int, float, text, time, or an empty list."""

    value: Value | None
    type: Type


@dataclass(frozen=True, slots=True)
class Column(_Node):
    """`row.name.field…`; `optional` = the column may be absent, which NULL alone does not say."""

    row: str
    name: str
    fields: tuple[str, ...]
    type: Type
    optional: bool


@dataclass(frozen=True, slots=True)
class Element(_Node):
    """The element of a list lambda, or a field of it."""

    var: str
    fields: tuple[str, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Tag(_Node):
    """The value of one tag of the own resource: optional text."""

    key: str


@dataclass(frozen=True, slots=True)
class ParamRef(_Node):
    """`:name`, a value that an environment may set."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Logic(_Node):
    """`and` or `or` over two or more conditions."""

    op: str
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not(_Node):
    inner: Expr


@dataclass(frozen=True, slots=True)
class Compare(_Node):
    """`op` is one of = <> < <= > >=; `left` may be a `Count`, or `len` of a list."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class In(_Node):
    value: Expr
    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class InParam(_Node):
    value: Expr
    param: ParamRef


@dataclass(frozen=True, slots=True)
class Between(_Node):
    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class Like(_Node):
    value: Expr
    pattern: Literal | ParamRef


@dataclass(frozen=True, slots=True)
class Regexp(_Node):
    value: Expr
    pattern: str


@dataclass(frozen=True, slots=True)
class Arithmetic(_Node):
    """`op` is one of + - *."""

    op: str
    left: Expr
    right: Expr
    type: Type


@dataclass(frozen=True, slots=True)
class Negative(_Node):
    inner: Expr
    type: Type


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """`name` is one of lower upper len starts_with days_since."""

    name: str
    args: tuple[Expr, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Coalesce(_Node):
    """The value of an optional column, or `default` where it is absent."""

    ref: Ref
    default: Literal
    type: Type


@dataclass(frozen=True, slots=True)
class Known(_Node):
    """`is_set` (True) or `is_absent` (False) of an optional column."""

    ref: Ref
    is_set: bool


@dataclass(frozen=True, slots=True)
class ListSource(_Node):
    """A list-typed expression to walk: a column, a field, an element, or a coalesce of one."""

    list: Column | Element | Coalesce


@dataclass(frozen=True, slots=True)
class RelationSource(_Node):
    """The rows that relation `name` of `row` leads to; `table` has the relation, `target` them."""

    row: str
    name: str
    table: str
    target: str


@dataclass(frozen=True, slots=True)
class Quantifier(_Node):
    """`kind` is any, all or none."""

    kind: str
    source: Source
    var: str
    condition: Expr


@dataclass(frozen=True, slots=True)
class Count(_Node):
    """How many elements meet the condition; only ever the left side of a `Compare`."""

    source: Source
    var: str
    condition: Expr


Ref = Column | Tag
Source = ListSource | RelationSource
Expr = (
    Literal
    | Column
    | Element
    | Tag
    | ParamRef
    | Logic
    | Not
    | Compare
    | In
    | InParam
    | Between
    | Like
    | Regexp
    | Arithmetic
    | Negative
    | Call
    | Coalesce
    | Known
    | Quantifier
    | Count
)

_PARTS: dict[type, tuple[str, ...]] = {
    Not: ("inner",),
    Negative: ("inner",),
    Compare: ("left", "right"),
    Arithmetic: ("left", "right"),
    In: ("value",),
    InParam: ("value", "param"),
    Between: ("value", "low", "high"),
    Like: ("value", "pattern"),
    Regexp: ("value",),
    Coalesce: ("ref",),
    Known: ("ref",),
}
"""The members that hold a node each."""


def parts(node: Expr) -> tuple[Expr, ...]:
    """The nodes directly below, the walked list of a quantifier included."""
    if isinstance(node, Logic):
        return node.items
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Quantifier | Count):
        source = (node.source.list,) if isinstance(node.source, ListSource) else ()
        return (*source, node.condition)
    return tuple(getattr(node, name) for name in _PARTS.get(type(node), ()))


def walk(node: Expr) -> Iterator[Expr]:
    """The node and all below it."""
    yield node
    for part in parts(node):
        yield from walk(part)


def with_parts(node: Expr, below: tuple[Expr, ...]) -> Expr:
    """The node over other parts: `with_parts(node, parts(node))` is the node."""
    if isinstance(node, Logic):
        return replace(node, items=below)
    if isinstance(node, Call):
        return replace(node, args=below)
    if isinstance(node, Quantifier | Count):
        if isinstance(node.source, RelationSource):
            return replace(node, condition=below[0])
        source = replace(node.source, list=cast("Column | Element | Coalesce", below[0]))
        return replace(node, source=source, condition=below[1])
    changed: dict[str, Any] = dict(zip(_PARTS.get(type(node), ()), below, strict=True))
    return replace(node, **changed) if changed else node
