"""What `trueline.toml` says, as frozen objects (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trueline.errors import Where
from trueline.model.policy import SEVERITIES

__all__ = [
    "EXCEPTION_MAX_DAYS",
    "LADDER",
    "LEVELS",
    "WINDOWS",
    "AssetRule",
    "Environment",
    "OwnerRule",
    "Owners",
    "PolicyOverride",
    "Risk",
    "Settings",
    "Step",
    "weights",
]

WINDOWS = dict(zip(SEVERITIES, (7, 30, 90, 180), strict=True))
"""Days to fix a finding, by severity."""
EXCEPTION_MAX_DAYS = dict(zip(SEVERITIES, (30, 90, 180, 365), strict=True))
"""The longest life of an exception in days, by severity."""
LEVELS = {"critical": 1.0, "high": 1.0, "medium": 0.6, "low": 0.2, "none": 0.0}
"""How much a level of data sensitivity or criticality weighs, 0–1; matched without case."""
LEAST_WEIGHT = 0.2
"""The weight of the last environment that says none; the first has 1."""


@dataclass(frozen=True, slots=True)
class PolicyOverride:
    """What an environment says of one policy; None = not said.

    `max_exception_days` is a hard limit for exceptions from it; 0 = there can be none.
    """

    enabled: bool | None = None
    reason: str | None = None
    severity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    max_exception_days: int | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """One `[[environments]]` entry, inheritance already applied.

    `windows` and `exception_max_days` say every severity; `weight` is its share of risk, 0–1
    (None = by its place, see `weights`). `inherits` names whose settings were laid under its own.
    """

    name: str
    match: str
    policies: Mapping[str, PolicyOverride] = field(default_factory=dict)
    where: Where | None = None
    owner: str | None = None
    windows: Mapping[str, int] = field(default_factory=lambda: dict(WINDOWS))
    exception_max_days: Mapping[str, int] = field(default_factory=lambda: dict(EXCEPTION_MAX_DAYS))
    weight: float | None = None
    inherits: str | None = None


def weights(environments: Sequence[Environment]) -> dict[str, float]:
    """The weight of each environment: what it says, else by its place from 1 down to 0.2."""
    step = (1 - LEAST_WEIGHT) / max(len(environments) - 1, 1)
    return {
        e.name: round(1 - place * step, 2) if e.weight is None else e.weight
        for place, e in enumerate(environments)
    }


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """One entry of `[owners] rules`: a predicate over the subject, and whose it then is."""

    match: str
    owner: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Owners:
    """`[owners]`: the tag that names an owner, rules in order, the owner of what is left, the
    lead of each owner, and whom the last step of escalation goes to."""

    tag: str | None = None
    default: str | None = None
    rules: tuple[OwnerRule, ...] = ()
    leads: Mapping[str, str] = field(default_factory=dict)
    security: str = "security"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: so many days after a finding `opened` or is `due` somebody is told.

    `to` is `owner`, `lead` (of the owner), `security`, or a name.
    """

    after: str
    days: int
    to: str


LADDER = (Step("opened", 0, "owner"), Step("due", 0, "lead"), Step("opened", 30, "security"))
"""Who is told when, unless `[[escalation]]` says otherwise."""


@dataclass(frozen=True, slots=True)
class AssetRule:
    """One `[[assets]]` entry: what a predicate's subjects are worth; None = it does not say."""

    match: str
    sensitivity: str | None = None
    criticality: str | None = None
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """`[risk]`: tags that name the level of a resource's data and of the resource itself, the
    weight of each level, and rules for what has no tag: these, then those of `assets_file`."""

    sensitivity_tag: str | None = None
    criticality_tag: str | None = None
    levels: Mapping[str, float] = field(default_factory=lambda: dict(LEVELS))
    assets: tuple[AssetRule, ...] = ()
    assets_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`params` is policy id → name → value; `environments` stand strictest first.

    `new_suppressions`: with `check --base`, a suppression that the change adds silences at once.
    `state` is the URL of the state store (None = SQLite in the home). `windows` and
    `exception_max_days` hold outside of the environments. `exceptions` is the directory of
    exception files, which need not exist.
    """

    file: Path | None = None
    content: tuple[Path, ...] = ()
    expected_accounts: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: tuple[Environment, ...] = ()
    new_suppressions: bool = False
    state: str | None = None
    windows: Mapping[str, int] = field(default_factory=lambda: dict(WINDOWS))
    exception_max_days: Mapping[str, int] = field(default_factory=lambda: dict(EXCEPTION_MAX_DAYS))
    owners: Owners = Owners()
    approvers: tuple[str, ...] = ()
    risk: Risk = Risk()
    exceptions: Path | None = None
    escalation: tuple[Step, ...] = LADDER
