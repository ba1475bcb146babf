"""A policy as its file says it: predicate, playbook and its own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trueline.errors import Where

__all__ = ["SEVERITIES", "Param", "Policy", "PolicyTest", "severity_at_least"]

SEVERITIES = ("critical", "high", "medium", "low")
"""From worst to least."""


def severity_at_least(severity: str, threshold: str) -> bool:
    """Is `severity` as bad as `threshold`, or worse? Nothing is at least `never`."""
    return threshold in SEVERITIES and SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


@dataclass(frozen=True, slots=True)
class Param:
    """A value that an environment may override; without default the policy is "not configured"."""

    name: str
    type: str
    about: str
    default: Any = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One case: a row (and rows of related tables) in the test notation of DESIGN §6."""

    name: str
    expect: str
    row: Mapping[str, Any]
    related: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`id` names the bad pattern and equals the file's name."""

    id: str
    title: str
    severity: str
    resource: str
    fails_when: str
    why: str
    applies_when: str | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    cli: str | None = None
    terraform: str | None = None
    caution: str | None = None
    verify: str = ""
    fixed_by: str = "platform"
    automation: str = "never"
    prevent: str | None = None
    categories: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    formerly: tuple[str, ...] = ()
    equivalent_mutants: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[PolicyTest, ...] = ()
    where: Where | None = None
