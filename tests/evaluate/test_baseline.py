"""Which policies hold where, with which parameters and severities."""

from __future__ import annotations

from typing import Any

import pytest

from trueline.errors import ConfigError
from trueline.evaluate import Baseline, Value, baseline, hold
from trueline.model import Param, Policy
from trueline.settings import Environment, PolicyOverride, Settings

AGE = Param("days", "int", "how old", 90, has_default=True)
OWNER = Param("owner", "text", "who", None)


def policy(name: str, *params: Param) -> Policy:
    return Policy(name, "t", "high", "aws_thing", "TRUE", "w", params={p.name: p for p in params})


POLICIES = {p.id: p for p in (policy("old", AGE), policy("owned", OWNER))}


def environment(name: str, **overrides: PolicyOverride) -> Environment:
    return Environment(name, "TRUE", overrides)


def resolve(
    *environments: Environment, only: Environment | None = None, **params: dict[str, Any]
) -> Baseline:
    return baseline(Settings(params=params, environments=environments), POLICIES, only)


def test_a_parameter_is_the_environments_then_the_configurations_then_the_default() -> None:
    strict = environment("strict", old=PolicyOverride(params={"days": 30}))
    said = resolve(strict, environment("lax"), old={"days": 60}, owned={"owner": "x"})
    days = {s.environment: s.params["old"]["days"] for s in said.settings}
    assert days == {"strict": 30, "lax": 60, None: 60}
    assert resolve(owned={"owner": "x"}).settings[0].params["old"] == {"days": 90}


def test_a_policy_without_its_parameter_is_not_judged_and_said_once() -> None:
    said = resolve(environment("a"), environment("b"))
    (entry,) = said.not_judged
    assert (entry.policy, entry.reason) == ("owned", "parameter owner is not configured")
    assert said.nowhere == {"owned"}
    assert all(not s.enabled["owned"] and s.enabled["old"] for s in said.settings)


def test_where_only_some_environments_lack_it_they_are_named() -> None:
    said = resolve(environment("a", owned=PolicyOverride(params={"owner": "x"})), environment("b"))
    (entry,) = said.not_judged
    assert entry.reason == "parameter owner is not configured (b, outside the environments)"
    assert said.nowhere == frozenset()


def test_a_policy_that_is_switched_off_says_where_and_why() -> None:
    off = PolicyOverride(enabled=False, reason="nothing lives long")
    said = resolve(environment("sandbox", old=off), owned={"owner": "x"})
    (entry,) = said.not_judged
    assert (entry.policy, entry.plane) == ("old", "*")
    assert entry.reason == "switched off: nothing lives long (sandbox)"
    assert [s.enabled["old"] for s in said.settings] == [False, True]


def test_a_forced_environment_is_the_only_one() -> None:
    off = environment("sandbox", old=PolicyOverride(enabled=False, reason="why", severity="low"))
    said = resolve(environment("strict"), off, only=off, owned={"owner": "x"})
    assert [s.environment for s in said.settings] == ["sandbox"]
    assert [n.reason for n in said.not_judged] == ["switched off: why"]
    assert said.nowhere == {"old"}


def test_severities_are_kept_only_where_they_differ() -> None:
    said = resolve(environment("strict", old=PolicyOverride(severity="critical")))
    assert said.severities == {("strict", "old"): "critical"}


def test_a_severity_said_again_does_not_differ() -> None:
    assert resolve(environment("same", old=PolicyOverride(severity="high"))).severities == {}


def test_each_place_says_why_it_does_not_judge_a_policy() -> None:
    said = resolve(
        environment("a", old=PolicyOverride(enabled=False, reason="why")),
        environment("b", owned=PolicyOverride(params={"owner": "x"})),
    )
    assert said.held == {
        ("a", "old"): "switched off: why",
        ("a", "owned"): "parameter owner is not configured",
        (None, "owned"): "parameter owner is not configured",
    }
    assert [(n.policy, n.reason) for n in said.not_judged] == [
        ("old", "switched off: why (a)"),
        ("owned", "parameter owner is not configured (a, outside the environments)"),
    ]


def test_a_policy_that_is_off_and_lacks_a_parameter_is_off() -> None:
    said = environment("a", owned=PolicyOverride(enabled=False, reason="why"))
    held = hold(POLICIES["owned"], Settings(), said)
    assert (held.state, held.reason, held.lacks) == ("off", "switched off: why", "owner")


def test_each_value_says_where_it_comes_from() -> None:
    settings = Settings(params={"old": {"days": 60}})
    strict = environment("strict", old=PolicyOverride(params={"days": 30}))
    assert hold(POLICIES["old"], settings, strict).params["days"] == Value(30, "environment")
    assert hold(POLICIES["old"], settings, environment("x")).params["days"] == Value(60, "params")
    assert hold(POLICIES["old"], Settings(), None).params["days"] == Value(90, "default")
    lacking = hold(POLICIES["owned"], Settings(), None)
    assert lacking.params["owner"] == Value(None, None)
    assert (lacking.state, lacking.lacks) == ("not configured", "owner")


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        (PolicyOverride(), False),
        (PolicyOverride(severity="high", params={"days": 90}, enabled=True), False),
        (PolicyOverride(severity="low"), True),
        (PolicyOverride(params={"days": 91}), True),
        (PolicyOverride(max_exception_days=0), True),
        (PolicyOverride(enabled=False, reason="why"), True),
    ],
)
def test_only_what_is_held_in_another_way_differs(said: PolicyOverride, differs: bool) -> None:
    assert hold(POLICIES["old"], Settings(), environment("e", old=said)).differs is differs


@pytest.mark.parametrize("value", ["9", 9.5, True, None, [9]])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="parameter days is of type int") as caught:
        resolve(old={"days": value})
    assert caught.value.hint == "how old"


@pytest.mark.parametrize(
    ("params", "message", "hint"),
    [
        ({"oold": {}}, "unknown policy 'oold'", "did you mean 'old'?"),
        ({"nonsense": {}}, "unknown policy 'nonsense'", "trueline policy list shows them all"),
        ({"old": {"dayz": 1}}, "unknown parameter of old 'dayz'", "did you mean 'days'?"),
        ({"old": {"x": 1}}, "unknown parameter of old 'x'", "known: days"),
    ],
)
def test_a_setting_that_fits_nothing_is_an_error(
    params: dict[str, Any], message: str, hint: str
) -> None:
    for settings in (
        Settings(params=params),
        Settings(
            environments=(
                environment("e", **{k: PolicyOverride(params=v) for k, v in params.items()}),
            )
        ),
    ):
        with pytest.raises(ConfigError) as caught:
            baseline(settings, POLICIES)
        assert (caught.value.message, caught.value.hint) == (message, hint)
