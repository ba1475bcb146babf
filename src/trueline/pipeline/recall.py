"""Remembers what judging a tree of source came to, until anything it looked at changes.

Kept are verdicts, places and the ledger, no rows. What was looked at is told by the tree itself:
every file, listing and question, with a digest of the answer, so that also a file that was not
there counts.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import trueline
from trueline.cachefile import modules_digest, read_pickle, write_pickle
from trueline.iac.trees import Tree, TreeError
from trueline.model import CodeRows, NotJudged, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trueline.findings.subjects import Known

__all__ = ["Judged", "Watched", "memory_path", "recall", "remember"]

Answer = TypeVar("Answer")
_KEPT = 16
"""Trees that are remembered beside each other."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What judging came to: `code` without its rows, of which there were `resources`.

    `known` is what of the rows the rules of owners and exceptions may ask for.
    """

    code: CodeRows
    resources: int
    verdicts: Sequence[Verdict]
    not_judged: Sequence[NotJudged]
    known: Mapping[str, Known] = field(default_factory=dict)


class Watched:
    """A tree that notes each question and a digest of the answer."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.seen: dict[tuple[str, str], str] = {}

    def real(self, path: str) -> str:
        """As the tree."""
        return self._ask("real", path, self._tree.real)

    def read(self, path: str) -> bytes:
        """As the tree."""
        return self._ask("read", path, self._tree.read)

    def list(self, path: str) -> list[str]:
        """As the tree."""
        return self._ask("list", path, self._tree.list)

    def is_file(self, path: str) -> bool:
        """As the tree."""
        return self._ask("is_file", path, self._tree.is_file)

    def is_dir(self, path: str) -> bool:
        """As the tree."""
        return self._ask("is_dir", path, self._tree.is_dir)

    def _ask(self, question: str, path: str, ask: Callable[[str], Answer]) -> Answer:
        try:
            answer = ask(path)
        except TreeError as error:
            self.seen[question, path] = _digest(error)
            raise
        self.seen[question, path] = _digest(answer)
        return answer


def _digest(answer: Any) -> str:
    if isinstance(answer, TreeError):
        answer = (answer.cause, answer.message)
    data = answer if isinstance(answer, bytes) else repr(answer).encode()
    return hashlib.sha256(data).hexdigest()


def memory_path(folder: Path, *facts: object) -> Path:
    """Where the answer to this question is kept: Trueline's own code is one of the facts."""
    whole = repr((trueline.__version__, sys.version, modules_digest(), facts))
    return folder / f"code-{hashlib.sha256(whole.encode()).hexdigest()[:40]}.pickle"


def recall(path: Path, tree: Tree) -> Judged | None:
    """What judging came to, if everything that was looked at is as it was."""
    kept = read_pickle(path)
    if not isinstance(kept, tuple) or len(kept) != 2 or not isinstance(kept[1], Judged):
        return None
    seen: Mapping[tuple[str, str], str] = kept[0]
    judged: Judged = kept[1]
    now = Watched(tree)
    for (question, place), digest in seen.items():
        with suppress(TreeError):  # its digest is noted as well
            getattr(now, question)(place)
        if now.seen[question, place] != digest:
            return None
    return judged


def remember(path: Path, watched: Watched, judged: Judged) -> None:
    """Keep what judging came to."""
    write_pickle(path, (watched.seen, judged), _KEPT)
