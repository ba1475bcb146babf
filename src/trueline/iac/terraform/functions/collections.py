"""Terraform's functions on lists, maps and sets.

What is unknown comes in as it is: an unknown element leaves the others, and their number, known.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from trueline.iac.terraform.evaluate.numbers import arithmetic
from trueline.iac.terraform.evaluate.operators import equal
from trueline.iac.terraform.evaluate.types import ANY, convert, type_of
from trueline.iac.terraform.evaluate.values import (
    FunctionError,
    Number,
    OpenObject,
    TfList,
    TfMap,
    TfSet,
    Value,
    unknown_in,
)
from trueline.iac.terraform.functions.arguments import (
    is_opaque,
    mapping,
    number,
    sequence,
    some,
    unified,
)
from trueline.iac.terraform.functions.graphemes import graphemes
from trueline.iac.terraform.functions.limits import few
from trueline.mapping import Unknown, is_unknown

__all__ = [
    "all_true",
    "any_true",
    "chunks",
    "coalesce",
    "coalesce_list",
    "compact",
    "concat",
    "contains",
    "distinct",
    "element",
    "flatten",
    "index",
    "keys",
    "length",
    "lookup",
    "matching_keys",
    "merge",
    "number_range",
    "one",
    "reverse",
    "slice_list",
    "sort_texts",
    "total",
    "transpose",
    "values",
    "zip_map",
]

_RANGE_LIMIT = 1024
"""Terraform's own limit."""

_DEEPEST = 200


def _opaque(*inputs: Value, present: bool = True) -> Unknown:
    """The unknown that these inputs make of a result."""
    found = unknown_in(*inputs, present=present)
    return Unknown("unresolved:()", present=present) if found is None else found


def all_true(list_: Value) -> Value:
    """`alltrue(list)`: false as soon as one element is."""
    return _judged(list_, decisive=False)


def any_true(list_: Value) -> Value:
    """`anytrue(list)`: true as soon as one element is."""
    return _judged(list_, decisive=True)


def _judged(list_: Value, decisive: bool) -> Value:
    if is_opaque(list_):
        return _opaque(list_)
    # A null counts as false.
    if any((v or False) is decisive for v in list_ if not is_opaque(v)):
        return decisive
    doubt = unknown_in(list_, present=True)
    return not decisive if doubt is None else doubt


def chunks(list_: Value, size: int) -> Value:
    """`chunklist(list, size)`; a size of 0 gives one chunk."""
    if is_opaque(list_) or is_opaque(size):
        return _opaque(list_, size)
    if size < 0:
        raise FunctionError("the size argument must be positive")
    step = size or len(list_) or 1
    return TfList(TfList(list_[i : i + step]) for i in range(0, len(list_), step))


def coalesce(*inputs: Value) -> Value:
    """`coalesce(values…)`: the first that is neither null nor empty text, in their common type."""
    candidates = [v for v in unified(inputs) if v is not None and v != ""]
    if not candidates:
        raise FunctionError("no non-null, non-empty-string arguments")
    return _opaque(*candidates) if is_opaque(candidates[0]) else candidates[0]


def coalesce_list(*lists: Value) -> Value:
    """`coalescelist(lists…)`: the first that is not empty."""
    for position, list_ in enumerate(lists):
        if is_opaque(list_):
            return _opaque(*lists[position:])
        if not isinstance(list_, list) or isinstance(list_, TfSet):
            raise FunctionError("coalescelist arguments must be lists or tuples")
        if list_:
            return list_
    raise FunctionError("no non-null arguments")


def compact(list_: list[str | None]) -> TfList:
    """`compact(list)`: without null and empty texts."""
    return TfList(v for v in list_ if v)


def concat(*lists: Value) -> Value:
    """`concat(lists…)`: a tuple, or a list when all are lists."""
    if any(map(is_opaque, lists)):
        return _opaque(*lists)
    for list_ in lists:
        if not isinstance(list_, list) or isinstance(list_, TfSet):
            raise FunctionError("all arguments must be lists or tuples")
    few(sum(map(len, lists)))
    joined = [value for list_ in lists for value in list_]
    return TfList(unified(joined)) if all(isinstance(v, TfList) for v in lists) else joined


def contains(list_: Value, value: Value) -> Value:
    """`contains(list, value)`."""
    if is_opaque(sequence(list_)):
        return _opaque(list_)
    answers = [equal(each, value) for each in list_]
    if any(answer is True for answer in answers):
        return True
    doubt = unknown_in(answers, present=True)
    return False if doubt is None else doubt


