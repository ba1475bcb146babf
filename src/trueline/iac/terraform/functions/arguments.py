"""What a function takes: kinds of arguments, and how a value becomes one.

A kind takes a value in which things may be unknown and gives it as the function wants it, or
raises FunctionError where Terraform would refuse it. What is unknown passes through.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trueline.iac.terraform.evaluate.types import (
    ANY,
    Type,
    as_bool,
    as_number,
    as_text,
    convert,
)
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    OpenObject,
    TfList,
    TfMap,
    Value,
)
from trueline.mapping import Unknown

__all__ = [
    "anything",
    "elements",
    "is_opaque",
    "mapping",
    "maps_of_texts",
    "members",
    "not_reproduced",
    "number",
    "sequence",
    "some",
    "text",
    "texts",
    "truth",
    "truths",
    "unified",
    "whole",
]


def is_opaque(value: Value) -> bool:
    """Is nothing of this value known but where it comes from?"""
    return value.__class__ in (Unknown, Encoded, OpenObject)


def not_reproduced(name: str) -> Unknown:
    """The result of a function that no two runs, or only Terraform's own libraries, give alike."""
    return Unknown(f"unresolved:{name}()", present=True)


def anything(value: Value) -> Value:
    """Any value, null too."""
    return value


def some(value: Value) -> Value:
    """Any value but null."""
    if value is None:
        raise FunctionError("argument must not be null")
    return value


def text(value: Value) -> Value:
    """A text; numbers and bools are written out."""
    if isinstance(value, OpenObject):
        return value.whole
    return value if is_opaque(value) else as_text(some(value))


def number(value: Value) -> Value:
    """A number, or a text that says one in decimal digits."""
    return value if is_opaque(value) else as_number(some(value))


def whole(value: Value) -> Value:
    """A whole number."""
    value = number(value)
    if isinstance(value, Decimal) and value:
        raise FunctionError("value must be a whole number")
    return value if is_opaque(value) else int(value)


def truth(value: Value) -> Value:
    """A bool, or the text of one."""
    return value if is_opaque(value) else as_bool(some(value))


def sequence(value: Value) -> Value:
    """A list, tuple or set."""
    if isinstance(some(value), list) or is_opaque(value):
        return value
    raise FunctionError("argument must be list, set, or tuple")


def mapping(value: Value) -> Value:
    """A map or object."""
    if isinstance(some(value), dict) or is_opaque(value):
        return value
    raise FunctionError("must have map or object type")


def elements(value: Value) -> Value:
    """A list whose elements have one type."""
    return value if is_opaque(value) else convert(some(value), Type("list", ANY))


def members(value: Value) -> Value:
    """A set."""
    return value if is_opaque(value) else convert(some(value), Type("set", ANY))


def texts(value: Value) -> Value:
    """A list of texts, of which some may be null."""
    value = sequence(value)
    return value if is_opaque(value) else TfList(None if v is None else text(v) for v in value)


def truths(value: Value) -> Value:
    """A list of bools, of which some may be null."""
    value = sequence(value)
    return value if is_opaque(value) else TfList(None if v is None else truth(v) for v in value)


def maps_of_texts(value: Value) -> Value:
    """A map of lists of texts."""
    value = mapping(value)
    return value if is_opaque(value) else TfMap({k: texts(v) for k, v in value.items()})


def unified(values: Iterable[Value]) -> list[Value]:
    """The values converted to the one type that Terraform finds for them."""
    return list(convert(list(values), Type("list", ANY)))
