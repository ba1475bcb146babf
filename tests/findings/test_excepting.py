"""Which fails an exception covers: its rule is certainly true, and its terms are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from report.kit import resource, verdict
from trueline.findings.excepting import Excused, excuse
from trueline.findings.exception_files import FileException
from trueline.findings.subjects import Known
from trueline.findings.windows import longest_exception
from trueline.model import Verdict
from trueline.settings import Environment, PolicyOverride, Settings

TODAY = dt.date(2026, 11, 10)
SOURCE = resource("a", plane="source", account=None, region=None)
STRICT = Environment(
    "production",
    "TRUE",
    {"p": PolicyOverride(max_exception_days=5)},
    exception_max_days={"critical": 30, "high": 20, "medium": 180, "low": 365},
)


def exception(rule: str = "TRUE", name: str = "e", days: int = 10, **more: Any) -> FileException:
    begin = more.pop("approved_on", dt.date(2026, 11, 5))
    until = begin + dt.timedelta(days)
    return FileException(name, rule, "Why not.", "alice", "bob", begin, until, **more)


def judge(
    verdicts: list[Verdict],
    *exceptions: FileException,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    known: Mapping[str, Known] | None = None,
    judged: frozenset[str] = frozenset("p"),
) -> Excused:
    return excuse(verdicts, exceptions, settings, known or {}, TODAY, judged)


def covers(rule: str, known: Known, **more: Any) -> bool:
    fail = verdict("fail", resource=SOURCE, **more)
    return judge([fail], exception(rule), known={SOURCE.uid: known}).held[0] is not None


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("policy = 'p' AND plane = 'source'", True),
        ("severity = 'low'", False),
        ("account = '111122223333'", False),
        ("account <> '111122223333'", False),
        ("region <> 'eu-west-1'", False),
        ("region = 'eu-west-1' OR name = 'a'", True),
        ("tag('team') = 'web'", False),
        ("NOT (tag('team') = 'web')", False),
        ("owner = 'web'", True),
        ("environment = 'production'", False),
        ("environment <> 'production'", True),
    ],
)
def test_only_a_rule_that_is_certainly_true_excepts(rule: str, held: bool) -> None:
    assert covers(rule, Known(None), owner="web") is held


def test_what_is_known_to_be_nothing_decides() -> None:
    assert covers("region <> 'eu-west-1'", Known({}, ("region",)))
    assert covers("tag('team') <> 'web'", Known({}))
    assert not covers("tag('team') <> 'web'", Known({"team": None}))


def test_an_excepted_fail_says_who_approved_it_until_when_and_why() -> None:
    fail, good = verdict("fail"), verdict("pass", "good")
    excused = judge([good, fail], exception())
    one, other = excused.over([good, fail])
    assert one is good
    assert other.status == "fail"
    found = other.exception
    assert found is not None
    assert (found.kind, found.id, found.reason) == ("exception", "e", "Why not.")
    assert (found.until, found.approved_by, found.introduced) == ("2026-11-15", "bob", False)


def test_what_is_unknown_is_not_excepted() -> None:
    assert judge([verdict("unknown")], exception()).held == (None,)


@pytest.mark.parametrize("begin", [dt.date(2026, 10, 30), dt.date(2026, 11, 11)])
def test_an_exception_that_is_over_or_ahead_does_not_hold(begin: dt.date) -> None:
    assert judge([verdict("fail")], exception(approved_on=begin)) == Excused((None,))


def test_an_exception_that_lives_too_long_for_a_fail_does_not_hold_for_it() -> None:
    fails = [verdict("fail", name, severity="critical") for name in ("a", "b")]
    low = verdict("fail", "c", severity="low")
    found = judge([*fails, low], exception(days=31))
    assert [e is not None for e in found.held] == [False, False, True]
    assert found.said == (
        "exception e does not hold for 2 fails: it lives 31 days, and p (critical) allows 30",
    )


def test_the_environment_and_its_policy_say_how_long_an_exception_may_live() -> None:
    settings = Settings(environments=(STRICT,))
    assert longest_exception(settings, "p", "high", "production") == 5
    assert longest_exception(settings, "q", "high", "production") == 20
    assert longest_exception(settings, "p", "high", None) == 90
    found = judge([verdict("fail", environment="production")], exception(), settings=settings)
    assert found.held == (None,)
    assert "allows 5 in production" in found.said[0]


def test_another_exception_may_hold_where_one_does_not() -> None:
    found = judge([verdict("fail")], exception(name="a", days=91), exception(name="b"))
    assert found.held[0] is not None
    assert found.held[0].id == "b"
    assert found.said == ()


@pytest.mark.parametrize(
    ("status", "judged", "why"),
    [
        ("pass", "pq", None),
        (None, "pq", None),
        ("fail", "pq", "the compensating q fails on the same resource"),
        ("unknown", "pq", "the compensating q is unknown on the same resource"),
        (None, "p", "the compensating q was not judged"),
    ],
)
def test_a_compensating_policy_must_not_fail_there(
    status: str | None, judged: str, why: str | None
) -> None:
    verdicts = [verdict("fail"), verdict("fail", "other", policy="q")]
    if status:
        verdicts.append(verdict(status, policy="q"))
    found = judge(
        verdicts, exception("policy = 'p'", compensating=("q",)), judged=frozenset(judged)
    )
    assert (found.held[0] is None) is (why is not None)
    if why:
        assert found.said[0] == f"exception e does not hold for 1 fail: {why}"
