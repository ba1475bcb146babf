"""Policies that wait for a new resource are rebuilt from their data source."""

from __future__ import annotations

import json
from typing import Any

from iac.kit import block, plan, read, ref, rtype
from trueline.iac.terraform.policy_document import policy_document
from trueline.mapping import Unknown, is_unknown

TOPIC = rtype(
    "aws_sns_topic",
    "aws_sns_topic",
    {"statements": ("list<iam_statement>", "iam_statements(policy)", [])},
)
PENDING = {"json": True, "minified_json": True, "id": True}
NEW = block("aws_iam_role.r", {}, {"arn": True})


def document(name: str, *statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    unknown = PENDING | more.pop("unknown", {})
    after = {"statement": list(statements), **more.pop("after", {})}
    return block(f"data.aws_iam_policy_document.{name}", after, unknown, actions=["read"], **more)


def topic(*references: str) -> dict[str, Any]:
    return block("aws_sns_topic.t", {}, {"policy": True}, says={"policy": ref(*references)})


def statements(*blocks: dict[str, Any]) -> Any:
    return read(plan(*blocks), TOPIC).rows["aws_sns_topic"][0]["statements"]


def test_a_pending_policy_document_is_rebuilt_with_its_unknown_leaves() -> None:
    found = statements(
        document(
            "d",
            {
                "effect": None,
                "sid": "open",
                "actions": ["sns:Publish"],
                "resources": ["*"],
                "principals": [{"type": "AWS", "identifiers": [None]}],
                "condition": [
                    {"test": "StringEquals", "variable": "aws:PrincipalOrgID", "values": ["o"]}
                ],
            },
            unknown={"statement": [{"principals": [{"identifiers": [True]}]}]},
            says={"statement": [{"principals": [{"identifiers": ref("aws_iam_role.r.arn")}]}]},
        ),
        topic("data.aws_iam_policy_document.d.json"),
        NEW,
    )
    assert len(found) == 1
    one = found[0]
    assert (one["effect"], one["sid"], one["actions"]) == ("Allow", "open", ["sns:publish"])
    assert one["condition_keys"] == ["aws:principalorgid"]
    assert one["principals"] == [None]


def test_a_policy_document_of_the_same_key_is_meant_where_both_repeat() -> None:
    made = [
        block(
            f'data.aws_iam_policy_document.d["{key}"]',
            {"statement": [{"sid": key, "actions": ["*"], "resources": [None]}]},
            PENDING | {"statement": [{"resources": [True]}]},
            actions=["read"],
            says={"statement": [{"resources": ref("aws_iam_role.r.arn")}]},
        )
        for key in ("a", "b")
    ]
    topics = block(
        'aws_sns_topic.t["b"]',
        {},
        {"policy": True},
        says={"policy": {"references": ["data.aws_iam_policy_document.d", "each.key"]}},
    )
    assert [s["sid"] for s in statements(*made, topics, NEW)] == ["b"]


def test_a_policy_written_with_jsonencode_is_unknown_whole() -> None:
    found = read(plan(topic("aws_iam_role.r.arn"), NEW), TOPIC).rows["aws_sns_topic"][0]
    assert found["statements"] is None
    assert found["_why"]["statements"] == "after_apply:aws_iam_role.r.arn"


def test_one_of_two_documents_is_not_taken_for_both() -> None:
    documents = [document(name, {"sid": name}) for name in "ab"]
    said = [f"data.aws_iam_policy_document.{name}.json" for name in "ab"]
    assert statements(*documents, topic(*said)) is None


def test_a_document_beside_a_local_may_not_be_the_policy() -> None:
    said = ("data.aws_iam_policy_document.a.json", "local.policy")
    assert statements(document("a", {"sid": "a"}), topic(*said)) is None


def test_source_documents_of_a_hidden_list_leave_the_policy_open() -> None:
    found = statements(
        document("a", {"sid": "a"}),
        document("b", {"sid": "b"}),
        document(
            "d",
            unknown={"source_policy_documents": True},
            sensitive={"source_policy_documents": []},
            says={
                "source_policy_documents": ref(
                    "data.aws_iam_policy_document.a.json", "data.aws_iam_policy_document.b.json"
                )
            },
        ),
        topic("data.aws_iam_policy_document.d.json"),
    )
    assert [s and s["sid"] for s in found] == ["a", "b", None]


def test_source_documents_come_first_known_ones_as_text() -> None:
    known = json.dumps({"Statement": {"Sid": "known", "Effect": "Deny", "Action": "*"}})
    found = statements(
        document("base", {"sid": "base", "actions": ["a:b"], "resources": [None]}, unknown={
            "statement": [{"resources": [True]}]}, says={
            "statement": [{"resources": ref("aws_iam_role.r.arn")}]}),
        document("d", {"sid": "own"}, after={"source_policy_documents": [known, None]},
                 unknown={"source_policy_documents": [False, True]},
                 says={"source_policy_documents": ref("data.aws_iam_policy_document.base.json")}),
        topic("data.aws_iam_policy_document.d.json"),
        NEW,
    )  # fmt: skip
    assert [s["sid"] for s in found] == ["known", "base", "own"]
    assert found[0]["effect"] == "Deny"


def test_documents_that_include_each_other_end_as_an_open_list() -> None:
    def looped(name: str, other: str) -> dict[str, Any]:
        return document(
            name,
            {"sid": name},
            unknown={"source_policy_documents": [True]},
            says={"source_policy_documents": ref(f"data.aws_iam_policy_document.{other}.json")},
        )

    found = statements(
        looped("a", "b"), looped("b", "a"), topic("data.aws_iam_policy_document.a.json")
    )
    assert [s and s["sid"] for s in found] == [None, "b", "a"]


def sids(found: Any) -> list[Any]:
    return [None if is_unknown(s) else s["Sid"] for s in found["Statement"]]


def text(**statement: str) -> str:
    return json.dumps({"Statement": [statement]})


def test_an_own_statement_replaces_a_source_of_the_same_sid() -> None:
    found = policy_document(
        {
            "source_policy_documents": [text(Sid="a", Effect="Deny"), text(Sid="b", Effect="Deny")],
            "statement": [{"sid": "b"}, {"sid": None}],
        }
    )
    assert sids(found) == ["a", "b", ""]
    assert [s["Effect"] for s in found["Statement"]] == ["Deny", "Allow", "Allow"]


def test_an_override_replaces_by_sid_and_is_appended_otherwise() -> None:
    found = policy_document(
        {
            "statement": [{"sid": "a"}, {"sid": "b"}],
            "override_policy_documents": [
                text(Sid="a", Effect="Deny"),
                text(Sid="c", Effect="Deny"),
            ],
        }
    )
    assert [(s["Sid"], s["Effect"]) for s in found["Statement"]] == [
        ("a", "Deny"), ("b", "Allow"), ("c", "Deny"),
    ]  # fmt: skip


def test_an_override_that_is_not_known_may_replace_what_has_a_sid() -> None:
    unknown = Unknown("after_apply:x.y")
    found = policy_document(
        {"statement": [{"sid": "a"}, {"sid": None}], "override_policy_documents": [unknown]}
    )
    assert sids(found) == [None, "", None]


def test_a_source_that_is_not_known_may_hold_the_sid_that_an_own_statement_replaces() -> None:
    unknown = Unknown("after_apply:x.y")
    assert sids(policy_document({"source_policy_documents": [unknown], "statement": []})) == [None]
    found = policy_document({"source_policy_documents": [unknown], "statement": [{"sid": "a"}]})
    assert sids(found) == [None, "a"]


def test_principals_and_conditions_take_the_form_of_a_policy() -> None:
    found = policy_document(
        {
            "version": "2008-10-17",
            "statement": [
                {
                    "effect": "Deny",
                    "not_actions": ["iam:*"],
                    "not_resources": ["arn:aws:s3:::&{aws:username}"],
                    "principals": [
                        {"type": "AWS", "identifiers": ["a"]},
                        {"type": "AWS", "identifiers": ["b"]},
                        {"type": "Service", "identifiers": ["c"]},
                    ],
                    "condition": [
                        {"test": "Bool", "variable": "x", "values": ["true"]},
                        {"test": "Bool", "variable": "y", "values": ["false"]},
                    ],
                },
                {"principals": [{"type": "*", "identifiers": ["*"]}]},
                {"not_principals": [{"type": "AWS", "identifiers": ["*"]}]},
            ],
        }
    )
    first, second, third = found["Statement"]
    assert found["Version"] == "2008-10-17"
    assert first["NotAction"] == ["iam:*"]
    assert first["NotResource"] == ["arn:aws:s3:::${aws:username}"]
    assert first["Principal"] == {"AWS": ["a", "b"], "Service": ["c"]}
    assert first["Condition"] == {"Bool": {"x": ["true"], "y": ["false"]}}
    assert second["Principal"] == "*"
    assert third["NotPrincipal"] == {"AWS": ["*"]}


def test_unknown_conditions_and_principals_stay_unknown() -> None:
    unknown = Unknown("after_apply:x.y")
    found = policy_document(
        {
            "statement": [
                {"condition": [{"test": "Bool", "variable": unknown, "values": ["true"]}]},
                {"condition": [{"test": "Bool", "variable": "x", "values": unknown}]},
                {"principals": [unknown]},
                {"effect": unknown, "actions": unknown},
                unknown,
            ]
        }
    )
    one, two, three, four, five = found["Statement"]
    assert is_unknown(one["Condition"])
    assert list(two["Condition"]["Bool"]) == ["x"]
    assert is_unknown(two["Condition"]["Bool"]["x"][0])
    assert is_unknown(three["Principal"])
    assert is_unknown(four["Effect"])
    assert is_unknown(four["Action"])
    assert is_unknown(five)
