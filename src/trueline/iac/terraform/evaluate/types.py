"""Terraform's types: of a value, the one that several share, and conversion of values to one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trueline.iac.terraform.evaluate.numbers import number_text
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    Number,
    OpenObject,
    TfList,
    TfMap,
    TfSet,
    Value,
    normal,
)
from trueline.mapping import Unknown

__all__ = [
    "ANY",
    "BOOL",
    "NUMBER",
    "STRING",
    "Type",
    "as_bool",
    "as_number",
    "as_text",
    "convert",
    "set_of",
    "shared_type",
    "type_of",
]

_NUMERIC = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_LARGEST_EXPONENT = 150
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Type:
    """`kind` is any, string, number, bool, list, set, map, tuple or object.

    `element` of list, set and map; `elements` of a tuple; `attributes` of an object, of which
    those in `optional` may be left out and have that value then.
    """

    kind: str
    element: Type | None = None
    elements: tuple[Type, ...] = ()
    attributes: Mapping[str, Type] = field(default_factory=dict)
    optional: Mapping[str, Value] = field(default_factory=dict)


ANY, STRING, NUMBER, BOOL = Type("any"), Type("string"), Type("number"), Type("bool")
_PRIMITIVES = {str: STRING, int: NUMBER, Decimal: NUMBER, bool: BOOL, Encoded: STRING}
_LISTS = {TfList: "list", TfSet: "set"}


def type_of(value: Value) -> Type:
    """The type of a value; `any` where it cannot be told: null, unknown."""
    kind = value.__class__
    if kind in _PRIMITIVES:
        return _PRIMITIVES[kind]
    if kind in _LISTS:
        return Type(_LISTS[kind], shared_type([type_of(item) for item in value]) or ANY)
    if kind is TfMap:
        return Type("map", shared_type([type_of(item) for item in value.values()]) or ANY)
    if kind is list:
        return Type("tuple", elements=tuple(type_of(item) for item in value))
    if kind is dict:
        return Type("object", attributes={key: type_of(item) for key, item in value.items()})
    return ANY


def shared_type(types: Sequence[Type]) -> Type | None:
    """The type to which all these convert, as Terraform unifies them; None when there is none."""
    known = [type_ for type_ in types if type_.kind != "any"]
    kinds = {type_.kind for type_ in known}
    if len(known) <= 1 or all(type_ == known[0] for type_ in known):
        return known[0] if known else ANY
    if kinds <= {"string", "number", "bool"}:
        return STRING if "string" in kinds else None if len(kinds) > 1 else known[0]
    if kinds <= {"tuple", "list", "set"}:
        return _shared_sequence(known, kinds)
    if kinds <= {"object", "map"}:
        return _shared_mapping(known, kinds)
    return None


def _shared_sequence(types: list[Type], kinds: set[str]) -> Type | None:
    lengths = {len(type_.elements) for type_ in types}
    if kinds == {"tuple"} and len(lengths) == 1:
        rows = [shared_type(row) for row in zip(*(t.elements for t in types), strict=True)]
        whole = [row for row in rows if row]
        return Type("tuple", elements=tuple(whole)) if len(whole) == len(rows) else None
    if kinds == {"set", "tuple"}:
        # Terraform leaves the set's elements as they are, whatever is in the tuple.
        return next(type_ for type_ in types if type_.kind == "set")
    return _collection("set" if kinds == {"set"} else "list", types)


def _shared_mapping(types: list[Type], kinds: set[str]) -> Type | None:
    names = list(types[0].attributes)
    if kinds == {"object"} and all(set(t.attributes) == set(names) for t in types):
        columns = {name: shared_type([t.attributes[name] for t in types]) for name in names}
        whole = {name: column for name, column in columns.items() if column}
        return Type("object", attributes=whole) if len(whole) == len(columns) else None
    return _collection("map", types)


def _collection(kind: str, types: list[Type]) -> Type | None:
    inner: list[Type] = []
    for type_ in types:
        inner += [type_.element] if type_.element else []
        inner += [*type_.elements, *type_.attributes.values()]
    element = shared_type(inner)
    return Type(kind, element) if element else None


def convert(value: Value, type_: Type) -> Value:
    """A value as another type; raises FunctionError where Terraform cannot convert it.

    Unknown and null have every type.
    """
    kind = type_.kind
    if value is None or kind == "any" or isinstance(value, (Unknown, OpenObject)):
        return value
    if kind == "string":
        return as_text(value)
    if kind == "number":
        return as_number(value)
    if kind == "bool":
        return as_bool(value)
    if kind in ("list", "set", "tuple"):
        return _sequence(value, type_)
    return _mapping(value, type_)


def _sequence(value: Value, type_: Type) -> Value:
    if not isinstance(value, list):
        raise FunctionError(f"{type_.kind} required")
    if type_.kind == "tuple":
        if len(value) != len(type_.elements):
            raise FunctionError(f"tuple of {len(type_.elements)} elements required")
        return [convert(item, t) for item, t in zip(value, type_.elements, strict=True)]
    items = _alike(value, type_.element or ANY)
    return set_of(items) if type_.kind == "set" else TfList(items)


def _mapping(value: Value, type_: Type) -> Value:
    if not isinstance(value, dict):
        raise FunctionError(f"{type_.kind} required")
    if type_.kind == "map":
        return TfMap(zip(value, _alike(value.values(), type_.element or ANY), strict=True))
    made: dict[str, Value] = {}
    for name, inner in type_.attributes.items():
        if name in type_.optional and value.get(name) is None:
            made[name] = convert(type_.optional[name], inner)
        elif name in value:
            made[name] = convert(value[name], inner)
        else:
            raise FunctionError(f'attribute "{name}" is required')
    return made


def _alike(items: Iterable[Value], element: Type) -> list[Value]:
    """Elements of one type; `any` becomes the type that they share."""
    values = list(items)
    if element.kind == "any":
        shared = shared_type([type_of(item) for item in values])
        if shared is None:
            raise FunctionError("all elements must have the same type")
        element = shared
    return [convert(item, element) for item in values]


def set_of(items: Iterable[Value]) -> TfSet:
    """A set of elements of one type: each once, in Terraform's order, the unknown ones last."""
    known: dict[str, Value] = {}
    unknown: list[Value] = []
    for item in items:
        if isinstance(item, (Unknown, OpenObject, Encoded)):
            unknown.append(item)
        else:
            known.setdefault(repr(_ordered(item)), item)
    return TfSet([*sorted(known.values(), key=_ordered), *unknown])


