"""Owners and exceptions of verdicts on code; nothing is loaded where nothing says any."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueline.iac.trees import Tree
from trueline.model import CodeRows, NotJudged, Verdict
from trueline.settings import Settings

if TYPE_CHECKING:
    import datetime as dt

    from trueline.findings.codeowners import CodePaths
    from trueline.findings.excepting import Excused
    from trueline.findings.exception_files import FileException
    from trueline.findings.subjects import Known

__all__ = ["Stewards", "code_paths", "really_judged", "what_rules_want"]


@dataclass(frozen=True, slots=True)
class Stewards:
    """What says an owner or an exception of code: configuration, CODEOWNERS, exception files."""

    settings: Settings
    paths: CodePaths | None
    exceptions: Sequence[FileException]
    today: dt.date

    def owned(
        self, verdicts: Sequence[Verdict], known: Mapping[str, Known], folder: str
    ) -> Sequence[Verdict]:
        """The verdicts with their owners; `folder` is what their files are relative to."""
        if self.paths is None and not _says_owners(self.settings):
            return verdicts
        from trueline.findings.code_owning import with_owners

        def place(file: str) -> str:
            return posixpath.normpath(posixpath.join(folder, file))

        return with_owners(verdicts, self.settings, known, self.paths, place)

    def excused(
        self,
        verdicts: Sequence[Verdict],
        known: Mapping[str, Known],
        judged: Collection[str],
    ) -> Excused | None:
        """The exceptions that hold for the verdicts; None where there are none at all."""
        if not self.exceptions:
            return None
        from trueline.findings.excepting import excuse

        return excuse(verdicts, self.exceptions, self.settings, known, self.today, judged)


def code_paths(tree: Tree, say: Callable[[str], None]) -> CodePaths | None:
    """The CODEOWNERS file of a judged root."""
    from trueline.findings.codeowners import read_codeowners

    return read_codeowners(tree, say)


def what_rules_want(settings: Settings, code: CodeRows, *, excepting: bool) -> Mapping[str, Known]:
    """What of the rows must be kept for the rules of owners, and `excepting` ones, by uid."""
    if not excepting and not _says_owners(settings):
        return {}
    from trueline.findings.subjects import known_of

    return known_of(code)


def really_judged(chosen: Iterable[str], not_judged: Iterable[NotJudged]) -> frozenset[str]:
    """The policies that were asked for and could be judged."""
    return frozenset(chosen) - {entry.policy for entry in not_judged}


def _says_owners(settings: Settings) -> bool:
    """Does the configuration say an owner of anything?"""
    owners = settings.owners
    by_environment = any(environment.owner for environment in settings.environments)
    return bool(owners.tag or owners.rules or owners.default or by_environment)
