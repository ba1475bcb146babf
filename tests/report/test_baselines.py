"""What environments are held to, beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from trueline.errors import ConfigError
from trueline.model import Param, Policy
from trueline.report.baselines import (
    EnvironmentBaseline,
    baseline_dict,
    differences,
    environment_baselines,
)
from trueline.settings import Environment, PolicyOverride, Settings

AGE = Param("days", "int", "how old", 90, has_default=True)
POLICY = Policy("old", "t", "high", "aws_thing", "TRUE", "w", params={"days": AGE})
POLICIES = {"old": POLICY, "bare": Policy("bare", "t", "low", "aws_thing", "TRUE", "w")}
STRICT = Environment("strict", "TRUE", owner="x")


def held(*environments: Environment, **said: Any) -> list[EnvironmentBaseline]:
    return environment_baselines(Settings(environments=environments, **said), POLICIES)


def differing(one: Environment, other: Environment) -> list[tuple[str | None, str, Any, Any]]:
    a, b, _ = held(one, other)
    return [(d.policy, d.setting, d.one, d.other) for d in differences(a, b)]


def policy(said: PolicyOverride) -> Environment:
    return Environment("lax", "FALSE", {"old": said}, owner="x", weight=1.0)


def test_environments_stand_strictest_first_and_the_rest_last() -> None:
    windows = {"critical": 1, "high": 2, "medium": 3, "low": 4}
    strict, lax, rest = held(STRICT, Environment("lax", "TRUE"), windows=windows)
    assert [(b.name, b.weight) for b in (strict, lax, rest)] == [
        ("strict", 1), ("lax", 0.2), (None, None),
    ]  # fmt: skip
    assert (strict.windows["critical"], rest.windows["critical"]) == (7, 1)
    assert (rest.match, rest.owner, rest.inherits) == (None, None, None)


def test_a_baseline_is_plain_data_with_the_policies_asked_for() -> None:
    off = PolicyOverride(enabled=False, reason="why", max_exception_days=3)
    said, _ = held(replace(STRICT, policies={"old": off}, inherits="base"))
    data = baseline_dict(said, [said.policies["old"]])
    assert data["counts"] == {"on": 1, "off": 1, "not configured": 0}
    assert (data["name"], data["owner"], data["inherits"]) == ("strict", "x", "base")
    assert data["policies"] == [
        {
            "id": "old", "state": "off", "reason": "switched off: why", "lacks": None,
            "severity": "high", "own_severity": "high",
            "params": {"days": {"value": 90, "from": "default"}},
            "max_exception_days": 3, "differs": True,
        }
    ]  # fmt: skip


def test_the_same_settings_do_not_differ_whatever_the_rules_say() -> None:
    assert differing(STRICT, policy(PolicyOverride(severity="high", params={"days": 90}))) == []


def test_what_differs_is_told_setting_by_setting() -> None:
    other = replace(
        policy(PolicyOverride(severity="low", params={"days": 9}, max_exception_days=0)),
        owner=None,
        inherits="strict",
        weight=0.5,
        windows={**STRICT.windows, "high": 14},
        exception_max_days={**STRICT.exception_max_days, "low": 1},
    )
    assert differing(STRICT, other) == [
        (None, "inherits", None, "strict"),
        (None, "owner", "x", None),
        (None, "weight", 1, 0.5),
        (None, "windows.high", 30, 14),
        (None, "exception_max_days.low", 365, 1),
        ("old", "severity", "high", "low"),
        ("old", "params.days", 90, 9),
        ("old", "max_exception_days", None, 0),
    ]


def test_of_a_policy_that_one_of_them_does_not_judge_only_that_is_told() -> None:
    off = PolicyOverride(enabled=False, reason="why", severity="low", params={"days": 9})
    told = [("old", "judged", "yes", "switched off: why")]
    assert differing(STRICT, policy(off)) == told


def test_a_setting_that_fits_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown policy 'odl'"):
        held(params={"odl": {}})
