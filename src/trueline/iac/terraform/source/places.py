"""Where code says what a row holds: its block, its columns, the module calls that lead there."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from trueline.iac.terraform.code import ADDRESS
from trueline.iac.terraform.rows import READER
from trueline.iac.terraform.source.elements import Said, shares
from trueline.iac.terraform.source.labels import Path, column_paths
from trueline.iac.terraform.source.text import Declared
from trueline.iac.terraform.syntax.nodes import Block, Body, Span
from trueline.mapping import Mapper
from trueline.model import Location, Place, ResourceType

__all__ = ["Places", "Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A block in the text, and the module calls that lead there, the innermost first."""

    declared: Declared
    calls: tuple[Declared, ...] = ()


Find = Callable[[Any], Spot | None]


class Places:
    """Places of blocks; `base` is the folder that files are told relative to.

    `in_order`: nested blocks stand in documents as they stand in the text. A plan sorts them.
    """

    def __init__(self, base: str, *, in_order: bool = True) -> None:
        self._base, self._in_order = base, in_order
        self._attributes: dict[int, dict[Path, Location]] = {}

    def file(self, path: str) -> str:
        """A file's path relative to what is judged."""
        return posixpath.relpath(path or ".", self._base or ".")

    def location(self, file: str, span: Span) -> Location:
        return Location(self.file(file), span.line, span.column, span.end_line, span.end_column)

    def row(
        self,
        rtype: ResourceType,
        document: Mapping[str, Any],
        find: Find,
        mapper: Mapper | None = None,
    ) -> Place | None:
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
        elements: dict[str, Said] = {}
        for column, said in rtype.columns.items():
            paths = column_paths(rtype, column)
            found = [self._said(spot, document, path, parts, find) for path in paths]
            # What is written tells more than that its block is there.
            at = next((f[0] for f in found if f and f[1]), next((f[0] for f in found if f), None))
            if at is not None:
                columns[column] = at
            if at is not None and mapper is not None and said.type.kind == "list":
                members = self._members(spot, document, paths, parts, find)
                if by_block := shares(mapper, column, document, members):
                    elements[column] = by_block
        return Place(
            block=self.header(spot.declared),
            columns=columns,
            attributes={".".join(p): at for p, at in self.attributes(spot.declared).items()},
            elements=elements,
            calls=tuple(self.header(call) for call in spot.calls),
        )

    def _said(
        self,
        spot: Spot,
        document: Mapping[str, Any],
        path: Path,
        parts: Collection[str],
        find: Find,
    ) -> tuple[Location, bool] | None:
        """Where a path is said, and whether it is written there; else that its block is there."""
        if not path or path[0] not in parts:
            path = ("tags", *path[1:]) if path[:1] == ("tags_all",) else path
            at = self.find(spot.declared, path)
            return (at, True) if at else None
        joined = document.get(path[0])
        for one in joined if isinstance(joined, list) else [joined]:
            other = find(one.get(ADDRESS)) if isinstance(one, dict) else None
            if other is not None:
                at = self.find(other.declared, path[1:])
                return (at, True) if at else (self.header(other.declared), False)
        return None

    def _members(
        self,
        spot: Spot,
        document: Mapping[str, Any],
        paths: Collection[Path],
        parts: Collection[str],
        find: Find,
    ) -> dict[str, Callable[[int], Location | None]]:
        """The lists of blocks that paths read, and where the block of an index says them."""
        members: dict[str, Callable[[int], Location | None]] = {}
        for name in dict.fromkeys(path[0] for path in paths if len(path) > 1):
            inner = [path[1:] for path in paths if path[0] == name]
            if name in parts:
                members[name] = partial(self._of_joined, document.get(name), inner, find)
            elif self._in_order:
                blocks = [b for b in spot.declared.body.blocks if _unwrapped(b)[1] == name]
                if all(b.type == name for b in blocks):
                    members[name] = partial(self._of_nested, spot.declared, blocks, inner)
        return members

    def _of_joined(
        self, joined: Any, paths: Collection[Path], find: Find, index: int
    ) -> Location | None:
        one = joined[index]
        other = find(one.get(ADDRESS)) if isinstance(one, dict) else None
        if other is None:
            return None
        found = (self.find(other.declared, path) for path in paths)
        return next((at for at in found if at), self.header(other.declared))

    def _of_nested(
        self, declared: Declared, blocks: list[Block], paths: Collection[Path], index: int
    ) -> Location | None:
        if index >= len(blocks):
            return None
        written = blocks[index].body.attributes
        name = next((path[0] for path in paths if path[0] in written), None)
        span = written[name].span if name else blocks[index].header_span
        return self.location(declared.file, span)

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
