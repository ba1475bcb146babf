"""The written form of types, as resource files use it: `list<text>`, `time?`, `iam_statement`."""

from __future__ import annotations

from functools import lru_cache

from trueline.model.structs import STRUCTS
from trueline.model.types import SCALARS, Field, Type

__all__ = ["parse_type"]


@lru_cache(1024)
def parse_type(text: str) -> Type:
    """Parse the written form of a type.

    Named structs (`iam_statement`) are those of `model.structs`.
    Raises ValueError naming what could not be read.
    """
    text = text.strip()
    optional = text.endswith("?")
    body = text[:-1].strip() if optional else text
    if body in SCALARS:
        return Type(body, optional)
    if body in STRUCTS:
        return Type("struct", optional, fields=STRUCTS[body], struct=body)
    if body.replace(" ", "") == "map<text,text>":
        return Type("map", optional)
    head, _, rest = body.partition("<")
    if rest.endswith(">"):
        inner = rest[:-1]
        if head == "list":
            item = parse_type(inner)
            if item.optional:
                raise ValueError(f"elements of a list are never optional: {text!r}")
            return Type("list", optional, item=item)
        if head == "struct":
            return Type("struct", optional, fields=tuple(_field(p) for p in _split(inner)))
    known = ", ".join((*SCALARS, *STRUCTS, "list<…>", "struct<name:type,…>", "map<text,text>"))
    raise ValueError(f"unknown type {text!r}; known: {known}")


def _field(text: str) -> Field:
    name, colon, kind = text.partition(":")
    if not colon or not name.strip().isidentifier():
        raise ValueError(f"a struct field is written name:type, seen {text!r}")
    parsed = parse_type(kind)
    if parsed.optional:
        raise ValueError(f"struct fields are never optional: {text!r}")
    return Field(name.strip(), parsed)


def _split(text: str) -> list[str]:
    """Split on commas outside angle brackets."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "<") - (char == ">")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]
