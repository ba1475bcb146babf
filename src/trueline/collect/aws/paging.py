"""How one operation is paged, from botocore's own description of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jmespath
from botocore.model import OperationModel

from trueline.collect.answers import CallError

__all__ = ["Paging", "paging_of"]

_UNDESCRIBED = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextMarker", "Marker"),
    ("Marker", "Marker"),
    ("IsTruncated", ""),
)
"""Output members that say there is more, where botocore describes no paging, and the input member
that asks for it."""

_Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Paging:
    """`tokens`: input member and how to read its next value; `more`: whether there is more."""

    tokens: tuple[tuple[str, _Reader], ...] = ()
    more: _Reader | None = None
    described: bool = True

    def next(self, page: Mapping[str, Any]) -> dict[str, Any] | None:
        """Arguments for the next page, None on the last. Raises CallError if it cannot be had."""
        if self.more is not None and not self.more(page):
            return None
        found = {name: value for name, read in self.tokens if (value := read(page))}
        if "" in found:
            raise CallError("truncated", "MorePages", "there is more than one call can give")
        if self.more is not None and not found:
            raise CallError("truncated", "TokenMissing", "more is announced, but not how to ask")
        return found or None


def paging_of(operation: OperationModel, described: Mapping[str, Any] | None) -> Paging:
    """The paging of an operation; `described` is botocore's entry for it, if it has one."""
    if described is not None:
        inputs, outputs = _list(described["input_token"]), _list(described["output_token"])
        more = described.get("more_results")
        return Paging(
            tuple((i, _reader(o)) for i, o in zip(inputs, outputs, strict=True)),
            _reader(more) if more else None,
        )
    answers = set(operation.output_shape.members) if operation.output_shape else set()
    asks = set(operation.input_shape.members) if operation.input_shape else set()
    tokens = []
    for output, name in _UNDESCRIBED:
        if output in answers:
            tokens.append((name if name in asks else "", _reader(output)))
    return Paging(tuple(tokens[:1]))


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def _reader(expression: str) -> _Reader:
    if expression.isidentifier():
        return lambda page: page.get(expression)
    compiled = jmespath.compile(expression)
    return lambda page: compiled.search(page)
