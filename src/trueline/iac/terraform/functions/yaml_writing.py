"""YAML as Terraform writes it: block style, texts in double quotes or as literal blocks."""

from __future__ import annotations

import re

from trueline.iac.terraform.evaluate.numbers import number_text
from trueline.iac.terraform.evaluate.values import FunctionError, Value

__all__ = ["NotReproducedError", "yaml_text"]

_WIDTH = 80
_LONGEST_KEY = 128
_DEEPEST = 100

_ESCAPES = {
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    '"': '\\"',
    "\\": "\\\\",
    "\x85": "\\N",
    "\u2028": "\\L",
    "\u2029": "\\P",
}
_ESCAPED = re.compile("[^ !#-\\[\\]-~\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u00a0]")
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
_NO_BLOCK = re.compile("[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]| \n| \\Z")


class NotReproducedError(Exception):
    """Terraform writes this in a way that is not reproduced here."""


def yaml_text(value: Value) -> str:
    """A known value as a YAML document; raises NotReproducedError for strange keys."""
    if isinstance(value, dict) and value:
        return _mapping(value, 0, 0)
    if isinstance(value, list) and value:
        return _sequence(value, 0, 0)
    # A plain scalar at the end of a document could go on, so three dots end it.
    ending = "" if isinstance(value, (str, dict, list)) else "...\n"
    return _leaf(value, 2, 0) + ending


def _mapping(members: dict[str, Value], indent: int, depth: int) -> str:
    """A mapping's members, each line ended; the first begins where the caller has come to."""
    out = []
    for key in sorted(members):
        if "\n" in key or len(key.encode()) > _LONGEST_KEY:
            raise NotReproducedError
        written = f'"{_ESCAPED.sub(_escape, key)}":'
        margin = indent if isinstance(members[key], list) else indent + 2
        below = _below(members[key], margin, depth)
        if below:
            out.append(f"{written}\n{' ' * margin}{below}")
        else:
            out.append(f"{written} {_leaf(members[key], indent + 2, indent + len(written) + 1)}")
    return (" " * indent).join(out)


def _sequence(items: list[Value], indent: int, depth: int) -> str:
    """A sequence's items, like the members of a mapping."""
    inner = indent + 2
    return (" " * indent).join(
        f"- {_below(item, inner, depth) or _leaf(item, inner, inner)}" for item in items
    )


def _below(value: Value, indent: int, depth: int) -> str:
    """A collection inside another; empty for what is none or has nothing in it."""
    if depth > _DEEPEST:
        raise FunctionError("the value is nested too deeply")
    if isinstance(value, dict):
        return _mapping(value, indent, depth + 1)
    return _sequence(value, indent, depth + 1) if isinstance(value, list) else ""


def _leaf(value: Value, indent: int, column: int) -> str:
    """A scalar or an empty collection that begins at a column; its further lines are indented."""
    if isinstance(value, str):
        if "\n" in value and _OTHER_BREAKS.search(value):
            raise NotReproducedError
        block = "\n" in value and not _NO_BLOCK.search(value)
        return _literal(value, indent) if block else _quoted(value, indent, column)
    if isinstance(value, (dict, list)):
        return "{}\n" if isinstance(value, dict) else "[]\n"
    if value is None or isinstance(value, bool):
        return {None: "null\n", True: "true\n", False: "false\n"}[value]
    return number_text(value) + "\n"


def _literal(text: str, indent: int) -> str:
    hint = "2" if text[0] in " \n" else ""
    keep = "+" if text == "\n" or text.endswith("\n\n") else "" if text.endswith("\n") else "-"
    lines = text.removesuffix("\n").split("\n")
    shown = "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in lines)
    return f"|{hint}{keep}\n{shown}"


def _quoted(text: str, indent: int, column: int) -> str:
    """A text in double quotes, broken at spaces behind the width."""
    out = ['"']
    column += 1
    spaced = False
    for place, character in enumerate(text):
        if character == " " and not spaced and column > _WIDTH and 0 < place < len(text) - 1:
            out.append("\n" + " " * indent + ("\\" if text[place + 1] == " " else ""))
            column = indent + (text[place + 1] == " ")
        else:
            out.append(_ESCAPED.sub(_escape, character))
            column += len(out[-1])
        spaced = character == " "
    return "".join(out) + '"\n'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _ESCAPES:
        return _ESCAPES[character]
    return (
        f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}" if code < 65536 else f"\\U{code:08X}"
    )
