"""What each environment is held to, and how two of them differ, as read models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.evaluate import Held, check_names, hold
from trueline.model import Policy
from trueline.settings import Environment, Settings, weights

__all__ = [
    "Difference",
    "EnvironmentBaseline",
    "baseline_dict",
    "differences",
    "environment_baselines",
]


@dataclass(frozen=True, slots=True)
class EnvironmentBaseline:
    """What an environment is held to; `name` None = all that is outside of the environments.

    `windows` are the days to fix a finding, `exception_max_days` the longest exceptions, by
    severity. `weight` is None outside of the environments.
    """

    name: str | None
    match: str | None
    inherits: str | None
    owner: str | None
    weight: float | None
    windows: Mapping[str, int]
    exception_max_days: Mapping[str, int]
    policies: Mapping[str, Held]

    @property
    def states(self) -> Counter[str]:
        """How many policies are on, off, not configured."""
        return Counter(held.state for held in self.policies.values())


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that two environments have otherwise; `policy` None = one of the environment."""

    policy: str | None
    setting: str
    one: Any
    other: Any


def environment_baselines(
    settings: Settings, policies: Mapping[str, Policy]
) -> list[EnvironmentBaseline]:
    """Every environment, strictest first, and last what is outside of them.

    Raises ConfigError for what fits no policy or parameter.
    """
    check_names(settings, policies)
    by_place = weights(settings.environments)
    return [
        _baseline(each, by_place.get(each.name) if each else None, settings, policies)
        for each in (*settings.environments, None)
    ]


def _baseline(
    environment: Environment | None,
    weight: float | None,
    settings: Settings,
    policies: Mapping[str, Policy],
) -> EnvironmentBaseline:
    place = environment or settings
    return EnvironmentBaseline(
        environment.name if environment else None,
        environment.match if environment else None,
        environment.inherits if environment else None,
        environment.owner if environment else None,
        weight,
        place.windows,
        place.exception_max_days,
        {p.id: hold(p, settings, environment) for _, p in sorted(policies.items())},
    )


def baseline_dict(said: EnvironmentBaseline, policies: Sequence[Held] = ()) -> dict[str, Any]:
    """A baseline as plain data, with these of its policies."""
    return {
        "name": said.name,
        "match": said.match,
        "inherits": said.inherits,
        "owner": said.owner,
        "weight": said.weight,
        "windows": dict(said.windows),
        "exception_max_days": dict(said.exception_max_days),
        "counts": {state: said.states[state] for state in ("on", "off", "not configured")},
        "policies": [_held_dict(held) for held in policies],
    }


def _held_dict(held: Held) -> dict[str, Any]:
    return {
        "id": held.policy.id,
        "state": held.state,
        "reason": held.reason,
        "lacks": held.lacks,
        "severity": held.severity,
        "own_severity": held.policy.severity,
        "params": {n: {"value": v.value, "from": v.source} for n, v in held.params.items()},
        "max_exception_days": held.max_exception_days,
        "differs": held.differs,
    }


def differences(one: EnvironmentBaseline, other: EnvironmentBaseline) -> Iterator[Difference]:
    """What two environments are held to otherwise, policies last; their rules always differ.

    Of a policy that one of them does not judge, only that is told.
    """
    pairs: list[tuple[str, Any, Any]] = [
        ("inherits", one.inherits, other.inherits),
        ("owner", one.owner, other.owner),
        ("weight", one.weight, other.weight),
    ]
    for setting in ("windows", "exception_max_days"):
        ours, theirs = getattr(one, setting), getattr(other, setting)
        pairs += [(f"{setting}.{s}", days, theirs[s]) for s, days in ours.items()]
    yield from (Difference(None, *pair) for pair in pairs if pair[1] != pair[2])
    for policy, held in one.policies.items():
        for pair in _held_pairs(held, other.policies[policy]):
            if pair[1] != pair[2]:
                yield Difference(policy, *pair)


def _held_pairs(ours: Held, theirs: Held) -> Iterator[tuple[str, Any, Any]]:
    yield "judged", ours.reason or "yes", theirs.reason or "yes"
    if ours.reason or theirs.reason:
        return
    yield "severity", ours.severity, theirs.severity
    for name, value in ours.params.items():
        yield f"params.{name}", value.value, theirs.params[name].value
    yield "max_exception_days", ours.max_exception_days, theirs.max_exception_days
