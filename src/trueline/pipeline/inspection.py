"""Looks at the rules of a configuration before anything relies on them: compiled, then tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueline.errors import TruelineError, Where
from trueline.model import COMMON, Type
from trueline.pipeline.judging import environment_rules
from trueline.pipeline.workspace import Workspace
from trueline.settings import Settings, load_assets

if TYPE_CHECKING:
    from trueline.enrich import Overlap
    from trueline.lake import Snapshot, Tables

__all__ = ["BrokenRule", "Inspection", "broken_rules", "inspect_rules", "unknown_leads"]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that does not compile; `of` says what it decides."""

    of: str
    error: TruelineError


@dataclass(frozen=True, slots=True)
class Inspection:
    """What rules that compile make of a snapshot.

    `unused` are the numbers of owners' rules, from 1, that fit nothing; of `undecided` that is not
    known, for they ask what resources and policies alone do not tell. `leads` are owners of
    `[owners] leads` that nothing names.
    """

    snapshot: int
    overlaps: tuple[Overlap, ...]
    unused: tuple[int, ...]
    undecided: tuple[int, ...]
    leads: tuple[str, ...]


def broken_rules(settings: Settings) -> Iterator[BrokenRule]:
    """The rules of environments, owners and assets that cannot be read, each by itself."""
    from trueline.findings.subject import SUBJECT, unowned

    rules: list[tuple[str, str, Mapping[str, Type], Where | None]] = [
        (f"environment {e.name}", e.match, COMMON, e.where) for e in settings.environments
    ]
    owned = unowned(SUBJECT)
    rules += [
        (f"rule {n} of [owners]", r.match, owned, r.where)
        for n, r in enumerate(settings.owners.rules, 1)
    ]
    try:
        assets = load_assets(settings.risk)
    except TruelineError as error:
        yield BrokenRule("assets", error)
        assets = settings.risk.assets
    rules += [(f"rule {n} of assets", a.match, SUBJECT, a.where) for n, a in enumerate(assets, 1)]
    if not rules:
        return
    from trueline.language import compile_rule

    for of, text, columns, where in rules:
        try:
            compile_rule(text, columns, where)
        except TruelineError as error:
            yield BrokenRule(of, error)


def inspect_rules(room: Workspace) -> Inspection | None:
    """Try the rules on the newest snapshot; None where there is none, or nothing to try.

    Raises TruelineError for a rule that does not compile, or a lake that cannot be read.
    """
    settings = room.settings
    wanted = len(settings.environments) > 1 or settings.owners.rules or settings.owners.leads
    if not wanted or not (room.home / "lake").is_dir():
        return None
    from trueline.lake import Lake

    lake = Lake(room.home)
    snapshot = lake.snapshot()
    if snapshot is None:
        return None
    with lake.tables(snapshot, room.catalog.types) as tables:
        return _inspected(room, snapshot, tables)


def _inspected(room: Workspace, snapshot: Snapshot, tables: Tables) -> Inspection:
    from trueline.enrich import assign_environments, overlaps
    from trueline.findings.trying import named_by_tag

    owners = room.settings.owners
    environments = environment_rules(room.settings.environments)
    shared = overlaps(tables, environments)
    assign_environments(tables, environments)
    unused, undecided = _tried(room, tables)
    leads = unknown_leads(room.settings)
    named = named_by_tag(tables, owners.tag, leads) if owners.tag else set()
    return Inspection(
        snapshot.number,
        tuple(shared),
        unused,
        undecided,
        tuple(owner for owner in leads if owner not in named),
    )


def _tried(room: Workspace, tables: Tables) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers of owners' rules that fit nothing, and of those of which that is not known.

    What resources alone do not decide is tried on policies alone.
    """
    from trueline.evaluate import hold
    from trueline.findings.trying import try_on_policies, try_rules

    settings, policies = room.settings, room.catalog.policies
    rules = [(r.match, r.where) for r in settings.owners.rules]
    on_resources = dict(enumerate(try_rules(tables, rules), 1))
    open_ = [n for n, tried in on_resources.items() if tried.undecided and not tried.fits]
    held = [
        (place.name if place else None, p.id, hold(p, settings, place).severity, p.resource)
        for place in (*settings.environments, None)
        for p in policies.values()
    ]
    tried = on_resources | dict(
        zip(open_, try_on_policies(tables, [rules[n - 1] for n in open_], held), strict=True)
    )
    return (
        tuple(n for n, each in tried.items() if not each.fits and not each.undecided),
        tuple(n for n, each in tried.items() if not each.fits and each.undecided),
    )


def unknown_leads(settings: Settings) -> tuple[str, ...]:
    """Owners of `[owners] leads` that no rule, environment or default names; a tag still may."""
    owners = settings.owners
    named = {r.owner for r in owners.rules} | {e.owner for e in settings.environments}
    return tuple(o for o in owners.leads if o not in named | {owners.default})
