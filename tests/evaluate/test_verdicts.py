"""From tables to verdicts and back out of what is stored; failed listings speak for themselves."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from lake.support import ACCOUNT, NOW, failed, resource_type, row, scope, whole
from trueline.enrich import assign_environments, relate
from trueline.evaluate import (
    Layout,
    judge,
    only_scopes,
    read_verdicts,
    readable,
    row_counts,
    scope_verdicts,
    tally,
    unreadable,
)
from trueline.lake import Tables
from trueline.language import compile_policy
from trueline.model import Policy, Row, ScopeState, Verdict
from trueline.report.model import plain

THING = resource_type(size="int", tags="map<text,text>", made="time", note="text?")
TYPES = {"aws_thing": THING}
BIG = Policy("big", "t", "high", "aws_thing", "size > 10", "w", aliases={"prowler": ("x",)})
MINE = Policy(
    "mine", "t", "low", "aws_thing", "is_set(tag('a')) AND days_since(made) > 1", "w", "size > 0"
)
POLICIES = {"big": BIG, "mine": MINE}
OLD = NOW - dt.timedelta(days=5)


def thing(name: str, region: str = "eu-west-1", **values: Any) -> Row:
    given = {"size": 1, "tags": {}, "made": NOW, "_absent": ["note"], **values}
    return row(THING, name, scope(region), **given)


def judged(
    *rows: Row, stored: bool = False, places: Sequence[tuple[str, str]] | None = None
) -> tuple[list[Verdict], dict[str, Any]]:
    """The verdicts of all rows, or of what would be stored; and what is kept beside them."""
    compiled = [compile_policy(p, TYPES) for p in POLICIES.values()]
    with Tables.from_rows(TYPES, {"aws_thing": rows}, [whole(scope())], threads=1) as tables:
        assign_environments(tables, [])
        relate(tables, TYPES, [])
        found = judge(tables, THING, compiled, (), NOW, "failing" if stored else "all")
        batches = list(found.not_passing() if stored else found.all())
    facts = json.loads(json.dumps({"layout": found.layout.to_json(), **found.counts.to_json()}))
    layout = Layout.from_json(facts["layout"])
    assert layout == found.layout
    if places is not None:
        batches = list(only_scopes(batches, places))
    severities = {("prod", "big"): "critical"}
    return list(read_verdicts(layout, batches, POLICIES, severities)), facts


def by_name(verdicts: Sequence[Verdict], policy: str) -> dict[str, str]:
    return {v.resource.uid: v.status for v in verdicts if v.policy == policy}


def test_each_applicable_pair_of_policy_and_resource_is_a_verdict() -> None:
    rows = [thing("a", size=20), thing("b"), thing("c", size=None), thing("d", size=0)]
    verdicts, _ = judged(*rows)
    assert by_name(verdicts, "big") == {"a": "fail", "b": "pass", "c": "unknown", "d": "pass"}
    assert by_name(verdicts, "mine") == {"a": "pass", "b": "pass", "c": "unknown"}


def test_what_is_stored_has_the_same_fails_and_unknowns_and_counts_the_rest() -> None:
    rows = [thing("a", size=20), thing("b"), thing("c", size=None), thing("d", "us-east-1", size=0)]
    every, _ = judged(*rows)
    stored, facts = judged(*rows, stored=True)
    kept = [v for v in stored if v.status != "pass"]
    assert {(v.policy, v.resource.uid, v.status, v.unknown) for v in kept} == {
        (v.policy, v.resource.uid, v.status, v.unknown) for v in every if v.status != "pass"
    }
    places = {(ACCOUNT, "eu-west-1"), (ACCOUNT, "us-east-1")}
    total = tally(facts, places, POLICIES)
    assert (total.rows, total.passed) == (4, sum(v.status == "pass" for v in every))
    assert tally(facts, {(ACCOUNT, "us-east-1")}, ["big"]).passed == 1
    assert tally(facts, {(ACCOUNT, "us-east-1")}, ["mine"]).passed == 0


def test_only_the_scopes_asked_for_are_read_back() -> None:
    rows = [thing("a", size=20), thing("b", "us-east-1", size=20)]
    verdicts, _ = judged(*rows, places=[(ACCOUNT, "us-east-1")])
    assert {v.resource.uid for v in verdicts} == {"b"}


def test_an_unknown_verdict_names_the_column_and_its_cause() -> None:
    verdicts, _ = judged(thing("a", size=None, _why={"size": "denied"}))
    (big,) = [v for v in verdicts if v.policy == "big"]
    assert [(c.column, c.cause) for c in big.unknown] == [("size", "denied")]


def test_a_stale_row_is_unknown_and_says_what_was_last_known() -> None:
    verdicts, facts = judged(thing("a", size=20, stale_since=NOW), thing("b", stale_since=NOW))
    big = {v.resource.uid: v for v in verdicts if v.policy == "big"}
    assert {v.status for v in big.values()} == {"unknown"}
    assert {k: v.last_known for k, v in big.items()} == {"a": "fail", "b": "pass"}
    assert {c.cause for v in big.values() for c in v.unknown} == {"stale"}
    assert tally(facts, {(ACCOUNT, "eu-west-1")}, POLICIES).passed == 0
    stored, _ = judged(thing("b", stale_since=NOW), stored=True)
    assert by_name(stored, "big") == {"b": "unknown"}


def test_evidence_inside_lists_says_its_times_as_a_report_does() -> None:
    times = [OLD, OLD + dt.timedelta(microseconds=1500), None]
    kind = resource_type(passes="list<struct<id:text,made:time>>", days="list<time>")
    judged = [
        Policy("a", "t", "high", "aws_thing", "any_of(passes, p -> days_since(p.made) > 1)", "w"),
        Policy("b", "t", "high", "aws_thing", "any_of(days, d -> days_since(d) > 1)", "w"),
    ]
    passes = [{"id": str(n), "made": at} for n, at in enumerate(times)]
    given = [row(kind, "a", scope(), passes=passes, days=times), row(kind, "b", scope())]
    compiled = [compile_policy(p, {"aws_thing": kind}) for p in judged]
    with Tables.from_rows({"aws_thing": kind}, {"aws_thing": given}, [], threads=1) as tables:
        relate(tables, TYPES, [])
        found = judge(tables, kind, compiled, (), NOW, "all")
        verdicts = list(read_verdicts(found.layout, found.all(), {p.id: p for p in judged}, {}))
    shown = {(v.policy, v.resource.uid): v.evidence for v in verdicts}
    assert shown["a", "a"] == {"passes": plain(passes)}
    assert shown["b", "a"] == {"days": plain(times)}
    assert shown["a", "b"] == {"passes": None}


@pytest.mark.parametrize("tags", [{}, {"a": "b"}, {"a": "b", "c": "d"}])
def test_evidence_keeps_maps_and_times_as_they_are(tags: dict[str, str]) -> None:
    verdicts, _ = judged(thing("a", tags=tags, made=OLD))
    (mine,) = [v for v in verdicts if v.policy == "mine"]
    for value in mine.evidence.values():
        assert not isinstance(value, list), mine.evidence
    if tags:
        assert mine.evidence["made"] == OLD


def test_an_environment_may_say_another_severity() -> None:
    verdicts, _ = judged(thing("a", environment="prod"), thing("b"))
    severity = {v.resource.uid: v.severity for v in verdicts if v.policy == "big"}
    assert severity == {"a": "critical", "b": "high"}
    assert [v.aliases for v in verdicts if v.policy == "big"] == [{"prowler": ("x",)}] * 2


def test_rows_of_a_type_without_policies_are_counted() -> None:
    rows = [thing("a"), thing("b", "us-east-1"), thing("c")]
    with Tables.from_rows(TYPES, {"aws_thing": rows}, []) as tables:
        assert sorted(row_counts(tables, "aws_thing")) == [
            [ACCOUNT, "eu-west-1", 2],
            [ACCOUNT, "us-east-1", 1],
        ]


def states(*said: ScopeState) -> list[tuple[str, str | None, str]]:
    found = scope_verdicts(said, [BIG, replace(BIG, id="other", resource="aws_other")], {})
    return [(v.resource.uid, v.resource.name, v.unknown[0].cause) for v in found]


def test_a_failed_scope_is_one_unknown_verdict_of_each_policy_of_its_type() -> None:
    assert states(failed(scope(), "timeout"), whole(scope("us-east-1"))) == [
        (f"scope:aws:{ACCOUNT}:eu-west-1:aws_thing", None, "timeout")
    ]


def test_one_verdict_stands_for_all_scopes_of_an_account_only_when_all_failed() -> None:
    both = (failed(scope()), failed(scope("us-east-1")))
    assert states(*both) == [(f"scope:aws:{ACCOUNT}:*:aws_thing", None, "denied")]
    assert len(states(*both, whole(scope("eu-west-2")))) == 2
    assert len(states(*both, failed(scope(account="444455556666")))) == 2
    assert states(failed(scope()))[0][0].endswith(":eu-west-1:aws_thing")


def test_a_scope_that_nobody_asked_for_has_not_failed() -> None:
    assert states(failed(scope(), "not_collected"), failed(scope("us-east-1"))) == [
        (f"scope:aws:{ACCOUNT}:us-east-1:aws_thing", None, "denied")
    ]


def test_a_plane_that_lacks_a_column_does_not_judge_its_policies() -> None:
    compiled = compile_policy(BIG, TYPES)
    blind = replace(THING.columns["size"], mappings={"terraform": "size"})
    live = {"aws_thing": replace(THING, live=object(), columns={**THING.columns, "size": blind})}
    assert unreadable(compiled, live, "live") == "needs column size"  # type: ignore[arg-type]
    assert unreadable(compiled, TYPES, "plan") == "aws_thing cannot be read from terraform"
    judged_here, not_judged = readable([compiled], TYPES, "plan")
    assert judged_here == []
    assert [(n.policy, n.plane) for n in not_judged] == [("big", "plan")]
