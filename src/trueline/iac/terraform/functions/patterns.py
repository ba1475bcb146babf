"""Terraform's functions on text with patterns: `regex`, `regexall`, `replace`."""

from __future__ import annotations

import re

from trueline.iac.terraform.evaluate.values import FunctionError, TfList, Value
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.iac.terraform.functions.graphemes import same_text
from trueline.iac.terraform.functions.limits import bounded, few
from trueline.iac.terraform.functions.pattern_match import Pattern, compile_pattern
from trueline.iac.terraform.functions.pattern_syntax import UnsupportedPatternError
from trueline.iac.terraform.functions.texts import replace_text
from trueline.mapping import Unknown

__all__ = ["regex", "regex_all", "replace"]

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def regex(pattern: str, text: str) -> Value:
    """`regex(pattern, text)`: the first match, a list of its groups, or a map of named groups."""
    try:
        compiled = compile_pattern(pattern)
        found = compiled.search(text)
    except UnsupportedPatternError:
        return not_reproduced("regex")
    _demand_one_form(compiled)
    if found is None:
        raise FunctionError("pattern did not match any part of the given string")
    return _captures(compiled, text, found)


def regex_all(pattern: str, text: str) -> TfList | Unknown:
    """`regexall(pattern, text)`: what `regex` gives, for every match."""
    try:
        compiled = compile_pattern(pattern)
        found = list(compiled.all_in(text))
    except UnsupportedPatternError:
        return not_reproduced("regexall")
    _demand_one_form(compiled)
    few(len(found))
    return TfList(_captures(compiled, text, each) for each in found)


def _demand_one_form(pattern: Pattern) -> None:
    if len({name is None for name in pattern.names}) > 1:
        raise FunctionError("cannot mix both named and unnamed capture groups")


def _captures(pattern: Pattern, text: str, found: list[int]) -> Value:
    pieces = [_piece(text, found, number) for number in range(len(found) // 2)]
    if not pattern.names:
        return pieces[0]
    if pattern.names[0] is None:
        return pieces[1:]
    return dict(zip(map(str, pattern.names), pieces[1:], strict=True))


def _piece(text: str, found: list[int], number: int) -> str | None:
    start, end = found[2 * number : 2 * number + 2]
    return None if start < 0 or end < 0 else same_text(text[start:end])


def replace(text: str, old: str, new: str) -> str | Unknown:
    """`replace(text, old, new)`: `old` between slashes is a pattern, and `new` may use groups."""
    if len(old) < 2 or not old.startswith("/") or not old.endswith("/"):
        return replace_text(text, old, new)
    try:
        pattern = compile_pattern(old[1:-1])
        matches = list(pattern.all_in(text))
    except UnsupportedPatternError:
        return not_reproduced("replace")
    out: list[str] = []
    end = length = 0
    for found in matches:
        out += [text[end : found[0]], _expanded(new, pattern, text, found)]
        end = found[1]
        length += len(out[-1]) + len(out[-2])
        bounded(length)
    return same_text("".join([*out, text[end:]]))


def _expanded(template: str, pattern: Pattern, text: str, found: list[int]) -> str:
    """A replacement with its `$1`, `$name` and `${name}` filled in."""

    def value(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isascii() and name.isdigit() and (name == "0" or name[0] != "0"):
            number = int(name[:9])
        else:
            numbers = (n for n, each in enumerate(pattern.names, 1) if each == name)
            number = next((n for n in numbers if found[2 * n] >= 0), len(found))
        return (_piece(text, found, number) if number <= len(pattern.names) else None) or ""

    return _REFERENCE.sub(value, template)
