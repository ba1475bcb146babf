"""Terraform's operators on values that may be known in part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from trueline.iac.terraform.evaluate.numbers import arithmetic
from trueline.iac.terraform.evaluate.types import as_bool, as_number
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    Number,
    OpenObject,
    TfSet,
    Value,
    doubt,
    is_known,
    unknowns_in,
)
from trueline.mapping import Unknown

__all__ = ["binary", "choice", "equal", "one_of", "truth", "unary"]

_OPAQUE = (Unknown, OpenObject, Encoded)

_COMPARISONS: dict[str, Callable[[Number, Number], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


def truth(value: Value) -> bool | Unknown:
    """A value where a bool is wanted; raises FunctionError when it is none."""
    if isinstance(value, _OPAQUE):
        return doubt(value)
    return as_bool(value)


def unary(op: str, value: Value) -> Value:
    """`-value` or `!value`."""
    if isinstance(value, _OPAQUE):
        return doubt(value)
    if op == "!":
        return not as_bool(value)
    # Terraform knows a negative zero, and writes it.
    return -as_number(value) or Decimal("-0")


def binary(op: str, left: Value, right: Value) -> Value:
    """`left op right`, but for `&&` and `||`; raises FunctionError where Terraform fails."""
    if op in ("==", "!="):
        same = equal(left, right)
        return same if isinstance(same, Unknown) else same == (op == "==")
    if isinstance(left, _OPAQUE) or isinstance(right, _OPAQUE):
        for value in (left, right):
            if not isinstance(value, _OPAQUE):
                as_number(value)
        return doubt(left, right)
    first, second = as_number(left), as_number(right)
    if op in _COMPARISONS:
        return _COMPARISONS[op](first, second)
    return arithmetic(op, first, second)


def equal(left: Value, right: Value) -> bool | Unknown:
    """`left == right`: also the type must be the same; unknown only where it decides."""
    if left is None or right is None:
        return _is_null(left, right)
    if isinstance(left, _OPAQUE) or isinstance(right, _OPAQUE):
        return doubt(left, right)
    if _kind(left) is not _kind(right):
        return False
    if isinstance(left, list):
        return _equal_lists(left, right)
    if isinstance(left, dict):
        if left.keys() != right.keys():
            return False
        return _all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _is_null(left: Value, right: Value) -> bool | Unknown:
    other = right if left is None else left
    if isinstance(other, OpenObject):
        other = other.whole
    if not isinstance(other, Unknown):
        return other is None
    return False if other.present else doubt(other)


def _equal_lists(left: list[Value], right: list[Value]) -> bool | Unknown:
    if left.__class__ is TfSet and not (is_known(left) and is_known(right)):
        return doubt(left, right)
    if len(left) != len(right):
        return False
    if not left and left.__class__ is not list:
        # The elements' type decides, and an empty collection does not show it.
        return Unknown("unresolved:(type of an empty collection)", present=True)
    return _all(equal(a, b) for a, b in zip(left, right, strict=True))


def _all(answers: Iterable[bool | Unknown]) -> bool | Unknown:
    doubts: list[Unknown] = []
    for answer in answers:
        if isinstance(answer, Unknown):
            doubts.append(answer)
        elif not answer:
            return False
    return doubt(doubts) if doubts else True


def _kind(value: Value) -> type:
    return int if value.__class__ is Decimal else value.__class__


def choice(test: Unknown, then: Value, otherwise: Value) -> Value:
    """What can be said of `test ? then : otherwise` when the test is unknown.

    What is the same in both is known; objects and tuples of the same form are chosen by members.
    """
    if then is otherwise:
        return then
    if then.__class__ is otherwise.__class__ is dict and then.keys() == otherwise.keys():
        return {key: choice(test, then[key], otherwise[key]) for key in then}
    if then.__class__ is otherwise.__class__ is list and len(then) == len(otherwise):
        return [choice(test, a, b) for a, b in zip(then, otherwise, strict=True)]
    if not isinstance(then, _OPAQUE) and not isinstance(otherwise, _OPAQUE):
        same = equal(then, otherwise)
        empty = then in ([], {}) and otherwise in ([], {})
        if same is True or (empty and _kind(then) is _kind(otherwise)):
            return then
    return one_of(test.cause, (then, otherwise))


def one_of(cause: str, values: Iterable[Value]) -> Unknown:
    """One of these values, it is not known which: the refs of all, none where one has none.

    Null beside them takes away `present`, not the refs.
    """
    refs: dict[str, None] = {}
    traced = present = named = True
    for value in values:
        if value is None:
            present = False
        elif isinstance(value, (Unknown, OpenObject)):
            unknown = value.whole if isinstance(value, OpenObject) else value
            present = present and unknown.present
            traced, named = traced and bool(unknown.refs), named and unknown.named
            refs.update(dict.fromkeys(unknown.refs))
        else:
            own = [u.refs for u in unknowns_in(value)]
            traced = traced and bool(own) and all(own)
            refs.update(dict.fromkeys(ref for several in own for ref in several))
            named = False
    named = named and traced and bool(refs)
    return Unknown(cause, present=present, refs=tuple(refs) if traced else (), named=named)
