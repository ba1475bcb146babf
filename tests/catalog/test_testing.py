"""The notation of test rows, and what a case becomes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from trueline.catalog import Catalog
from trueline.catalog.build import build
from trueline.catalog.testing import (
    NOW,
    RowError,
    case_batches,
    case_scopes,
    expand_case,
    expand_row,
)
from trueline.model import COMMON, PolicyTest, ResourceType

from .support import write


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return build((), write(tmp_path_factory.mktemp("content")))[0]


@pytest.fixture(scope="module")
def queue(catalog: Catalog) -> ResourceType:
    return catalog.types["aws_sqs_queue"]


def refused(rtype: ResourceType, row: dict[str, Any]) -> RowError:
    with pytest.raises(RowError) as caught:
        expand_row(rtype, row, None)
    return caught.value


def test_a_row_has_every_own_and_common_column(queue: ResourceType) -> None:
    row = expand_row(queue, {}, None)
    assert set(row) == set(queue.columns) | set(COMMON)
    assert (row["account"], row["scope_region"]) == ("111122223333", "eu-west-1")
    assert row["collected_at"] == NOW


def test_a_missing_key_is_unknown(queue: ResourceType) -> None:
    row = expand_row(queue, {"name": "a"}, None)
    assert row["sse_sqs"] is None
    assert row["_why"]["sse_sqs"] == "not_collected"
    assert row["_absent"] == []
    assert "name" not in row["_why"]


def test_null_is_absent(queue: ResourceType) -> None:
    row = expand_row(queue, {"kms_key_id": None}, None)
    assert row["kms_key_id"] is None
    assert row["_absent"] == ["kms_key_id"]
    assert "kms_key_id" not in row["_why"]


def test_set_is_set_to_a_value_not_known(queue: ResourceType) -> None:
    row = expand_row(queue, {"_set": ["kms_key_id"]}, None)
    assert row["kms_key_id"] is None
    assert row["_set"] == ["kms_key_id"]
    assert row["_why"]["kms_key_id"].startswith("after_apply")


def test_three_dots_open_a_list(queue: ResourceType) -> None:
    row = expand_row(
        queue, {"statements": [{"effect": "Allow", "actions": ["s3:*", "..."]}, "..."]}, None
    )
    assert row["statements"][1] is None
    assert row["statements"][0]["actions"] == ["s3:*", None]
    assert {"statements[]", "statements[].actions[]"} <= set(row["_why"])
    assert "statements" not in row["_why"]


def test_only_the_last_element_opens_a_list(queue: ResourceType) -> None:
    error = refused(queue, {"statements": ["...", {"effect": "Allow"}]})
    assert error.path == ("statements", 0)


def test_a_field_that_a_struct_lacks_is_unknown(queue: ResourceType) -> None:
    row = expand_row(queue, {"statements": [{"effect": "Deny"}]}, None)
    statement = row["statements"][0]
    assert statement["effect"] == "Deny"
    assert statement["is_narrowed"] is None
    assert row["_why"]["statements[].is_narrowed"] == "not_collected"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("90 days ago", NOW - dt.timedelta(days=90)),
        ("1 day ago", NOW - dt.timedelta(days=1)),
        ("2025-06-01T12:00:00Z", dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)),
        ("2025-06-01T12:00:00+02:00", dt.datetime(2025, 6, 1, 10, tzinfo=dt.UTC)),
    ],
)
def test_times_are_absolute_or_counted_back(
    queue: ResourceType, written: str, moment: dt.datetime
) -> None:
    assert expand_row(queue, {"created_at": written}, None)["created_at"] == moment


@pytest.mark.parametrize(
    ("row", "path", "message"),
    [
        ({"nmae": "a"}, ("nmae",), "no column 'nmae'"),
        ({"sse_sqs": None}, ("sse_sqs",), "cannot be absent"),
        ({"sse_sqs": "true"}, ("sse_sqs",), "expected bool"),
        ({"name": 5}, ("name",), "expected text"),
        ({"created_at": "soon"}, ("created_at",), "expected a time"),
        ({"statements": [{"efect": "x"}]}, ("statements", 0, "efect"), "no field"),
        ({"statements": [{"effect": None}]}, ("statements", 0, "effect"), "nothing can be"),
        ({"statements": [None]}, ("statements", 0), "nothing can be"),
        ({"statements": {}}, ("statements",), "expected list"),
        ({"_set": "kms_key_id"}, ("_set",), "list of columns"),
        ({"_set": ["kms"]}, ("_set", 0), "no column 'kms'"),
        ({"_set": ["kms_key_id"], "kms_key_id": "x"}, ("_set", 0), "has a value"),
    ],
)
def test_what_breaks_the_notation_is_told_with_its_path(
    queue: ResourceType, row: dict[str, Any], path: tuple[str | int, ...], message: str
) -> None:
    error = refused(queue, row)
    assert error.path == path
    assert message in error.message


def test_common_columns_can_be_given(queue: ResourceType) -> None:
    given = {"uid": "u", "account": "222", "region": "us-east-1", "tags": {"env": "prod"}}
    row = expand_row(queue, {**given, "plane": "plan", "stale_since": "2025-01-01T00:00:00Z"}, None)
    assert {name: row[name] for name in given} == given
    assert (row["scope_account"], row["scope_region"], row["plane"]) == ("222", "us-east-1", "plan")
    assert row["stale_since"] == dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def test_a_global_type_stands_in_the_global_scope(queue: ResourceType) -> None:
    assert queue.live is not None
    everywhere = replace(queue, live=replace(queue.live, scope="global"))
    assert expand_row(everywhere, {}, None)["scope_region"] == "global"


def test_a_case_becomes_rows_by_table_with_uids_of_their_own(catalog: Catalog) -> None:
    policy = catalog.policies["aws-sqs-queue-unencrypted"]
    test = PolicyTest(
        "t",
        "pass",
        {"name": "judged"},
        {"aws_sqs_queue": ({"name": "other"},), "aws_kms_key": ({"arn": "k"}, {"arn": "l"})},
    )
    rows = expand_case(test, policy, catalog.types)
    assert [row["name"] for row in rows["aws_sqs_queue"]] == ["judged", "other"]
    uids = [row["uid"] for listed in rows.values() for row in listed]
    assert len(set(uids)) == 4


def test_a_related_table_that_a_case_does_not_name_was_not_read(catalog: Catalog) -> None:
    policy = catalog.policies["aws-sqs-queue-unencrypted"]
    silent = PolicyTest("t", "pass", {})
    named = PolicyTest("t", "pass", {}, {"aws_kms_key": ()})
    for test, complete in ((silent, False), (named, True)):
        states = {
            state.scope.type: state
            for state in case_scopes(test, policy, catalog.types)
            if state.scope.region == "eu-west-1"
        }
        assert states["aws_sqs_queue"].complete
        assert states["aws_kms_key"].complete is complete
        assert (states["aws_kms_key"].cause is None) is complete


def test_cases_of_equal_parameters_share_a_table_unless_they_are_worlds(catalog: Catalog) -> None:
    tests = (
        PolicyTest("a", "pass", {"name": "a"}),
        PolicyTest("b", "pass", {"name": "b"}, {}, {"days": 1}),
        PolicyTest("c", "pass", {"name": "c"}),
        PolicyTest("d", "pass", {"name": "d", "uid": "same"}),
        PolicyTest("e", "pass", {"name": "e", "uid": "same"}),
    )
    policy = replace(catalog.policies["aws-sqs-queue-unencrypted"], tests=tests)
    shared = case_batches(policy, catalog.types, related=False)
    assert [[case.name for case in batch.cases] for batch in shared] == [
        ["a", "c", "d"],
        ["b"],
        ["e"],
    ]
    for batch in shared:
        rows = batch.rows["aws_sqs_queue"]
        assert [row["uid"] for row in rows] == list(batch.uids)
        assert [row["name"] for row in rows] == [case.name for case in batch.cases]
        assert len(set(batch.uids)) == len(batch.uids)
    worlds = case_batches(policy, catalog.types, related=True)
    assert [[case.name for case in batch.cases] for batch in worlds] == [[t.name] for t in tests]
