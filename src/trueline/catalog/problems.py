"""Problems of content files: each with its place, all of them told at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trueline.errors import ConfigError, Where

__all__ = ["ContentError", "Problem", "closest", "render_problems"]

_COMPARED = 200
"""Characters beyond which a name is no typing mistake; comparing takes quadratic time."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a content file; a `warning` does not stop the file from being used."""

    code: str
    message: str
    where: Where
    hint: str | None = None
    warning: bool = False

    def render(self) -> str:
        """The three-line form of DESIGN §9, without colour."""
        kind = "warning" if self.warning else "error"
        lines = [f"{kind}[{self.code}]: {self.message}", f"  --> {self.where}"]
        if self.hint:
            lines.append(f"  help: {self.hint}")
        return "\n".join(lines)


class ContentError(ConfigError):
    """Content files are broken; `problems` lists every error, and nothing was read."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__(first.code, first.message, first.hint, first.where)
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type[ContentError], tuple[tuple[Problem, ...]]]:
        return ContentError, (self.problems,)

    def render(self) -> str:
        return render_problems(self.problems)


def render_problems(problems: Iterable[Problem]) -> str:
    """All problems in the three-line form, by file and line, one empty line between them."""
    ordered = sorted(problems, key=lambda p: (p.where.file, p.where.line, p.where.column))
    return "\n\n".join(problem.render() for problem in ordered)


def closest(name: str, known: Iterable[str]) -> str | None:
    """`did you mean …?` for the most similar known name, None when nothing is near."""
    if len(name) > _COMPARED:
        return None
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {found[0]!r}?" if found else None
