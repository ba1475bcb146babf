"""The four states of a cell: value, absent, set, default, and unknown with what would decide it."""

from __future__ import annotations

from typing import Any

import pytest

from iac.kit import block, by_address, const, edges, plan, read, ref, rtype
from trueline.model import ABSENT

QUEUE = rtype(
    "aws_sqs_queue",
    "aws_sqs_queue",
    {
        "name": ("text", "name"),
        "arn": ("text", "arn"),
        "kms_key_id": ("text?", "kms_master_key_id", ABSENT),
        "delay": ("int", "delay_seconds", 0),
        "note": ("text?", "note"),
    },
    live_uid="arn",
)
KEY = rtype("aws_kms_key", "aws_kms_key", {"arn": ("text", "arn")})
KEY_BLOCK = block("aws_kms_key.k", {}, {"arn": True, "id": True, "policy": True})


def queue(**parts: Any) -> dict[str, Any]:
    return block("aws_sqs_queue.q", **parts)


def row(*blocks: dict[str, Any], address: str = "aws_sqs_queue.q") -> dict[str, Any]:
    found: dict[str, Any] = by_address(read(plan(*blocks), QUEUE, KEY), "aws_sqs_queue")[address]
    return found


def test_a_planned_value_is_the_value() -> None:
    found = row(queue(after={"name": "a", "delay_seconds": 7}))
    assert (found["name"], found["delay"]) == ("a", 7)
    assert found["_defaulted"] == []


def test_a_null_without_default_is_absent_in_an_optional_column() -> None:
    found = row(queue(after={"name": "a", "note": None}))
    assert found["note"] is None
    assert "note" in found["_absent"]


def test_an_attribute_that_is_left_to_the_provider_takes_the_default() -> None:
    found = row(queue(after={"name": "a"}, unknown={"delay_seconds": True}))
    assert found["delay"] == 0
    assert "delay" in found["_defaulted"]


def test_an_attribute_left_to_the_provider_without_default_is_unknown_and_says_so() -> None:
    found = row(queue(after={"name": "a"}, unknown={"note": True}))
    assert found["_why"]["note"] == "provider_decides:aws_sqs_queue.q.note"
    assert "note" not in found["_absent"]


def test_a_reference_to_an_identifier_of_one_new_block_is_set_though_not_known() -> None:
    said = {"kms_master_key_id": ref("aws_kms_key.k.arn")}
    found = read(plan(KEY_BLOCK, queue(unknown={"kms_master_key_id": True}, says=said)), QUEUE, KEY)
    cell = by_address(found, "aws_sqs_queue")["aws_sqs_queue.q"]
    assert "kms_key_id" in cell["_set"]
    assert cell["_why"]["kms_key_id"] == "after_apply:aws_kms_key.k.arn"
    assert ("aws_sqs_queue.q", "kms_key_id", "aws_kms_key.k", None) in edges(found)


def test_a_reference_to_an_attribute_that_may_be_null_is_not_called_set() -> None:
    found = row(
        KEY_BLOCK,
        queue(
            unknown={"kms_master_key_id": True},
            says={"kms_master_key_id": ref("aws_kms_key.k.policy")},
        ),
    )
    assert found["_set"] == []
    assert found["_why"]["kms_key_id"] == "after_apply:aws_kms_key.k.policy"


def test_a_reference_to_either_of_two_blocks_names_no_target() -> None:
    other = block("aws_kms_key.other", {}, {"arn": True})
    said = {"kms_master_key_id": ref("aws_kms_key.k.arn", "aws_kms_key.other.arn")}
    found = read(
        plan(KEY_BLOCK, other, queue(unknown={"kms_master_key_id": True}, says=said)), QUEUE, KEY
    )
    cell = by_address(found, "aws_sqs_queue")["aws_sqs_queue.q"]
    assert cell["_set"] == []
    assert cell["_why"]["kms_key_id"] == "after_apply:aws_kms_key.k.arn"


def test_a_local_cannot_be_followed_and_is_named_as_the_cause() -> None:
    found = row(
        queue(unknown={"kms_master_key_id": True}, says={"kms_master_key_id": ref("local.key")})
    )
    assert found["_why"]["kms_key_id"] == "unresolved:local.key"
    assert found["_set"] == []


def test_a_local_beside_a_reference_takes_the_certainty_from_it() -> None:
    said = {"kms_master_key_id": ref("local.key", "aws_kms_key.k.arn")}
    found = read(plan(KEY_BLOCK, queue(unknown={"kms_master_key_id": True}, says=said)), QUEUE, KEY)
    assert by_address(found, "aws_sqs_queue")["aws_sqs_queue.q"]["_set"] == []
    assert not [e for e in edges(found) if e[2] == "aws_kms_key.k"]


