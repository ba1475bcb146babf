"""Filter strings, the short form that people type, written out as predicates.

`severity:high env:X age:>30d` is `severity = 'high' AND environment = 'X' AND
days_since(opened_at) > 30`. What is not short form stays as it is, so both may be mixed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from trueline.language.errors import LanguageError

__all__ = ["expand_filter", "join_filter"]

_NAMES = {"env": "environment"}
_TERM = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*')
      | (?P<name>(?<![\w:])[A-Za-z_]\w*):(?!:)
        (?P<value>"[^"]*"|'(?:[^']|'')*'|[^\s()'"]+)
      | (?P<other>[^\s'(]+?(?=[\s'(]|$)|\S)
      | (?P<space>\s+)""",
    re.VERBOSE,
)
_WHOLE = re.compile(r"[A-Za-z_]\w*(:\S+)?|\w*\(.*\)", re.DOTALL)
_JOINTS = frozenset(("and", "or", "not", "like", "in", "between", "is"))
_AGE = re.compile(r"(?P<op>[<>]=?|=)(?P<days>\d{1,6})d")


def expand_filter(text: str) -> str:
    """The predicate that a filter string stands for; neighbouring terms are joined by AND.

    Raises LanguageError for a term whose value cannot be read.
    """
    out: list[str] = []
    after_term = False
    for found in _TERM.finditer(text):
        if found["space"]:
            out.append(" ")
            continue
        if found["name"]:
            if after_term:
                out.append("AND ")
            out.append(_expanded(found["name"], found["value"]))
        else:
            out.append(found[0])
        after_term = bool(found["name"])
    return "".join(out).strip()


def join_filter(parts: Sequence[str]) -> str:
    """The filter that the arguments of a command make: what stands alone is joined by AND.

    So is a predicate in quotes, which is one argument, and a single word like `overdue`; words of
    a predicate without quotes are put together as they come.
    """
    out: list[str] = []
    for number, part in enumerate(parts):
        if number and _is_whole(parts[number - 1]) and _is_whole(part):
            out.append("AND")
        inside = len(parts) > 1 and _is_whole(part) and len(part.split()) > 1
        out.append(f"({part})" if inside else part)
    return " ".join(out).strip()


def _is_whole(part: str) -> bool:
    words = part.lower().split()
    if len(words) > 1:
        return words[0] not in _JOINTS - {"not"} and words[-1] not in _JOINTS
    return bool(_WHOLE.fullmatch(part)) and part.lower() not in _JOINTS


def _expanded(name: str, value: str) -> str:
    if name == "age":
        age = _AGE.fullmatch(value)
        if age is None:
            message = f"`age:{value}` is not an age"
            raise LanguageError("filter", message, "write age:>30d, age:<=7d …")
        return f"days_since(opened_at) {age['op']} {int(age['days'])}"
    if value.startswith("'"):
        return f"{_NAMES.get(name, name)} = {value}"
    if value in ("true", "false"):
        return name if value == "true" else f"NOT {name}"
    bare = value[1:-1] if value.startswith('"') else value
    return f"{_NAMES.get(name, name)} = '" + bare.replace("'", "''") + "'"
