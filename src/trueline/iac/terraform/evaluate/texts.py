"""The text of a template; JSON with unknown pieces keeps its tree."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from trueline.iac.terraform.evaluate.types import as_number
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    Number,
    Value,
    doubt,
)

__all__ = ["joined"]

_PIECE = re.compile("\ue000(\\d+)[\ue001\ue002]")
_QUOTE = re.compile(r'\\.|"')


def joined(parts: Sequence[Value]) -> Value:
    """The parts of a template as one text; a part is text, Unknown or Encoded.

    Where a part is unknown and the whole is JSON all the same, it is Encoded: such parts stand in
    quotes, or for a whole value.
    """
    if all(part.__class__ is str for part in parts):
        return "".join(parts)
    written = [part for part in parts if part.__class__ is not str or part.strip()]
    if len(written) == 1 and written[0].__class__ is Encoded:
        return written[0]
    first = written[0]
    if first.__class__ is str and first.lstrip()[:1] in ("{", "["):
        tree = _json_tree(written)
        if tree is not None:
            return Encoded(tree)
    return doubt(*parts, named=True)


def _json_tree(parts: Sequence[Value]) -> Value:
    """The tree of a JSON text with unknown pieces; None when it is no JSON."""
    text: list[str] = []
    quoted = False
    for number, part in enumerate(parts):
        if part.__class__ is str:
            if "\ue000" in part:
                return None
            text.append(part)
            for found in _QUOTE.finditer(part):
                quoted = quoted != (found.group() == '"')
        else:
            text.append(f"\ue000{number}\ue001" if quoted else f'"\ue000{number}\ue002"')
    try:
        tree = json.loads("".join(text), parse_float=_number, parse_constant=_number)
        return _filled(tree, parts)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> Number:
    try:
        return as_number(digits)
    except FunctionError as error:
        raise ValueError(digits) from error


def _filled(tree: Value, parts: Sequence[Value]) -> Value:
    """The tree with what is unknown in its places."""
    if isinstance(tree, list):
        return [_filled(item, parts) for item in tree]
    if isinstance(tree, dict):
        if any("\ue000" in key for key in tree):
            raise ValueError("a key is unknown")
        return {key: _filled(item, parts) for key, item in tree.items()}
    if not isinstance(tree, str) or "\ue000" not in tree:
        return tree
    pieces = [parts[int(number)] for number in _PIECE.findall(tree)]
    if "\ue002" not in tree:
        return doubt(*pieces)
    return pieces[0].document if isinstance(pieces[0], Encoded) else pieces[0]