def test_the_own_arn_of_a_new_block_is_set_and_its_live_uid_not_known() -> None:
    found = row(queue(after={"name": "a"}, unknown={"arn": True}))
    assert found["arn"] is None
    assert "arn" in found["_set"]
    assert found["live_uid"] is None


def test_a_known_arn_is_the_live_uid_and_tells_the_account() -> None:
    arn = "arn:aws:sqs:eu-west-1:111122223333:a"
    found = row(queue(after={"name": "a", "arn": arn}, actions=["no-op"]))
    assert found["live_uid"] == arn
    assert found["account"] == "111122223333"


@pytest.mark.parametrize("actions", [["no-op"], ["create"], ["update"], ["delete", "create"]])
def test_what_remains_after_the_change_gives_a_row(actions: list[str]) -> None:
    assert row(queue(after={"name": "a"}, actions=actions))["name"] == "a"


@pytest.mark.parametrize("actions", [["delete"], ["forget"]])
def test_what_is_deleted_gives_no_row(actions: list[str]) -> None:
    gone = queue(actions=actions)
    gone["change"]["change"]["after"] = None
    assert read(plan(gone), QUEUE).rows == {}


def test_a_deposed_object_gives_no_second_row() -> None:
    old = queue(after={"name": "old"}, actions=["no-op"], deposed="1234abcd")
    found = read(plan(queue(after={"name": "a"}), old), QUEUE)
    assert [r["name"] for r in found.rows["aws_sqs_queue"]] == ["a"]


def test_drift_that_the_plan_reports_is_not_a_row() -> None:
    drift = [queue(after={"name": "drifted"})["change"]]
    found = read(plan(queue(after={"name": "a"}), resource_drift=drift), QUEUE)
    assert [r["name"] for r in found.rows["aws_sqs_queue"]] == ["a"]


def test_every_row_stands_under_the_folder_of_its_plan() -> None:
    found = read(plan(queue(after={"name": "a"})), QUEUE, path="live/prod/plan.json")
    cell = found.rows["aws_sqs_queue"][0]
    assert cell["uid"] == "code:live/prod:aws_sqs_queue.q"
    assert (cell["scope_account"], cell["scope_region"]) == ("code:live/prod", "")
    assert (cell["source_file"], cell["source_line"]) == ("plan.json", None)
    assert (cell["plane"], cell["address"]) == ("plan", "aws_sqs_queue.q")


DISK = rtype(
    "aws_ec2_instance",
    "aws_instance",
    {
        "encrypted": ("bool", "root_block_device[0].encrypted", False),
        "key": ("text?", "root_block_device[0].kms_key_id", ABSENT),
        "tokens": ("text", "metadata_options[0].http_tokens", "optional"),
        "groups": ("list<text>", "vpc_security_group_ids", []),
        "tags": ("map<text,text>", "tags_all", {}),
    },
)
MASK = {"root_block_device": [], "metadata_options": [], "vpc_security_group_ids": []}


def instance(**parts: Any) -> dict[str, Any]:
    parts.setdefault("sensitive", MASK)
    found = read(plan(KEY_BLOCK, block("aws_instance.i", **parts)), DISK, KEY)
    row: dict[str, Any] = by_address(found, "aws_ec2_instance")["aws_instance.i"]
    return row


def test_a_block_that_the_text_does_not_show_may_be_dynamic_and_is_not_unset() -> None:
    found = instance(unknown={"metadata_options": True})
    assert found["tokens"] is None
    assert found["_why"]["tokens"] == "unresolved:aws_instance.i.metadata_options"


def test_a_list_of_plain_values_cannot_be_a_dynamic_block() -> None:
    assert instance(unknown={"vpc_security_group_ids": True})["groups"] == []


def test_no_block_can_be_hidden_where_nothing_unknown_is_read() -> None:
    said = plan(block("aws_instance.i", unknown={"metadata_options": True}, sensitive=MASK))
    said["relevant_attributes"] = []
    assert read(said, DISK).rows["aws_ec2_instance"][0]["tokens"] == "optional"


def test_a_version_that_does_not_list_what_is_read_proves_nothing() -> None:
    said = plan(block("aws_instance.i", unknown={"metadata_options": True}, sensitive=MASK))
    said |= {"relevant_attributes": [], "format_version": "1.0"}
    assert read(said, DISK).rows["aws_ec2_instance"][0]["tokens"] is None


def test_an_attribute_that_a_written_block_leaves_out_is_unset() -> None:
    found = instance(
        after={"root_block_device": [{"delete_on_termination": True}]},
        unknown={"root_block_device": [{"encrypted": True, "kms_key_id": True}]},
        says={"root_block_device": [{"delete_on_termination": const(True)}]},
        sensitive={"root_block_device": [{}]},
    )
    assert found["encrypted"] is False
    assert "key" in found["_absent"]


