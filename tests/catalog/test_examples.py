"""Examples files, and how far a row may differ from what they expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trueline.catalog import ContentError
from trueline.catalog.build import build
from trueline.catalog.examples import (
    Examples,
    ExpectedRow,
    Reply,
    differences,
    load_examples,
)
from trueline.catalog.testing import expand_row
from trueline.model import ResourceType

from .support import place, write

EXAMPLES = """\
live:
  - name: full
    scope: {account: "222233334444", region: us-west-2}
    answers:
      sqs.ListQueues: {QueueUrls: [one]}
      sqs.GetQueueAttributes:
        - {args: {QueueUrl: one}, answer: {Attributes: {}}}
        - {args: {QueueUrl: two}, error: AccessDenied}
    rows:
      - {name: one, kms_key_id: null, statements: [{effect: Allow}, "..."]}
  - name: denied
    answers:
      sqs.ListQueues: {error: AccessDenied}
    rows: []
plan:
  - name: full
    terraform: |
      resource "aws_sqs_queue" "q" {}
    rows:
      - {address: aws_sqs_queue.q, _set: [kms_key_id], _why: {name: "after_apply:x.y"}}
"""


@pytest.fixture
def resource_file(tmp_path: Path) -> Path:
    return write(tmp_path) / "resources/aws/sqs_queue.yaml"


@pytest.fixture
def queue(resource_file: Path) -> ResourceType:
    return build((), resource_file.parents[2])[0].types["aws_sqs_queue"]


def loaded(resource_file: Path, queue: ResourceType, text: str = EXAMPLES) -> Examples:
    resource_file.with_name("sqs_queue.examples.yaml").write_text(text)
    return load_examples(resource_file, queue)


def test_live_cases_give_answers_by_call_and_arguments(
    resource_file: Path, queue: ResourceType
) -> None:
    full, denied = loaded(resource_file, queue).live
    assert (full.account, full.region) == ("222233334444", "us-west-2")
    assert (denied.account, denied.region) == ("111122223333", "eu-west-1")
    assert full.answers["sqs.ListQueues"] == (Reply({"QueueUrls": ["one"]}),)
    assert full.answers["sqs.GetQueueAttributes"] == (
        Reply({"Attributes": {}}, None, {"QueueUrl": "one"}),
        Reply(None, "AccessDenied", {"QueueUrl": "two"}),
    )
    assert denied.answers["sqs.ListQueues"] == (Reply(error="AccessDenied"),)
    assert denied.rows == ()


def test_plan_cases_expect_causes_and_marks(resource_file: Path, queue: ResourceType) -> None:
    (case,) = loaded(resource_file, queue).plan
    assert case.terraform == 'resource "aws_sqs_queue" "q" {}'
    assert case.rows[0].known_set == ("kms_key_id",)
    assert case.rows[0].why == {"name": "after_apply:x.y"}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("name: denied", "nam: denied", 11, "no key 'nam'"),
        ("sqs.ListQueues: {error: A", "sqs.ListQueue: {error: A", 13, "makes no call"),
        ("answer: {Attributes: {}}}", "}", 7, "answer or error"),
        ("{args: {QueueUrl: two}, ", "{", 8, "needs the key 'args'"),
        ("kms_key_id: null", "kms_key: null", 10, "no column 'kms_key'"),
        ("kms_key_id: null", "sse_sqs: null", 10, "cannot be absent"),
        ("effect: Allow", "efect: Allow", 10, "no field 'efect'"),
        ("rows: []", "rows: [x]", 14, "a row is a mapping"),
        ("_why: {name: ", "_why: {nam: ", 20, "no column 'nam'"),
        ("_why: {name: ", "name: x, _why: {name: ", 20, "a value and is named in _why"),
        ("_set: [kms_key_id]", "_set: [kms]", 20, "no column 'kms'"),
    ],
)
def test_a_mistake_in_an_examples_file_is_told_where_it_stands(
    resource_file: Path, queue: ResourceType, old: str, new: str, line: int, message: str
) -> None:
    assert EXAMPLES.count(old) == 1
    with pytest.raises(ContentError) as caught:
        loaded(resource_file, queue, EXAMPLES.replace(old, new))
    (problem,) = [p for p in caught.value.problems if message in p.message]
    assert place(problem)[:2] == ("sqs_queue.examples.yaml", line)


def test_a_missing_examples_file_is_a_content_error(
    resource_file: Path, queue: ResourceType
) -> None:
    with pytest.raises(ContentError, match="cannot read"):
        load_examples(resource_file, queue)


ROW: dict[str, Any] = {
    "name": "a",
    "kms_key_id": None,
    "created_at": "2025-01-01T00:00:00Z",
    "statements": [{"effect": "Allow", "actions": ["a"]}, "..."],
}


@pytest.mark.parametrize(
    ("columns", "different"),
    [
        ({"name": "a"}, False),
        ({"name": "b"}, True),
        ({"kms_key_id": None}, False),
        ({"kms_key_id": "k"}, True),
        ({"sse_sqs": True}, True),
        ({"created_at": "2025-01-01T01:00:00+01:00"}, False),
        ({"created_at": "2025-01-02T00:00:00Z"}, True),
        ({"statements": [{"effect": "Allow"}, "..."]}, False),
        ({"statements": [{"effect": "Allow", "actions": ["a"]}, "..."]}, False),
        ({"statements": [{"effect": "Deny"}, "..."]}, True),
        ({"statements": [{"sid": ""}, "..."]}, True),
        ({"statements": [{"effect": "Allow"}]}, True),
        ({"statements": [{"effect": "Allow"}, {"effect": "Allow"}]}, True),
        ({"statements": ["..."]}, True),
    ],
)
def test_a_row_is_compared_on_what_is_named(
    queue: ResourceType, columns: dict[str, Any], different: bool
) -> None:
    row = expand_row(queue, ROW, None)
    assert bool(differences(ExpectedRow(columns), row, queue)) is different


def test_marks_and_causes_are_compared(queue: ResourceType) -> None:
    row = expand_row(queue, {"_set": ["kms_key_id"]}, None)
    why = {"sse_sqs": "not_collected"}
    assert differences(ExpectedRow({}, ("kms_key_id",), why), row, queue) == []
    assert differences(ExpectedRow({}, ("name",)), row, queue) == [
        "name: expected set to a value not known, seen unknown for not_collected"
    ]
    assert differences(ExpectedRow({}, (), {"sse_sqs": "denied"}), row, queue) == [
        "sse_sqs: expected unknown for denied, seen unknown for not_collected"
    ]
    assert differences(ExpectedRow({"kms_key_id": None}), row, queue) == [
        "kms_key_id: expected absent, seen unknown for after_apply:kms_key_id"
    ]
