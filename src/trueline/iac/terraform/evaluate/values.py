"""The values of Terraform's expressions, known in part.

Terraform        here
null             None
bool             bool
number           int, or Decimal where it is no whole number
string           str
tuple, list      list, TfList
set              TfSet: unique and in Terraform's order
object, map      dict, TfMap
not known        Unknown, anywhere inside: exactly one value, perhaps null unless `present`
text of a tree   Encoded: JSON or YAML whose tree is known in part
open object      OpenObject: a resource's instance, read attribute by attribute

Values are never changed in place. `[]` written in code is a tuple and a variable of type
`list(string)` is a list: Terraform tells them apart in `==`, and so do the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueline.mapping import Unknown

__all__ = [
    "Encoded",
    "FunctionError",
    "NoSuchFunctionError",
    "Number",
    "OpenObject",
    "TfList",
    "TfMap",
    "TfSet",
    "Value",
    "doubt",
    "is_known",
    "merged",
    "normal",
    "plain",
    "unknown_in",
    "unknowns_in",
]

Value = Any
Number = int | Decimal

_DEEPEST = 200
"""Values nested deeper than this count as not readable."""

_MOST_REFS = 64
"""Beyond this many blocks nothing useful can be said about where a value comes from."""


class FunctionError(Exception):
    """Terraform would fail here, with this message; the value becomes unknown."""


class NoSuchFunctionError(FunctionError):
    """There is no such function, or it is a provider's; `try` does not catch this."""


class TfList(list[Value]):
    """A list, whose elements have one type, as `tolist` makes it; a plain list is a tuple."""

    __slots__ = ()


class TfMap(dict[str, Value]):
    """A map, whose elements have one type, as `tomap` makes it; a plain dict is an object."""

    __slots__ = ()


class TfSet(list[Value]):
    """A set: elements unique, in Terraform's order (the maker sees to both).

    Unknown elements stand last; two of them, or one and a known element, may be the same.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Text that is JSON or YAML; `document` is its tree, with unknown leaves."""

    document: Value


@dataclass(frozen=True, slots=True, eq=False)
class OpenObject:
    """An object of which not everything is known: a resource's instance, a module's outputs.

    `read(name)` gives an attribute, an Unknown where the code does not say it.
    `whole` stands for it where a value is wanted: its refs name the instance.
    """

    whole: Unknown
    read: Callable[[str], Value]


def unknowns_in(value: Value, depth: int = 0) -> Iterator[Unknown]:
    """Every unknown in a value, in order; what is nested too deeply is one."""
    kind = value.__class__
    if kind is Unknown:
        yield value
    elif kind is OpenObject:
        yield value.whole
    elif depth > _DEEPEST:
        yield Unknown("unresolved:(nested too deeply)")
    elif kind is Encoded:
        yield from unknowns_in(value.document, depth + 1)
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from unknowns_in(inner, depth + 1)


def merged(
    unknowns: Iterable[Unknown], present: bool = False, named: bool = False
) -> Unknown | None:
    """What can be said of a value computed from these: the first cause, the refs of all.

    One without refs leaves none. None for no unknowns. `present`: the result is never null.
    `named`: it holds them whole, so that of nothing but names it is one.
    """
    cause: str | None = None
    refs: dict[str, None] = {}
    traced = True
    for unknown in unknowns:
        cause = cause or unknown.cause
        named = named and unknown.named
        refs.update(dict.fromkeys(unknown.refs))
        traced = traced and bool(unknown.refs) and len(refs) <= _MOST_REFS
        if not traced:
            break
    if cause is None:
        return None
    named = named and traced
    return Unknown(cause, present=present, refs=tuple(refs) if traced else (), named=named)


def unknown_in(*values: Value, present: bool = False, named: bool = False) -> Unknown | None:
    """All unknowns inside these values as one; None when everything is known.

    An Unknown has no truth: compare with None.
    """
    return merged((u for value in values for u in unknowns_in(value)), present, named)


def doubt(*values: Value, named: bool = False) -> Unknown:
    """What can be said of something computed from these, one of which is unknown: never null."""
    found = unknown_in(*values, present=True, named=named)
    return Unknown("unresolved:(unknown)", present=True) if found is None else found


def is_known(value: Value) -> bool:
    """Is everything in this value known?"""
    return next(unknowns_in(value), None) is None


def normal(number: Number) -> Number:
    """A number as these values hold it: int where it is whole."""
    if number.__class__ is Decimal and number == number.to_integral_value():
        return int(number)
    return number


def plain(value: Value) -> Value:
    """A value for those who know nothing of Terraform: lists, dicts, text, numbers, Unknown.

    Encoded gives its tree, an open object its unknown, a Decimal a float.
    """
    kind = value.__class__
    if kind is Encoded:
        return plain(value.document)
    if kind is OpenObject:
        return value.whole
    if kind is Decimal:
        return float(value)
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value
