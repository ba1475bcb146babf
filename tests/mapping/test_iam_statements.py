"""What policy documents mean, over the many ways of writing them."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

import pytest

from trueline.mapping import Unknown
from trueline.mapping.shapes import SHAPES
from trueline.mapping.shapes.privileges import PRIVILEGED_ACTIONS, matches
from trueline.model import STRUCTS

iam_statements = SHAPES["iam_statements"]
DENIED = Unknown("denied")
ROLE = Unknown("after_apply:aws_iam_role.r.arn", present=True, refs=("aws_iam_role.r",), named=True)


def one(**statement: Any) -> dict[str, Any]:
    """The struct of a statement that allows `s3:GetObject` on one bucket, and what is said here."""
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    [made] = iam_statements({"Statement": {**base, **statement}})
    return dict(made)


def narrowed(conditions: Any) -> Any:
    return one(Principal="*", Condition=conditions)["is_narrowed"]


def test_a_statement_has_exactly_the_fields_of_its_struct() -> None:
    assert list(one()) == [field.name for field in STRUCTS["iam_statement"]]


DOCUMENT = {"Statement": [{"Sid": "a", "Effect": "Allow", "Action": "S3:Get*", "Resource": "*"}]}


@pytest.mark.parametrize(
    "written",
    [
        DOCUMENT,
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT).encode(),
        urllib.parse.quote(json.dumps(DOCUMENT)),
        [DOCUMENT],
        [json.dumps(DOCUMENT), None],
        {"Version": "2012-10-17", "Statement": DOCUMENT["Statement"][0]},
        json.dumps(DOCUMENT["Statement"]),
        {"statement": [{"sid": "a", "effect": "allow", "action": ["S3:Get*"], "resource": ["*"]}]},
    ],
)
def test_every_spelling_of_a_document_gives_the_same_statement(written: Any) -> None:
    [statement] = iam_statements(written)
    assert statement["sid"] == "a"
    assert statement["effect"] == "Allow"
    assert statement["actions"] == ["s3:get*"]
    assert statement["all_resources"] is True


@pytest.mark.parametrize("nothing", [[], {}, {"Statement": []}, '{"Statement": []}', [None]])
def test_a_document_without_statements_has_none(nothing: Any) -> None:
    assert iam_statements(nothing) == []


@pytest.mark.parametrize("absent", [None, "", "  "])
def test_no_document_is_absent(absent: Any) -> None:
    assert iam_statements(absent) is None


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, "7", '"x"', 7, b"\xff", "%7Bx"])
def test_an_unreadable_document_is_unknown_and_among_others_an_open_list(broken: Any) -> None:
    alone, among = iam_statements(broken), iam_statements(DOCUMENT, broken)
    alone = alone[0] if isinstance(alone, list) else alone
    assert alone.cause == "malformed"
    assert among[0]["sid"] == "a"
    assert among[1].cause == "malformed"


def test_a_member_that_is_no_statement_opens_the_list() -> None:
    assert iam_statements({"PolicyDocument": DOCUMENT})[0].cause == "malformed"
    assert iam_statements({"Statement": DENIED})[0].cause == "denied"
    assert iam_statements(DOCUMENT, DENIED)[1].cause == "denied"
    assert iam_statements(DENIED).cause == "denied"


@pytest.mark.parametrize(
    ("principal", "listed", "anyone", "accounts"),
    [
        ("*", ["*"], True, []),
        ({"AWS": "*"}, ["*"], True, []),
        ({"aws": ["*"]}, ["*"], True, []),
        ({"*": "*"}, ["*"], True, []),
        ({"AWS": ["arn:aws:iam::111122223333:root", "*"]}, None, True, ["111122223333"]),
        ({"AWS": "arn:aws:iam::*:root"}, None, True, []),
        ({"AWS": "111122223333"}, ["AWS:111122223333"], False, ["111122223333"]),
        ({"AWS": "arn:aws-cn:iam::111122223333:user/u"}, None, False, ["111122223333"]),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}, None, False, ["111122223333"]),
        ({"AWS": "arn:aws:iam::cloudfront:user/E1"}, None, False, []),
        ({"AWS": "AROAEXAMPLEEXAMPLE12"}, ["AWS:AROAEXAMPLEEXAMPLE12"], False, []),
        ({"Service": "sns.amazonaws.com"}, ["Service:sns.amazonaws.com"], False, []),
        ({"Service": "*"}, ["Service:*"], False, []),
        ({"Federated": "arn:aws:iam::111122223333:saml-provider/x"}, None, False, []),
        ({"CanonicalUser": "79a5"}, ["CanonicalUser:79a5"], False, []),
        (None, [], False, []),
    ],
)
def test_principals_are_read_however_they_are_written(
    principal: Any, listed: list[str] | None, anyone: bool, accounts: list[str]
) -> None:
    statement = one(Principal=principal)
    assert listed is None or statement["principals"] == listed
    assert statement["principal_is_anyone"] is anyone
    assert statement["principal_accounts"] == accounts
    assert one(Principal=principal, Effect="Deny")["principal_is_anyone"] is False


def test_allowing_all_but_some_principals_allows_anyone() -> None:
    but = {"AWS": "arn:aws:iam::111122223333:root"}
    assert one(NotPrincipal=but)["principal_is_anyone"] is True
    assert one(NotPrincipal=but, Effect="Deny")["principal_is_anyone"] is False
    assert one(NotPrincipal=but)["not_principals"] == ["AWS:arn:aws:iam::111122223333:root"]


def test_an_unknown_principal_may_be_anyone_but_a_role_made_by_the_same_code_is_not() -> None:
    assert one(Principal={"AWS": [DENIED]})["principal_is_anyone"].cause == "denied"
    assert one(Principal={"AWS": [DENIED, "*"]})["principal_is_anyone"] is True
    assert one(Principal={"AWS": [ROLE]})["principal_is_anyone"] is False
    assert one(Principal=DENIED, Effect="Deny")["principal_is_anyone"] is False
    assert one(Principal="*", Effect=DENIED)["principal_is_anyone"].cause == "denied"
    assert one(Principal={"AWS": "111122223333"}, Effect=DENIED)["principal_is_anyone"] is False


NARROWING = [
    {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    {"StringEquals": {"AWS:SOURCEACCOUNT": ["111122223333", "444455556666"]}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalAccount": "111122223333"}},
    {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}},
    {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::my-bucket"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:my-bucket"}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    {"StringEquals": {"aws:SourceVpc": ["vpc-111bbb22"]}},
    {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.x.amazonaws.com"}},
    {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE12:*"}},
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.7", "2001:db8::/32", "10.0.0.0/8"]}},
    {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:owner/name:*"}},
    {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:owner/*"}},
    {"StringEquals": {"token.actions.githubusercontent.com:repository_id": "1234"}},
    {"StringLike": {"token.actions.githubusercontent.com:repository": "owner/*"}},
    {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:0a1b"}},
    {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/AB:sub": "system:serviceaccount:ns:sa"}},
    # All conditions must hold: one that narrows is enough.
    {
        "Bool": {"aws:SecureTransport": "true"},
        "StringEquals": {"aws:SourceAccount": "111122223333"},
    },
    [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["111122223333"]}],
]
OPEN = [
    None,
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringLike": {"aws:SourceAccount": "*"}},
    {"StringLike": {"aws:SourceArn": "*"}},
    {"StringLike": {"aws:SourceArn": ["arn:aws:sns:*:111122223333:*", "*"]}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::my*"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Admin"}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/x"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}},
    {"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/"}},
    {"StringNotEquals": {"aws:SourceAccount": "111122223333"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
    {"Null": {"aws:SourceAccount": "false"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "::/0"]}},
    {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"sts:ExternalId": "abc"}},
    {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
    {"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}},
    {"StringEquals": {"aws:PrincipalTag/team": "data"}},
    {"StringEquals": {"aws:username": "bob"}},
    {"StringLike": {"aws:userid": "*:bob"}},
    {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}},
    {"StringLike": {"token.actions.githubusercontent.com:repository": "*/name"}},
    {"StringEquals": {"token.actions.githubusercontent.com:ref": "refs/heads/main"}},
    {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}},
    {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
    {"StringEquals": {"aws:SourceAccount": []}},
]


@pytest.mark.parametrize("conditions", NARROWING, ids=json.dumps)
def test_a_condition_that_names_who_may_act_narrows(conditions: Any) -> None:
    assert narrowed(conditions) is True


@pytest.mark.parametrize("conditions", OPEN, ids=json.dumps)
def test_a_condition_that_anybody_can_meet_does_not_narrow(conditions: Any) -> None:
    assert narrowed(conditions) is False


def test_an_unknown_condition_leaves_it_open_whether_it_narrows() -> None:
    account = {"aws:SourceAccount": "111122223333"}
    assert narrowed(DENIED).cause == "denied"
    assert narrowed({"StringEquals": {"aws:SourceAccount": DENIED}}).cause == "denied"
    assert narrowed({"StringEquals": {"aws:SourceAccount": ["x", DENIED]}}) is False
    assert narrowed({"StringNotEquals": {"aws:SourceAccount": DENIED}}) is False
    assert narrowed({"StringEquals": account, "StringLike": DENIED}) is True
    assert narrowed({"ArnLike": {"aws:SourceArn": ROLE}}) is True
    assert narrowed({"IpAddress": {"aws:SourceIp": ROLE}}).__class__ is Unknown


def test_condition_keys_are_listed_once_in_lower_case() -> None:
    block = {"Bool": {"aws:SecureTransport": "true"}, "BoolIfExists": {"AWS:SecureTransport": True}}
    assert one(Condition=block)["condition_keys"] == ["aws:securetransport"]
    assert one(Condition={"Bool": DENIED})["condition_keys"] == [DENIED]


@pytest.mark.parametrize(
    ("action", "every"),
    [
        ("*", True),
        ("*:*", True),
        ("**", True),
        (["s3:GetObject", "*"], True),
        ("s3:*", False),
        ("*:Get*", False),
        ("s3:GetObject", False),
        ([DENIED, "*"], True),
    ],
)
def test_all_actions_are_covered_by_a_full_wildcard_only(action: Any, every: bool) -> None:
    assert one(Action=action)["all_actions"] is every


def test_not_resource_covers_the_rest_and_not_action_never_everything() -> None:
    statement = one(Action=None, NotAction="iam:*", Resource=None, NotResource="arn:aws:s3:::x")
    assert statement["all_actions"] is False
    assert statement["all_resources"] is True
    assert statement["not_actions"] == ["iam:*"]
    assert statement["not_resources"] == ["arn:aws:s3:::x"]


@pytest.mark.parametrize(
    ("excluded", "rest"),
    [("*", False), (["arn:aws:s3:::x", "*"], False), ([], False), ([ROLE], True)],
)
def test_excluding_every_resource_leaves_none(excluded: Any, rest: bool) -> None:
    assert one(Resource=None, NotResource=excluded)["all_resources"] is rest


def test_an_unknown_exclusion_leaves_it_open_whether_resources_remain() -> None:
    assert one(Resource=None, NotResource=[DENIED])["all_resources"].cause == "denied"


@pytest.mark.parametrize(
    ("resource", "every"),
    [
        ("*", True),
        ("arn:aws:*", True),
        ("arn:*:*:*:*:*", True),
        ("arn:aws:*:*:*:*", True),
        ("arn:aws:s3:::*", False),
        ("arn:aws:s3:::b", False),
        ("arn:aws:*:*:111122223333:*", False),
        ([], False),
        (None, False),
        ([ROLE], False),
    ],
)
def test_all_resources_are_covered_by_a_full_wildcard_only(resource: Any, every: bool) -> None:
    assert one(Resource=resource)["all_resources"] is every


@pytest.mark.parametrize(
    ("said", "grants"),
    [
        ({"Action": "iam:PassRole"}, True),
        ({"Action": "IAM:passrole"}, True),
        ({"Action": "iam:*"}, True),
        ({"Action": "iam:Put*Policy"}, True),
        ({"Action": "iam:?ttach*"}, True),
        ({"Action": "*"}, True),
        ({"Action": "*:UpdateFunctionCode"}, True),
        ({"Action": ["s3:*", "iam:Get*", "iam:List*"]}, False),
        ({"Action": "iam:PassRole", "Effect": "Deny"}, False),
        ({"Action": None, "NotAction": "s3:*"}, True),
        ({"Action": None, "NotAction": "*"}, False),
        ({"Action": None, "NotAction": ["iam:*", "sts:*"]}, True),
    ],
)
def test_privileges_are_found_behind_wildcards_and_exclusions(said: Any, grants: bool) -> None:
    assert one(**said)["grants_privileges"] is grants


def test_an_unknown_exclusion_leaves_it_open_whether_privileges_remain() -> None:
    assert one(Action=None, NotAction=["s3:*", DENIED])["grants_privileges"].cause == "denied"
    assert one(Action=None, NotAction=["*", DENIED])["grants_privileges"] is False


@pytest.mark.parametrize("action", sorted(PRIVILEGED_ACTIONS))
def test_every_privileged_action_is_written_as_iam_compares_it(action: str) -> None:
    service, _, name = action.partition(":")
    assert service
    assert name.isalnum()
    assert action == action.lower()
    assert one(Action=action)["grants_privileges"] is True


TLS = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("said", "denies"),
    [
        ({"Condition": PLAIN}, True),
        ({"Condition": PLAIN, "Action": "*", "Principal": {"AWS": ["*"]}}, True),
        ({"Condition": {"BoolIfExists": {"AWS:SecureTransport": [False]}}}, True),
        ({"Condition": {"Bool": {**PLAIN["Bool"], "aws:PrincipalIsAWSService": "false"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, False),
        ({"Condition": {**PLAIN, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
        ({"Condition": PLAIN, "Effect": "Allow"}, False),
        ({"Condition": PLAIN, "Principal": {"AWS": "111122223333"}}, False),
        ({"Condition": PLAIN, "Action": "s3:GetObject"}, False),
        ({"Condition": PLAIN, "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}, True),
        ({"Condition": PLAIN, "Resource": "arn:aws:s3:::b*"}, True),
        ({"Condition": PLAIN, "Resource": "arn:aws-cn:s3:::*"}, True),
        ({"Condition": PLAIN, "Resource": "arn:aws:s3:::b"}, False),
        ({"Condition": PLAIN, "Resource": "arn:aws:s3:::b/secret/*"}, False),
        ({"Condition": PLAIN, "Resource": "arn:aws:s3:::b/pre*"}, False),
        ({"Condition": None}, False),
    ],
)
def test_plain_http_is_denied_only_when_nothing_gets_through(said: Any, denies: bool) -> None:
    assert one(**{**TLS, **said})["denies_plain_http"] is denies


def test_a_reference_may_stand_for_the_bucket_or_for_what_lies_in_it() -> None:
    statement = one(**{**TLS, "Condition": PLAIN, "Resource": [ROLE]})
    assert statement["denies_plain_http"].cause == ROLE.cause


def test_wildcards_match_as_iam_does_and_never_blow_up() -> None:
    assert matches("iam:put*policy", "iam:putrolepolicy")
    assert matches("*", "")
    assert not matches("iam:?", "iam:")
    assert not matches("*a" * 200 + "b", "a" * 300)


def test_lambda_permissions_become_the_statements_that_the_function_would_show() -> None:
    entries = [
        {
            "principal": "s3.amazonaws.com",
            "action": "lambda:InvokeFunction",
            "arn": "arn:aws:s3:::b",
        },
        {"principal": "*", "action": "lambda:InvokeFunctionUrl", "url_auth": "NONE"},
        {"principal": "111122223333", "action": "lambda:*", "account": DENIED},
        DENIED,
    ]
    s3, public, account, unread = SHAPES["lambda_permissions"](entries)
    assert s3["principals"] == ["Service:s3.amazonaws.com"]
    assert s3["is_narrowed"] is True
    assert public["principal_is_anyone"] is True
    assert public["is_narrowed"] is False
    assert account["principal_accounts"] == ["111122223333"]
    assert account["is_narrowed"].cause == "denied"
    assert account["all_resources"] is False
    assert unread.cause == "denied"
