"""Blocks that together make one resource, and how references between them are followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from iac.kit import block, by_address, const, plan, read, ref, rtype
from trueline.model import ABSENT, CodePart, CodeRows

BUCKET = rtype(
    "aws_s3_bucket",
    "aws_s3_bucket",
    {
        "versioning": ("text?", "versions.status", ABSENT),
        "policies": ("list<text>", "policies[].policy", []),
    },
    parts=[
        CodePart("versions", ("aws_s3_bucket_versioning",), by="bucket"),
        CodePart("policies", ("aws_s3_bucket_policy",), by="bucket", many=True),
    ],
)


def bucket(address: str, **parts: Any) -> dict[str, Any]:
    parts.setdefault("unknown", {"id": True, "arn": True, "bucket": True})
    return block(address, **parts)


def versions(
    address: str, said: Mapping[str, Any] | None, value: str | None = None, **more: Any
) -> dict[str, Any]:
    """A versioning block; its bucket is unknown, or the value given."""
    return block(
        address,
        {"status": "Enabled"} | ({"bucket": value} if value else {}),
        {} if value else {"bucket": True},
        says={"bucket": said} if said else {},
        **more,
    )


def statuses(found: CodeRows) -> dict[str, Any]:
    """Versioning by address: the value, `absent`, or the cause of not knowing."""
    return {
        address: "absent"
        if "versioning" in row["_absent"]
        else row["versioning"] or row["_why"]["versioning"]
        for address, row in by_address(found, "aws_s3_bucket").items()
    }


def test_a_part_is_joined_to_the_block_that_it_refers_to() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.a"),
            bucket("aws_s3_bucket.b"),
            versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.a.id")),
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.a": "Enabled", "aws_s3_bucket.b": "absent"}


def test_a_part_is_joined_by_a_known_name() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.a", after={"bucket": "logs"}, unknown={"id": True}),
            bucket("aws_s3_bucket.b", after={"bucket": "other"}, unknown={"id": True}),
            versions("aws_s3_bucket_versioning.v", ref("local.name"), "logs"),
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.a": "Enabled", "aws_s3_bucket.b": "absent"}


def test_a_part_whose_target_is_a_local_may_belong_to_every_unmatched_row() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.a"),
            bucket("aws_s3_bucket.b"),
            versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.a.id")),
            versions("aws_s3_bucket_versioning.hidden", ref("local.bucket")),
        ),
        BUCKET,
    )
    assert statuses(found) == {
        "aws_s3_bucket.a": "Enabled",
        "aws_s3_bucket.b": "unresolved:aws_s3_bucket_versioning.hidden.bucket",
    }


def test_a_part_that_may_point_at_either_of_two_is_unknown_on_both_and_no_other() -> None:
    said = ref("aws_s3_bucket.a.id", "aws_s3_bucket.b.id")
    found = read(
        plan(
            *(bucket(f"aws_s3_bucket.{n}") for n in "abc"),
            versions("aws_s3_bucket_versioning.v", said),
        ),
        BUCKET,
    )
    why = "unresolved:aws_s3_bucket_versioning.v.bucket"
    assert statuses(found) == {
        "aws_s3_bucket.a": why,
        "aws_s3_bucket.b": why,
        "aws_s3_bucket.c": "absent",
    }


def test_a_local_beside_a_reference_may_point_at_anyone() -> None:
    part = versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.a.id", "local.other"))
    found = read(plan(bucket("aws_s3_bucket.a"), bucket("aws_s3_bucket.b"), part), BUCKET)
    why = "unresolved:aws_s3_bucket_versioning.v.bucket"
    assert statuses(found) == {"aws_s3_bucket.a": why, "aws_s3_bucket.b": why}


def test_a_known_name_with_something_added_may_still_mean_what_it_refers_to() -> None:
    part = versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.a.bucket"), "a:live")
    named = [bucket(f"aws_s3_bucket.{n}", after={"bucket": n}, unknown={"id": True}) for n in "ab"]
    assert statuses(read(plan(*named, part), BUCKET)) == {
        "aws_s3_bucket.a": "unresolved:aws_s3_bucket_versioning.v.bucket",
        "aws_s3_bucket.b": "absent",
    }


def test_two_blocks_for_one_place_are_not_guessed_between() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.a"),
            versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.a.id")),
            versions("aws_s3_bucket_versioning.w", ref("aws_s3_bucket.a.id")),
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.a": "unresolved:aws_s3_bucket_versioning.w"}


def test_an_unresolved_part_of_many_leaves_the_list_open() -> None:
    def policy(name: str, said: Mapping[str, Any]) -> dict[str, Any]:
        return block(
            f"aws_s3_bucket_policy.{name}",
            {"policy": name},
            {"bucket": True},
            says={"bucket": said},
        )

    found = read(
        plan(
            bucket("aws_s3_bucket.a"),
            policy("p", ref("aws_s3_bucket.a.id")),
            policy("q", ref("local.x")),
        ),
        BUCKET,
    )
    assert found.rows["aws_s3_bucket"][0]["policies"] == ["p", None]


@pytest.mark.parametrize("text", ["each.key", "each.value"])
def test_the_instance_of_the_same_key_wins(text: str) -> None:
    names = ("x.y", "z")
    found = read(
        plan(
            *(bucket(f'aws_s3_bucket.b["{n}"]') for n in names),
            versions('aws_s3_bucket_versioning.v["z"]', ref("aws_s3_bucket.b", text)),
        ),
        BUCKET,
    )
    assert statuses(found) == {
        'aws_s3_bucket.b["x.y"]': "absent",
        'aws_s3_bucket.b["z"]': "Enabled",
    }


def test_counted_instances_are_joined_by_their_index() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.b[0]"),
            bucket("aws_s3_bucket.b[1]"),
            versions("aws_s3_bucket_versioning.v[1]", ref("aws_s3_bucket.b", "count.index")),
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.b[0]": "absent", "aws_s3_bucket.b[1]": "Enabled"}


def test_a_literal_index_names_its_instance() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.b[0]"),
            bucket("aws_s3_bucket.b[1]"),
            versions("aws_s3_bucket_versioning.v", ref("aws_s3_bucket.b[0].id")),
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.b[0]": "Enabled", "aws_s3_bucket.b[1]": "absent"}


def test_each_value_of_chained_blocks_means_the_block_of_the_same_key() -> None:
    found = read(
        plan(
            bucket('aws_s3_bucket.b["x"]'),
            bucket('aws_s3_bucket.b["y"]'),
            versions(
                'aws_s3_bucket_versioning.v["y"]',
                {"references": ["each.value.id", "each.value"]},
                for_each=ref("aws_s3_bucket.b"),
            ),
        ),
        BUCKET,
    )
    assert statuses(found) == {'aws_s3_bucket.b["x"]': "absent", 'aws_s3_bucket.b["y"]': "Enabled"}


def test_a_variable_of_a_module_is_followed_to_the_caller() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.a"),
            bucket("aws_s3_bucket.b"),
            versions("module.v.module.w.aws_s3_bucket_versioning.v", ref("var.bucket")),
            calls={
                "module.v": {"expressions": {"name": ref("aws_s3_bucket.b.id")}},
                "module.v.module.w": {"expressions": {"bucket": ref("var.name")}},
            },
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.a": "absent", "aws_s3_bucket.b": "Enabled"}


def test_an_output_of_a_module_is_followed_to_its_block() -> None:
    found = read(
        plan(
            bucket("module.a.module.b.aws_s3_bucket.b"),
            bucket("aws_s3_bucket.b"),
            versions("aws_s3_bucket_versioning.v", {"references": ["module.a.id", "module.a"]}),
            calls={
                "module.a": {"outputs": {"id": {"references": ["module.b.name", "module.b"]}}},
                "module.a.module.b": {"outputs": {"name": ref("aws_s3_bucket.b.id")}},
            },
        ),
        BUCKET,
    )
    assert statuses(found) == {
        "module.a.module.b.aws_s3_bucket.b": "Enabled",
        "aws_s3_bucket.b": "absent",
    }


def test_an_instance_of_a_module_is_chosen_by_the_own_key_and_the_type_that_is_meant() -> None:
    found = read(
        plan(
            bucket('module.m["x"].aws_s3_bucket.b'),
            block('module.m["x"].aws_kms_key.k', {}, {"id": True}),
            bucket('module.m["y"].aws_s3_bucket.b'),
            versions('aws_s3_bucket_versioning.v["y"]', {"references": ["module.m", "each.key"]}),
            calls={
                "module.m": {
                    "outputs": {"id": ref("aws_s3_bucket.b.id"), "key": ref("aws_kms_key.k.id")}
                }
            },
        ),
        BUCKET,
    )
    assert statuses(found) == {
        'module.m["x"].aws_s3_bucket.b': "absent",
        'module.m["y"].aws_s3_bucket.b': "Enabled",
    }


def test_a_block_passed_whole_into_a_module_is_followed() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.b"),
            versions(
                "module.v.aws_s3_bucket_versioning.v",
                {"references": ["var.bucket.id", "var.bucket"]},
            ),
            calls={"module.v": {"expressions": {"bucket": ref("aws_s3_bucket.b")}}},
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.b": "Enabled"}


def test_modules_that_refer_to_each_other_in_a_circle_end_as_unknown() -> None:
    found = read(
        plan(
            bucket("aws_s3_bucket.b"),
            versions("aws_s3_bucket_versioning.v", {"references": ["module.a.x", "module.a"]}),
            calls={
                "module.a": {
                    "outputs": {"x": ref("var.y")},
                    "expressions": {"y": {"references": ["module.a.x"]}},
                }
            },
        ),
        BUCKET,
    )
    assert statuses(found) == {"aws_s3_bucket.b": "unresolved:aws_s3_bucket_versioning.v.bucket"}


def test_references_that_fan_out_at_every_module_are_followed_once_each() -> None:
    calls: dict[str, Any] = {}
    for i in range(18):
        calls[f"module.m{i}"] = {
            "outputs": {"x": ref("var.a", "var.b")},
            "expressions": {n: {"references": [f"module.m{i + 1}.x"]} for n in ("a", "b")},
        }
    calls["module.m18"] = {
        "outputs": {"x": ref("var.a")},
        "expressions": {"a": ref("aws_s3_bucket.b.id")},
    }
    part = versions("aws_s3_bucket_versioning.v", {"references": ["module.m0.x"]})
    found = read(plan(bucket("aws_s3_bucket.b"), part, calls=calls), BUCKET)
    assert statuses(found) == {"aws_s3_bucket.b": "Enabled"}


ROLE = rtype(
    "aws_iam_role",
    "aws_iam_role",
    {"policies": ("list<text>", "attached[].policy_arn", [])},
    parts=[CodePart("attached", ("aws_iam_policy_attachment",), by="roles", many=True)],
)


def test_a_list_that_names_several_blocks_is_joined_to_each() -> None:
    found = read(
        plan(
            block("aws_iam_role.a", {"name": "a"}),
            block("aws_iam_role.b", {"name": "b"}),
            block("aws_iam_role.c", {}, {"name": True}),
            block("aws_iam_role.d", {}, {"name": True}),
            block("aws_iam_policy_attachment.x", {"roles": ["a"], "policy_arn": "p"}),
            block(
                "aws_iam_policy_attachment.y",
                {"policy_arn": "q"},
                {"roles": True},
                says={"roles": ref("aws_iam_role.c.name", "aws_iam_role.d.name")},
                sensitive={"roles": []},
            ),
        ),
        ROLE,
    )
    rows = by_address(found, "aws_iam_role")
    # The text of the second list is hidden: beside the references it may hold a known name.
    assert {n: rows[f"aws_iam_role.{n}"]["policies"] for n in "abcd"} == {
        "a": ["p", None],
        "b": [None],
        "c": ["q"],
        "d": ["q"],
    }


GROUP = rtype(
    "aws_ec2_security_group",
    "aws_security_group",
    {"incoming": ("list<text>", "rules[].cidr", [])},
    parts=[
        CodePart(
            "rules", ("aws_security_group_rule",), by="security_group_id", many=True,
            where="type == 'ingress'",
        )
    ],
)  # fmt: skip


def test_where_admits_only_the_blocks_it_is_true_for_and_doubts_the_unknown_ones() -> None:
    def rule(name: str, kind: str | None) -> dict[str, Any]:
        return block(
            f"aws_security_group_rule.{name}",
            {"cidr": name} | ({"type": kind} if kind else {}),
            {"security_group_id": True} | ({} if kind else {"type": True}),
            says={"security_group_id": ref("aws_security_group.g.id"), "type": ref("local.kind")},
        )

    group = block("aws_security_group.g", {}, {"id": True})
    closed = read(plan(group, rule("a", "ingress"), rule("b", "egress")), GROUP)
    assert closed.rows["aws_ec2_security_group"][0]["incoming"] == ["a"]
    doubted = read(plan(group, rule("a", "ingress"), rule("b", None)), GROUP)
    assert doubted.rows["aws_ec2_security_group"][0]["incoming"] == ["a", None]


INSTANCE = rtype(
    "aws_ec2_instance",
    "aws_instance",
    {"kind": ("text?", "not_null(instance_type, template.instance_type)", ABSENT)},
    parts=[CodePart("template", ("aws_launch_template",), via="launch_template[0].id")],
)
TEMPLATE = block("aws_launch_template.t", {"instance_type": "t3.micro"}, {"id": True})


def instance(value: str | None, said: Mapping[str, Any], *blocks: dict[str, Any]) -> Any:
    made = block(
        "aws_instance.i",
        {"launch_template": [{"id": value} if value else {}]},
        {} if value else {"launch_template": [{"id": True}]},
        says={"launch_template": [{"id": said}]},
    )
    return read(plan(made, *blocks), INSTANCE).rows["aws_ec2_instance"][0]


def test_a_part_that_we_refer_to_is_joined() -> None:
    assert instance(None, ref("aws_launch_template.t.id"), TEMPLATE)["kind"] == "t3.micro"


def test_a_part_that_we_name_by_a_known_id_is_joined_data_sources_included() -> None:
    known = block("data.aws_launch_template.t", {"id": "lt-1", "instance_type": "m5.large"})
    assert instance("lt-1", const("lt-1"), known)["kind"] == "m5.large"


def test_a_part_that_is_not_in_this_code_is_unknown() -> None:
    row = instance("lt-9", const("lt-9"), TEMPLATE)
    assert row["kind"] is None
    assert row["_why"]["kind"] == "unresolved:aws_instance.i.launch_template[0].id"


def test_no_part_is_joined_where_we_name_none() -> None:
    found = read(plan(block("aws_instance.i", {"launch_template": []}), TEMPLATE), INSTANCE)
    assert found.rows["aws_ec2_instance"][0]["_absent"] == ["kind", "name"]
