"""Where code says what a row holds: its block, its columns, the module calls that lead there."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trueline.iac.terraform.code import ADDRESS
from trueline.iac.terraform.rows import READER
from trueline.iac.terraform.source.labels import Path, column_paths
from trueline.iac.terraform.source.text import Declared
from trueline.iac.terraform.syntax.nodes import Block, Body, Span
from trueline.model import Location, Place, ResourceType

__all__ = ["Places", "Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A block in the text, and the module calls that lead there, the innermost first."""

    declared: Declared
    calls: tuple[Declared, ...] = ()


Find = Callable[[Any], Spot | None]


class Places:
    """Places of blocks; `base` is the folder that files are told relative to."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._attributes: dict[int, dict[Path, Location]] = {}

    def file(self, path: str) -> str:
        """A file's path relative to what is judged."""
        return posixpath.relpath(path or ".", self._base or ".")

    def location(self, file: str, span: Span) -> Location:
        return Location(self.file(file), span.line, span.column, span.end_line, span.end_column)

    def row(self, rtype: ResourceType, document: Mapping[str, Any], find: Find) -> Place | None:
        """The place of a row made from a document; None where its own block is not found.

        `find` gives the spot of a block by its address. A column read from a joined block points
        into that block.
        """
        spot = find(document.get(ADDRESS))
        if spot is None:
            return None
        reader = rtype.readers[READER]
        parts = {p.name for p in (*reader.parts, *reader.singletons)}
        columns: dict[str, Location] = {}
        for column in rtype.columns:
            for path in column_paths(rtype, column):
                at = self._said(spot, document, path, parts, find)
                if at is not None:
                    columns[column] = at
                    break
        return Place(
            block=self.header(spot.declared),
            columns=columns,
            attributes={".".join(p): at for p, at in self.attributes(spot.declared).items()},
            calls=tuple(self.header(call) for call in spot.calls),
        )

    def _said(
        self,
        spot: Spot,
        document: Mapping[str, Any],
        path: Path,
        parts: Collection[str],
        find: Find,
    ) -> Location | None:
        if not path or path[0] not in parts:
            path = ("tags", *path[1:]) if path[:1] == ("tags_all",) else path
            return self.find(spot.declared, path)
        joined = document.get(path[0])
        for one in joined if isinstance(joined, list) else [joined]:
            other = find(one.get(ADDRESS)) if isinstance(one, dict) else None
            if other is not None:
                return self.find(other.declared, path[1:]) or self.header(other.declared)
        return None

    def header(self, declared: Declared) -> Location:
        return self.location(declared.file, declared.block.header_span)

    def attributes(self, declared: Declared) -> dict[Path, Location]:
        """By path of labels, the first attribute or nested block that says it."""
        key = id(declared.block.body)
        if key not in self._attributes:
            found: dict[Path, Location] = {}
            self._gather(declared, declared.body, (), found)
            self._attributes[key] = found
        return self._attributes[key]

    def _gather(
        self, declared: Declared, body: Body, path: Path, found: dict[Path, Location]
    ) -> None:
        for label, attribute in body.attributes.items():
            file = declared.file if path else declared.file_of(label)
            found.setdefault((*path, label), self.location(file, attribute.span))
        for block in body.blocks:
            inner, label = _unwrapped(block)
            found.setdefault((*path, label), self.location(declared.file, block.header_span))
            for one in inner:
                self._gather(declared, one, (*path, label), found)

    def find(self, declared: Declared, path: Path) -> Location | None:
        """What says a path, or the innermost written part of it."""
        known = self.attributes(declared)
        for end in range(len(path), 0, -1):
            if path[:end] in known:
                return known[path[:end]]
        return None


def _unwrapped(block: Block) -> tuple[Iterable[Body], str]:
    """The bodies that say what is inside a nested block, and its label."""
    if block.type == "dynamic" and block.labels:
        return [content.body for content in block.body.nested("content")], block.labels[0]
    return [block.body], block.type
