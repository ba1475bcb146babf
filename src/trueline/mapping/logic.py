"""Truth of values, comparing, and three-valued logic of mapping expressions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from trueline.mapping.calls import BOOLEAN_FUNCTIONS
from trueline.mapping.parsing import Node
from trueline.mapping.reading import Getter
from trueline.mapping.unknown import Unknown, maybe_empty, strongest

__all__ = ["are_comparable", "are_equal", "is_logical", "kleene", "truth"]


def truth(value: Any) -> bool | Unknown:
    """JMESPath's truth: empty and absent are false; unknown where unread elements decide."""
    if value.__class__ is Unknown:
        unknown: Unknown = value.derived()
        return unknown
    loose = maybe_empty(value)
    if loose is not None:
        return loose
    return not (value is None or value is False or value in ("", [], {}))


def are_equal(a: Any, b: Any) -> bool:
    """Are two known values the same, as JMESPath compares them?"""
    # True equals 1 in Python, not in JMESPath.
    return (a.__class__ is bool) is (b.__class__ is bool) and bool(a == b)


def are_comparable(a: Any, b: Any) -> bool:
    """Do two known values have an order: both numbers, texts or times?"""
    if isinstance(a, dt.datetime):
        return isinstance(b, dt.datetime) and (a.tzinfo is None) is (b.tzinfo is None)
    if isinstance(a, bool) or isinstance(b, bool):
        return False
    kinds = (str, str) if isinstance(a, str) else ((int, float), (int, float))
    return isinstance(a, kinds[0]) and isinstance(b, kinds[1])


def is_logical(node: Node) -> bool:
    """Does the node give nothing but true, false, absent or unknown?"""
    kind = node["type"]
    if kind in ("and_expression", "or_expression"):
        return all(is_logical(child) for child in node["children"])
    if kind == "literal":
        return isinstance(node["value"], bool)
    if kind == "function_expression":
        return node["value"] in BOOLEAN_FUNCTIONS
    return kind in ("comparator", "not_expression")


def kleene(decisive: bool, one: Getter, other: Getter) -> Getter:
    """Three-valued `and` (decisive False) or `or` (decisive True), with absent beside unknown."""

    def run(document: Any) -> Any:
        a = one(document)
        if a is decisive:
            return a
        b = other(document)
        if b is decisive:
            return b
        unknown = strongest((a, b))
        if unknown is not None:
            return unknown.derived()
        return None if a is None or b is None else not decisive

    return run
