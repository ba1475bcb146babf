"""What `trueline doctor` looks at in the configuration: its rules, and what they lean on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueline.cli.options import many
from trueline.errors import TruelineError

if TYPE_CHECKING:
    from trueline.pipeline import Inspection, Workspace
    from trueline.settings import Settings

__all__ = ["Finding", "look_at_rules", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `state` is ok, note or wrong."""

    subject: str
    state: str
    said: str
    hint: str | None = None


def wrong(subject: str, error: TruelineError) -> Finding:
    where = f" ({error.where})" if error.where else ""
    return Finding(subject, "wrong", error.message + where, error.hint)


def look_at_rules(room: Workspace) -> Iterator[Finding]:
    """Rules that do not compile; else what they make of the newest snapshot."""
    from trueline.pipeline import broken_rules, inspect_rules

    broken = [wrong(rule.of, rule.error) for rule in broken_rules(room.settings)]
    yield from broken
    yield from _state(room.settings)
    yield from _approvers(room.settings)
    if broken:
        return
    try:
        seen = inspect_rules(room)
    except TruelineError:
        return  # What is wrong with the home is told where the home is looked at.
    if seen is not None:
        yield from _overlaps(seen)
        yield from _owner_rules(seen, room.settings)
    yield from _leads(seen, room.settings)


def _state(settings: Settings) -> Iterator[Finding]:
    if (settings.state or "").startswith("postgres") and not importlib.util.find_spec("psycopg"):
        hint = 'pip install "trueline[postgresql]"'
        yield Finding("state", "note", "its URL needs psycopg, which is not installed", hint)


def _approvers(settings: Settings) -> Iterator[Finding]:
    folder = settings.exceptions
    if folder is None or settings.approvers:
        return
    files = [f for f in folder.rglob("*") if f.is_file() and not f.name.startswith(".")]
    if files:
        said = f"{many(len(files), 'file')} in {folder}, and nobody may approve exceptions"
        yield Finding("approvers", "note", said, 'say who may: [approvers] names = ["…"]')


def _overlaps(seen: Inspection) -> Iterator[Finding]:
    for overlap in seen.overlaps:
        yield Finding(
            f"environments {overlap.first} and {overlap.second}",
            "note",
            f"{many(overlap.resources, 'resource')} of snapshot {seen.snapshot} "
            f"{'fits' if overlap.resources == 1 else 'fit'} both, such as {overlap.example}",
            f"they belong to {overlap.first}, which stands first",
        )


def _owner_rules(seen: Inspection, settings: Settings) -> Iterator[Finding]:
    rules = settings.owners.rules
    for number in seen.unused:
        rule = rules[number - 1]
        said = f"fits nothing in snapshot {seen.snapshot} ({rule.where}): {rule.match}"
        hint = "trueline resource list --filter RULE shows what a rule fits"
        yield Finding(f"rule {number} of [owners]", "note", said, hint)
    for number in seen.undecided:
        rule = rules[number - 1]
        said = f"not tried: resources alone do not decide it ({rule.where}): {rule.match}"
        yield Finding(f"rule {number} of [owners]", "ok", said)


def _leads(seen: Inspection | None, settings: Settings) -> Iterator[Finding]:
    """Without a snapshot a tag may say any owner; then nothing is known of leads."""
    from trueline.pipeline import unknown_leads

    if seen is None and settings.owners.tag:
        return
    for owner in seen.leads if seen else unknown_leads(settings):
        said = f"{owner} has a lead, but no rule, environment, default or tag names this owner"
        hint = "CODEOWNERS and assignments may still do so; otherwise mend the name"
        yield Finding("[owners] leads", "note", said, hint)
