"""What the text says of blocks: which of them made an element, and what a `dynamic` one hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trueline.iac.terraform.references import references_of
from trueline.mapping import Unknown, is_unknown

__all__ = ["doubted", "fits", "is_flat", "opened", "union"]

_FLAT = {"references", "constant_value", "partial"}


def is_flat(said: Any) -> bool:
    """Is this one expression, rather than the inside of a block?"""
    return isinstance(said, dict) and said.keys() <= _FLAT


def fits(written: Mapping[str, Any], element: Any, mask: Any) -> bool:
    """May this block of the text have made this element? Its constants must be there."""
    if not isinstance(element, dict) or not isinstance(mask, dict):
        return True
    for name, said in written.items():
        if is_flat(said) and "constant_value" in said:
            constant, value = said["constant_value"], element.get(name)
            if mask.get(name) is True:
                return False
            if _plain(constant) and _plain(value) and str(value).lower() != str(constant).lower():
                return False
    return True


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def union(blocks: Sequence[Mapping[str, Any]], *, partial: bool) -> dict[str, Any]:
    """What any of several blocks says; `partial` marks what not all of them say alike."""
    out: dict[str, Any] = {}
    for name in dict.fromkeys(n for b in blocks for n in b):
        said = [b[name] for b in blocks if name in b]
        if len(said) == len(blocks) and all(s == said[0] for s in said) and not partial:
            out[name] = said[0]
        elif all(isinstance(s, list) for s in said):
            out[name] = [element for s in said for element in s]
        else:
            out[name] = {"references": list(references_of(said)), "partial": True}
    return out


def doubted(made: dict[str, Any], text: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A `dynamic` block may have made this element: what no text shows is not unset."""
    return {
        name: Unknown(f"unresolved:{path}.{name}")
        if is_unknown(value) and value.unset and name not in text
        else value
        for name, value in made.items()
    }


def opened(path: str, elements: Any, written: int) -> Any:
    """An open list where an element may stand for any number of them.

    A `dynamic` block that repeats an unknown number of times shows as exactly one element in
    which nothing is known.
    """
    if not isinstance(elements, list) or len(elements) <= written:
        return elements
    if any(isinstance(e, dict) and _nothing_known(e) for e in elements):
        return [*elements, Unknown(f"unresolved:{path}")]
    return elements


def _nothing_known(value: Any) -> bool:
    """Is every leaf unknown or a neutral value, and one at least unknown?"""
    leaves, stack = [], [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
        else:
            leaves.append(part)
    unknown = [is_unknown(leaf) for leaf in leaves]
    return any(unknown) and all(u or not leaf for u, leaf in zip(unknown, leaves, strict=True))
