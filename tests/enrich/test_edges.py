"""What points to what: forward and reverse, and what is said where it cannot be told."""

from __future__ import annotations

import pytest

from enrich.kit import (
    ACCOUNT,
    OTHER,
    TYPES,
    arn,
    edges,
    key,
    lock,
    lost,
    scopes,
)
from lake.support import whole
from trueline.enrich import relate
from trueline.lake import Tables
from trueline.model import Scope

BOTH = (ACCOUNT, OTHER)


@pytest.mark.parametrize("written", [arn("k"), "id-k", "alias/k"])
def test_a_reference_may_hold_the_uid_or_another_key_of_its_target(written: str) -> None:
    rows = [key("k"), key("other"), lock("a", key=written)]
    assert edges("aws_lock", "key", rows) == [("lock-a", arn("k"), None)]


def test_an_absent_reference_and_an_empty_list_have_no_edge() -> None:
    rows = [key("k"), lock("a")]
    assert edges("aws_lock", "key", rows) == []
    assert edges("aws_lock", "spares", rows) == []


def test_an_unknown_reference_is_an_unknown_target_for_its_own_cause() -> None:
    rows = [key("k"), lock("a", _absent=[], _why={"key": "denied"}), lock("b", _absent=[])]
    assert edges("aws_lock", "key", rows) == [
        ("lock-a", None, "denied"),
        ("lock-b", None, "not_collected"),
    ]


def test_an_unknown_list_is_an_unknown_target() -> None:
    rows = [lock("a", spares=None, _why={"spares": "throttled"})]
    assert edges("aws_lock", "spares", rows) == [("lock-a", None, "throttled")]


def test_a_list_leads_to_each_of_its_targets_once() -> None:
    rows = [key("k"), key("l"), lock("a", spares=["id-k", "alias/k", "id-k", arn("l")])]
    assert edges("aws_lock", "spares", rows) == [
        ("lock-a", arn("k"), None),
        ("lock-a", arn("l"), None),
    ]


def test_an_open_list_has_one_more_target_that_is_unknown() -> None:
    rows = [key("k"), lock("a", spares=["id-k", None])]
    assert edges("aws_lock", "spares", rows) == [
        ("lock-a", None, "open_list:spares"),
        ("lock-a", arn("k"), None),
    ]


def test_a_reference_to_nothing_is_dangling() -> None:
    assert edges("aws_lock", "key", [lock("a", key="id-gone")]) == [
        ("lock-a", None, "dangling:key")
    ]


def test_a_target_whose_listing_failed_is_unknown_for_that_cause() -> None:
    rows = [lock("a", key="id-k"), lock("b", key=arn("k"))]
    assert edges("aws_lock", "key", rows, scopes(lost("aws_key", cause="timeout"))) == [
        ("lock-a", None, "timeout"),
        ("lock-b", None, "timeout"),
    ]


def test_a_target_type_that_was_never_listed_is_not_collected() -> None:
    rows = [lock("a", key="id-k"), lock("b", key=arn("k"))]
    only_locks = [s for s in scopes() if s.scope.type == "aws_lock"]
    assert edges("aws_lock", "key", rows, only_locks) == [
        ("lock-a", None, "not_collected"),
        ("lock-b", None, "not_collected"),
    ]


def test_a_row_that_an_incomplete_listing_still_gave_is_the_target() -> None:
    rows = [key("k"), lock("a", key="id-k")]
    found = edges("aws_lock", "key", rows, scopes(lost("aws_key")))
    assert found == [("lock-a", arn("k"), None)]


def test_an_arn_leads_into_another_account_whatever_the_range() -> None:
    rows = [key("k", OTHER), lock("a", key=arn("k", OTHER))]
    assert edges("aws_lock", "key", rows, scopes(accounts=BOTH)) == [
        ("lock-a", arn("k", OTHER), None)
    ]


def test_an_arn_into_an_account_that_nobody_scanned_says_so() -> None:
    rows = [lock("a", key=arn("k", OTHER))]
    assert edges("aws_lock", "key", rows) == [("lock-a", None, "account_not_scanned")]


@pytest.mark.parametrize("relation", ["key", "account_key", "any_key"])
def test_the_cause_of_a_miss_is_that_of_the_listing_which_would_have_shown_it(
    relation: str,
) -> None:
    rows = [lock("a", key=arn("k", OTHER))]
    states = scopes(lost("aws_key", OTHER, cause="throttled"), accounts=BOTH)
    assert edges("aws_lock", relation, rows, states) == [("lock-a", None, "throttled")]


