"""The pieces of SQL text that compiling and fusing share: names, constants, and holes to fill.

A fragment is SQL with *holes*, filled when policies are fused: a parameter's value, the clock, a
relation's result. A hole is delimited by two control characters that no predicate may contain, and
holes are filled in one pass, so that nothing a value says can open another.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from trueline.model import Type

__all__ = ["fill", "hole", "literal", "quote"]

_HOLE = re.compile("\x02([^\x02\x03]*)\x03")


def quote(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any, kind: Type) -> str:
    """A constant of a type. Raises TypeError when the value does not have it."""
    if kind.kind == "list" and isinstance(value, list | tuple):
        item = kind.item or Type("text")
        return f"CAST([{', '.join(literal(v, item) for v in value)}] AS {kind.sql})"
    if kind.kind == "bool" and isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind.kind == "int" and isinstance(value, int) and number and abs(value) < 2**63:
        return f"({value})" if value < 0 else str(value)
    if kind.kind == "float" and number and abs(value) < 2**63:
        return f"CAST({float(value)!r} AS DOUBLE)"
    if kind.kind == "text" and isinstance(value, str) and "\0" not in value:
        return "'" + value.replace("'", "''") + "'"
    if kind.kind == "time" and isinstance(value, dt.datetime):
        utc = (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        return f"TIMESTAMPTZ '{utc.isoformat(' ')}'"
    raise TypeError(f"expected {kind}, seen {value!r}")


def hole(kind: str, *names: str | int) -> str:
    """A place to fill: `param:name`, `now`, `code:relation:condition`, `rows:relation` …"""
    return "\x02" + ":".join([kind, *map(str, names)]) + "\x03"


def fill(fragment: str, fillers: Callable[[list[str]], str]) -> str:
    """Replace every hole by what `fillers` makes of its parts; the result is not read again."""
    return _HOLE.sub(lambda found: fillers(found[1].split(":")), fragment)