def test_beside_a_dynamic_block_what_no_text_shows_is_not_unset() -> None:
    found = instance(
        after={"root_block_device": [{"device": "a"}, {"device": "b"}]},
        unknown={"root_block_device": [{"encrypted": True}, {}]},
        says={"root_block_device": [{"device": const("a")}]},
        sensitive={"root_block_device": [{}, {}]},
    )
    assert found["encrypted"] is None


def test_a_label_that_another_block_writes_as_one_expression_is_no_block() -> None:
    neighbour = block("aws_instance.other", {}, says={"metadata_options": ref("local.options")})
    bare = block("aws_instance.i", unknown={"metadata_options": True}, sensitive=MASK)
    found = read(plan(KEY_BLOCK, neighbour, bare), DISK)
    assert by_address(found, "aws_ec2_instance")["aws_instance.i"]["tokens"] == "optional"


def nested(shape: Any) -> dict[str, Any]:
    """A written block with something unknown inside that its text does not show."""
    made = rtype("aws_x", "aws_x", {"days": ("int", "rule[0].expiration[0].days", 0)})
    part = block(
        "aws_x.x",
        {"rule": [{"on": True}]},
        {"rule": [{"expiration": True}]},
        says={"rule": [{"on": const(True)}]},
        sensitive={"rule": [shape]},
    )
    return dict(read(plan(KEY_BLOCK, part), made).rows["aws_x"][0])


def test_a_block_inside_a_written_block_may_be_dynamic_too() -> None:
    found = nested({"expiration": []})
    assert found["days"] is None
    assert found["_why"]["days"] == "unresolved:aws_x.x.rule[0].expiration"


def test_a_scalar_inside_a_written_block_is_unset() -> None:
    assert nested({})["days"] == 0


def admitted(says: dict[str, Any]) -> dict[str, Any]:
    """A cluster whose admitted networks are known after it is made."""
    networks = ("list<text>", "vpc_config[0].public_access_cidrs", ["0.0.0.0/0"])
    part = block(
        "aws_eks_cluster.x",
        {"vpc_config": [{"endpoint_public_access": True}]},
        {"vpc_config": [{"public_access_cidrs": True}]},
        says=says,
        sensitive={"vpc_config": [{"public_access_cidrs": []}]},
    )
    made = rtype("aws_eks_cluster", "aws_eks_cluster", {"networks": networks})
    return dict(read(plan(KEY_BLOCK, part), made).rows["aws_eks_cluster"][0])


def test_a_list_that_is_known_to_be_no_block_is_unset_inside_a_written_block() -> None:
    found = admitted({"vpc_config": [{"endpoint_public_access": const(True)}]})
    assert found["networks"] == ["0.0.0.0/0"]


def test_a_list_inside_a_block_whose_text_is_missing_is_unknown() -> None:
    found = admitted({})
    assert found["networks"] is None
    assert found["_why"]["networks"].startswith("unresolved:aws_eks_cluster.x.vpc_config[0]")


def test_an_attribute_of_a_block_whose_text_is_missing_is_unknown() -> None:
    found = instance(
        after={"root_block_device": [{"delete_on_termination": True}]},
        unknown={"root_block_device": [{"encrypted": True, "kms_key_id": True}]},
    )
    assert found["encrypted"] is None
    assert found["_why"]["encrypted"] == "unresolved:aws_instance.i.root_block_device[0].encrypted"


def test_a_reference_inside_a_written_block_is_followed() -> None:
    found = instance(
        after={"root_block_device": [{}]},
        unknown={"root_block_device": [{"kms_key_id": True}]},
        says={"root_block_device": [{"kms_key_id": ref("aws_kms_key.k.arn")}]},
    )
    assert "key" in found["_set"]


DISKS = rtype(
    "aws_ec2_instance",
    "aws_instance",
    {"keys": ("list<struct<device:text,key:text>>", "ebs[].{device: device, key: key}")},
)


def test_blocks_of_a_set_are_matched_with_the_text_by_their_constants() -> None:
    found = read(
        plan(
            KEY_BLOCK,
            block("aws_kms_key.l", {}, {"arn": True}),
            block(
                "aws_instance.i",
                {"ebs": [{"device": "b"}, {"device": "a"}]},
                {"ebs": [{"key": True}, {"key": True}]},
                says={
                    "ebs": [
                        {"device": const("a"), "key": ref("aws_kms_key.k.arn")},
                        {"device": const("b"), "key": ref("aws_kms_key.l.arn")},
                    ]
                },
            ),
        ),
        DISKS,
    )
    why = found.rows["aws_ec2_instance"][0]["_why"]
    assert why["keys[].key"] == "after_apply:aws_kms_key.l.arn"  # the cause of the first element