def _ordered(value: Value) -> tuple[object, ...]:
    """A key that sorts values of one type: null last, numbers by size, text by code points."""
    if value is None:
        return (2,)
    if isinstance(value, (list, dict)):
        return (1, _written(value))
    return (0, value)


def _written(value: Value) -> str:
    """A text that equal values of one type share; members of sets are in the order of these."""
    if value is None:
        return "~"
    if isinstance(value, (Unknown, OpenObject, Encoded)):
        return f"?{id(value)}"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, TfMap):
        return f"{{{''.join(f'{_written(k)}:{_written(value[k])};' for k in sorted(value))}}}"
    if isinstance(value, (list, dict)):
        inner = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
        body = "".join(f"{_written(item)};" for item in inner)
        return f"[{body}]" if isinstance(value, (TfList, TfSet)) else f"<{body}>"
    return number_text(value)


def as_text(value: Value) -> Value:
    """A value as text: numbers and bools are written out; Encoded stays."""
    kind = value.__class__
    if kind is str or kind is Encoded:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal:
        return number_text(value)
    raise FunctionError("string required")


def as_number(value: Value) -> Number:
    """A value as a number: text that writes one is one."""
    kind = value.__class__
    if kind is int or kind is Decimal:
        number: Number = value
        return number
    if kind is str and _NUMERIC.fullmatch(value):
        read = Decimal(value)
        if abs(read.adjusted()) > _LARGEST_EXPONENT:
            raise FunctionError("the number is out of range")
        return normal(read)
    raise FunctionError("a number is required")


def as_bool(value: Value) -> bool:
    """A value as a bool: the texts `true` and `false`, `1` and `0` are."""
    if value.__class__ is bool:
        return bool(value)
    if value.__class__ is str and value in _TRUTHS:
        return _TRUTHS[value]
    raise FunctionError("a bool is required")
