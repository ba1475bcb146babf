"""Compile function calls: shape functions, and JMESPath's own ones made to carry unknown."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from trueline.mapping.builtins import BUILTINS, BY_KEY, STRUCTURAL
from trueline.mapping.parsing import ExpressionError, Node, member
from trueline.mapping.shapes import SHAPES
from trueline.mapping.unknown import MALFORMED, Unknown, strongest

__all__ = ["BOOLEAN_FUNCTIONS", "compile_call"]

BOOLEAN_FUNCTIONS = frozenset(
    {"any_cidr", "any_true", "contains", "ends_with", "is_set", "starts_with", "text_has_secret"}
)
_SEES_ABSENT = frozenset({"to_string", "to_array", "type"})

Getter = Callable[[Any], Any]


def compile_call(node: Node, compile_value: Callable[[Node], Getter]) -> Getter:
    """A function of a document that calls what the node names.

    Raises ExpressionError for an unknown name or a wrong number of arguments.
    """
    name, children = node["value"], node["children"]
    _check_arity(name, len(children))
    cause = f"{MALFORMED}:{member(node) or name}"
    if name in SHAPES:
        return _named(_call_shape(name, [compile_value(c) for c in children]), cause)
    at = BY_KEY.get(name)
    for position, child in enumerate(children):
        if (child["type"] == "expref") is not (position == at):
            wanted = "an expression (&…)" if position == at else "a value"
            raise ExpressionError(f"argument {position + 1} of {name}() is {wanted}", call=name)
    if at is not None:
        return _call_by_key(name, at, children, compile_value, cause)
    return _call_builtin(name, [compile_value(c) for c in children], cause)


def _check_arity(name: str, count: int) -> None:
    if name in SHAPES:
        parameters = inspect.signature(SHAPES[name]).parameters.values()
        many = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        single = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
        least = sum(p.default is p.empty for p in single)
        most = None if many else len(single)
    elif name in BUILTINS:
        _, least, most = BUILTINS[name]
    else:
        close = difflib.get_close_matches(name, [*SHAPES, *BUILTINS], n=1)
        hint = f"; did you mean {close[0]}()?" if close else ""
        raise ExpressionError(f"unknown function {name}(){hint}", call=name)
    if count < least or (most is not None and count > most):
        more = "" if most == least else " or more" if most is None else f" to {most}"
        raise ExpressionError(f"{name}() takes {least}{more} arguments, seen {count}", call=name)


def _named(call: Getter, cause: str) -> Getter:
    """Say which member was malformed: the shape function does not know."""

    def run(document: Any) -> Any:
        result = call(document)
        if result.__class__ is Unknown and result.cause == MALFORMED:
            return Unknown(cause)
        return result

    return run


def _call_shape(name: str, arguments: list[Getter]) -> Getter:
    function = SHAPES[name]
    if len(arguments) == 1:
        only = arguments[0]
        return lambda document: function(only(document))
    return lambda document: function(*[argument(document) for argument in arguments])


def _call_builtin(name: str, arguments: list[Getter], cause: str) -> Getter:
    function = BUILTINS[name][0]
    structural, sees_absent = name in STRUCTURAL, name in _SEES_ABSENT
    if name == "not_null":
        return lambda document: function(*[argument(document) for argument in arguments])

    def run(document: Any) -> Any:
        values = [argument(document) for argument in arguments]
        looked_at = [v for v in values if v.__class__ is Unknown] if structural else values
        unknown = strongest(looked_at)
        if unknown is not None:
            return unknown.derived()
        if not sees_absent and any(v is None for v in values):
            return None
        try:
            return function(*values)
        except (TypeError, ValueError, OverflowError):
            return Unknown(cause)

    return run


def _call_by_key(
    name: str, at: int, children: list[Node], compile_value: Callable[[Node], Getter], cause: str
) -> Getter:
    function, key = BUILTINS[name][0], compile_value(children[at]["children"][0])
    values = compile_value(children[1 - at])

    def run(document: Any) -> Any:
        value = values(document)
        if value is None or value.__class__ is Unknown:
            return value if value is None else value.derived()
        try:
            return function(key, value) if at == 0 else function(value, key)
        except TypeError:
            return Unknown(cause)

    return run
