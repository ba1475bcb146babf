"""Shape functions about being there, choosing and putting together."""

from __future__ import annotations

import re
from typing import Any

from trueline.mapping.unknown import MALFORMED, Unknown, maybe_empty, strongest

__all__ = [
    "any_true",
    "as_list",
    "concat",
    "is_set",
    "last_part",
    "lookup",
    "merged",
    "set_or_empty",
    "tags",
    "unless",
]

_SEPARATORS = re.compile(r"[/:]")
_TRUTHS = {"true": True, "false": False}


def last_part(text: Any, sep: Any = None) -> Any:
    """The part of a text after its last `sep`, or after its last `/` or `:`."""
    unknown = strongest((text, sep))
    if unknown is not None:
        return unknown.derived()
    if text is None:
        return None
    if not isinstance(text, str) or not (sep is None or (isinstance(sep, str) and sep)):
        return Unknown(MALFORMED)
    return _SEPARATORS.split(text)[-1] if sep is None else text.rsplit(sep, 1)[-1]


def tags(pairs: Any) -> Any:
    """Tags as a map, from `[{Key, Value}]`, `[{key, value}]`, `[{TagKey, TagValue}]` or a map.

    One unknown pair or key makes the map unknown; an unknown value only itself.
    """
    if pairs is None or isinstance(pairs, dict):
        return pairs
    if pairs.__class__ is Unknown:
        return pairs.derived()
    if not isinstance(pairs, list):
        return Unknown(MALFORMED)
    out = {}
    for pair in pairs:
        if pair.__class__ is Unknown:
            return pair.derived()
        if not isinstance(pair, dict):
            return Unknown(MALFORMED)
        key = _first(pair, "Key", "key", "TagKey", "tagKey")
        if key.__class__ is Unknown:
            return key.derived()
        if not isinstance(key, str):
            return Unknown(MALFORMED)
        value = _first(pair, "Value", "value", "TagValue", "tagValue")
        out[key] = "" if value is None else value
    return out


def _first(pair: dict[Any, Any], *names: str) -> Any:
    return next((pair[name] for name in names if pair.get(name) is not None), None)


def as_list(value: Any) -> Any:
    """A list stays, a single value becomes a list of itself, absent stays absent."""
    return value if value is None or value.__class__ in (list, Unknown) else [value]


def set_or_empty(value: Any) -> Any:
    """A list that code leaves out is empty: for lists to which the service adds nothing."""
    return [] if value is None or (value.__class__ is Unknown and value.unset) else value


def is_set(value: Any) -> Any:
    """Is there something? False for absent and empty; true for set to a value not yet known."""
    if value.__class__ is Unknown:
        return True if value.present else value
    loose = maybe_empty(value)
    if loose is not None:
        return loose
    return not (value is None or value in ("", [], {}))


def concat(*lists: Any) -> Any:
    """Lists put together; an unknown one becomes an unknown element, absent ones are left out."""
    there = [one for one in lists if one is not None]
    if all(one.__class__ is Unknown for one in there):
        unknown = strongest(there)
        return None if unknown is None else unknown.derived()
    out: list[Any] = []
    for one in there:
        out.extend(one if one.__class__ is list else [one])
    return out


def merged(*maps: Any) -> Any:
    """Maps put together, the later winning; unknown when one of them is unknown."""
    there = [one for one in maps if one is not None]
    unknown = strongest(one for one in there if one.__class__ is Unknown)
    if unknown is not None:
        # A map that is there beside an unset one: a default would deny what is there.
        only_unset = unknown.unset and all(one.__class__ is Unknown for one in there)
        return Unknown(unknown.cause, only_unset)
    if not all(isinstance(one, dict) for one in there):
        return Unknown(MALFORMED)
    return {key: value for one in there for key, value in one.items()} if there else None


def any_true(*values: Any) -> Any:
    """Is one of these (or of the elements of these lists) true? Absent when none is there."""
    flat = [v for one in values for v in (one if one.__class__ is list else (one,))]
    verdicts = [_TRUTHS.get(v.lower(), v) if isinstance(v, str) else v for v in flat]
    if any(v is True for v in verdicts):
        return True
    unknown = strongest(v for v in verdicts if v.__class__ is Unknown)
    if any(v is not None and v is not False and v.__class__ is not Unknown for v in verdicts):
        return Unknown(MALFORMED)
    if unknown is not None:
        return unknown.derived()
    silent = all(one is None for one in values)
    return None if silent else False


def lookup(value: Any, table: Any) -> Any:
    """The entry of a table; absent for a value that the table does not have."""
    if value is None:
        return None
    if value.__class__ is Unknown:
        return value.derived()
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(table, dict) or not isinstance(value, (str, int)):
        return Unknown(MALFORMED)
    return table.get(str(value))


def unless(value: Any, nothing: Any) -> Any:
    """The value, or absent where it is a word for "nothing" (one word, or a list of them)."""
    if isinstance(value, (list, dict)):
        return value
    words = nothing if isinstance(nothing, list) else [nothing]
    same = any(
        isinstance(value, bool) is isinstance(word, bool) and value == word for word in words
    )
    return None if same else value
