"""Column types: what a cell may hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCALARS", "Field", "Type"]

SCALARS = ("bool", "int", "float", "text", "time")
_SQL = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "time": "TIMESTAMPTZ",
    "map": "MAP(VARCHAR, VARCHAR)",
}


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

    @property
    def sql(self) -> str:
        """The engine's name of the type."""
        if self.kind == "list":
            return f"{self.item.sql if self.item else _SQL['text']}[]"
        if self.kind == "struct":
            inner = ", ".join(f'"{f.name}" {f.type.sql}' for f in self.fields)
            return f"STRUCT({inner})"
        return _SQL[self.kind]

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
