"""Offline checks: calls against botocore's models, paths against a provider's schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trueline.catalog.build import build
from trueline.catalog.call_check import check_calls, used_members
from trueline.catalog.provider_check import check_terraform, read_schemas, unchecked_resources
from trueline.model import ResourceType

from .support import changed, write

QUEUE = "sqs_queue.yaml"


def queue(root: Path, old: str = "", new: str = "") -> ResourceType:
    files = changed(QUEUE, old, new) if old else None
    catalog, problems = build((), write(root, files) if files else write(root))
    assert [p.render() for p in problems if not p.warning] == []
    return catalog.types["aws_sqs_queue"]


def test_right_calls_have_no_problems(tmp_path: Path) -> None:
    assert check_calls(queue(tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("sqs.ListQueues", "sqz.ListQueues", "no service 'sqz'", "'sqs'"),
        ("sqs.ListQueues", "sqs.ListQueue", "no operation 'ListQueue'", "'ListQueues'"),
        ("rows: QueueUrls", "rows: QueueUrl", "no member 'QueueUrl'", "'QueueUrls'"),
        ("{QueueUrl: url}", "{Queue: url}", "no argument 'Queue'", "'QueueUrl'"),
        ("{QueueUrl: url}", "{}", "needs the argument 'QueueUrl'", None),
        ("{AttributeNames: [All]}", "{Attributes: [All]}", "no argument 'Attributes'", "'Attr"),
        ("[QueueDoesNotExist]", "[QueueDoesNotExists]", "no error", "'QueueDoesNotExist'"),
        ("keep: Attributes", "keep: Attribute", "no member 'Attribute'", "'Attributes'"),
    ],
)
def test_a_call_that_does_not_exist_is_told(
    tmp_path: Path, old: str, new: str, message: str, hint: str | None
) -> None:
    problems = check_calls(queue(tmp_path, old, new))
    (found,) = [problem for problem in problems if message in problem.message]
    assert hint is None or hint in (found.hint or "")
    assert found.where.line > 1


LISTED = """\
table: aws_ec2_thing
title: Thing
live:
  scope: region
  list: {call: ec2.DescribeSecurityGroups, rows: SecurityGroups, as: group}
  uid: group.GroupId
columns:
  one:
    type: list<text>
    about: One
    live: %s
