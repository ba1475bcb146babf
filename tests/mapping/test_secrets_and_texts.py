"""What looks like a secret, and texts that hold documents."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from trueline.mapping import Unknown
from trueline.mapping.shapes import SHAPES

env_flags, text_has_secret = SHAPES["env_flags"], SHAPES["text_has_secret"]
DENIED = Unknown("denied")

SECRETS = [
    "AKIAIOSFODNN7EXAMPLE",
    "key ASIAIOSFODNN7EXAMPLE end",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----",
    "ghp_" + "a1B2" * 9,
    "postgres://user:hunter22@db.example.com/app",
    "Server=db;Password=hunter22;",
    "AccountKey=abcd1234==",
    'export DB_PASSWORD="hunter22"',
    "aws_secret_access_key = wJalrXUtnFEMI",
    "api-key: 0a1b2c3d",
    "mysql --password=hunter22 -u root",
    '{"password": "hunter22"}',
]
HARMLESS = [
    "",
    "hello",
    "password",
    "password=",
    "password=$DB_PASSWORD",
    "password: ${var.password}",
    "password={{ resolve }}",
    "password=%s",
    "token: null",
    "secret=arn:aws:secretsmanager:eu-west-1:111122223333:secret:x",
    "https://example.com/a:b@c",
    "postgres://user:$PASSWORD@db/app",
    "AKIA short",
    "a sentence about passwords and tokens.",
]


@pytest.mark.parametrize("text", SECRETS)
def test_known_forms_of_secrets_are_seen_in_texts_and_variables(text: str) -> None:
    assert text_has_secret(f"#!/bin/sh\n{text}\n") is True
    assert env_flags({"PLAIN": text}) == [{"name": "PLAIN", "looks_like_secret": True}]


@pytest.mark.parametrize("text", HARMLESS)
def test_placeholders_and_prose_are_no_secrets(text: str) -> None:
    assert text_has_secret(text) is False
    assert env_flags({"PLAIN": text}) == [{"name": "PLAIN", "looks_like_secret": False}]


def test_user_data_is_read_through_base64_and_gzip() -> None:
    script = b"#!/bin/sh\nexport DB_PASSWORD=hunter22\n"
    for blob in (script, gzip.compress(script)):
        assert text_has_secret(blob) is True
        assert text_has_secret(base64.b64encode(blob).decode()) is True
    assert text_has_secret(base64.b64encode(b"#!/bin/sh\necho hello\n").decode()) is False
    assert text_has_secret(gzip.compress(script)[:15]) is False


def test_a_hash_in_place_of_user_data_tells_nothing() -> None:
    assert text_has_secret("da39a3ee5e6b4b0d3255bfef95601890afd80709").cause.startswith(
        "unresolved:"
    )


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("dbPassword", True),
        ("DB_PASS", True),
        ("API_KEY", True),
        ("apikey", True),
        ("clientSecret", True),
        ("GITHUB_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("CONNECTION_STRING", True),
        ("DB_PASSWORD_ARN", False),
        ("SECRET_NAME", False),
        ("TOKEN_URL", False),
        ("TOKENIZER_PATH", False),
        ("PASSTHROUGH", False),
        ("KEY", False),
        ("MONKEY", False),
        ("HOME", False),
        ("", False),
    ],
)
def test_names_tell_secrets_from_what_is_about_them(name: str, secret: bool) -> None:
    assert env_flags({name: "x"}) == [{"name": name, "looks_like_secret": secret}]


def test_variables_are_sorted_by_name_and_lose_their_values() -> None:
    flags = env_flags({"b": "canary", "a": "canary"})
    assert [flag["name"] for flag in flags] == ["a", "b"]
    assert "canary" not in repr(flags)


def test_an_unknown_value_is_unknown_whatever_its_name() -> None:
    flags = env_flags({"DB_PASSWORD": DENIED, "HOME": DENIED})
    assert [flag["looks_like_secret"].cause for flag in flags] == ["denied", "denied"]


def test_a_list_of_variables_may_point_to_values_kept_elsewhere() -> None:
    entries = [
        {"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/p"},
        {"Name": "API_KEY", "Value": "x"},
        DENIED,
        "junk",
    ]
    key, password, unread, malformed = env_flags(entries)
    assert key == {"name": "API_KEY", "looks_like_secret": True}
    assert password == {"name": "DB_PASSWORD", "looks_like_secret": False}
    assert (unread.cause, malformed.cause) == ("denied", "malformed")


@pytest.mark.parametrize(
    ("pairs", "tags"),
    [
        ([{"Key": "a", "Value": "b"}], {"a": "b"}),
        ([{"key": "a", "value": "b"}, {"key": "c"}], {"a": "b", "c": ""}),
        ([{"TagKey": "a", "TagValue": "b"}], {"a": "b"}),
        ({"a": "b"}, {"a": "b"}),
        ([], {}),
        ([{"Key": "a", "Value": DENIED}], {"a": DENIED}),
    ],
)
def test_tags_are_a_map_however_an_api_lists_them(pairs: Any, tags: dict[str, Any]) -> None:
    assert SHAPES["tags"](pairs) == tags


def test_one_unread_tag_leaves_open_what_other_tags_there_are() -> None:
    assert SHAPES["tags"]([{"Key": "a", "Value": "b"}, DENIED]).cause == "denied"
    assert SHAPES["tags"]([{"Key": DENIED, "Value": "b"}]).cause == "denied"
    assert SHAPES["tags"]([{"Value": "b"}]).cause == "malformed"


def test_a_report_is_read_with_nothing_as_absent() -> None:
    report = b"arn,used,key\na,N/A,true\nb,no_information,\n"
    assert SHAPES["csv_rows"](report) == [
        {"arn": "a", "used": None, "key": "true"},
        {"arn": "b", "used": None, "key": None},
    ]
    assert SHAPES["csv_rows"](b"arn,used\na\n").cause == "malformed"
    assert SHAPES["csv_rows"](b"\xff\xfe").cause == "malformed"


def test_containers_inherit_from_their_pod() -> None:
    spec = {
        "securityContext": {"runAsNonRoot": True},
        "containers": [{"name": "a", "image": "i", "securityContext": {"privileged": True}}],
        "initContainers": [{"name": "b", "securityContext": {"runAsNonRoot": False}}, DENIED],
    }
    init, unread, main = SHAPES["k8s_containers"](spec)
    assert (init["kind"], init["run_as_non_root"]) == ("initContainers", False)
    assert unread.cause == "denied"
    assert (main["run_as_non_root"], main["privileged"], main["allow_escalation"]) == (True,) * 3
    assert SHAPES["k8s_containers"]({"containers": DENIED}) == [DENIED]


def test_terraforms_spelling_of_a_pod_becomes_the_apis() -> None:
    block = {
        "host_network": True,
        "container": [{"name": "a", "security_context": [{"run_as_user": 1}]}],
    }
    assert SHAPES["camel"](block) == {
        "hostNetwork": True,
        "containers": [{"name": "a", "securityContext": {"runAsUser": 1}}],
    }


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("hunter22", True),
        ("", False),
        ("true", False),
        ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf", False),
        ("arn:aws-cn:ssm:cn-north-1:111122223333:parameter/db", False),
        ("{{resolve:secretsmanager:db:SecretString:password}}", False),
        (Unknown("after_apply:x.arn", present=True, refs=("s",), named=True), False),
    ],
)
def test_a_pointer_under_the_name_of_a_secret_is_none(value: Any, secret: bool) -> None:
    assert env_flags({"DB_PASSWORD": value}) == [
        {"name": "DB_PASSWORD", "looks_like_secret": secret}
    ]


def test_a_value_that_is_set_but_no_name_may_be_a_secret() -> None:
    password = Unknown("after_apply:random_password.p.result", present=True, refs=("p",))
    (flag,) = env_flags({"DB_PASSWORD": password})
    assert isinstance(flag["looks_like_secret"], Unknown)


def test_an_unknown_value_under_the_name_of_a_secret_may_be_a_pointer() -> None:
    [flag] = env_flags({"DB_PASSWORD": Unknown("after_apply:random_password.db.result")})
    assert flag["looks_like_secret"].cause == "after_apply:random_password.db.result"
