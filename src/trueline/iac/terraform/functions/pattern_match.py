"""Matches regular expressions in time that grows with text and pattern only.

A program of single steps is followed depth first, and never twice to the same place of the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from trueline.iac.terraform.functions.pattern_syntax import (
    Alternatives,
    Assertion,
    Characters,
    Group,
    Node,
    Parser,
    Ranges,
    Repeat,
    Sequence,
    UnsupportedPatternError,
)

__all__ = ["Pattern", "compile_pattern"]

_MOST_STEPS = 2_000_000
_LONGEST_PROGRAM = 10_000

_READ, _ASSERT, _KEEP, _FORK, _JUMP, _DONE = range(6)


class _Members(dict[str, bool]):
    """Which characters are in some ranges, remembered as they are asked for."""

    def __init__(self, ranges: Ranges) -> None:
        super().__init__()
        self._bounds = [bound for low, high in ranges for bound in (low, high + 1)]

    def __missing__(self, character: str) -> bool:
        inside = bisect_right(self._bounds, ord(character)) % 2 == 1
        self[character] = inside
        return inside


_Step = tuple[int, Any, int, int]
"""What to do, with what, and where it goes on: the first choice and, for a fork, the second."""


@dataclass(slots=True)
class Budget:
    """The steps that remain for one call of a function."""

    steps: int = _MOST_STEPS

    def check(self) -> None:
        """Raises UnsupportedPatternError when they are used up."""
        if self.steps < 0:
            raise UnsupportedPatternError


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern; `names` of its groups, None for a group without a name."""

    names: tuple[str | None, ...]
    program: tuple[_Step, ...]

    def search(self, text: str, start: int = 0, budget: Budget | None = None) -> list[int] | None:
        """Where the first match from `start` on begins and ends, and each group; -1 for none."""
        kept = [-1] * (2 * len(self.names) + 2)
        return _search(self.program, kept, text, start, budget or Budget())

    def all_in(self, text: str) -> Iterator[list[int]]:
        """Every match, but for an empty one directly behind another."""
        position, before, budget = 0, -1, Budget()
        while position <= len(text):
            found = self.search(text, position, budget)
            if found is None:
                return
            if found[1] > found[0] or found[0] != before:
                yield found
            before = found[1]
            position = max(found[1], position + 1)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern ready to match; raises FunctionError where Terraform refuses it."""
    parser = Parser(pattern)
    tree = parser.parse()
    program: list[_Step] = []
    _emit(Group(tree, 0), program)
    program.append((_DONE, None, 0, 0))
    return Pattern(tuple(parser.names), tuple(program))


def _emit(node: Node, program: list[_Step]) -> None:
    """Appends the steps of a node; they go on behind the last of them."""
    if len(program) > _LONGEST_PROGRAM:
        raise UnsupportedPatternError
    here = len(program)
    if isinstance(node, Characters):
        program.append((_READ, _Members(node.ranges), here + 1, 0))
    elif isinstance(node, Assertion):
        program.append((_ASSERT, node.kind, here + 1, 0))
    elif isinstance(node, Group):
        program.append((_KEEP, 2 * node.number, here + 1, 0))
        _emit(node.inner, program)
        program.append((_KEEP, 2 * node.number + 1, len(program) + 1, 0))
    elif isinstance(node, Sequence):
        for part in node.parts:
            _emit(part, program)
    elif isinstance(node, Alternatives):
        _emit_alternatives(node, program)
    else:
        _emit_repeat(node, program)


def _emit_alternatives(node: Alternatives, program: list[_Step]) -> None:
    ends: list[int] = []
    for option in node.options[:-1]:
        fork = len(program)
        program.append((_FORK, None, fork + 1, 0))
        _emit(option, program)
        ends.append(len(program))
        program.append((_JUMP, None, 0, 0))
        program[fork] = (_FORK, None, fork + 1, len(program))
    _emit(node.options[-1], program)
    for end in ends:
        program[end] = (_JUMP, None, len(program), 0)


def _emit_repeat(node: Repeat, program: list[_Step]) -> None:
    for _ in range(node.low - (node.high is None and node.low > 0)):
        _emit(node.inner, program)
    if node.high is None:
        # What may be empty must be tried once before it may be left out: `(x+)?` for `x*`.
        skips = [_open(program)] if node.low == 0 else []
        start = len(program)
        _emit(node.inner, program)
        loop = _open(program)
        _close(program, loop, start, len(program), node.greedy)
    else:
        skips = []
        for _ in range(node.high - node.low):
            skips.append(_open(program))
            _emit(node.inner, program)
    for skip in skips:
        _close(program, skip, skip + 1, len(program), node.greedy)


def _open(program: list[_Step]) -> int:
    program.append((_FORK, None, 0, 0))
    return len(program) - 1


def _close(program: list[_Step], fork: int, inside: int, behind: int, greedy: bool) -> None:
    program[fork] = (_FORK, None, *((inside, behind) if greedy else (behind, inside)))


def _search(
    program: tuple[_Step, ...], kept: list[int], text: str, start: int, budget: Budget
) -> list[int] | None:
    """Fills `kept` with the places of the first match that begins at `start` or behind."""
    width = len(text) + 1
    visited: set[int] = set()
    for begin in range(start, width):
        # Either a place to go on from, or (negative) what a group held before.
        pending = [(0, begin)]
        while pending:
            at, position = pending.pop()
            if at < 0:
                kept[~at] = position
                continue
            budget.check()
            if _follow(program, kept, text, visited, pending, at, position, budget):
                return kept
    return None


def _follow(
    program: tuple[_Step, ...],
    kept: list[int],
    text: str,
    visited: set[int],
    pending: list[tuple[int, int]],
    at: int,
    position: int,
    budget: Budget,
) -> bool:
    """Goes from one place as far as it leads, other choices put on `pending`; is it a match?"""
    end = len(text)
    while True:
        budget.steps -= 1
        kind, what, follows, otherwise = program[at]
        if kind == _READ:
            if position == end or not what[text[position]]:
                return False
            position += 1
        elif kind == _FORK:
            place = at * (end + 1) + position
            if place in visited:
                return False
            visited.add(place)
            budget.check()
            pending.append((otherwise, position))
        elif kind == _KEEP:
            pending.append((~what, kept[what]))
            kept[what] = position
        elif kind == _ASSERT:
            if not _holds(what, text, position):
                return False
        elif kind == _DONE:
            return True
        at = follows


def _holds(kind: str, text: str, position: int) -> bool:
    if kind == "text start":
        return position == 0
    if kind == "text end":
        return position == len(text)
    before, after = text[position - 1 : position] if position else "", text[position : position + 1]
    if kind == "line start":
        return before in ("", "\n")
    if kind == "line end":
        return after in ("", "\n")
    return (_is_word(before) != _is_word(after)) == (kind == "boundary")


def _is_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")
