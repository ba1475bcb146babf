"""Scalar casts: what an answer or a file holds -> the Python value of a column type.

Every cast raises ValueError (never anything else) for what it cannot read.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

__all__ = ["SCALAR_CASTS", "to_bool", "to_float", "to_int", "to_text", "to_time"]

_BOOLS = {"true": True, "false": False, "1": True, "0": False}
_INTEGER = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_MILLISECONDS = 1e11  # as seconds this would be the year 5138


def to_bool(value: Any) -> bool:
    """True and false, also as text or as 1 and 0."""
    if value is True or value is False:
        return bool(value)
    known = _BOOLS.get(str(value).lower()) if isinstance(value, (str, int)) else None
    if known is None:
        raise ValueError("not a truth value")
    return known


def to_int(value: Any) -> int:
    """A whole number of at most 64 bits, also as text."""
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value):
            raise ValueError("not a whole number")
    elif not isinstance(value, int) and not (isinstance(value, float) and value.is_integer()):
        raise ValueError("not a whole number")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("more than 64 bits")
    return number


def to_float(value: Any) -> float:
    """A finite number, also as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("not a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("too large") from None
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def to_text(value: Any) -> str:
    """Text, also of numbers, truth values and times; halves of surrogate pairs become `?`."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    raise ValueError("not a text")


def to_time(value: Any) -> dt.datetime:
    """A time in UTC: of a datetime, ISO 8601 text, or seconds or milliseconds since 1970.

    What names no zone is in UTC.
    """
    if isinstance(value, bool):
        raise ValueError("a truth value is not a time")
    try:
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            value = dt.datetime.fromisoformat(value.strip())
        if isinstance(value, dt.datetime):
            return _in_utc(value)
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        seconds = to_float(value)
        return dt.datetime.fromtimestamp(
            seconds / (1000 if abs(seconds) > _MILLISECONDS else 1), dt.UTC
        )
    except (OverflowError, OSError) as error:
        raise ValueError("not a time within the calendar") from error


def _in_utc(value: dt.datetime) -> dt.datetime:
    # Time zones of other libraries do not survive pickling and Arrow alike: one zone object.
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


SCALAR_CASTS: dict[str, Callable[[Any], Any]] = {
    "bool": to_bool,
    "int": to_int,
    "float": to_float,
    "text": to_text,
    "time": to_time,
}
