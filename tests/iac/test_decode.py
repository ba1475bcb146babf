"""What is no plan is refused with its name and a remedy; every known version is read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from iac.kit import block, plan, read, rtype
from trueline.errors import ConfigError
from trueline.iac.terraform import decode

QUEUE = rtype("aws_sqs_queue", "aws_sqs_queue", {"name": ("text", "name")})
PLAN = plan(block("aws_sqs_queue.q", {"name": "a"}))
FIXTURES = Path(__file__).parent / "fixtures"


def refused(data: bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(data, QUEUE)
    assert caught.value.exit_code == 2
    assert caught.value.where is not None
    assert caught.value.where.file == "plan.json"
    return caught.value


@pytest.mark.parametrize(
    ("data", "code", "seen"),
    [
        (b"", "plan-empty", "empty"),
        (b"  \n", "plan-empty", "empty"),
        (b"PK\x03\x04rest of a zip", "plan-binary", "binary plan file"),
        (b"\x80\x81\x82", "plan-not-a-plan", "neither JSON nor text"),
        (b"Terraform will perform the following actions:", "plan-not-json", "JSON"),
        (b"[1, 2]", "plan-not-a-plan", "not an object"),
        (b'{"format_version": NaN}', "plan-not-json", "NaN"),
        (b'{"x": ' + b"9" * 5000 + b"}", "plan-not-json", "digits"),
        (b'{"x": 1}', "plan-not-a-plan", "without format_version"),
        (b'{"version": 4, "serial": 1, "lineage": "x"}', "plan-not-a-plan", "state file"),
        (b'{"format_version": "1.0", "values": {}}', "plan-not-a-plan", "a state"),
        (b'{"format_version": "1.0", "terraform_version": "1.9.0"}', "plan-not-a-plan", "a state"),
        (b'{"format_version": "1.0", "provider_schemas": {}}', "plan-not-a-plan", "schema"),
        (
            b'{"format_version": "1.0", "valid": true, "diagnostics": []}',
            "plan-not-a-plan",
            "valid",
        ),
        (b'{"@level": "info"}\n{"@level": "info"}', "plan-not-a-plan", "log"),
        (b'{"Resources": {}}', "plan-not-a-plan", "without format_version"),
    ],
)
def test_an_input_that_is_no_plan_is_refused_by_name(data: bytes, code: str, seen: str) -> None:
    error = refused(data)
    assert error.code == code
    assert seen in error.message
    assert error.hint is not None
    assert "terraform show -json" in error.hint


@pytest.mark.parametrize("version", ["2.0", "10.1", "", "one", None, 1, "1"])
def test_another_major_version_is_refused(version: object) -> None:
    error = refused(json.dumps(PLAN | {"format_version": version}).encode())
    assert error.code == "plan-version"


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2", "1.9"])
def test_every_minor_version_of_a_known_major_one_is_read(version: str) -> None:
    found = read(json.dumps(PLAN | {"format_version": version}).encode(), QUEUE)
    assert [row["name"] for row in found.rows["aws_sqs_queue"]] == ["a"]


def test_a_plan_cut_off_anywhere_is_called_truncated() -> None:
    data = json.dumps(PLAN | {"note": "caf\u00e9", "flag": True, "n": -1, "none": None}).encode()
    codes = {refused(data[:end]).code for end in range(1, len(data))}
    assert codes == {"plan-truncated"}


def test_a_plan_is_read_in_the_encodings_that_shells_write() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-8"):
        text = json.dumps(PLAN | {"note": "\u00fc"}, ensure_ascii=False)
        data = text.encode(encoding)
        if encoding == "utf-16-le":
            data = b"\xff\xfe" + data
        assert read(data, QUEUE).rows["aws_sqs_queue"][0]["name"] == "a"


def test_a_plan_beyond_the_limit_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decode, "MAX_BYTES", 1000)
    error = refused(b" " * 1001)
    assert error.code == "plan-too-large"


@pytest.mark.parametrize("inner", [b"[", b'{"a":'])
def test_a_nesting_bomb_is_an_error_not_a_crash(inner: bytes) -> None:
    error = refused(b'{"format_version": "1.2", "resource_changes": ' + inner * 200_000)
    assert error.code == "plan-too-deep"


def test_a_value_nested_deeper_than_any_plan_is_an_error_not_a_crash() -> None:
    mask: object = True
    for _ in range(900):
        mask = [mask]
    deep = block("aws_sqs_queue.q", {"name": "a"}, {"x": mask})
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        data = json.dumps(plan(deep)).encode()
    finally:
        sys.setrecursionlimit(limit)
    assert refused(data).code == "plan-too-deep"


@pytest.mark.parametrize(
    "broken",
    [
        {"resource_changes": {}},
        {"resource_changes": [1]},
        {"resource_changes": [{"address": "a.b"}]},
        {"resource_changes": [{"change": {"actions": ["create"]}}]},
        {
            "resource_changes": [
                {"address": "a.b", "type": "a", "name": "b", "change": {"actions": "create"}}
            ]
        },
        {
            "resource_changes": [
                {
                    "address": "a.b",
                    "type": "a",
                    "name": "b",
                    "change": {"actions": ["create"], "after": [1]},
                }
            ]
        },
    ],
)
def test_a_plan_whose_parts_have_another_form_is_refused(broken: dict[str, object]) -> None:
    assert refused(json.dumps(PLAN | broken).encode()).code == "plan-malformed"


@pytest.mark.parametrize(
    "broken",
    [
        {"configuration": None},
        {"configuration": {"root_module": [], "provider_config": []}},
        {"configuration": {"root_module": {"resources": [1], "module_calls": {"a": 1}}}},
        {"variables": []},
        {"prior_state": {"values": {"root_module": {"resources": [1], "child_modules": [2]}}}},
        {"relevant_attributes": [1, {"attribute": 3}]},
    ],
)
def test_odd_parts_beside_the_changes_cost_no_row(broken: dict[str, object]) -> None:
    found = read(json.dumps(PLAN | broken).encode(), QUEUE)
    assert [row["name"] for row in found.rows["aws_sqs_queue"]] == ["a"]


def test_a_plan_without_any_resource_is_a_plan() -> None:
    found = read(b'{"format_version": "1.2", "planned_values": {}, "configuration": {}}', QUEUE)
    assert found.rows == {}
    assert [row.status for row in found.coverage] == ["ok"]
