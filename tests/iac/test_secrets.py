"""Nothing sensitive leaves a plan: not in rows, not in `config`, not in errors."""

from __future__ import annotations

from typing import Any

import pytest

from iac.kit import block, const, plan, read, ref, rtype
from trueline.errors import ConfigError
from trueline.model import CodePart

CANARY = "CANARY-c0ffee"
EVERYTHING = rtype(
    "aws_lambda_function",
    "aws_lambda_function",
    {
        "name": ("text", "function_name"),
        "description": ("text?", "description"),
        "variables": ("list<env_var>", "env_flags(environment[0].variables)", []),
        "has_secret": ("bool", "text_has_secret(not_null(written.user_data, user_data))", False),
        "has_password": ("bool", "is_set(password)"),
        "aliases": ("list<text>", "aliases", []),
        "statements": ("list<iam_statement>", "iam_statements(policy)", []),
        "urls": ("list<text>", "urls[].token", []),
        "tags": ("map<text,text>", "tags_all", {}),
    },
    parts=[CodePart("urls", ("aws_lambda_function_url",), by="function_name", many=True)],
    secrets=["environment[].variables", "user_data"],
)
DOCUMENT = block(
    "data.aws_iam_policy_document.d",
    {"statement": [{"sid": CANARY, "actions": ["a:b"]}]},
    {"json": True},
    actions=["read"],
    sensitive={"statement": [{"sid": True}]},
)


def function(
    after: dict[str, Any], sensitive: Any, says: Any = None, **unknown: Any
) -> dict[str, Any]:
    return block(
        "aws_lambda_function.f",
        {"function_name": "f", **after},
        unknown,
        says=says,
        sensitive=sensitive,
    )


def row(*blocks: dict[str, Any], **more: Any) -> Any:
    found = read(plan(*blocks, **more), EVERYTHING)
    assert CANARY not in repr(found)
    return found.rows["aws_lambda_function"][0]


def test_a_sensitive_value_is_known_to_be_set_and_never_kept() -> None:
    found = row(function({"description": CANARY}, {"description": True}))
    assert found["description"] is None
    assert "description" in found["_set"]
    assert found["_why"]["description"] == "sensitive"


def test_a_sensitive_attribute_without_value_is_absent_and_no_secret() -> None:
    found = row(function({"description": None, "password": None}, {"description": True}))
    assert "description" in found["_absent"]
    assert found["has_password"] is False


def test_a_sensitive_element_and_member_are_hidden_and_their_neighbours_are_not() -> None:
    found = row(
        function(
            {
                "aliases": ["a", CANARY],
                "tags": {"a": "b", "token": CANARY},
                "tags_all": {"a": "b", "token": CANARY},
            },
            {
                "aliases": [False, True],
                "tags": {"token": True},
                "tags_all": {"token": True},
            },
        )
    )
    assert found["aliases"] == ["a", None]
    assert found["tags"] == {"a": "b", "token": None}


def test_a_sensitive_tag_does_not_come_back_through_the_sum_of_tags() -> None:
    found = row(
        function(
            {"tags": {"a": "b", "token": CANARY}},
            {"tags": {"token": True}, "tags_all": {}},
            tags_all=True,
        )
    )
    assert found["tags"] == {"a": "b", "token": None}


def test_a_sensitive_tag_of_a_neighbour_is_not_taken_for_a_default_tag() -> None:
    neighbour = block(
        "aws_sns_topic.t",
        {"tags": None, "tags_all": {"token": CANARY}},
        sensitive={"tags_all": {"token": True}},
    )
    found = row(function({"tags": {"a": "b"}}, {}, tags_all=True), neighbour)
    assert found["tags"] == {"a": "b"}


def test_environment_variables_keep_their_names_only() -> None:
    found = row(
        function(
            {"environment": [{"variables": {"DB_PASSWORD": CANARY, "MODE": CANARY}}]},
            {"environment": [{"variables": {"DB_PASSWORD": True}}]},
        )
    )
    assert [v["name"] for v in found["variables"]] == ["DB_PASSWORD", "MODE"]


def test_a_constant_in_the_text_is_not_kept() -> None:
    said = {"user_data": const(f"password={CANARY}"), "description": const(CANARY)}
    found = row(
        function({"user_data": "0" * 40, "description": CANARY}, {"description": True}, said)
    )
    assert found["has_secret"] is True
    assert found["description"] is None


def test_a_resource_that_is_sensitive_whole_keeps_nothing() -> None:
    found = row(function({"description": CANARY, "tags_all": {"a": CANARY}}, True))
    assert (found["name"], found["description"], found["tags"]) == (None, None, None)


def test_a_sensitive_member_of_a_joined_block_is_hidden() -> None:
    url = block(
        "aws_lambda_function_url.u",
        {"function_name": "f", "token": CANARY},
        sensitive={"token": True},
    )
    assert row(function({}, {}), url)["urls"] == [None]


def test_a_sensitive_part_of_a_rebuilt_policy_is_hidden() -> None:
    said = {"policy": ref("data.aws_iam_policy_document.d.json")}
    found = row(function({}, {}, said, policy=True), DOCUMENT)
    assert found["statements"][0]["sid"] is None
    assert found["statements"][0]["actions"] == ["a:b"]


def test_variables_and_prior_state_of_a_plan_are_not_kept() -> None:
    prior = {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "address": "data.aws_secretsmanager_secret_version.s",
                        "mode": "data",
                        "type": "aws_secretsmanager_secret_version",
                        "name": "s",
                        "values": {"secret_string": CANARY},
                        "sensitive_values": {"secret_string": True},
                    }
                ]
            }
        }
    }
    row(function({}, {}), variables={"password": {"value": CANARY}}, prior_state=prior)


def test_errors_do_not_quote_the_plan() -> None:
    for data in (
        f'{{"password": "{CANARY}", '.encode(),
        f'"{CANARY}"'.encode(),
        f'{{"a": "{CANARY}"}}'.encode(),
        f'{{"a": {CANARY}}}'.encode(),
    ):
        with pytest.raises(ConfigError) as caught:
            read(data, EVERYTHING)
        assert CANARY not in caught.value.render()
