"""Regular expressions as Terraform spells them (RE2): text -> tree.

Python's own would take more (backreferences, looking around), mean other things by some
(`$`, `\\d`), and need exponential time for a few: judged code must not choose how long it takes.
Source: the syntax page of RE2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from trueline.iac.terraform.evaluate.values import FunctionError

__all__ = [
    "Alternatives",
    "Assertion",
    "Characters",
    "Group",
    "Node",
    "Parser",
    "Ranges",
    "Repeat",
    "Sequence",
    "UnsupportedPatternError",
]

Ranges = tuple[tuple[int, int], ...]
"""Code points from, to (inclusive), in order, apart from each other."""

_LAST = 0x10FFFF
_MOST_REPEATS = 1000
_DEEPEST = 100

_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_BLANK: Ranges = ((9, 10), (12, 13), (32, 32))
_PERL = {"d": _DIGIT, "w": _WORD, "s": _BLANK}
_POSIX: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_ESCAPES = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ASSERTIONS = {"A": "text start", "z": "text end", "b": "boundary", "B": "no boundary"}
_COUNTED = re.compile(r"\{([0-9]+)(,([0-9]*))?\}", re.ASCII)
_OPENING = re.compile(r"\?(?:P?<([A-Za-z0-9_]+)>|([imsU]*)(?:-([imsU]+))?([:)]))", re.ASCII)
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})", re.ASCII)
_NAMED = re.compile(r"\[:(\^?)([a-z]+):\]")
_OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}", re.ASCII)


class UnsupportedPatternError(Exception):
    """The pattern is one that Terraform takes and this parser does not."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character of these."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place: text or line start or end, a word boundary or none."""

    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """What it matches is kept, under a number from 1."""

    inner: Node
    number: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; none is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The first that leads to a match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """At least `low` times, at most `high` (None: any number)."""

    inner: Node
    low: int
    high: int | None
    greedy: bool


Node = Characters | Assertion | Group | Sequence | Alternatives | Repeat


class Parser:
    """Reads one pattern; `names` are those of its groups, None for a group without."""

    def __init__(self, pattern: str) -> None:
        self.names: list[str | None] = []
        self._text, self._at, self._depth = pattern, 0, 0
        self._flags: frozenset[str] = frozenset()

    def parse(self) -> Node:
        """The tree; raises FunctionError for what Terraform refuses."""
        node = self._alternatives()
        if self._at < len(self._text):
            raise self._wrong("unexpected )")
        return node

    def _wrong(self, message: str) -> FunctionError:
        return FunctionError(f"invalid regular expression at {self._at + 1}: {message}")

    def _take(self, expected: str) -> bool:
        found = self._text.startswith(expected, self._at)
        self._at += len(expected) if found else 0
        return found

    def _alternatives(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise UnsupportedPatternError
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else Alternatives(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            for atom in self._atoms():
                parts.append(atom)
            self._repeat(parts)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeat(self, parts: list[Node]) -> None:
        """Puts a repetition that follows around the last part."""
        found = self._repetition()
        if found is None:
            return
        greedy = self._take("?") == ("U" in self._flags)
        if not parts:
            raise self._wrong("missing argument to repetition operator")
        parts[-1] = Repeat(parts[-1], *found, greedy)
        if self._repetition() is not None:
            raise self._wrong("invalid nested repetition operator")

    def _repetition(self) -> tuple[int, int | None] | None:
        for sign, low, high in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._take(sign):
                return low, high
        counted = _COUNTED.match(self._text, self._at)
        if counted is None:
            return None
        self._at = counted.end()
        low = _count(counted[1])
        high = low if counted[2] is None else _count(counted[3]) if counted[3] else None
        if low > _MOST_REPEATS or (high is not None and not low <= high <= _MOST_REPEATS):
            raise self._wrong("invalid repeat count")
        return low, high

    def _atoms(self) -> Iterable[Node]:
        """The next atom; none for flags, several for quoted text."""
        character = self._text[self._at]
        if character in "*+?" or _COUNTED.match(self._text, self._at):
            raise self._wrong("missing argument to repetition operator")
        self._at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return (Characters(self._class()),)
        if character == "\\":
            return self._escape()
        if character == ".":
            return (Characters(_all_but(() if "s" in self._flags else ((10, 10),))),)
        if character in "^$":
            unit = "line" if "m" in self._flags else "text"
            return (Assertion(f"{unit} {'start' if character == '^' else 'end'}"),)
        return (self._literal(ord(character)),)

    def _literal(self, code: int) -> Characters:
        return Characters(self._folded(((code, code),)))

    def _group(self) -> Iterable[Node]:
        outside = self._flags
        number = None
        if self._text.startswith("?", self._at):
            opening = _OPENING.match(self._text, self._at)
            if opening is None or (opening[3] is None and opening[0].endswith("-)")):
                raise self._wrong("invalid or unsupported Perl syntax")
            self._at = opening.end()
            if opening[1]:
                number = self._numbered(opening[1])
            else:
                self._flags = (outside | set(opening[2])) - set(opening[3] or "")
                if opening[4] == ")":
                    return ()
        else:
            number = self._numbered(None)
        inner = self._alternatives()
        if not self._take(")"):
            raise self._wrong("missing closing )")
        self._flags = outside
        return (inner if number is None else Group(inner, number),)

    def _numbered(self, name: str | None) -> int:
        self.names.append(name)
        return len(self.names)

    def _escape(self) -> Iterable[Node]:
        letter = self._text[self._at : self._at + 1]
        if letter in _ASSERTIONS and letter:
            self._at += 1
            return (Assertion(_ASSERTIONS[letter]),)
        if letter == "Q":
            self._at += 1
            end = self._text.find("\\E", self._at)
            quoted = self._text[self._at : end if end >= 0 else None]
            self._at += len(quoted) + (2 if end >= 0 else 0)
            return [self._literal(ord(each)) for each in quoted]
        ranges = self._shorthand()
        if ranges is not None:
            return (Characters(ranges),)
        return (self._literal(self._escaped()),)

    def _shorthand(self) -> Ranges | None:
        """The class that a letter behind a backslash stands for."""
        letter = self._text[self._at : self._at + 1]
        if letter in ("p", "P"):
            raise UnsupportedPatternError
        if letter.lower() not in _PERL or not letter:
            return None
        self._at += 1
        ranges = self._folded(_PERL[letter.lower()])
        return _all_but(ranges) if letter.isupper() else ranges

    def _escaped(self) -> int:
        """The character for which an escape stands."""
        for pattern, base in ((_HEX, 16), (_OCTAL, 8)):
            match = pattern.match(self._text, self._at)
            if match is not None:
                self._at = match.end()
                code = int((match[1] or match[2]) if base == 16 else match[0], base)
                if code > _LAST:
                    raise self._wrong("invalid escape sequence")
                return code
        letter = self._text[self._at : self._at + 1]
        self._at += 1
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        if not letter or not letter.isascii() or letter.isalnum():
            raise self._wrong("invalid escape sequence")
        return ord(letter)

    def _class(self) -> Ranges:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self._text.startswith("]", self._at):
            if self._at >= len(self._text):
                raise self._wrong("missing closing ]")
            first = False
            found.extend(self._class_item())
        self._at += 1
        ranges = self._folded(_joined(found))
        return _all_but(ranges) if negated else ranges

    def _class_item(self) -> Ranges:
        posix = _NAMED.match(self._text, self._at)
        if posix:
            if posix[2] not in _POSIX:
                raise self._wrong("invalid character class range")
            self._at = posix.end()
            return _all_but(_POSIX[posix[2]]) if posix[1] else _POSIX[posix[2]]
        if self._take("\\"):
            ranges = self._shorthand()
            if ranges is not None:
                return ranges
            low = self._escaped()
        else:
            low = ord(self._text[self._at])
            self._at += 1
        if not self._text.startswith("-", self._at) or self._text[self._at + 1 :][:1] in ("]", ""):
            return ((low, low),)
        self._at += 1
        if self._take("\\"):
            high = self._escaped()
        else:
            high = ord(self._text[self._at])
            self._at += 1
        if high < low:
            raise self._wrong("invalid character class range")
        return ((low, high),)

    def _folded(self, ranges: Ranges) -> Ranges:
        """The ranges with the other cases of their letters, where case does not matter."""
        if "i" not in self._flags:
            return ranges
        if sum(high - low for low, high in ranges if low > 127) > 2000:
            raise UnsupportedPatternError
        found = list(ranges)
        for low, high in ranges:
            for code in range(low, high + 1):
                character = chr(code)
                for other in {character.lower(), character.upper(), character.upper().lower()}:
                    found += [(ord(other), ord(other))] if len(other) == 1 else []
                # The two characters beside ASCII that fold to ASCII letters.
                found += {"k": [(0x212A, 0x212A)], "s": [(0x17F, 0x17F)]}.get(character.lower(), [])
        return _joined(found)


def _count(digits: str) -> int:
    return int(digits) if len(digits) < 6 else _MOST_REPEATS + 1


def _joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def _all_but(ranges: Ranges) -> Ranges:
    out: list[tuple[int, int]] = []
    start = 0
    for low, high in _joined(ranges):
        if start < low:
            out.append((start, low - 1))
        start = high + 1
    if start <= _LAST:
        out.append((start, _LAST))
    return tuple(out)
