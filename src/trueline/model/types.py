"""Column types: what a cell may hold, written `list<text>` or `time?` in resource files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["SCALARS", "Field", "Type", "parse_type"]

SCALARS = ("bool", "int", "float", "text", "time")


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct; never optional, a NULL is unknown."""

    name: str
    type: Type
    about: str = ""


@dataclass(frozen=True, slots=True)
class Type:
    """`kind` is a scalar, `list`, `map` (text to text) or `struct`; `optional` = may be absent."""

    kind: str
    optional: bool = False
    item: Type | None = None
    fields: tuple[Field, ...] = ()
    struct: str | None = None

    def field(self, name: str) -> Field | None:
        return next((f for f in self.fields if f.name == name), None)

    def __str__(self) -> str:
        mark = "?" if self.optional else ""
        if self.kind == "list":
            return f"list<{self.item}>{mark}"
        if self.kind == "map":
            return f"map<text,text>{mark}"
        if self.kind == "struct":
            inner = (
                self.struct or "struct<" + ",".join(f"{f.name}:{f.type}" for f in self.fields) + ">"
            )
            return inner + mark
        return self.kind + mark


@lru_cache(1024)
def parse_type(text: str) -> Type:
    """Parse the written form of a type.

    Named structs (`iam_statement`) are those of `model.structs`.
    Raises ValueError naming what could not be read.
    """
    from trueline.model.structs import STRUCTS

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
