"""Whose a finding is, and why: the first of a chain that says somebody.

explicit assignment → tag → code path (CODEOWNERS) → rules → the environment's owner → the default

A step that could not be decided, because tags were not read say, is passed over, and the reason
tells so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trueline.findings.subject import SUBJECT, unowned
from trueline.model import Type
from trueline.settings import Settings

__all__ = ["ASSIGNED", "CODE", "NOBODY", "TAG", "Owning", "owning"]

NOBODY, ASSIGNED, TAG, CODE, ENVIRONMENT, DEFAULT, FIRST_RULE = 0, 1, 2, 3, 4, 5, 100
"""Which step of the chain decided; rules are counted from `FIRST_RULE`."""


@dataclass(frozen=True, slots=True)
class Owning:
    """The chain as SQL over a subject under the alias `p`, and in words.

    `owner` gives a text or NULL, `step` a number as above, `gap` whether a step before the one
    that decided could not be.
    """

    settings: Settings
    owner: str
    step: str
    gap: str

    def reason(self, step: int, gap: bool, detail: str | None = None) -> str:
        """Why it is this owner's; `detail` says who assigned it, or the line of a code path."""
        passed = "; a step before it could not be decided" if gap else ""
        return self._said(step, detail) + passed

    def _said(self, step: int, detail: str | None) -> str:
        owners = self.settings.owners
        if step == ASSIGNED:
            return f"assigned by {detail}"
        if step == TAG:
            return f"tag {owners.tag}"
        if step == CODE:
            return f"CODEOWNERS: {detail}"
        if step == ENVIRONMENT:
            return "owner of the environment"
        if step == DEFAULT:
            return "default of [owners]"
        if step >= FIRST_RULE:
            number = step - FIRST_RULE
            return f"rule {number + 1} of [owners]: {owners.rules[number].match}"
        return "no step of the chain says an owner"


def owning(settings: Settings, columns: Mapping[str, Type] = SUBJECT) -> Owning:
    """Compile the chain of these settings over a subject of these columns.

    Raises LanguageError with the rule's place.
    """
    rules = _rules(settings, columns)
    steps = [*_tag(settings), *rules, *_environments(settings), *_default(settings)]
    return Owning(
        settings,
        _cases([(s.when, s.owner) for s in steps], "NULL::VARCHAR"),
        _cases([(s.when, str(s.number)) for s in steps], str(NOBODY)),
        _gap(steps),
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """SQL: `when` is NULL where it cannot be decided, `owner` is who it then is."""

    number: int
    when: str
    owner: str


def _tag(settings: Settings) -> list[_Step]:
    key = settings.owners.tag
    if key is None:
        return []
    value = f"trim(p.tags[{_text(key)}])"
    # A tag that is there with a value that is not known is as open as tags that were not read.
    missing = f"NOT map_contains(p.tags, {_text(key)})"
    when = f"CASE WHEN {value} IS NOT NULL THEN {value} <> '' WHEN {missing} THEN FALSE END"
    return [_Step(TAG, when, value)]


def _rules(settings: Settings, subject: Mapping[str, Type]) -> list[_Step]:
    if not settings.owners.rules:
        return []
    from trueline.language import compile_rule

    columns = unowned(subject)
    return [
        _Step(FIRST_RULE + i, compile_rule(r.match, columns, r.where), _text(r.owner))
        for i, r in enumerate(settings.owners.rules)
    ]


def _environments(settings: Settings) -> list[_Step]:
    named = [(e.name, e.owner) for e in settings.environments if e.owner]
    if not named:
        return []
    owner = _cases([(f"p.environment = {_text(n)}", _text(o)) for n, o in named], "NULL")
    among = ", ".join(_text(n) for n, _ in named)
    return [_Step(ENVIRONMENT, f"coalesce(p.environment IN ({among}), FALSE)", owner)]


def _default(settings: Settings) -> list[_Step]:
    default = settings.owners.default
    return [_Step(DEFAULT, "TRUE", _text(default))] if default else []


def _gap(steps: Sequence[_Step]) -> str:
    """TRUE where a step was passed over because it could not be decided."""
    whens, passed = [], "FALSE"
    for step in steps:
        whens.append((step.when, passed))
        passed = f"({passed} OR ({step.when}) IS NULL)"
    return _cases(whens, passed)


def _cases(whens: Sequence[tuple[str, str]], otherwise: str) -> str:
    if not whens:
        return otherwise
    return f"CASE {' '.join(f'WHEN {w} THEN {t}' for w, t in whens)} ELSE {otherwise} END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