"""


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("group.IpPermissions[].IpRanges[].CidrIp", None),
        ("group.IpPermissions[].IpRanges[].Cidr", "Cidr"),
        ("group.IpPermissions[?IpProtocol == 'tcp'].FromPort", None),
        ("group.IpPermissions[?Protocol == 'tcp'].FromPort", "Protocol"),
        ("group.IpPermissions[0].ToPorts", "ToPorts"),
        ("group.IpPermissions.FromPort", "FromPort"),
        ("group.IpPermissions[].{a: FromPort, b: ToPart}", "ToPart"),
        ("group.IpPermissions[].{a: FromPort}[].a", None),
        ("group.IpPermissions[].{a: FromPort}[].b", "b"),
        ("sort_by(group.IpPermissions, &FromPort)[].ToPort", None),
        ("sort_by(group.IpPermissions, &Port)[].ToPort", "Port"),
        ("min_by(group.IpPermissions, &FromPort).To", "To"),
        ("not_null(group.Tags, `[]`)[].Key", None),
        ("not_null(group.Tags, `[]`)[].Name", "Name"),
        ("group.IpPermissions[0:2].From", "From"),
        ("group.IpPermissions | [].Prt", "Prt"),
    ],
)
def test_members_are_followed_through_every_kind_of_expression(
    tmp_path: Path, expression: str, missing: str | None
) -> None:
    text = LISTED % f'"{expression}"'
    catalog, built = build((), write(tmp_path, {"resources/thing.yaml": text}))
    assert [p.render() for p in built if not p.warning] == []
    problems = check_calls(catalog.types["aws_ec2_thing"])
    seen = [problem.message for problem in problems]
    assert bool(seen) is (missing is not None), seen
    assert missing is None or f"no member '{missing}'" in seen[0]


def test_used_members_are_the_deepest_of_each_branch(tmp_path: Path) -> None:
    assert used_members(queue(tmp_path)) == {
        "sqs.GetQueueAttributes": [
            ("Attributes", "CreatedTimestamp"),
            ("Attributes", "KmsMasterKeyId"),
            ("Attributes", "Policy"),
            ("Attributes", "SqsManagedSseEnabled"),
        ],
        "sqs.ListQueues": [("QueueUrls",)],
    }


def schema(**resources: Any) -> dict[str, Any]:
    return {
        "provider_schemas": {
            "registry.terraform.io/hashicorp/aws": {
                "resource_schemas": {name: {"block": block} for name, block in resources.items()}
            }
        }
    }


def attributes(*names: str) -> dict[str, Any]:
    return {"attributes": {name: {"type": "string"} for name in names}}


OWN = attributes("name", "policy", "kms_master_key_id", "sqs_managed_sse_enabled")
PART = attributes("queue_url", "policy")


def test_right_terraform_paths_have_no_problems(tmp_path: Path) -> None:
    known = read_schemas([schema(aws_sqs_queue=OWN, aws_sqs_queue_policy=PART)])
    assert check_terraform(queue(tmp_path), known) == []


def test_an_attribute_that_does_not_exist_is_told_at_its_column(tmp_path: Path) -> None:
    rtype = queue(tmp_path, "terraform: kms_master_key_id", "terraform: kms_master_key")
    known = read_schemas([schema(aws_sqs_queue=OWN, aws_sqs_queue_policy=PART)])
    (problem,) = check_terraform(rtype, known)
    assert "no 'kms_master_key'" in problem.message
    assert problem.hint == "did you mean 'kms_master_key_id'?"
    assert problem.where == rtype.columns["kms_key_id"].where


def test_a_name_that_any_provider_version_knows_is_accepted(tmp_path: Path) -> None:
    old = attributes("name", "policy", "kms_master_key_id")
    part = {"aws_sqs_queue_policy": PART}
    without = read_schemas([schema(aws_sqs_queue=old, **part)])
    both = read_schemas([schema(aws_sqs_queue=old, **part), schema(aws_sqs_queue=OWN, **part)])
    rtype = queue(tmp_path)
    assert len(check_terraform(rtype, without)) == 1
    assert check_terraform(rtype, both) == []


def test_resources_of_a_provider_that_is_not_at_hand_are_listed_as_unchecked(
    tmp_path: Path,
) -> None:
    rtype = queue(tmp_path)
    other = read_schemas([schema(azurerm_queue=OWN)])
    assert check_terraform(rtype, other) == []
    assert unchecked_resources(rtype, other) == ["aws_sqs_queue", "aws_sqs_queue_policy"]
    assert unchecked_resources(rtype, read_schemas([schema(aws_sqs_queue=OWN)])) == []


def test_a_resource_a_join_or_a_hidden_attribute_is_told(tmp_path: Path) -> None:
    rtype = queue(tmp_path)
    hiding = attributes(*OWN["attributes"], "split_policy")
    lone = attributes("policy")
    assert (
        "'aws_sqs_queue_policy'"
        in check_terraform(rtype, read_schemas([schema(aws_sqs_queue=OWN)]))[0].message
    )
    assert (
        "hides an attribute"
        in check_terraform(
            rtype, read_schemas([schema(aws_sqs_queue=hiding, aws_sqs_queue_policy=PART)])
        )[0].message
    )
    assert (
        "no 'queue_url'"
        in check_terraform(
            rtype, read_schemas([schema(aws_sqs_queue=OWN, aws_sqs_queue_policy=lone)])
        )[0].message
    )


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("rule[0].cidr", None),
        ("rule[0].cdir", "cdir"),
        ("rule.cidr", "cidr"),
        ("old[].port", None),
        ("old[].prot", "prot"),
        ("settings.size", None),
        ("settings.sizes", "sizes"),
        ("labels.anything", None),
        ("written.user_data", None),
        ("names[0].x", None),
        ("nested[].key", None),
        ("nested[].kee", "kee"),
    ],
)
def test_blocks_and_objects_are_followed(
    tmp_path: Path, expression: str, missing: str | None
) -> None:
    block = {
        "attributes": {
            "old": {"type": ["set", ["object", {"port": "number"}]]},
            "labels": {"type": ["map", "string"]},
            "names": {"type": ["list", "string"]},
            "nested": {
                "nested_type": {"attributes": {"key": {"type": "string"}}, "nesting_mode": "list"}
            },
        },
        "block_types": {
            "rule": {"nesting_mode": "list", "block": attributes("cidr")},
            "settings": {"nesting_mode": "single", "block": attributes("size")},
        },
    }
    text = (
        "table: aws_thing\ntitle: Thing\nterraform: {resource: aws_thing}\n"
        f'columns:\n  one:\n    type: text\n    about: One\n    terraform: "{expression}"\n'
    )
    catalog, problems = build((), write(tmp_path, {"resources/thing.yaml": text}))
    assert problems == []
    found = check_terraform(catalog.types["aws_thing"], read_schemas([schema(aws_thing=block)]))
    assert [missing in problem.message for problem in found] == ([True] if missing else [])
