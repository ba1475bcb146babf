"""Steps into a document that need no other expression: members, positions, slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trueline.mapping.parsing import Node, member
from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = [
    "Getter",
    "compile_field",
    "compile_index",
    "compile_path",
    "compile_slice",
    "not_a_list",
]

Getter = Callable[[Any], Any]
"""A function of a document: a value, None (absent) or Unknown."""


def compile_path(keys: tuple[str, ...]) -> Getter:
    """A function that reads nested members of a document."""
    cause = f"{MALFORMED}:{'.'.join(keys)}"
    if len(keys) == 1:
        return compile_field(keys[0])

    def read(document: Any) -> Any:
        for key in keys:
            if document.__class__ is dict:
                document = document.get(key)
            elif document is None:
                return None
            else:
                document = _member_of(document, key, cause)
        return document

    return read


def compile_field(key: str) -> Getter:
    """A function that reads one member of a document."""
    cause = f"{MALFORMED}:{key}"

    def read(document: Any) -> Any:
        if document.__class__ is dict:
            return document.get(key)
        return None if document is None else _member_of(document, key, cause)

    return read


def _member_of(value: Any, key: str, cause: str) -> Any:
    if value.__class__ is Unknown:
        return value.derived()
    return value.get(key) if isinstance(value, dict) else Unknown(cause)


def not_a_list(value: Any, cause: str) -> Any:
    """What a step over a list makes of something else."""
    if value is None:
        return None
    return value.derived() if value.__class__ is Unknown else Unknown(cause)


def compile_index(node: Node) -> Getter:
    """A function that takes one element of a list."""
    position = node["value"]
    cause = f"{MALFORMED}:{member(node)}"

    def read(value: Any) -> Any:
        if value.__class__ is not list:
            return not_a_list(value, cause)
        # An unknown element may be none or many: it leaves no position sure but its own.
        loose = next((v for v in value if v.__class__ is Unknown and not v.present), None)
        if loose is not None:
            return loose if len(value) == 1 and position in (0, -1) else loose.derived()
        return value[position] if -len(value) <= position < len(value) else None

    return read


def compile_slice(node: Node) -> Getter:
    """A function that takes a part of a list; unknown where its positions are not sure."""
    bounds = slice(*node["children"])
    cause = f"{MALFORMED}:{member(node)}"

    def read(value: Any) -> Any:
        if value.__class__ is not list:
            return not_a_list(value, cause)
        loose = next((v for v in value if v.__class__ is Unknown and not v.present), None)
        return value[bounds] if loose is None else loose.derived()

    return read
