"""Parse mapping expressions, and refuse what could cost more than its document is worth."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jmespath import exceptions
from jmespath.parser import Parser

__all__ = ["ExpressionError", "Node", "member", "parse"]

Node = dict[str, Any]
"""A node of jmespath's syntax tree: `type`, `children`, and for some types `value`."""

MAX_LENGTH = 8_000
MAX_DEPTH = 60
MAX_GROWTH = 1_024


class ExpressionError(ValueError):
    """An expression that cannot be compiled; `column` is the 0-based offset of the trouble.

    `call` names the function whose call is wrong.
    """

    def __init__(self, message: str, column: int = 0, call: str | None = None) -> None:
        super().__init__(message)
        self.message, self.column, self.call = message, column, call


@lru_cache(4096)
def parse(text: str) -> Node:
    """Parse an expression within the limits of length, depth and growth.

    Raises ExpressionError.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has at most {MAX_LENGTH} characters, seen {len(text)}"
        )
    try:
        tree: Node = dict(Parser().parse(text).parsed)
        if _depth(tree) > MAX_DEPTH:
            raise ExpressionError(f"an expression is nested at most {MAX_DEPTH} levels deep")
    except exceptions.LexerError as error:
        raise ExpressionError(
            f"cannot read the expression: {error.message}", error.lexer_position
        ) from None
    except exceptions.IncompleteExpressionError:
        raise ExpressionError("the expression ends too early", len(text)) from None
    except exceptions.ParseError as error:
        seen = f"unexpected {error.token_value!r}" if error.token_value else "not an expression"
        raise ExpressionError(seen, max(error.lex_position, 0)) from None
    except exceptions.EmptyExpressionError:
        raise ExpressionError("the expression is empty") from None
    except RecursionError:
        raise ExpressionError(f"an expression is nested at most {MAX_DEPTH} levels deep") from None
    if _growth(tree) > MAX_GROWTH:
        raise ExpressionError("the expression multiplies its input too often")
    return tree


def _depth(node: Node) -> int:
    return 1 + max((_depth(child) for child in _children(node)), default=0)


def _growth(node: Node) -> int:
    """How many copies of its input the value of a node can hold.

    Without this bound `[@,@]|[@,@]|…` doubles its value with every step.
    """
    sizes = [_growth(child) for child in _children(node)]
    if node["type"] in ("multi_select_list", "multi_select_dict", "function_expression"):
        return sum(sizes) or 1
    product = 1
    for size in sizes:
        product *= size
    return product


def _children(node: Node) -> list[Node]:
    # The children of a slice are its bounds.
    return [] if node["type"] == "slice" else [c for c in node["children"] if isinstance(c, dict)]


def member(node: Node) -> str:
    """The member a node reads, as text for a cause: `group.IpPermissions[].FromPort`."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return str(node["value"])
    if kind in ("subexpression", "index_expression", "pipe"):
        parts = [member(child) for child in children]
        return ".".join(part for part in parts if part).replace(".[", "[")
    if kind in ("projection", "filter_projection", "value_projection"):
        base, rest = member(children[0]), member(children[1])
        if children[0]["type"] != "flatten":
            base += "[]"
        return f"{base}.{rest}" if rest else base
    if kind == "flatten":
        return member(children[0]) + "[]"
    if kind == "index":
        return f"[{node['value']}]"
    if kind == "slice":
        return "[:]"
    if kind in ("literal", "current", "identity", "expref"):
        return ""
    return next((text for text in map(member, children) if text), "")
