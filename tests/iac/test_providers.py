"""Region, account and default tags: what a plan tells of its providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from iac.kit import block, const, plan, read, ref, rtype

QUEUE = rtype("aws_sqs_queue", "aws_sqs_queue", {"tags": ("map<text,text>", "tags_all", {})})


def aws(**says: Any) -> dict[str, Any]:
    return {"aws": {"name": "aws", "expressions": says}}


def row(queue: dict[str, Any], *others: dict[str, Any], **said: Any) -> Mapping[str, Any]:
    return read(plan(queue, *others, **said), QUEUE).rows["aws_sqs_queue"][0]


def queue(**more: Any) -> dict[str, Any]:
    return block("aws_sqs_queue.q", {}, **more)


def test_a_constant_region_is_the_region() -> None:
    assert row(queue(), providers=aws(region=const("eu-west-1")))["region"] == "eu-west-1"


def test_a_region_from_a_variable_has_the_value_of_the_plan() -> None:
    said = {
        "providers": aws(region=ref("var.region")),
        "variables": {"region": {"value": "us-east-2"}},
    }
    assert row(queue(), **said)["region"] == "us-east-2"


def test_a_region_from_a_default_of_a_variable_is_found_in_the_configuration() -> None:
    made = plan(queue(), providers=aws(region=ref("var.region")))
    made["configuration"]["root_module"]["variables"] = {"region": {"default": "us-east-2"}}
    assert read(made, QUEUE).rows["aws_sqs_queue"][0]["region"] == "us-east-2"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"region": ref("local.region")},
        {"region": ref("var.prefix", "var.number")},
        {"region": ref("var.prefix")},
    ],
)
def test_a_region_that_cannot_be_told_is_unknown(said: Mapping[str, Any]) -> None:
    variables = {"prefix": {"value": "eu-west"}, "number": {"value": "1"}}
    found = row(queue(), providers=aws(**said), variables=variables)
    assert found["region"] is None
    assert "region" not in found["_absent"]


def test_a_region_is_taken_from_the_data_source_that_asked_for_it() -> None:
    asked = block("data.aws_region.current", {"name": "ap-south-1"}, actions=["read"])
    assert row(queue(), asked)["region"] == "ap-south-1"


def test_an_alias_has_its_own_region() -> None:
    providers = {
        "aws": {"name": "aws", "expressions": {"region": const("eu-west-1")}},
        "aws.west": {"name": "aws", "alias": "west", "expressions": {"region": const("us-west-2")}},
    }
    assert row(queue(provider_key="aws.west"), providers=providers)["region"] == "us-west-2"


def test_a_module_inherits_the_provider_of_its_caller() -> None:
    inner = block("module.a.module.b.aws_sqs_queue.q", provider_key="module.a.module.b:aws")
    found = read(plan(inner, providers=aws(region=const("eu-west-1"))), QUEUE)
    assert found.rows["aws_sqs_queue"][0]["region"] == "eu-west-1"


def test_a_block_that_names_its_region_lives_there() -> None:
    own = block("aws_sqs_queue.q", {"region": "sa-east-1"})
    assert row(own, providers=aws(region=const("eu-west-1")))["region"] == "sa-east-1"


def test_a_global_type_lives_in_no_region() -> None:
    user = rtype("aws_iam_user", "aws_iam_user", {"n": ("text", "name")}, scope="global")
    found = read(plan(block("aws_iam_user.u"), providers=aws(region=const("eu-west-1"))), user)
    assert found.rows["aws_iam_user"][0]["region"] == "global"


@pytest.mark.parametrize(
    "said",
    [
        {"assume_role": [{"role_arn": const("arn:aws:iam::111122223333:role/deploy")}]},
        {"assume_role": [{"role_arn": ref("var.role")}]},
        {"allowed_account_ids": const(["111122223333"])},
    ],
)
def test_the_account_is_told_by_the_provider(said: Mapping[str, Any]) -> None:
    variables = {"role": {"value": "arn:aws:iam::111122223333:role/deploy"}}
    found = row(queue(), providers=aws(**said), variables=variables)
    assert found["account"] == "111122223333"


def test_the_account_is_told_by_the_caller_identity() -> None:
    asked = block("data.aws_caller_identity.me", {"account_id": "111122223333"}, actions=["read"])
    assert row(queue(), asked)["account"] == "111122223333"


def test_the_account_of_a_neighbour_that_exists_already_is_ours() -> None:
    other = block("aws_sns_topic.t", {"arn": "arn:aws:sns:eu-west-1:111122223333:t"})
    assert row(queue(), other)["account"] == "111122223333"


def test_neighbours_of_two_accounts_tell_nothing() -> None:
    others = [
        block(f"aws_sns_topic.t{i}", {"arn": f"arn:aws:sns:eu-west-1:{i}11122223333:t"})
        for i in (1, 2)
    ]
    assert row(queue(), *others)["account"] is None


KEY = block("aws_kms_key.k", {}, {"key_id": True})
DEFAULTS = aws(default_tags=[{"tags": const({"owner": "x", "env": "prod"})}])


def tagged(**more: Any) -> dict[str, Any]:
    return block("aws_sqs_queue.q", **more)


def test_all_tags_are_those_of_the_plan() -> None:
    found = row(tagged(after={"tags": {"a": "b"}, "tags_all": {"a": "b", "owner": "x"}}))
    assert found["tags"] == {"a": "b", "owner": "x"}


def test_default_tags_are_laid_under_own_ones_where_the_plan_lacks_the_sum() -> None:
    made = tagged(after={"tags": {"env": "dev"}}, unknown={"tags_all": True})
    assert row(made, KEY, providers=DEFAULTS)["tags"] == {"owner": "x", "env": "dev"}


def test_a_tag_that_is_not_known_keeps_its_key_and_the_others() -> None:
    made = tagged(
        after={"tags": {"a": "b"}},
        unknown={"tags": {"key": True}, "tags_all": True},
        says={"tags": ref("aws_kms_key.k.key_id")},
    )
    found = row(made, KEY, providers=DEFAULTS)
    assert found["tags"] == {"owner": "x", "env": "prod", "a": "b", "key": None}
    assert found["_why"]["tags.key"] == "after_apply:aws_kms_key.k.key_id"


def test_one_tag_that_the_plan_marks_unknown_leaves_the_others_known() -> None:
    made = tagged(
        after={"tags": {"a": "b"}, "tags_all": {"a": "b", "owner": "x"}},
        unknown={"tags": {"key": True}, "tags_all": {"key": True}},
        says={"tags": ref("aws_kms_key.k.key_id")},
    )
    found = row(made, KEY)
    assert found["tags"] == {"owner": "x", "a": "b", "key": None}
    assert found["_why"]["tags.key"] == "after_apply:aws_kms_key.k.key_id"


def test_tags_that_are_not_known_are_not_taken_for_none() -> None:
    made = tagged(
        unknown={"tags": True, "tags_all": True}, says={"tags": ref("aws_kms_key.k.key_id")}
    )
    found = row(made, KEY, providers=DEFAULTS)
    assert found["tags"] is None
    assert found["_why"]["tags"] == "after_apply:aws_kms_key.k.key_id"


def test_default_tags_that_are_computed_are_learned_from_a_block_without_own_tags() -> None:
    made = tagged(after={"tags": {"a": "b"}}, unknown={"tags_all": True})
    plain = block("aws_sns_topic.t", {"tags": None, "tags_all": {"owner": "y"}})
    providers = aws(default_tags=[{"tags": ref("local.tags")}])
    assert row(made, plain, providers=providers)["tags"] == {"owner": "y", "a": "b"}


def test_default_tags_that_nobody_tells_make_the_tags_unknown() -> None:
    made = tagged(after={"tags": {"a": "b"}}, unknown={"tags_all": True})
    found = row(made, providers=aws(default_tags=[{"tags": ref("local.tags")}]))
    assert found["tags"] is None
    assert found["_why"]["tags"] == "unresolved:provider.aws.default_tags"
