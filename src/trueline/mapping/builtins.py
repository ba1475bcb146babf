"""JMESPath's own functions, carrying unknown: written for arguments that are known.

The evaluator calls them only with values free of unknown, except those in `STRUCTURAL`, which
rearrange their arguments without looking at the values.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable
from typing import Any

from trueline.mapping.unknown import Unknown, find_unknown, strongest

__all__ = ["BUILTINS", "BY_KEY", "STRUCTURAL", "contains", "length", "not_null"]

_ORDERED = (str, int, float, dt.datetime)


class _WrongTypeError(TypeError):
    """An argument has a type that the function does not take."""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _need(condition: bool) -> None:
    if not condition:
        raise _WrongTypeError


def _numbers(values: Any) -> list[float]:
    _need(isinstance(values, list) and all(_is_number(v) for v in values))
    return list(values)


def _ordered(values: Any) -> list[Any]:
    """Values of one kind that have an order: numbers, texts or times."""
    _need(isinstance(values, list))
    _need(not any(isinstance(v, bool) or not isinstance(v, _ORDERED) for v in values))
    return list(values)


def _texts(*values: Any) -> None:
    _need(all(isinstance(v, str) for v in values))


def _starts_with(text: Any, start: Any) -> bool:
    _texts(text, start)
    return bool(text.startswith(start))


def _ends_with(text: Any, end: Any) -> bool:
    _texts(text, end)
    return bool(text.endswith(end))


def _join(separator: Any, values: Any) -> str | None:
    _texts(separator)
    _need(isinstance(values, list))
    if any(v is None for v in values):
        return None
    _texts(*values)
    return str(separator.join(values))


def _to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return json.dumps(value, separators=(",", ":"), default=str)


def _to_number(value: Any) -> int | float:
    if _is_number(value):
        return value  # type: ignore[no-any-return]
    _texts(value)
    try:
        return int(value)
    except ValueError:
        return float(value)


def _type_of(value: Any) -> str:
    kinds: dict[type, str] = {bool: "boolean", str: "string", list: "array", dict: "object"}
    if value is None:
        return "null"
    return "number" if _is_number(value) else kinds.get(type(value), "string")


def length(value: Any) -> Any:
    """Number of elements, members or characters; unknown when any of them is not known."""
    _need(isinstance(value, (str, list, dict)))
    unknown = find_unknown(value)
    return len(value) if unknown is None else unknown.derived()


def contains(subject: Any, wanted: Any) -> Any:
    """Is `wanted` in a list or text? One known match decides, whatever else is unknown."""
    unknown = find_unknown(wanted)
    if unknown is not None:
        return unknown.derived()
    if isinstance(subject, str):
        _texts(wanted)
        return wanted in subject
    _need(isinstance(subject, list))
    for element in subject:
        same_kind = isinstance(element, bool) is isinstance(wanted, bool)
        if same_kind and element == wanted and find_unknown(element) is None:
            return True
    unknown = find_unknown(subject)
    return False if unknown is None else unknown.derived()


def not_null(*values: Any) -> Any:
    """The first value that is there; passes over absent and unset ones, stops at an unknown one."""
    held = None
    for value in values:
        if value.__class__ is Unknown and value.unset:
            held = value if held is None else held
        elif value is not None:
            return value
    return held


def _reverse(value: Any) -> Any:
    _need(isinstance(value, (str, list)))
    return value[::-1]


def _merge(*maps: Any) -> Any:
    _need(all(isinstance(m, dict) for m in maps))
    return {key: value for one in maps for key, value in one.items()}


def _values(value: Any) -> list[Any]:
    _need(isinstance(value, dict))
    return list(value.values())


def _keys(value: Any) -> list[Any]:
    _need(isinstance(value, dict))
    return list(value)


def _map(each: Callable[[Any], Any], values: Any) -> list[Any]:
    _need(isinstance(values, list))
    return [v.derived() if v.__class__ is Unknown else each(v) for v in values]


def _keyed(values: Any, key: Callable[[Any], Any]) -> list[tuple[Any, Any]] | Unknown:
    _need(isinstance(values, list))
    keys = [v if v.__class__ is Unknown else key(v) for v in values]
    unknown = strongest(keys)
    return list(zip(_ordered(keys), values, strict=True)) if unknown is None else unknown.derived()


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _min_by(values: Any, key: Callable[[Any], Any]) -> Any:
    pairs = _keyed(values, key)
    return (
        pairs
        if isinstance(pairs, Unknown)
        else min(pairs, key=lambda p: p[0], default=(0, None))[1]
    )


def _max_by(values: Any, key: Callable[[Any], Any]) -> Any:
    pairs = _keyed(values, key)
    return (
        pairs
        if isinstance(pairs, Unknown)
        else max(pairs, key=lambda p: p[0], default=(0, None))[1]
    )


def _sort_by(values: Any, key: Callable[[Any], Any]) -> Any:
    pairs = _keyed(values, key)
    return (
        pairs if isinstance(pairs, Unknown) else [v for _, v in sorted(pairs, key=lambda p: p[0])]
    )


def _average(values: Any) -> float | None:
    numbers = _numbers(values)
    return sum(numbers) / len(numbers) if numbers else None


def _abs(value: Any) -> Any:
    return abs(_numbers([value])[0])


def _ceil(value: Any) -> int:
    return math.ceil(_numbers([value])[0])


def _floor(value: Any) -> int:
    return math.floor(_numbers([value])[0])


# name: (function, least number of arguments, greatest, or None without limit)
BUILTINS: dict[str, tuple[Callable[..., Any], int, int | None]] = {
    "abs": (_abs, 1, 1),
    "avg": (_average, 1, 1),
    "ceil": (_ceil, 1, 1),
    "contains": (contains, 2, 2),
    "ends_with": (_ends_with, 2, 2),
    "floor": (_floor, 1, 1),
    "join": (_join, 2, 2),
    "keys": (_keys, 1, 1),
    "length": (length, 1, 1),
    "map": (_map, 2, 2),
    "max": (lambda values: max(_ordered(values), default=None), 1, 1),
    "max_by": (_max_by, 2, 2),
    "merge": (_merge, 1, None),
    "min": (lambda values: min(_ordered(values), default=None), 1, 1),
    "min_by": (_min_by, 2, 2),
    "not_null": (not_null, 1, None),
    "reverse": (_reverse, 1, 1),
    "sort": (lambda values: sorted(_ordered(values)), 1, 1),
    "sort_by": (_sort_by, 2, 2),
    "starts_with": (_starts_with, 2, 2),
    "sum": (lambda values: sum(_numbers(values)), 1, 1),
    "to_array": (lambda value: value if isinstance(value, list) else [value], 1, 1),
    "to_number": (_to_number, 1, 1),
    "to_string": (_to_string, 1, 1),
    "type": (_type_of, 1, 1),
    "values": (_values, 1, 1),
}

BY_KEY = {"map": 0, "max_by": 1, "min_by": 1, "sort_by": 1}
"""Position of the argument that is an expression (`&name`)."""

STRUCTURAL = frozenset(
    {
        "contains",
        "length",
        "map",
        "merge",
        "max_by",
        "min_by",
        "reverse",
        "sort_by",
        "to_array",
        "values",
    }
)
"""Functions that cope with unknown inside their arguments."""
