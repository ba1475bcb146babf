"""An expression as short text, and the names it refers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trueline.iac.terraform.syntax.nodes import (
    Bad,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForObject,
    ForTemplate,
    GetAttr,
    Index,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
    Splat,
    Template,
    Unary,
)

__all__ = ["children", "expression_names", "short_text"]

_LONGEST = 60
_DEEPEST = 6


def short_text(expr: Expression) -> str:
    """The expression as it could be written, on one line, cut where it is long.

    Texts are left out but for keys: any of them may be a secret.
    """
    written = _written(expr, 0)
    return written if len(written) <= _LONGEST else f"{written[: _LONGEST - 1]}…"


def _written(expr: Expression, depth: int) -> str:
    if depth > _DEEPEST:
        return "…"
    at = depth + 1
    match expr:
        case Name(root):
            return root
        case GetAttr(inner, name):
            return f"{_written(inner, depth)}.{name}" if not _is_long(inner) else f"….{name}"
        case Index(inner, key):
            return f"{_written(inner, at)}[{_key(key, at)}]"
        case Splat(inner, each):
            return f"{_written(inner, at)}[*]{_written(each, at).removeprefix('*')}"
        case Literal(value):
            return _constant(value)
        case Unary(op, operand):
            return f"{op}{_written(operand, at)}"
        case Binary(op, left, right):
            return f"{_written(left, at)} {op} {_written(right, at)}"
        case Conditional(test, then, otherwise):
            return f"{_written(test, at)} ? {_written(then, at)} : {_written(otherwise, at)}"
        case Call(name, args):
            return f"{name}({', '.join(_written(arg, at) for arg in args[:4])})"
        case Template():
            return f'"{"".join(_part(part, at) for part in expr.parts[:8])}"'
        case ListExpr() | ForList():
            return "[…]"
        case ObjectExpr() | ForObject():
            return "{…}"
        case ForTemplate():
            return "%{ for … }"
        case Bad(reason):
            return reason


def _is_long(expr: Expression) -> bool:
    steps = 0
    while isinstance(expr, (GetAttr, Index)) and steps <= _LONGEST:
        expr, steps = expr.object, steps + 1
    return steps > _LONGEST


def _key(key: Expression, depth: int) -> str:
    if isinstance(key, Literal) and isinstance(key.value, str):
        shown = key.value.replace("\n", " ")[:_LONGEST]
        return f'"{shown}"'
    return _written(key, depth)


def _part(part: str | Expression, depth: int) -> str:
    if isinstance(part, str):
        return "…"
    return f"${{{_written(part, depth)}}}"


def _constant(value: object) -> str:
    if isinstance(value, str):
        return '"…"' if value else '""'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def children(expr: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one."""
    match expr:
        case GetAttr():
            return (expr.object,)
        case Index():
            return (expr.object, expr.key)
        case Splat():
            return (expr.object, expr.each)
        case Unary():
            return (expr.operand,)
        case Binary():
            return (expr.left, expr.right)
        case Conditional():
            return (expr.test, expr.then, expr.otherwise)
        case Call():
            return expr.args
        case Template():
            return tuple(part for part in expr.parts if not isinstance(part, str))
        case ListExpr():
            return expr.items
        case ObjectExpr():
            return tuple(inner for item in expr.items for inner in item)
        case ForTemplate():
            return (expr.over, expr.body)
        case ForList():
            return (expr.over, expr.result, *_some(expr.test))
        case ForObject():
            return (expr.over, expr.result_key, expr.result, *_some(expr.test))
        case _:
            return ()


def _some(expr: Expression | None) -> tuple[Expression, ...]:
    return (expr,) if expr else ()


def expression_names(expr: Expression) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every reference in an expression: its root and the names that follow directly, in order.

    `aws_x.y[0].arn` is `("aws_x", ("y",))`; variables of `for` are left out.
    """
    todo: list[tuple[Expression, frozenset[str]]] = [(expr, frozenset(["*"]))]
    while todo:
        node, own = todo.pop()
        names: list[str] = []
        inner: Any = node
        while isinstance(inner, (GetAttr, Index)):
            if isinstance(inner, GetAttr):
                names.append(inner.name)
            else:
                names.clear()
                todo.append((inner.key, own))
            inner = inner.object
        if isinstance(inner, Name):
            if inner.root not in own:
                yield inner.root, tuple(reversed(names))
            continue
        if isinstance(inner, (ForList, ForObject, ForTemplate)):
            todo.append((inner.over, own))
            own |= {inner.value} | ({inner.key} if inner.key else set())
            todo += [(child, own) for child in reversed(children(inner)[1:])]
        else:
            todo += [(child, own) for child in reversed(children(inner))]
