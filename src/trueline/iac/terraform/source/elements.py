"""Tells which nested or joined block says which elements of a list: one rule of several.

A list is mapped again with one block at a time. That is done only where several blocks say it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trueline.mapping import Mapper, is_unknown
from trueline.model import Location

__all__ = ["Said", "shares"]

_MOST = 64
"""With more blocks than these, the first that says the column stands for all."""

Said = tuple[tuple[Location, tuple[Any, ...]], ...]
"""Places, and the elements that each of them says."""


def shares(
    mapper: Mapper,
    column: str,
    document: Mapping[str, Any],
    members: Mapping[str, Callable[[int], Location | None]],
) -> Said:
    """The elements of a list column by the block that says them; empty where one block says all.

    `members`: the lists of blocks that the column reads, and where the block of an index stands.
    """
    lists = {name: document[name] for name in members if isinstance(document.get(name), list)}
    count = sum(map(len, lists.values()))
    if not 2 <= count <= _MOST:
        return ()
    without = {**document, **{name: [] for name in lists}}
    return tuple(_said(mapper, column, without, lists, members))


def _said(
    mapper: Mapper,
    column: str,
    without: Mapping[str, Any],
    lists: Mapping[str, list[Any]],
    members: Mapping[str, Callable[[int], Location | None]],
) -> Iterator[tuple[Location, tuple[Any, ...]]]:
    for name, blocks in lists.items():
        for index, block in enumerate(blocks):
            place = None if is_unknown(block) else members[name](index)
            if place is not None:
                value = mapper.row({**without, name: [block]})[column]
                if isinstance(value, list):
                    yield place, tuple(e for e in value if e is not None)
