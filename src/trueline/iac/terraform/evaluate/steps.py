"""One step into a value: by name, by key; and the elements of a collection."""

from __future__ import annotations

from decimal import Decimal

from trueline.iac.terraform.evaluate.operators import one_of
from trueline.iac.terraform.evaluate.types import as_number, as_text
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    OpenObject,
    TfSet,
    Value,
)
from trueline.mapping import Unknown

__all__ = ["attribute", "element", "elements"]


def attribute(value: Value, name: str) -> Value:
    """`value.name`."""
    if isinstance(value, Unknown):
        return Unknown(value.cause, refs=value.refs)
    if isinstance(value, OpenObject):
        return value.read(name)
    if not isinstance(value, dict):
        raise FunctionError(f'there is no attribute "{name}" in what is no object')
    if name not in value:
        raise FunctionError(f'there is no attribute "{name}"')
    return value[name]


def element(value: Value, key: Value) -> Value:
    """`value[key]`."""
    if isinstance(value, Unknown):
        return Unknown(value.cause, refs=value.refs)
    if isinstance(value, TfSet) or not isinstance(value, (list, dict, OpenObject)):
        raise FunctionError("only lists, maps and objects have elements by key")
    if isinstance(key, (Unknown, OpenObject, Encoded)):
        return _some_element(value, key)
    if key is None:
        raise FunctionError("a key must not be null")
    if isinstance(value, list):
        return value[_position(key, len(value))]
    return attribute(value, as_text(key))


def _some_element(value: Value, key: Value) -> Value:
    if isinstance(value, OpenObject):
        return Unknown(value.whole.cause)
    cause = key.cause if isinstance(key, Unknown) else "unresolved:key"
    return one_of(cause, value.values() if isinstance(value, dict) else value)


def _position(key: Value, length: int) -> int:
    number = as_number(key)
    if isinstance(number, Decimal) or not 0 <= number < length:
        raise FunctionError(f"there is no element {number} in a list of {length}")
    return number


def elements(value: Value) -> list[tuple[Value, Value]]:
    """Keys and values of a collection in the order in which `for` goes through them."""
    if isinstance(value, TfSet):
        return [(item, item) for item in value]
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    raise FunctionError("only collections have elements to go through")
