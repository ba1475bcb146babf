"""Terraform's functions that change or hide a value's type or mark."""

from __future__ import annotations

from trueline.iac.terraform.evaluate.types import (
    ANY,
    Type,
    as_bool,
    as_number,
    as_text,
    convert,
)
from trueline.iac.terraform.evaluate.values import TfSet, Value, unknown_in
from trueline.iac.terraform.functions.arguments import is_opaque
from trueline.mapping import Unknown, is_unknown

__all__ = [
    "as_is",
    "is_sensitive",
    "sensitive",
    "to_bool",
    "to_list",
    "to_map",
    "to_number",
    "to_set",
    "to_string",
]

_SENSITIVE = "sensitive"


def to_string(value: Value) -> Value:
    """`tostring(value)`; null stays null."""
    return value if value is None or is_opaque(value) else as_text(value)


def to_number(value: Value) -> Value:
    """`tonumber(value)`; null stays null."""
    return value if value is None or is_opaque(value) else as_number(value)


def to_bool(value: Value) -> Value:
    """`tobool(value)`; null stays null."""
    return value if value is None or is_opaque(value) else as_bool(value)


def to_list(value: Value) -> Value:
    """`tolist(value)`; of a set, in its order, which unknown members leave open."""
    if isinstance(value, TfSet) and len(value) > 1:
        unknown = unknown_in(value, present=True)
        if unknown is not None:
            return unknown
    return convert(value, Type("list", ANY))


def to_set(value: Value) -> Value:
    """`toset(value)`."""
    return convert(value, Type("set", ANY))


def to_map(value: Value) -> Value:
    """`tomap(value)`."""
    return convert(value, Type("map", ANY))


def sensitive(value: Value) -> Value:
    """`sensitive(value)`: what is known of it is not held; null hides nothing."""
    if value is None:
        return None
    if is_unknown(value):
        return Unknown(_SENSITIVE, present=value.present, refs=value.refs)
    return Unknown(_SENSITIVE, present=True)


def is_sensitive(value: Value) -> Value:
    """`issensitive(value)`."""
    if is_unknown(value) and value.cause != _SENSITIVE:
        return Unknown(value.cause, present=True, refs=value.refs)
    return is_unknown(value)


def as_is(value: Value) -> Value:
    """`nonsensitive(value)` and `ephemeralasnull(value)`: marks are not told apart here.

    What is sensitive stays so, because its value is not held.
    """
    return value
