"""What a plan accounts for: scopes, its file, types without a table, settings of accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from iac.kit import block, by_address, const, plan, read, ref, rtype
from trueline.iac.terraform import read_plan
from trueline.model import CodePart

QUEUE = rtype(
    "aws_sqs_queue",
    "aws_sqs_queue",
    {"name": ("text", "name")},
    parts=[CodePart("policy", ("aws_sqs_queue_policy",), by="queue_url")],
)
TOPIC = rtype("aws_sns_topic", "aws_sns_topic", {"name": ("text", "name")})


def queue(name: str = "q") -> dict[str, Any]:
    return block(f"aws_sqs_queue.{name}", {"name": name})


def test_every_type_that_code_can_fill_has_one_complete_scope() -> None:
    found = read(plan(queue()), QUEUE, TOPIC)
    assert {
        (s.scope.provider, s.scope.account, s.scope.region, s.scope.type) for s in found.scopes
    } == {
        ("aws", "code:.", "", "aws_sqs_queue"),
        ("aws", "code:.", "", "aws_sns_topic"),
    }
    assert all(s.complete and s.cause is None for s in found.scopes)


def test_a_type_that_code_cannot_fill_has_no_scope() -> None:
    live = rtype("aws_support_case", "aws_x", {})
    object.__setattr__(live, "readers", {})
    assert read(plan(queue()), QUEUE, live).scopes[0].scope.type == "aws_sqs_queue"
    assert len(read(plan(queue()), QUEUE, live).scopes) == 1


def test_the_file_is_one_line_of_the_ledger() -> None:
    line = read(plan(queue("a"), queue("b")), QUEUE).coverage[0]
    assert (line.call, line.status, line.file, line.rows) == (
        "terraform.plan",
        "ok",
        "plan.json",
        2,
    )
    assert (line.calls, line.account) == (0, "code:.")


def test_a_type_without_table_is_named_once_and_parts_and_helpers_are_not() -> None:
    helper = block("random_id.r")
    helper["change"]["provider_name"] = "registry.terraform.io/hashicorp/random"
    zone = block("google_dns_managed_zone.z")
    zone["change"]["provider_name"] = "registry.terraform.io/hashicorp/google"
    found = read(
        plan(
            queue(),
            block("aws_sqs_queue_policy.p", {"queue_url": "x"}),
            block("aws_route53_zone.a"),
            block("aws_route53_zone.b"),
            block("data.aws_ami.a"),
            helper,
            zone,
        ),
        QUEUE,
    )
    unread = [c for c in found.coverage if c.status != "ok"]
    unsupported = {(c.provider, c.type, c.status) for c in unread}
    assert unsupported == {
        ("aws", "aws_route53_zone", "unsupported"),
        ("gcp", "google_dns_managed_zone", "unsupported"),
    }
    assert "2 in the plan" in (unread[0].message or "")


def test_each_table_that_is_filled_is_a_line_of_the_ledger() -> None:
    found = read(plan(queue("a"), queue("b"), block("aws_route53_zone.z")), QUEUE, TOPIC)
    assert [(c.provider, c.type, c.status, c.rows) for c in found.coverage[1:]] == [
        ("aws", "aws_sqs_queue", "ok", 2),
        ("aws", "aws_route53_zone", "unsupported", 0),
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"errored": True},
        {"complete": False},
        {"deferred_changes": [{"reason": "instance_count_unknown"}]},
    ],
)
def test_a_plan_that_does_not_show_everything_is_truncated(said: dict[str, Any]) -> None:
    found = read(plan(queue(), **said), QUEUE)
    assert [row["name"] for row in found.rows["aws_sqs_queue"]] == ["q"]
    assert found.coverage[0].status == "truncated"
    assert found.coverage[0].message
    assert [(s.complete, s.cause) for s in found.scopes] == [(False, "truncated")]


def test_a_configured_resource_that_the_plan_lacks_makes_it_truncated() -> None:
    made = plan(queue("a"), queue("b"))
    del made["resource_changes"][1]
    found = read(made, QUEUE)
    assert found.coverage[0].status == "truncated"
    assert "aws_sqs_queue.b" in (found.coverage[0].message or "")
    assert not found.scopes[0].complete


@pytest.mark.parametrize("repeats", ["count_expression", "for_each_expression"])
def test_a_resource_that_may_repeat_zero_times_need_not_be_in_the_plan(repeats: str) -> None:
    inner = block("module.m.module.n.aws_sqs_queue.d")
    made = plan(queue("a"), queue("b"), block("module.m.aws_sqs_queue.c"), inner)
    del made["resource_changes"][1:]
    root = made["configuration"]["root_module"]
    root["resources"][1][repeats] = {}
    root["module_calls"]["m"][repeats] = {}
    assert read(made, QUEUE).coverage[0].status == "ok"


def test_a_resource_that_goes_away_makes_no_plan_incomplete() -> None:
    gone = block("aws_sqs_queue.gone", actions=["delete"])
    gone["change"]["change"]["after"] = None
    assert read(plan(queue(), gone), QUEUE).coverage[0].status == "ok"


def test_standard_input_stands_for_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    found = read_plan(
        json.dumps(plan(queue())).encode(),
        "-",
        {"aws_sqs_queue": QUEUE},
        judged_root=tmp_path,
        path=None,
    )
    row = found.rows["aws_sqs_queue"][0]
    assert (row["uid"], row["source_file"]) == ("code:deep:aws_sqs_queue.q", "-")


ACCOUNT = rtype(
    "aws_account",
    (),
    {
        "alias": ("text?", "alias.account_alias"),
        "min_length": ("int?", "passwords.minimum_password_length"),
        "contact": ("text?", "contact.email_address"),
    },
    singletons=[
        CodePart("alias", ("aws_iam_account_alias",)),
        CodePart("passwords", ("aws_iam_account_password_policy",)),
        CodePart("contact", ("aws_account_alternate_contact",), where="kind == 'SECURITY'"),
    ],
    scope="global",
)
PASSWORDS = block("aws_iam_account_password_policy.p", {"minimum_password_length": 14})


def test_settings_of_the_account_make_one_row() -> None:
    found = read(plan(block("aws_iam_account_alias.a", {"account_alias": "x"}), PASSWORDS), ACCOUNT)
    (row,) = found.rows["aws_account"]
    assert row["uid"] == "code:.:aws_account"
    assert (row["alias"], row["min_length"], row["region"]) == ("x", 14, "global")
    assert row["address"] == "aws_iam_account_alias.a"


def test_a_setting_that_the_code_does_not_mention_is_unknown_not_absent() -> None:
    (row,) = read(plan(PASSWORDS), ACCOUNT).rows["aws_account"]
    assert row["alias"] is None
    assert "alias" not in row["_absent"]
    assert row["_why"]["alias"] == "missing:aws_iam_account_alias"


def test_no_settings_make_no_row() -> None:
    assert read(plan(queue()), ACCOUNT).rows == {}


def test_settings_are_chosen_among_blocks_of_one_type() -> None:
    contacts = [
        block(f"aws_account_alternate_contact.{k}", {"kind": k.upper(), "email_address": k})
        for k in ("billing", "security")
    ]
    (row,) = read(plan(*contacts), ACCOUNT).rows["aws_account"]
    assert row["contact"] == "security"


REGION = rtype(
    "aws_region",
    (),
    {"encrypted": ("bool", "default.enabled")},
    singletons=[CodePart("default", ("aws_ebs_encryption_by_default",))],
    scope="region",
)


def test_settings_of_two_regions_make_two_rows() -> None:
    providers = {
        "aws": {"name": "aws", "expressions": {"region": const("eu-west-1")}},
        "aws.far": {"name": "aws", "expressions": {"region": ref("local.far")}},
    }
    found = read(
        plan(
            block("aws_ebs_encryption_by_default.a", {"enabled": True}),
            block("aws_ebs_encryption_by_default.b", {"enabled": False}, provider_key="aws.far"),
            providers=providers,
        ),
        REGION,
    )
    rows = by_address(found, "aws_region")
    first, second = (rows[f"aws_ebs_encryption_by_default.{n}"] for n in "ab")
    assert (first["uid"], first["region"], first["encrypted"]) == (
        "code:.:aws_region[eu-west-1]", "eu-west-1", True,
    )  # fmt: skip
    assert (second["uid"], second["region"], second["encrypted"]) == (
        "code:.:aws_region[aws.far]", None, False,
    )  # fmt: skip
