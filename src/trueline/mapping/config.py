"""The part of a document that may be stored: an allow-list of what the mappings read, redacted."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trueline.mapping.casts import to_text
from trueline.mapping.paths import Path, Use
from trueline.mapping.unknown import Unknown

__all__ = ["REMOVED", "AllowList"]

REMOVED = "(removed)"
_TOO_LARGE = "(too large)"
_MAX_TEXT = 16_384
_MAX_CONFIG = 65_536
_DEEPEST = 40


@dataclass(slots=True)
class _Node:
    """One member of the allow-list; `use` None = only its named members are kept.

    `plan` says of each member whether a single value is kept as it is.
    """

    use: Use | None = None
    members: dict[str, _Node] = field(default_factory=dict)
    plan: tuple[tuple[str, _Node, bool], ...] = ()

    def at(self, path: Path) -> _Node:
        node = self
        for key in path:
            node = node.members.setdefault(key, _Node())
        return node

    def seal(self) -> None:
        """Make the plans, once all uses are known."""
        for node in self.members.values():
            node.seal()
        self.plan = tuple((k, n, n.use not in (None, Use.FLAG)) for k, n in self.members.items())


class AllowList:
    """Which members of a document may be stored, and how much of each."""

    def __init__(self, uses: Iterable[tuple[Path, Use]], secrets: Iterable[Path]) -> None:
        self._root = _Node()
        for path, use in uses:
            node = self._root.at(path)
            # What one expression treats as secret stays secret, whoever else reads it.
            node.use = use if node.use is None else max(node.use, use)
        for path in secrets:
            node = self._root.at(path)
            node.use = Use.FLAG
            node.members.clear()
        self._root.seal()
        self._encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode

    def text(self, document: Mapping[str, Any]) -> str:
        """The kept part of a document as deterministic JSON of at most 64 KiB."""
        kept = self._pick(document, self._root, 0) or {}
        text = self._encode(kept)
        if len(text) > _MAX_CONFIG:
            text = self._encode(self._shrink(kept))
        return text

    def _shrink(self, kept: dict[str, Any]) -> dict[str, Any]:
        """Replace the largest members until the rest fits."""
        sizes = {key: len(self._encode(value)) for key, value in kept.items()}
        total = sum(sizes.values())
        out = dict(kept)
        for key in sorted(sizes, key=lambda k: (-sizes[k], k)):
            if total <= _MAX_CONFIG // 2:
                break
            out[key] = _TOO_LARGE
            total -= sizes[key]
        return out

    def _pick(self, value: Any, node: _Node, depth: int) -> Any:
        """The kept part of a value; None = nothing to keep."""
        if value is None or value.__class__ is Unknown or depth > _DEEPEST:
            return None
        if value.__class__ is list:
            picked = [self._pick(element, node, depth + 1) for element in value]
            return [p for p in picked if p is not None]
        if not isinstance(value, dict):
            if node.use is None:
                return None
            return REMOVED if node.use is Use.FLAG else _scalar(value)
        out = {} if node.use is None else _whole(value, node.use, depth)
        inner: Any
        for key, member, shown in node.plan:
            inner = value.get(key)
            # Nearly all members are short plain values: they are not worth a call.
            kind = inner.__class__
            if shown and (
                (kind is str and inner.isascii() and len(inner) <= _MAX_TEXT)
                or kind is bool
                or kind is int
            ):
                out[key] = inner
            elif inner is not None:
                picked = self._pick(inner, member, depth + 1)
                if picked is not None:
                    out[key] = picked
        return out


def _whole(value: dict[Any, Any], use: Use, depth: int) -> dict[str, Any]:
    """A map that is read as a whole: its keys, and of its values what the use permits."""
    out = {}
    for key, inner in value.items():
        kept = _form(inner, use, depth + 1)
        if kept is not None:
            out[to_text(key)] = kept
    return out


def _form(value: Any, use: Use, depth: int) -> Any:
    if value is None or value.__class__ is Unknown or depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return _whole(value, use, depth)
    if isinstance(value, list):
        kept = [_form(element, use, depth + 1) for element in value]
        return [k for k in kept if k is not None]
    if use is Use.PUBLIC or (use is Use.PLAIN and isinstance(value, (int, float, dt.datetime))):
        return _scalar(value)
    return REMOVED


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, dt.date)):
        text = to_text(value)
        return text if len(text) <= _MAX_TEXT else _TOO_LARGE
    if isinstance(value, (int, float)):
        return value if isinstance(value, int) or math.isfinite(value) else str(value)
    return REMOVED
