"""Joins blocks that together make one resource: parts that point at it, and parts it points at.

A reference in the code decides where there is one; a known value is matched with the identifiers
of the blocks. Where it cannot be told whom a block points at, that part is unknown
on every row that may be meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from trueline.iac.terraform.code import Code, CodeBlock
from trueline.iac.terraform.provider_facts import IDENTITIES
from trueline.mapping import (
    Unknown,
    compile_condition,
    compile_expression,
    expression_paths,
    is_unknown,
)
from trueline.model import CodePart

__all__ = ["Joins", "resources"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block that may be a part: its document, or Unknown where `where` cannot be decided."""

    block: CodeBlock
    value: Any


@dataclass(slots=True)
class _Links:
    """Blocks of one part by whom they point at: surely, by a value, possibly, or anyone."""

    sure: dict[str, list[_Piece]] = field(default_factory=dict)
    by_value: dict[str, list[_Piece]] = field(default_factory=dict)
    possible: dict[str, list[_Piece]] = field(default_factory=dict)
    anyone: list[_Piece] = field(default_factory=list)
    named: list[_Piece] = field(default_factory=list)
    """May also hold the name of any block whose name is known: a list that is unknown whole."""


class Joins:
    """The parts of one resource type, for its rows one after another."""

    def __init__(self, code: Code, kinds: Sequence[str], parts: Sequence[CodePart]) -> None:
        self._code, self._kinds, self._parts = code, frozenset(kinds), parts
        self._by_name: dict[tuple[str, ...], dict[str, CodeBlock]] = {}
        self._where = {p.name: compile_condition(p.where) for p in parts if p.where}
        self._links = {p.name: self._find_links(p) for p in parts if p.by}
        self._via = {p.name: compile_expression(p.via) for p in parts if p.via}

    def parts(self, block: CodeBlock, document: dict[str, Any]) -> dict[str, Any]:
        """Part name -> document of the joined block (a list with `many`), null, or Unknown."""
        return {
            part.name: self._pointed_at(part, block, document)
            if part.via
            else self._pointing(part, block, document)
            for part in self._parts
        }

    # parts that point at us

    @cached_property
    def _identities(self) -> frozenset[str]:
        """Every known identifier of a block of our kinds."""
        ours = resources(self._code, self._kinds)
        return frozenset(i for b in ours for i in _identities(self._code.document(b.address)))

    def _find_links(self, part: CodePart) -> _Links:
        links = _Links()
        read = compile_expression(part.by or "")
        labels = sorted({path[0] for path in expression_paths(part.by or "") if path})
        for block in resources(self._code, part.resource):
            piece = self._admitted(part, block)
            if piece is not None:
                self._link(links, piece, read(self._code.document(block.address)), labels)
        return links

    def _admitted(self, part: CodePart, block: CodeBlock) -> _Piece | None:
        """The block as a piece of a part; None where `where` is false for it."""
        where, document = self._where.get(part.name), self._code.document(block.address)
        admitted = True if where is None else where(document)
        if is_unknown(admitted):
            return _Piece(block, Unknown(admitted.cause))
        return _Piece(block, document) if admitted else None

    def _link(self, links: _Links, piece: _Piece, value: Any, labels: list[str]) -> None:
        """Note whom one block points at, from the value of its attribute and from its text."""
        block = piece.block
        values = value if isinstance(value, list) else [value]
        known = [str(v) for v in values if v is not None and not is_unknown(v)]
        for text in known:
            links.by_value.setdefault(text, []).append(piece)
        hidden = any(is_unknown(v) and not v.unset for v in values)
        stray = bool(known) and not self._identities.issuperset(known)
        if not hidden and not stray:
            return
        aim = self._code.aim(block.address, labels, value, self._is_ours)
        for address in aim.sure:
            # A known name with something added, `name:alias` for example, is not sure.
            (links.sure if hidden else links.possible).setdefault(address, []).append(piece)
        for address in aim.possible:
            links.possible.setdefault(address, []).append(piece)
        if hidden and aim.anyone:
            links.anyone.append(piece)
        elif hidden and aim.named:
            links.named.append(piece)

    def _beside(self, block: CodeBlock, pieces: dict[str, _Piece]) -> dict[str, _Piece]:
        """The pieces of a block; one that may not exist beside it is not known."""
        lacking = {a: self._code.lacking(a, block.address) for a in pieces}
        return {
            a: p if lacking[a] is None else _Piece(p.block, lacking[a]) for a, p in pieces.items()
        }

    def _is_ours(self, block: CodeBlock) -> bool:
        return block.type in self._kinds and not block.data

    def _pointing(self, part: CodePart, block: CodeBlock, document: dict[str, Any]) -> Any:
        links, names = self._links[part.name], _identities(document)
        by_name = (p for n in names for p in links.by_value.get(n, ()))
        sure = self._beside(block, _distinct(chain(links.sure.get(block.address, ()), by_name)))
        maybe = chain(
            links.possible.get(block.address, ()), links.anyone, links.named if names else ()
        )
        doubtful = next((p for p in maybe if p.block.address not in sure), None)
        if doubtful is None:
            return _gathered(part, sure.values(), self._code.hidden(block.address, names))
        return _gathered(
            part, sure.values(), Unknown(f"unresolved:{doubtful.block.address}.{part.by}")
        )

    # parts that we point at

    def _pointed_at(self, part: CodePart, block: CodeBlock, document: dict[str, Any]) -> Any:
        value = self._via[part.name](document)
        if value is None or (is_unknown(value) and value.unset):
            return [] if part.many else None
        found: list[_Piece] = []
        doubt: Unknown | None = None
        for one in value if isinstance(value, list) else [value]:
            target = self._target(part, block, one)
            if isinstance(target, Unknown):
                doubt = target if doubt is None else doubt
            elif target is not None and (piece := self._admitted(part, target)) is not None:
                found.append(piece)
        return _gathered(part, self._beside(block, _distinct(found)).values(), doubt)

    def _target(self, part: CodePart, block: CodeBlock, value: Any) -> CodeBlock | Unknown | None:
        """The block that one value means."""
        if is_unknown(value):
            if value.unset:
                return None
            if len(value.refs) == 1:
                meant = self._code.blocks.get(value.refs[0])
                if meant is not None and meant.type in part.resource:
                    return meant
            return self._by_type(part, block, value) or Unknown(value.cause)
        meant = self._named(part.resource).get(str(value))
        return meant or Unknown(f"unresolved:{block.address}.{part.via}")

    def _by_type(self, part: CodePart, block: CodeBlock, value: Unknown) -> CodeBlock | None:
        """The only block of the part's type among all that the text surely refers to."""
        labels = sorted({path[0] for path in expression_paths(part.via or "") if path})
        aim = self._code.aim(block.address, labels, value, lambda b: b.type in part.resource)
        meant = set(aim.sure)
        alone = len(meant) == 1 and not aim.possible and not aim.anyone
        return self._code.blocks[meant.pop()] if alone else None

    def _named(self, kinds: tuple[str, ...]) -> dict[str, CodeBlock]:
        """Blocks and data sources of some types by each of their known identifiers."""
        if kinds not in self._by_name:
            self._by_name[kinds] = {
                name: block
                for kind in kinds
                for block in self._code.types.get(kind, ())
                for name in _identities(self._code.document(block.address))
            }
        return self._by_name[kinds]


def resources(code: Code, kinds: Iterable[str]) -> Iterator[CodeBlock]:
    """The resources of some Terraform types, without data sources."""
    return (b for kind in kinds for b in code.types.get(kind, ()) if not b.data)


def _identities(document: dict[str, Any]) -> list[str]:
    values = (document.get(name) for name in IDENTITIES)
    return list(dict.fromkeys(v for v in values if isinstance(v, str) and v))


def _distinct(pieces: Iterable[_Piece]) -> dict[str, _Piece]:
    return {piece.block.address: piece for piece in pieces}


def _gathered(part: CodePart, sure: Collection[_Piece], doubt: Unknown | None) -> Any:
    """The part's value: all of them with an open end for the doubtful, or the only one."""
    known = [piece.value for piece in sure if not is_unknown(piece.value)]
    unsure = next((piece.value for piece in sure if is_unknown(piece.value)), None)
    if part.many:
        end = doubt if unsure is None else unsure
        return known if end is None else [*known, end]
    if unsure is not None:
        return unsure
    if len(known) > 1:
        return Unknown(f"unresolved:{list(sure)[1].block.address}")
    return known[0] if known else doubt
