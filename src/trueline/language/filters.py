"""Filter strings, the short form that people type, written out as predicates.

`severity:high env:X age:>30d` is `severity = 'high' AND environment = 'X' AND
days_since(opened_at) > 30`. What is not short form stays as it is, so both may be mixed.
"""

from __future__ import annotations

import re

from trueline.language.errors import LanguageError

__all__ = ["expand_filter"]

_NAMES = {"env": "environment"}
_TERM = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*')
      | (?P<name>(?<![\w:])[A-Za-z_]\w*):(?!:)
        (?P<value>"[^"]*"|'(?:[^']|'')*'|[^\s()'"]+)
      | (?P<other>[^\s'(]+?(?=[\s'(]|$)|\S)
      | (?P<space>\s+)""",
    re.VERBOSE,
)
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
