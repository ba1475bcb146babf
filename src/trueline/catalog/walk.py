"""Follow a mapping expression over the shape of a document, without any document.

A shape knows its members and elements; `None` is open ground, where every name may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from trueline.mapping.parsing import parse

__all__ = ["Items", "Members", "MissingMemberError", "Shape", "follow"]


class MissingMemberError(Exception):
    """A shape has no member of that name; `known` are those it has."""

    def __init__(self, owner: str, known: tuple[str, ...]) -> None:
        super().__init__(owner)
        self.owner, self.known = owner, known


class Shape(Protocol):
    """What can be said of a value before it is there."""

    def member(self, name: str) -> Shape | None:
        """The shape of a member, None on open ground; raises MissingMemberError."""

    def element(self) -> Shape | None:
        """The shape of an element of a list; None where it is no list, or open."""


@dataclass(frozen=True, slots=True)
class Members:
    """A document put together from named pieces."""

    owner: str
    pieces: Mapping[str, Shape | None]

    def member(self, name: str) -> Shape | None:
        if name not in self.pieces:
            raise MissingMemberError(self.owner, tuple(self.pieces))
        return self.pieces[name]

    def element(self) -> Shape | None:
        return None


@dataclass(frozen=True, slots=True)
class Items:
    """A list of one shape."""

    item: Shape | None

    def member(self, name: str) -> Shape | None:
        raise MissingMemberError("a list", ())

    def element(self) -> Shape | None:
        return self.item


Tell = Callable[[str, MissingMemberError], None]
_PASSING = {"set_or_empty", "as_list", "not_null", "sort", "sort_by", "reverse", "concat", "unless"}
"""Functions whose value has the shape of an argument."""
_PICKING = {"min_by", "max_by"}


def follow(text: str, root: Shape | None, tell: Tell) -> Shape | None:
    """The shape of an expression over `root`; `tell` hears of every name that is missing."""
    return _Walk(tell).visit(parse(text), root)


class _Walk:
    def __init__(self, tell: Tell) -> None:
        self.tell = tell

    def visit(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        visit = getattr(self, f"visit_{node['type']}", None)
        if visit is not None:
            found: Shape | None = visit(node, shape)
            return found
        for child in node["children"]:
            if isinstance(child, dict):
                self.visit(child, shape)
        return None

    def visit_field(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        if shape is None:
            return None
        try:
            return shape.member(node["value"])
        except MissingMemberError as missing:
            self.tell(node["value"], missing)
            return None

    def visit_current(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        return shape

    visit_identity = visit_current

    def visit_subexpression(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        for child in node["children"]:
            shape = self.visit(child, shape)
        return shape

    visit_index_expression = visit_pipe = visit_subexpression

    def visit_index(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        return shape.element() if shape is not None else None

    def visit_slice(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        return shape

    def visit_flatten(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        base = self.visit(node["children"][0], shape)
        item = base.element() if base is not None else None
        inner = item.element() if item is not None else None
        return item if inner is not None else base

    def visit_projection(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        base = self.visit(node["children"][0], shape)
        item = base.element() if base is not None else None
        return Items(self.visit(node["children"][1], item))

    def visit_filter_projection(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        base = self.visit(node["children"][0], shape)
        item = base.element() if base is not None else None
        self.visit(node["children"][2], item)
        return Items(self.visit(node["children"][1], item))

    def visit_value_projection(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        self.visit(node["children"][0], shape)
        return Items(self.visit(node["children"][1], None))

    def visit_multi_select_dict(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        pieces = {
            pair["value"]: self.visit(pair["children"][0], shape) for pair in node["children"]
        }
        return Members("this selection", pieces)

    def visit_or_expression(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        left, right = (self.visit(child, shape) for child in node["children"])
        return left or right

    def visit_function_expression(self, node: dict[str, Any], shape: Shape | None) -> Shape | None:
        plain = [child for child in node["children"] if child["type"] != "expref"]
        shapes = [self.visit(child, shape) for child in plain]
        given = next((found for found in shapes if found is not None), None)
        item = given.element() if given is not None else None
        for child in node["children"]:
            if child["type"] == "expref":
                self.visit(child["children"][0], item)
        if node["value"] in _PICKING:
            return item
        return given if node["value"] in _PASSING else None
