"""Whose a file of the code is, as its CODEOWNERS says: the last line that matches it.

GitHub and GitLab look in the same places; of GitLab's sections each names an owner of its own.
The file may come from a stranger, and the library makes regular expressions of its patterns: what
could search for long is passed over, like every line that is none, and said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueline.iac.trees import Tree, TreeError

if TYPE_CHECKING:
    from codeowners import CodeOwners

__all__ = ["PLACES", "CodeOwner", "CodePaths", "find_codeowners", "read_codeowners"]

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the file may stand; the first that is there holds."""
LARGEST = 3 << 20
"""Bytes; what GitHub reads too."""
LONGEST_PATH, LONGEST_PATTERN = 300, 200
MOST_LINES, MOST_SEARCHING, MOST_STARS = 10_000, 50, 16
_SAID = 10
"""Lines that are named when they are passed over; the rest are counted."""
_HEADING = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s+\S+)*)")
_OWNER = re.compile(r"[^\s@]*@\S+")
_BLANK = "\ue000"
"""Stands for an escaped blank: the library would take one for several folders."""

_Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CodeOwner:
    """`owner` None = nobody; `line` says where that stands, None = nowhere. `known` False = the
    file or the path could not be read."""

    owner: str | None = None
    line: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class CodePaths:
    """A CODEOWNERS file by its place; `lines` None = it could not be read."""

    file: str
    lines: CodeOwners | None
    _seen: dict[str, CodeOwner] = field(default_factory=dict, compare=False)

    def owner(self, path: str) -> CodeOwner:
        """Whose a file is, by its path in the judged root."""
        if path not in self._seen:
            self._seen[path] = self._find(path)
        return self._seen[path]

    def _find(self, path: str) -> CodeOwner:
        if self.lines is None or len(path) > LONGEST_PATH:
            return CodeOwner(known=False)
        found = self.lines.matching_lines(path.replace(" ", _BLANK))
        decided: dict[str | None, tuple[int, str, list[str]]] = {}
        for owners, number, pattern, section in found:
            line = f"{self.file}:{number} {pattern}".replace(_BLANK, "\\ ")
            decided.setdefault(section, (number or 0, line, [name for _, name in owners]))
        lines = sorted(decided.values())
        naming = [line for line in lines if line[2]] or lines
        names = dict.fromkeys(name for _, _, owners in naming for name in owners)
        said = " and ".join(line for _, line, _ in naming)
        return CodeOwner(", ".join(names) or None, said or None)


def find_codeowners(tree: Tree) -> str | None:
    """Where the CODEOWNERS file stands; None = there is none."""
    return next((place for place in PLACES if tree.is_file(place)), None)


def read_codeowners(tree: Tree, say: _Say = lambda text: None) -> CodePaths | None:
    """The CODEOWNERS file of a judged root, None where there is none; `say` tells what of it is
    passed over."""
    file = find_codeowners(tree)
    if file is None:
        return None
    try:
        data = tree.read(file)
        if len(data) > LARGEST:
            raise TreeError("too_large", file, f"is larger than {LARGEST >> 20} MB")
        text = data.decode("utf-8-sig")
    except TreeError as error:
        say(f"{file} is passed over: it {error.message}")
        return CodePaths(file, None)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        say(f"{file}:{line}: the file is passed over: it is not UTF-8")
        return CodePaths(file, None)
    # Loaded where such a file is, and nowhere else.
    from codeowners import CodeOwners

    wrong: list[str] = []
    clean = "\n".join(_clean(text.split("\n"), lambda n, why: wrong.append(f"{file}:{n}: {why}")))
    for said in wrong[:_SAID]:
        say(f"{said}; the line is passed over")
    if len(wrong) > _SAID:
        say(f"{file}: {len(wrong) - _SAID:,} more lines are passed over")
    return CodePaths(file, CodeOwners(clean))


def _clean(lines: list[str], refuse: Callable[[int, str], None]) -> Iterator[str]:
    """Each line as the library reads it rightly; an empty one for what is passed over."""
    owners: list[str] = []
    taken = searching = 0
    for number, line in enumerate(lines, 1):
        words = line.replace("\\ ", _BLANK).split()
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            named = _uncommented(heading["owners"].split())
            owners = [name for name in named if _OWNER.fullmatch(name)]
            yield f"[{' '.join(heading['name'].lower().split())}]"
            continue
        if not words or words[0].startswith("#"):
            yield ""
            continue
        said = _uncommented(words[1:])
        why = _problem(words[0], said)
        freedom = _freedom(words[0])
        if why is None and taken >= MOST_LINES:
            why = f"it is beyond {MOST_LINES:,} patterns"
        elif why is None and freedom and searching >= MOST_SEARCHING:
            why = f"it is beyond {MOST_SEARCHING} patterns with several wildcards in a row"
        if why is not None:
            refuse(number, why)
            yield ""
            continue
        taken, searching = taken + 1, searching + bool(freedom)
        yield " ".join([words[0], *(said or owners)])


def _uncommented(words: list[str]) -> list[str]:
    end = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:end]


def _problem(pattern: str, owners: list[str]) -> str | None:
    """Why a line is passed over; None = it can be read."""
    if len(pattern) > LONGEST_PATTERN:
        return f"its pattern is longer than {LONGEST_PATTERN} characters"
    if pattern.startswith("!"):
        return "a pattern cannot be negated"
    if "[" in pattern or "]" in pattern:
        return "a pattern has no [classes]"
    if pattern.endswith("\\"):
        return "its pattern ends with \\"
    if not all(_OWNER.fullmatch(name) for name in owners):
        return "owners are @user, @group/team or an address of mail"
    crowded = any(segment.count("*") > 2 for segment in pattern.split("/"))
    if crowded or _freedom(pattern) > 2 or pattern.count("*") > MOST_STARS:
        return "its pattern has too many wildcards"
    return None


def _freedom(pattern: str) -> int:
    """How many wildcards may try each length on their own before the next can be ruled out.

    One star in a segment ends where the segment does, and one `**` is one walk; each further one
    multiplies the work by the length of the path.
    """
    segments = pattern.strip("/").removesuffix("/**").split("/")
    walks = sum(segment == "**" for segment in segments)
    stars = sum(max(s.count("*") - 1, 0) for s in segments if s != "**")
    return stars + walks if stars or walks > 1 else 0
