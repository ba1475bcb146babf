"""What `moved` blocks say: addresses before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trueline.iac.terraform.syntax import (
    Expression,
    GetAttr,
    Index,
    Literal,
    Name,
    parse_expression,
)

if TYPE_CHECKING:
    from trueline.iac.terraform.source.modules import Module

__all__ = ["moves"]


def moves(module: Module) -> Iterator[tuple[str, str]]:
    """(before, after) of each `moved` block of a module instance, as whole addresses."""
    for declared in module.text.moved:
        said = declared.body.attributes
        if "from" in said and "to" in said:
            before, after = _address(said["from"].expr), _address(said["to"].expr)
            if before and after:
                yield module.address(before), module.address(after)


def _address(expr: Expression) -> str | None:
    """An expression as the address that it is; None where it is none."""
    if isinstance(expr, Literal) and isinstance(expr.value, str):  # as JSON writes it
        expr = parse_expression(expr.value)
    if isinstance(expr, Name):
        return expr.root
    if isinstance(expr, GetAttr):
        inner = _address(expr.object)
        return inner and f"{inner}.{expr.name}"
    if isinstance(expr, Index) and isinstance(expr.key, Literal):
        inner = _address(expr.object)
        key = expr.key.value
        shown = json.dumps(key, ensure_ascii=False) if isinstance(key, str) else str(key)
        return inner and f"{inner}[{shown}]"
    return None