def distinct(list_: list[Value]) -> TfList:
    """`distinct(list)`: each value where it first stands."""
    out: list[Value] = []
    seen: set[tuple[type, Any]] = set()
    for value in list_:
        if isinstance(value, (str, int, Decimal, bool)):
            mark = (value.__class__, value)
            if mark not in seen:
                seen.add(mark)
                out.append(value)
        elif not any(equal(value, other) is True for other in out):
            out.append(value)
    return TfList(out)


def element(list_: Value, position: Value) -> Value:
    """`element(list, position)`; positions behind the end begin again."""
    if is_opaque(list_) or is_opaque(position):
        return _opaque(list_, position, present=False)
    if not isinstance(list_, list) or isinstance(list_, TfSet):
        raise FunctionError("cannot read elements from this type")
    if not list_:
        raise FunctionError("cannot use element function with an empty list")
    if position < 0:
        raise FunctionError("cannot use element function with a negative index")
    return list_[position % len(list_)]


def flatten(list_: Value) -> Value:
    """`flatten(list)`. An unknown element might be a list: then nothing is known of the result."""
    if is_opaque(list_):
        return _opaque(list_)
    if not isinstance(list_, list):
        raise FunctionError("can only flatten lists, sets and tuples")
    out: list[Value] = []
    return _opaque(list_) if _flattened(list_, out, 0) else out


def _flattened(list_: list[Value], out: list[Value], depth: int) -> bool:
    """Collects elements; tells whether one may be a list."""
    if depth > _DEEPEST:
        raise FunctionError("the list is nested too deeply")
    if isinstance(list_, TfSet) and not _countable(list_):
        return True
    for value in list_:
        if isinstance(value, list):
            if _flattened(value, out, depth + 1):
                return True
        elif is_unknown(value):
            return True
        else:
            out.append(value)
    return False


def index(list_: Value, value: Value) -> Value:
    """`index(list, value)`: the first position of a value."""
    if is_opaque(sequence(list_)):
        return _opaque(list_)
    if isinstance(list_, TfSet):
        raise FunctionError("argument must be a list or tuple")
    for position, each in enumerate(list_):
        answer = equal(each, value)
        if isinstance(answer, Unknown):
            return answer
        if answer:
            return position
    raise FunctionError("item not found")


def keys(map_: Value) -> Value:
    """`keys(map)`, in order."""
    if is_opaque(mapping(map_)):
        return _opaque(map_)
    names = sorted(map_)
    return TfList(names) if isinstance(map_, TfMap) else names


def values(map_: Value) -> Value:
    """`values(map)`, in the order of the keys."""
    if is_opaque(mapping(map_)):
        return _opaque(map_)
    found = [map_[key] for key in sorted(map_)]
    return TfList(found) if isinstance(map_, TfMap) else found


def length(value: Value) -> Value:
    """`length(value)` of a text, a list, a set or a map."""
    if is_opaque(value):
        return _opaque(value)
    if isinstance(value, str):
        return len(graphemes(value))
    if not isinstance(value, (list, dict)):
        raise FunctionError("argument must be a string, a collection type, or a structural type")
    return _opaque(value) if isinstance(value, TfSet) and not _countable(value) else len(value)


def _countable(values_: TfSet) -> bool:
    """Is it known how many members a set has? An unknown one may equal another."""
    return len(values_) < 2 or unknown_in(values_) is None


def lookup(map_: Value, key: Value, *default: Value) -> Value:
    """`lookup(map, key, default)`."""
    if len(default) > 1:
        raise FunctionError("lookup() takes two or three arguments")
    if isinstance(map_, OpenObject) and isinstance(key, str):
        return map_.read(key)
    if is_opaque(mapping(map_)) or is_opaque(key):
        return _opaque(map_, key, *default, present=False)
    otherwise = [convert(each, type_of(map_).element or ANY) for each in default]
    if key in map_:
        return map_[key]
    if not otherwise:
        raise FunctionError(f"lookup failed to find key {key!r}")
    return otherwise[0]


def matching_keys(list_: Value, names: Value, wanted: Value) -> Value:
    """`matchkeys(values, keys, searchset)`: the values whose key is wanted."""
    if is_opaque(list_) or unknown_in(names, wanted) is not None:
        return _opaque(list_, names, wanted)
    if len(list_) != len(names):
        raise FunctionError("length of keys and values should be equal")
    keyed = unified([*names, *wanted])
    names, wanted = keyed[: len(names)], keyed[len(names) :]
    pairs = zip(list_, names, strict=True)
    return TfList(v for v, name in pairs if any(equal(name, each) is True for each in wanted))


