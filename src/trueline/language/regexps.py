"""The regular expressions that every engine reads alike (RE2, Java, Python).

Allowed: literals, `.`, classes, groups, `|`, `^`, `$`, `* + ?` (also lazy), `{n}`, `{n,m}` up to
1000, and the escapes `\\d \\D \\w \\W \\s \\S \\b \\B \\t \\n \\r` or of punctuation.
"""

from __future__ import annotations

import re

__all__ = ["unportable"]

_ESCAPES = "dDwWsSbBtnr"
_REPEAT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
MAX_LENGTH, MAX_REPEAT = 500, 1000


def unportable(pattern: str) -> str | None:
    """Say what is wrong with a pattern, or None where every engine agrees on it."""
    if len(pattern) > MAX_LENGTH:
        return f"a pattern has at most {MAX_LENGTH} characters"
    repeats, i = 1, 0
    while i < len(pattern):
        char = pattern[i]
        step = 1
        if char == "\\":
            step = 2
            escaped = pattern[i + 1 : i + 2]
            if not escaped or (escaped.isalnum() and escaped not in _ESCAPES):
                return f"the escape `\\{escaped}` is not portable"
        elif char == "[":
            end, problem = _class_end(pattern, i)
            if problem:
                return problem
            step = end - i
        elif pattern.startswith("(?", i):
            if not pattern.startswith("(?:", i):
                return "look-around, flags and named groups are not portable; write (?:…)"
            step = 3
        elif char == "{":
            counted = _REPEAT.match(pattern, i)
            if counted is None:
                return "write a literal brace as \\{"
            repeats *= max(1, int(counted[3] or counted[1]))
            step = counted.end() - i
        elif char == "}":
            return "write a literal brace as \\}"
        if char in "*+?{" and pattern[i + step : i + step + 1] == "+":
            return "possessive repeats are not portable"
        i += step
    if repeats > MAX_REPEAT:
        return f"counted repeats multiply to more than {MAX_REPEAT}"
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None


def _class_end(pattern: str, start: int) -> tuple[int, str | None]:
    """Where the class that opens at `start` ends, or what is wrong with it."""
    i = start + 1
    if pattern[i : i + 1] == "^":
        i += 1
    first = i
    while i < len(pattern):
        char = pattern[i]
        if char == "]" and i > first:
            return i + 1, None
        if char in "[]":
            return i, f"write `{char}` inside a class as \\{char}"
        if pattern[i : i + 2] in ("&&", "--", "||", "~~"):
            return i, f"`{pattern[i : i + 2]}` inside a class is not portable"
        if char == "\\":
            escaped = pattern[i + 1 : i + 2]
            if escaped in ("b", "B") or (escaped.isalnum() and escaped not in _ESCAPES):
                return i, f"the escape `\\{escaped}` inside a class is not portable"
            i += 1
        i += 1
    return i, "a class `[` is never closed"
