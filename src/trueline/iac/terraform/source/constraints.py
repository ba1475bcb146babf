"""Type constraints of variables, as code writes them."""

from __future__ import annotations

from collections.abc import Callable

from trueline.iac.terraform.evaluate.types import ANY, BOOL, NUMBER, STRING, Type
from trueline.iac.terraform.evaluate.values import Value
from trueline.iac.terraform.syntax.nodes import (
    Call,
    Expression,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
)
from trueline.iac.terraform.syntax.reading import parse_expression

__all__ = ["constraint"]

Evaluate = Callable[[Expression], Value]

_SIMPLE = {"string": STRING, "number": NUMBER, "bool": BOOL}
_COLLECTIONS = ("list", "set", "map")


def constraint(expr: Expression, evaluate: Evaluate) -> Type:
    """The type that an expression says; `any` where it says none.

    `evaluate` gives the defaults of optional attributes.
    """
    if isinstance(expr, Literal) and isinstance(expr.value, str):  # as JSON and old code write it
        expr = parse_expression(expr.value)
    if isinstance(expr, Name):
        if expr.root in _COLLECTIONS:
            return Type(expr.root, ANY)
        return _SIMPLE.get(expr.root, ANY)
    if not isinstance(expr, Call) or not expr.args:
        return ANY
    inner = expr.args[0]
    if expr.name in _COLLECTIONS:
        return Type(expr.name, constraint(inner, evaluate))
    if expr.name == "tuple" and isinstance(inner, ListExpr):
        return Type("tuple", elements=tuple(constraint(e, evaluate) for e in inner.items))
    if expr.name == "object" and isinstance(inner, ObjectExpr):
        return _object(inner, evaluate)
    return ANY


def _object(said: ObjectExpr, evaluate: Evaluate) -> Type:
    attributes: dict[str, Type] = {}
    optional: dict[str, Value] = {}
    for key, expr in said.items:
        name = key.value if isinstance(key, Literal) else None
        if not isinstance(name, str):
            continue
        inner = expr
        if isinstance(expr, Call) and expr.name == "optional" and expr.args:
            inner = expr.args[0]
            optional[name] = evaluate(expr.args[1]) if len(expr.args) > 1 else None
        attributes[name] = constraint(inner, evaluate)
    return Type("object", attributes=attributes, optional=optional)
