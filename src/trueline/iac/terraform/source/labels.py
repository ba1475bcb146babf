"""Which labels of which Terraform types the mappings of resource types read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from trueline.iac.terraform.rows import READER
from trueline.iac.terraform.source.bodies import Labels
from trueline.mapping import expression_paths
from trueline.model import CodePart, ResourceType

__all__ = ["column_paths", "label_trees"]

Path = tuple[str, ...]
_ADDED = frozenset({"scope", "written", "tags_all"})


def label_trees(types: Iterable[ResourceType]) -> dict[str, Labels]:
    """By Terraform type, the tree of labels that any mapping reads.

    What is read as a whole has an empty tree.
    """
    trees: dict[str, dict[str, Any]] = {}
    for rtype in types:
        for kinds, path in _reads(rtype):
            for kind in kinds:
                tree = trees.setdefault(kind, {})
                for label in path:
                    tree = tree.setdefault(label, {})
    return dict(trees)


def _reads(rtype: ResourceType) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Each path that is read, and of which Terraform types."""
    reader = rtype.readers[READER]
    parts: dict[str, CodePart] = {p.name: p for p in (*reader.parts, *reader.singletons)}
    for path in _paths(rtype):
        if path and path[0] in parts:
            if len(path) > 1:
                yield parts[path[0]].resource, path[1:]
        elif path and path[0] not in _ADDED:
            yield reader.resource, path
    for part in parts.values():
        for text in (part.by, part.where):
            if text:
                yield from ((part.resource, p) for p in expression_paths(text) if p)
        if part.via:
            yield from ((reader.resource, p) for p in expression_paths(part.via) if p)
    if reader.live_uid:
        yield from ((reader.resource, p) for p in expression_paths(reader.live_uid) if p)


def _paths(rtype: ResourceType) -> Iterator[Path]:
    for column in rtype.columns:
        yield from column_paths(rtype, column)


def column_paths(rtype: ResourceType, column: str) -> tuple[Path, ...]:
    """The paths of a document that a column reads, names of `let` resolved."""
    text = rtype.columns[column].mappings.get(READER)
    if text is None:
        return ()
    return _resolved(text, rtype.let.get(READER, ()))


@lru_cache(4096)
def _resolved(text: str, lets: tuple[tuple[str, str], ...]) -> tuple[Path, ...]:
    found: dict[Path, None] = {}
    for path in expression_paths(text):
        for end in range(len(lets) - 1, -1, -1):
            if path and lets[end][0] == path[0]:
                inner = _resolved(lets[end][1], lets[:end])
                found.update(dict.fromkeys((*one, *path[1:]) for one in inner))
                break
        else:
            found[path] = None
    return tuple(found)
