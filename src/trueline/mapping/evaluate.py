"""Compile mapping expressions to closures that carry unknown through every node.

The language is JMESPath with the differences of FORMAT.md. Two more follow from them:
- Silence and disagreement are kept apart. A member of something absent is absent; a member of a
  text or a list is not a wrong guess to be passed over but unknown (`malformed:<member>`).
- In a cell absent stays absent (`absent == 'x'`, `!absent`), so that `omitted` and `default` can
  speak; in a filter or a condition absent counts as false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from trueline.mapping.calls import compile_call
from trueline.mapping.casts import to_bool
from trueline.mapping.logic import are_comparable, are_equal, is_logical, kleene, truth
from trueline.mapping.parsing import ExpressionError, Node, member, parse
from trueline.mapping.reading import (
    Getter,
    compile_field,
    compile_index,
    compile_path,
    compile_slice,
    not_a_list,
)
from trueline.mapping.unknown import MALFORMED, Unknown, find_unknown, strongest

__all__ = ["compile_condition", "compile_expression"]

_PLAIN = frozenset({str, int, float, bool})
_ORDER = {"lt": operator.lt, "gt": operator.gt, "lte": operator.le, "gte": operator.ge}


@lru_cache(4096)
def compile_expression(text: str, boolean: bool = False) -> Getter:
    """Compile an expression to a function of a document.

    It gives a value, None (absent) or Unknown, and never raises for what a document holds.
    `boolean`: the value goes into a bool cell, and so `&&`, `||` and `!` are three-valued logic.
    Raises ExpressionError.
    """
    return _placed(text, _boolean if boolean else _value)


@lru_cache(1024)
def compile_condition(text: str) -> Getter:
    """Compile an expression to a test of a document: True, False (also for absent) or Unknown.

    Raises ExpressionError.
    """
    return _placed(text, _condition)


def _placed(text: str, compile_node: Callable[[Node], Getter]) -> Getter:
    """Compile, and say where in the text a refused function call stands."""
    try:
        return compile_node(parse(text))
    except ExpressionError as error:
        if error.call:
            error.column = max(text.find(f"{error.call}("), 0)
        raise


def _value(node: Node) -> Getter:
    return _COMPILERS[node["type"]](node)


def _member(node: Node) -> Getter:
    return compile_field(node["value"])


def _chain(node: Node) -> Getter:
    """Steps one after the other; nothing but members is one path."""
    children = node["children"]
    keys: list[str] = []
    for child in _flat(children):
        if child["type"] != "field":
            break
        keys.append(child["value"])
    else:
        return compile_path(tuple(keys))
    steps = [_value(child) for child in children]
    if len(steps) == 2:
        first, second = steps
        return lambda document: second(first(document))

    def run(document: Any) -> Any:
        for step in steps:
            document = step(document)
        return document

    return run


def _flat(children: list[Node]) -> list[Node]:
    out: list[Node] = []
    for child in children:
        out.extend(_flat(child["children"]) if child["type"] == "subexpression" else [child])
    return out


def _flatten(node: Node) -> Getter:
    base, cause = _value(node["children"][0]), f"{MALFORMED}:{member(node['children'][0])}"

    def run(document: Any) -> Any:
        value = base(document)
        if value.__class__ is not list:
            return not_a_list(value, cause)
        out: list[Any] = []
        for element in value:
            if element.__class__ is list:
                out.extend(element)
            else:
                out.append(element)
        return out

    return run


def _each(elements: Any, step: Getter | None) -> list[Any]:
    """Apply a step to every element; absent results are left out, unknown elements stay so."""
    if step is None:
        return [e for e in elements if e is not None]
    out = []
    for element in elements:
        result = element.derived() if element.__class__ is Unknown else step(element)
        if result is not None:
            out.append(result)
    return out


def _step(node: Node) -> Getter | None:
    return None if node["type"] == "identity" else _value(node)


def _projection(node: Node) -> Getter:
    base, step = _value(node["children"][0]), _step(node["children"][1])
    cause = f"{MALFORMED}:{member(node['children'][0])}"

    def run(document: Any) -> Any:
        value = base(document)
        return _each(value, step) if value.__class__ is list else not_a_list(value, cause)

    return run


def _filter(node: Node) -> Getter:
    base, step = _value(node["children"][0]), _step(node["children"][1])
    test, cause = _condition(node["children"][2]), f"{MALFORMED}:{member(node['children'][0])}"

    def run(document: Any) -> Any:
        value = base(document)
        if value.__class__ is not list:
            return not_a_list(value, cause)
        kept = []
        for element in value:
            verdict = element if element.__class__ is Unknown else test(element)
            if verdict is True:
                kept.append(element)
            elif verdict.__class__ is Unknown:
                kept.append(verdict.derived())  # in or out: the list stays open
        return _each(kept, step)

    return run


def _values_projection(node: Node) -> Getter:
    base, step = _value(node["children"][0]), _step(node["children"][1])
    cause = f"{MALFORMED}:{member(node['children'][0])}"

    def run(document: Any) -> Any:
        value = base(document)
        if isinstance(value, dict):
            return _each(list(value.values()), step)
        return not_a_list(value, cause)

    return run


def _select_dict(node: Node) -> Getter:
    parts = [(pair["value"], _value(pair["children"][0])) for pair in node["children"]]

    def run(document: Any) -> Any:
        if document is None or document.__class__ is Unknown:
            return document if document is None else document.derived()
        return {name: part(document) for name, part in parts}

    return run


def _select_list(node: Node) -> Getter:
    parts = [_value(child) for child in node["children"]]

    def run(document: Any) -> Any:
        if document is None or document.__class__ is Unknown:
            return document if document is None else document.derived()
        return [part(document) for part in parts]

    return run


def _literal(node: Node) -> Getter:
    value = node["value"]
    return lambda document: value


def _same(_: Node) -> Getter:
    return lambda document: document


def _call(node: Node) -> Getter:
    return compile_call(node, _value)


def _comparator(node: Node) -> Getter:
    sides, name = node["children"], node["value"]
    left, right = _value(sides[0]), _value(sides[1])
    with_null = any(s["type"] == "literal" and s["value"] is None for s in sides)
    order, wanted = _ORDER.get(name), name == "eq"
    cause = f"{MALFORMED}:{member(node)}"

    def run(document: Any) -> Any:
        a, b = left(document), right(document)
        if a.__class__ not in _PLAIN or b.__class__ not in _PLAIN:
            unknown = strongest((a, b))
            if unknown is not None:
                return unknown.derived()
            if (a is None) is not (b is None) and not with_null:
                return None
        if order is None:
            return are_equal(a, b) is wanted
        if a is None or b is None:
            return None
        return order(a, b) if are_comparable(a, b) else Unknown(cause)

    return run


def _and(node: Node) -> Getter:
    left, right = (_value(child) for child in node["children"])
    logical = is_logical(node["children"][0])

    def run(document: Any) -> Any:
        first = left(document)
        verdict = truth(first)
        if verdict is True:
            return right(document)
        if verdict is False and not (logical and first is None):
            return first
        # Unknown or absent: only a false beside something that is surely logical decides.
        if logical and right(document) is False:
            return False
        return None if first is None else _why(first)

    return run


def _or(node: Node) -> Getter:
    left, right = (_value(child) for child in node["children"])
    logical = is_logical(node["children"][0])

    def run(document: Any) -> Any:
        first = left(document)
        verdict = truth(first)
        if verdict is False:
            return right(document)
        if verdict is True:
            return first
        return True if logical and right(document) is True else _why(first)

    return run


def _why(value: Any) -> Unknown:
    unknown = find_unknown(value)
    assert unknown is not None
    return unknown.derived()


def _not(node: Node) -> Getter:
    inner = _value(node["children"][0])

    def run(document: Any) -> Any:
        value = inner(document)
        if value is None:
            return None
        verdict = truth(value)
        return verdict if verdict.__class__ is Unknown else not verdict

    return run


def _boolean(node: Node) -> Getter:
    kind, children = node["type"], node["children"]
    if kind in ("and_expression", "or_expression"):
        return kleene(kind == "or_expression", _boolean(children[0]), _boolean(children[1]))
    inner = _boolean(children[0]) if kind == "not_expression" else _value(node)
    cause = f"{MALFORMED}:{member(node)}"
    negated = kind == "not_expression"

    def run(document: Any) -> Any:
        value = inner(document)
        if value.__class__ is not bool:
            if value is None or value.__class__ is Unknown:
                return value if value is None or not negated else value.derived()
            try:
                value = to_bool(value)
            except ValueError:
                return Unknown(cause)
        return not value if negated else value

    return run


def _condition(node: Node) -> Getter:
    kind, children = node["type"], node["children"]
    if kind in ("and_expression", "or_expression"):
        return kleene(kind == "or_expression", _condition(children[0]), _condition(children[1]))
    if kind == "not_expression":
        inner = _condition(children[0])

        def negate(document: Any) -> Any:
            verdict = inner(document)
            return verdict if verdict.__class__ is Unknown else not verdict

        return negate
    value = _value(node)
    silence = kind == "comparator" and node["value"] == "ne"

    def test(document: Any) -> Any:
        result = value(document)
        return silence if result is None else truth(result)

    return test


_COMPILERS: dict[str, Callable[[Node], Getter]] = {
    "and_expression": _and,
    "comparator": _comparator,
    "current": _same,
    "field": _member,
    "filter_projection": _filter,
    "flatten": _flatten,
    "function_expression": _call,
    "identity": _same,
    "index": compile_index,
    "index_expression": _chain,
    "literal": _literal,
    "multi_select_dict": _select_dict,
    "multi_select_list": _select_list,
    "not_expression": _not,
    "or_expression": _or,
    "pipe": _chain,
    "projection": _projection,
    "slice": compile_slice,
    "subexpression": _chain,
    "value_projection": _values_projection,
}
