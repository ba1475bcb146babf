"""Whose verdicts on code are: the chain of owners without assignments, which nothing records.

Steps that are rules are asked as SQL, where the configuration has any; the code path is looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from trueline.findings.codeowners import CodeOwner, CodePaths
from trueline.findings.owners import CODE, NOBODY, TAG, Owning, owning
from trueline.findings.subjects import MARKED, UNREAD, Known, ask
from trueline.model import Verdict
from trueline.settings import Settings

__all__ = ["with_owners"]

_NOTHING = CodeOwner()


def with_owners(
    verdicts: Sequence[Verdict],
    settings: Settings,
    known: Mapping[str, Known],
    paths: CodePaths | None,
    place: Callable[[str], str],
) -> list[Verdict]:
    """The verdicts with `owner` and `owner_reason`; `place` says a file's path in the root."""
    chain = owning(settings, MARKED)
    found = _asked(verdicts, known, chain)
    out = []
    for verdict, decided in zip(verdicts, found, strict=True):
        file = _file(verdict)
        code = paths.owner(place(file)) if paths and file else _NOTHING
        tags = known.get(verdict.resource.uid, UNREAD).tags
        owner, reason = _chosen(decided, code, _is_open(settings.owners.tag, tags), chain)
        out.append(replace(verdict, owner=owner, owner_reason=reason))
    return out


@dataclass(frozen=True, slots=True)
class _Found:
    """What the steps beside the code path say."""

    owner: str | None = None
    step: int = NOBODY
    gap: bool = False


def _asked(verdicts: Sequence[Verdict], known: Mapping[str, Known], chain: Owning) -> list[_Found]:
    if chain.step == str(NOBODY):
        # Only the code path says owners: no table is made for it.
        return [_Found()] * len(verdicts)
    return [_Found(*said) for said in ask(verdicts, known, (chain.owner, chain.step, chain.gap))]


def _file(verdict: Verdict) -> str | None:
    """The file that decides; a plan that lies alone is no code."""
    if verdict.location is not None:
        return verdict.location.file
    return verdict.resource.file if verdict.resource.line else None


def _is_open(key: str | None, tags: Mapping[str, str | None] | None) -> bool:
    """Could the tag that names the owner be there, for all that is known?"""
    return key is not None and (tags is None or (key in tags and tags[key] is None))


def _chosen(found: _Found, code: CodeOwner, unread: bool, chain: Owning) -> tuple[str | None, str]:
    """Owner and reason: the code path stands behind the tag and before the rules."""
    if found.step == TAG:
        return found.owner, chain.reason(TAG, found.gap)
    if code.owner is not None:
        return code.owner, chain.reason(CODE, unread, code.line)
    reason = chain.reason(found.step, found.gap or not code.known)
    return found.owner, f"{reason}; {code.line} names nobody" if code.line else reason