def test_an_id_means_a_row_of_its_own_range_only() -> None:
    rows = [key("k", region="us-east-1"), lock("a", key="id-k")]
    states = scopes(regions=("eu-west-1", "us-east-1"))
    assert edges("aws_lock", "key", rows, states) == [("lock-a", None, "dangling:key")]
    far = ("lock-a", arn("k", region="us-east-1"), None)
    assert edges("aws_lock", "account_key", rows, states) == [far]
    abroad = [key("k", OTHER), lock("a", key="id-k")]
    states = scopes(accounts=BOTH)
    assert edges("aws_lock", "account_key", abroad, states) == [("lock-a", None, "dangling:key")]
    assert edges("aws_lock", "any_key", abroad, states) == [("lock-a", arn("k", OTHER), None)]


@pytest.mark.parametrize("relation", ["account_key", "any_key"])
def test_a_name_that_each_region_has_means_the_one_in_our_region(relation: str) -> None:
    here, there = key("aws/s3"), key("aws/s3", region="us-east-1")
    states = scopes(regions=("eu-west-1", "us-east-1"))
    rows = [here, there, lock("a", key="alias/aws/s3")]
    assert edges("aws_lock", relation, rows, states) == [("lock-a", here["uid"], None)]


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_a_name_that_nothing_tells_apart_is_an_unknown_target(region: str | None) -> None:
    twins = [key("k", region="us-east-1"), key("k", region="us-east-2")]
    twins = [{**k, "region": region} for k in twins]
    states = scopes(regions=("eu-west-1", "us-east-1", "us-east-2"))
    for lives in ("eu-west-1", "us-east-1"):
        found = edges(
            "aws_lock", "account_key", [*twins, lock("a", key="id-k", region=lives)], states
        )
        assert set(found) == {("lock-a", None, "unresolved:key")}


def test_a_complete_listing_without_a_reference_to_us_means_none() -> None:
    rows = [key("k"), key("l"), lock("a", key="id-k"), lock("b")]
    assert edges("aws_key", "locks", rows) == [(arn("k"), "lock-a", None)]


def test_a_reverse_list_shows_each_row_once() -> None:
    rows = [key("k"), lock("a", spares=["id-k", arn("k"), "id-k"])]
    assert edges("aws_key", "rings", rows) == [(arn("k"), "lock-a", None)]


def test_an_incomplete_listing_may_hide_a_row_that_points_to_us() -> None:
    rows = [key("k"), key("far", region="us-east-1"), lock("a", key="id-k")]
    states = scopes(lost("aws_lock", cause="error"), regions=("eu-west-1", "us-east-1"))
    assert edges("aws_key", "locks", rows, states) == [
        (arn("k"), None, "error"),
        (arn("k"), "lock-a", None),
    ]
    assert (arn("far", region="us-east-1"), None, "error") in edges(
        "aws_key", "account_locks", rows, states
    )


def test_a_listing_that_nobody_made_is_not_collected() -> None:
    only_keys = [s for s in scopes() if s.scope.type == "aws_key"]
    assert edges("aws_key", "locks", [key("k")], only_keys) == [(arn("k"), None, "not_collected")]


def test_an_orphan_whose_reference_is_unknown_may_be_ours() -> None:
    rows = [key("k"), key("far", region="us-east-1")]
    rows += [lock("a", _absent=[], _why={"key": "denied"}), lock("b", spares=[None])]
    states = scopes(regions=("eu-west-1", "us-east-1"))
    assert edges("aws_key", "locks", rows, states) == [(arn("k"), None, "denied")]
    assert edges("aws_key", "rings", rows, states) == [(arn("k"), None, "open_list:spares")]


def test_a_reference_that_matches_nothing_may_mean_us_while_our_own_name_is_unknown() -> None:
    nameless = key("k", key_id=None, _why={"key_id": "denied"})
    assert edges("aws_key", "locks", [nameless, lock("a", key="id-k")]) == [
        (arn("k"), None, "denied")
    ]
    assert edges("aws_key", "locks", [nameless, lock("a")]) == []


def test_a_stale_row_keeps_its_edges() -> None:
    rows = [key("k"), lock("a", key="id-k")]
    states = [*scopes(lost("aws_lock")), whole(Scope("aws", OTHER, "eu-west-1", "aws_lock"))]
    assert (arn("k"), "lock-a", None) in edges("aws_key", "locks", rows, states)


def test_only_the_relations_that_are_needed_have_edges() -> None:
    rows = {"aws_key": [key("k")], "aws_lock": [lock("a", key="id-k", spares=["id-k"])]}
    with Tables.from_rows(TYPES, rows, scopes()) as tables:
        relate(tables, TYPES, [])
        assert tables.con.execute("SELECT * FROM _edges").fetchall() == []
        relate(tables, TYPES, [("aws_lock", "spares"), ("aws_lock", "spares")])
        assert tables.con.execute(
            "SELECT type, relation, from_row, to_row FROM _edges"
        ).fetchall() == [("aws_lock", "spares", 0, 0)]
