"""Whose a finding is, and why: the first of a chain that says somebody.

explicit assignment → tag → code path (CODEOWNERS) → rules → the environment's owner → the default

A step that could not be decided, because tags were not read say, is passed over, and the reason
tells so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.findings.subject import SUBJECT, unowned
from trueline.model import Type
from trueline.settings import Owners, Settings

__all__ = [
    "ASSIGNED",
    "CHAIN_UNKNOWN",
    "CODE",
    "NOBODY",
    "TAG",
    "Link",
    "Owning",
    "chain_steps",
    "explain",
    "owner_reason",
    "owning",
]

NOBODY, ASSIGNED, TAG, CODE, ENVIRONMENT, DEFAULT, CHAIN_UNKNOWN, FIRST_RULE = *range(7), 100
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
        return owner_reason(self.settings, step, gap, detail)


def owner_reason(settings: Settings, step: int, gap: bool, detail: str | None = None) -> str:
    """Why it is this owner's; `detail` says who assigned it, or the line of a code path."""
    passed = "; a step before it could not be decided" if gap else ""
    return _said(settings.owners, step, detail) + passed


def _said(owners: Owners, step: int, detail: str | None) -> str:
    if step >= FIRST_RULE:
        number = step - FIRST_RULE
        known = number < len(owners.rules)
        return f"rule {number + 1} of [owners]" + (
            f": {owners.rules[number].match}" if known else ""
        )
    return {
        CHAIN_UNKNOWN: "the assignment was taken back",
        ASSIGNED: f"assigned by {detail}",
        TAG: f"tag {owners.tag}",
        CODE: f"CODEOWNERS: {detail}",
        ENVIRONMENT: "owner of the environment",
        DEFAULT: "default of [owners]",
    }.get(step, "no step of the chain says an owner")


def owning(settings: Settings, columns: Mapping[str, Type] = SUBJECT) -> Owning:
    """Compile the chain of these settings over a subject of these columns.

    Raises LanguageError with the rule's place.
    """
    steps = _steps(settings, columns)
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


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain for one subject: what it is, whether it holds (None = it could not be
    decided), and whose it then is."""

    said: str
    holds: bool | None
    owner: str | None


def explain(settings: Settings, subject: Mapping[str, Any]) -> list[Link]:
    """The chain for one finding, step by step. `subject` has its columns; `tags` None = unknown."""
    import pyarrow as pa

    from trueline.lake.connect import connect

    kinds = [(name, pa.string()) for name in SUBJECT if name not in ("tags", "owner")]
    schema = pa.schema([*kinds, ("tags", pa.map_(pa.string(), pa.string()))])
    tags = subject["tags"]
    row = {name: subject.get(name) for name in schema.names}
    row |= {"plane": "live", "tags": None if tags is None else list(tags.items())}
    links = []
    with connect(memory="64MB", threads=1, files=False) as con:
        con.register("_subject", pa.Table.from_pylist([row], schema))
        for step in _steps(settings):
            sql = f"SELECT {step.when}, {step.owner} FROM _subject p"
            holds, owner = con.execute(sql).fetchall()[0]
            links.append(Link(owner_reason(settings, step.number, False), holds, owner))
    return links


def chain_steps(settings: Settings) -> list[tuple[int, str]]:
    """The number of each step that these settings have, and what it is: assignment first,
    nobody last."""
    numbers = [step.number for step in _steps(settings)]
    said = [(n, owner_reason(settings, n, False)) for n in numbers]
    return [
        (ASSIGNED, "explicit assignment"),
        *said,
        (NOBODY, owner_reason(settings, NOBODY, False)),
    ]


def _steps(settings: Settings, columns: Mapping[str, Type] = SUBJECT) -> list[_Step]:
    rules = _rules(settings, columns)
    return [*_tag(settings), *rules, *_environments(settings), *_default(settings)]


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