def merge(*maps: Value) -> Value:
    """`merge(maps…)`: later maps win; null counts as empty.

    With an unknown map, what later maps say is known of the result.
    """
    given = [m for m in maps if m is not None]
    for each in given:
        mapping(each)
    if any(map(is_opaque, given)):
        return OpenObject(_opaque(*given), lambda name: _laid_last(given, name))
    merged: dict[str, Value] = {}
    for each in given:
        merged.update(each)
    if not given or not all(isinstance(each, TfMap) for each in given):
        return merged
    return TfMap(merged)


def _laid_last(maps: list[Value], name: str) -> Value:
    """A member of merged maps, as far as it is known which of them has the last word."""
    for each in reversed(maps):
        if is_opaque(each):
            return _opaque(*maps, present=False)
        if name in each:
            return each[name]
    raise FunctionError(f"there is no {name!r}")


def number_range(*limits: Number) -> TfList:
    """`range(limit)`, `range(start, limit)`, `range(start, limit, step)`."""
    if not 1 <= len(limits) <= 3:
        raise FunctionError("must have one, two, or three arguments")
    start, end = (0, limits[0]) if len(limits) == 1 else limits[:2]
    step = limits[2] if len(limits) == 3 else (-1 if end < start else 1)
    if step == 0 or ((end < start) != (step < 0) and start != end):
        raise FunctionError("the step does not lead from the start to the end")
    out = TfList()
    value = start
    while value > end if step < 0 else value < end:
        if len(out) >= _RANGE_LIMIT:
            raise FunctionError(f"more than {_RANGE_LIMIT} values were generated")
        out.append(value)
        value = arithmetic("+", value, step)
    return out


def one(list_: Value) -> Value:
    """`one(list)`: null of an empty list, else its only element."""
    if is_opaque(sequence(list_)):
        return _opaque(list_, present=False)
    if len(list_) > 1:
        if isinstance(list_, TfSet) and not _countable(list_):
            return _opaque(list_, present=False)
        raise FunctionError("must be a list, set, or tuple with either zero or one elements")
    return list_[0] if list_ else None


def reverse(list_: Value) -> Value:
    """`reverse(list)`."""
    if is_opaque(sequence(list_)):
        return _opaque(list_)
    if isinstance(list_, TfSet):
        doubt = unknown_in(list_, present=True)
        return TfList(reversed(list_)) if doubt is None else doubt
    return list_.__class__(reversed(list_))


def slice_list(list_: Value, start: Value, end: Value) -> Value:
    """`slice(list, start, end)`."""
    if any(map(is_opaque, (list_, start, end))):
        return _opaque(list_, start, end)
    if not isinstance(list_, list) or isinstance(list_, TfSet):
        raise FunctionError("cannot slice this type")
    if not 0 <= start <= end <= len(list_):
        raise FunctionError("the indices are not within the list")
    return list_.__class__(list_[start:end])


def sort_texts(list_: Value) -> Value:
    """`sort(list)`; with an unknown element, any of them may stand anywhere."""
    if is_opaque(list_):
        return _opaque(list_)
    unknown = unknown_in(list_, present=True)
    return TfList(sorted(map(some, list_)) if unknown is None else [unknown] * len(list_))


def total(list_: Value) -> Number:
    """`sum(list)`."""
    if not sequence(list_):
        raise FunctionError("cannot sum an empty list")
    result: Number = 0
    for value in list_:
        result = arithmetic("+", result, number(value))
    return result


def transpose(map_: dict[str, list[str]]) -> TfMap:
    """`transpose(map)`: which keys have a value."""
    out: dict[str, TfList] = {}
    for key in sorted(map_):
        for value in map_[key]:
            out.setdefault(some(value), TfList()).append(key)
    return TfMap(out)


def zip_map(names: Value, list_: Value) -> Value:
    """`zipmap(keys, values)`."""
    if is_opaque(sequence(list_)) or unknown_in(names) is not None:
        return _opaque(names, list_)
    if len(names) != len(list_):
        raise FunctionError("number of keys does not match number of values")
    made: Callable[[Any], Value] = TfMap if isinstance(list_, TfList) else dict
    return made(zip(map(some, names), list_, strict=True))