def test_a_dynamic_block_that_repeats_an_unknown_number_of_times_leaves_the_list_open() -> None:
    found = read(
        plan(KEY_BLOCK, block("aws_instance.i", {"ebs": [{}]}, {"ebs": [{"device": True}]})), DISKS
    )
    assert found.rows["aws_ec2_instance"][0]["keys"][-1] is None


def test_a_dynamic_block_with_known_members_is_no_open_list() -> None:
    found = read(
        plan(
            KEY_BLOCK, block("aws_instance.i", {"ebs": [{"device": "a"}]}, {"ebs": [{"key": True}]})
        ),
        DISKS,
    )
    assert found.rows["aws_ec2_instance"][0]["keys"] == [{"device": "a", "key": None}]


GROUP = rtype(
    "aws_ec2_security_group",
    "aws_security_group",
    {"rules": ("list<ip_rule>", "ip_rules('in', set_or_empty(ingress)[].{protocol: protocol, "
     "from: from_port, to: to_port, cidrs: cidr_blocks, groups: security_groups})")},
)  # fmt: skip
RULE = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": []}


def test_what_stands_inside_an_attribute_written_as_blocks_is_said_never_unset() -> None:
    found = read(
        plan(
            block("aws_security_group.a", {"name": "a"}, {"id": True}),
            block(
                "aws_security_group.b",
                {"ingress": [RULE]},
                {"ingress": [{"security_groups": True}]},
                says={"ingress": ref("aws_security_group.a.id")},
            ),
        ),
        GROUP,
    )
    row = by_address(found, "aws_ec2_security_group")["aws_security_group.b"]
    assert [r["source_kind"] for r in row["rules"]] == ["group"]
    assert row["_why"]["rules[].source"] == "after_apply:aws_security_group.a.id"


def test_a_security_group_without_rules_of_its_own_has_none() -> None:
    found = read(
        plan(
            KEY_BLOCK,
            block("aws_security_group.b", {}, {"ingress": True}, sensitive={"ingress": []}),
        ),
        GROUP,
    )
    assert found.rows["aws_ec2_security_group"][0]["rules"] == []


LISTED = rtype("aws_lb", "aws_lb", {"groups": ("list<text>", "security_groups")})
GROUPS = rtype("aws_ec2_security_group", "aws_security_group", {"id": ("text", "id")})


def listed(unknown: Any, *references: str, after: Any = None) -> Any:
    return read(
        plan(
            block("aws_security_group.a", {}, {"id": True}),
            block("aws_security_group.b", {}, {"id": True}),
            block(
                "aws_lb.l",
                {} if after is None else {"security_groups": after},
                {"security_groups": unknown},
                says={"security_groups": ref(*references)},
            ),
        ),
        LISTED,
        GROUPS,
    )


def test_a_list_of_references_gives_edges_and_stays_open_where_its_form_is_hidden() -> None:
    found = listed(True, "aws_security_group.a.id", "aws_security_group.b.id")
    assert edges(found) == {
        ("aws_lb.l", "groups", "aws_security_group.a", None),
        ("aws_lb.l", "groups", "aws_security_group.b", None),
        ("aws_lb.l", "groups", None, "open_list:groups"),
    }


def test_a_list_whose_elements_are_counted_is_closed() -> None:
    found = listed(
        [True, False, True],
        "aws_security_group.a.id",
        "aws_security_group.b.id",
        after=[None, "sg-1", None],
    )
    assert found.rows["aws_lb"][0]["groups"] == [None, "sg-1", None]
    assert edges(found) == {
        ("aws_lb.l", "groups", "aws_security_group.a", None),
        ("aws_lb.l", "groups", "aws_security_group.b", None),
    }


def test_a_list_with_more_unknown_elements_than_references_is_open() -> None:
    found = listed([True, True], "aws_security_group.a.id", after=[None, None])
    assert ("aws_lb.l", "groups", None, "open_list:groups") in edges(found)


def test_an_output_whose_name_is_hidden_is_not_called_set() -> None:
    said = {"kms_master_key_id": {"references": ["module.m", "each.key"]}}
    found = read(
        plan(
            block("module.m.aws_kms_key.k", {}, {"arn": True}),
            queue(unknown={"kms_master_key_id": True}, says=said),
            calls={"module.m": {"outputs": {"arn": ref("aws_kms_key.k.arn")}}},
        ),
        QUEUE,
    )
    assert by_address(found, "aws_sqs_queue")["aws_sqs_queue.q"]["_set"] == []


def test_a_reference_to_a_type_without_table_is_an_edge_to_something_unknown() -> None:
    said = {"kms_master_key_id": ref("aws_kms_key.k.arn")}
    found = read(plan(KEY_BLOCK, queue(unknown={"kms_master_key_id": True}, says=said)), QUEUE)
    assert edges(found) == {
        ("aws_sqs_queue.q", "kms_key_id", None, "after_apply:aws_kms_key.k.arn")
    }
