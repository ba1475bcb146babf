"""Does a plain YAML value fit a column type?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from trueline.model import Type

__all__ = ["misfit", "parse_time"]

_SCALARS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "text": (str,),
}


def parse_time(text: str) -> dt.datetime:
    """A time in RFC 3339, UTC where it names no offset; ValueError otherwise."""
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def misfit(kind: Type, value: Any) -> str | None:
    """What is wrong with `value` as a complete value of the type; None when it fits."""
    if value is None:
        return f"expected {kind}, seen nothing"
    if kind.kind in _SCALARS:
        fits = isinstance(value, _SCALARS[kind.kind])
        fits = fits and (kind.kind == "bool") == isinstance(value, bool)
        return None if fits else f"expected {kind}, seen {_shown(value)}"
    if kind.kind == "time":
        return _time_misfit(kind, value)
    if kind.kind == "list":
        return _list_misfit(kind, value)
    if not isinstance(value, dict):
        return f"expected {kind}, seen {_shown(value)}"
    if kind.kind == "map":
        wrong = next((k for k, v in value.items() if not isinstance(v, str)), None)
        return None if wrong is None else f"values of a map are text, {wrong!r} is not"
    return _struct_misfit(kind, value)


def _time_misfit(kind: Type, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"expected {kind}, seen {_shown(value)}"
    try:
        parse_time(value)
    except ValueError:
        return f"expected a time such as 2026-01-31T12:00:00Z, seen {_shown(value)}"
    return None


def _list_misfit(kind: Type, value: Any) -> str | None:
    if not isinstance(value, list) or kind.item is None:
        return f"expected {kind}, seen {_shown(value)}"
    return next((m for v in value if (m := misfit(kind.item, v))), None)


def _struct_misfit(kind: Type, value: dict[str, Any]) -> str | None:
    for name in value:
        if kind.field(name) is None:
            return f"{kind} has no field {name!r}"
    for part in kind.fields:
        if part.name not in value:
            return f"{kind} needs the field {part.name!r}"
        if message := misfit(part.type, value[part.name]):
            return f"field {part.name!r}: {message}"
    return None


def _shown(value: Any) -> str:
    text = "true" if value is True else "false" if value is False else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
