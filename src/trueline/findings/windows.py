"""When a finding is due, and who is told when: response windows and the ladder of escalation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueline.settings import Settings, Step

__all__ = ["DAY", "at_once", "due_at", "longest_exception", "next_step", "person", "step_at"]

DAY = 86_400_000_000
"""Microseconds."""


def due_at(settings: Settings, opened_at: int, severity: str, environment: str | None) -> int:
    """The moment by which a finding should be fixed."""
    return opened_at + _days(settings, environment)[severity] * DAY


def longest_exception(
    settings: Settings, policy: str, severity: str, environment: str | None
) -> int:
    """For how many days at most a finding may be excepted; 0 = not at all."""
    for each in settings.environments:
        if each.name == environment:
            override = each.policies.get(policy)
            limit = override.max_exception_days if override else None
            most = each.exception_max_days[severity]
            return most if limit is None else min(limit, most)
    return settings.exception_max_days[severity]


def step_at(step: Step, opened_at: int, due: int) -> int:
    """When a step of the ladder comes."""
    return (due if step.after == "due" else opened_at) + step.days * DAY


def at_once(settings: Settings) -> int:
    """The steps that are taken with the opening itself, as bits by their place in the ladder."""
    steps = enumerate(settings.escalation)
    return sum(1 << i for i, step in steps if step.after == "opened" and step.days == 0)


def next_step(settings: Settings, taken: int, opened_at: int, due: int) -> int | None:
    """When the next step comes that has not been taken; None = none is left."""
    left = [
        step_at(step, opened_at, due)
        for i, step in enumerate(settings.escalation)
        if not taken & 1 << i
    ]
    return min(left, default=None)


def person(settings: Settings, step: Step, row: Mapping[str, Any]) -> str | None:
    """Whom a step tells; None = there is nobody of this kind."""
    owner: str | None = row["owner"]
    if step.to == "owner":
        return owner
    if step.to == "lead":
        return settings.owners.leads.get(owner or "")
    return settings.owners.security if step.to == "security" else step.to


def _days(settings: Settings, environment: str | None) -> Mapping[str, int]:
    for each in settings.environments:
        if each.name == environment:
            return each.windows
    return settings.windows
