"""Where code says what a row holds: its block, its columns, the module calls that lead there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from trueline.iac.terraform.source.blocks import SourceBlock
from trueline.iac.terraform.source.text import Declared
from trueline.iac.terraform.syntax.nodes import Block, Body, Span
from trueline.model import Location, Place

__all__ = ["Places"]

Path = tuple[str, ...]


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

    def place(self, block: SourceBlock, columns: Mapping[str, Location]) -> Place:
        """The place of a block's row."""
        return Place(
            block=self.header(block.declared),
            columns=columns,
            attributes={".".join(p): at for p, at in self.attributes(block.declared).items()},
            calls=tuple(self._calls(block)),
        )

    def header(self, declared: Declared) -> Location:
        return self.location(declared.file, declared.block.header_span)

    def _calls(self, block: SourceBlock) -> Iterator[Location]:
        module = block.module
        while module.call is not None and module.parent is not None:
            yield self.header(module.call)
            module = module.parent

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
