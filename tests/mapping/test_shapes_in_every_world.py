"""Shape functions on real shapes: what is said of a partial one holds in every world."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueline.mapping import Unknown
from trueline.mapping.shapes import SHAPES

from .worlds import agree, completed, partial_documents, places

ARNS = [
    "*",
    "arn:aws:iam::111122223333:root",
    "arn:aws:iam::*:root",
    "444455556666",
    "arn:aws:s3:::logs/*",
    "arn:aws:*",
]
ACTIONS = ["*", "s3:*", "s3:GetObject", "iam:PassRole", "iam:*", "sts:AssumeRole", "IAM:Put*Policy"]
KEYS = [
    "aws:SecureTransport",
    "aws:SourceAccount",
    "AWS:SourceArn",
    "aws:SourceIp",
    "aws:PrincipalOrgID",
    "aws:PrincipalIsAWSService",
    "token.actions.githubusercontent.com:sub",
]
VALUES = [
    "false",
    False,
    "111122223333",
    "o-abcdefghij",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "repo:x/*",
    "*",
]
OPERATORS = [
    "Bool",
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "IpAddress",
    "ForAnyValue:StringLike",
    "StringEqualsIfExists",
]


def _some(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values) | st.lists(st.sampled_from(values), min_size=1, max_size=2)


PRINCIPALS = st.just("*") | st.dictionaries(
    st.sampled_from(["AWS", "Service", "Federated"]), _some(ARNS), min_size=1, max_size=2
)
CONDITIONS = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), _some(VALUES), min_size=1, max_size=2),
    max_size=2,
)
STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Sid": st.just("a"),
        "Action": _some(ACTIONS),
        "NotAction": _some(ACTIONS),
        "Resource": _some(ARNS),
        "NotResource": _some(ARNS),
        "Principal": PRINCIPALS,
        "NotPrincipal": PRINCIPALS,
        "Condition": CONDITIONS,
    },
)
POLICIES = st.fixed_dictionaries(
    {
        "document": st.fixed_dictionaries(
            {"Statement": st.lists(STATEMENTS, max_size=3) | STATEMENTS}
        )
    }
)
POLICY_POOL = (
    st.sampled_from([*ARNS, *ACTIONS, *VALUES, "Allow", "Deny", None])
    | PRINCIPALS
    | CONDITIONS
    | STATEMENTS
    | st.lists(st.sampled_from([*ARNS, *ACTIONS]), max_size=2)
)

SOURCES = ["0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.1", "nonsense", "sg-1", "sg-own", None]
PORTS = [0, 22, 443, -1, "80", "x", None]
RULES = st.fixed_dictionaries(
    {
        "entries": st.lists(
            st.fixed_dictionaries(
                {
                    "protocol": st.sampled_from(["tcp", "-1", "6", "icmp", "50", -1]),
                    "from": st.sampled_from(PORTS),
                    "to": st.sampled_from(PORTS),
                },
                optional={
                    "cidrs": _some(SOURCES),
                    "cidrs6": _some(SOURCES),
                    "prefix_lists": _some(["pl-1"]),
                    "groups": _some(["sg-1", "sg-own"]),
                    "self": st.booleans(),
                },
            ),
            max_size=3,
        ),
        "own": st.sampled_from(["sg-own", None]),
    }
)
RULE_POOL = st.sampled_from([*SOURCES, *PORTS, "tcp", "all", True, False]) | st.lists(
    st.sampled_from(SOURCES), max_size=2
)

NAMES = ["DB_PASSWORD", "DB_PASSWORD_ARN", "HOME", "token"]
TEXTS = ["x", "AKIAABCDEFGHIJKLMNOP", "postgres://u:p4ss@h/db", "password=hunter22", "", None]
VARIABLES = st.fixed_dictionaries(
    {
        "variables": st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), max_size=3)
        | st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(NAMES)},
                optional={"value": st.sampled_from(TEXTS), "valueFrom": st.just("arn")},
            ),
            max_size=3,
        )
    }
)

PODS = st.fixed_dictionaries(
    {
        "spec": st.fixed_dictionaries(
            {},
            optional={
                "securityContext": st.dictionaries(st.just("runAsNonRoot"), st.booleans()),
                "containers": st.lists(
                    st.fixed_dictionaries(
                        {"name": st.just("c")},
                        optional={
                            "securityContext": st.dictionaries(
                                st.sampled_from(["privileged", "runAsNonRoot"]), st.booleans()
                            )
                        },
                    ),
                    max_size=2,
                ),
            },
        )
    }
)

PERMISSIONS = st.fixed_dictionaries(
    {
        "entries": st.lists(
            st.fixed_dictionaries(
                {
                    "principal": st.sampled_from(["*", "s3.amazonaws.com", "111122223333"]),
                    "action": st.sampled_from(["lambda:InvokeFunction", "lambda:*"]),
                },
                optional={
                    "account": st.sampled_from(["111122223333", None]),
                    "arn": st.sampled_from(["arn:aws:s3:::b", "arn:aws:s3:::*", None]),
                    "org": st.just("o-abcdefghij"),
                    "url_auth": st.just("NONE"),
                },
            ),
            max_size=2,
        )
    }
)

WRITTEN_MAPS = {"iam_statements", "env_flags"}
CASES = {
    "iam_statements": (
        POLICIES,
        POLICY_POOL,
        lambda d: SHAPES["iam_statements"](d.get("document")),
    ),
    "ip_rules": (
        RULES,
        RULE_POOL,
        lambda d: SHAPES["ip_rules"]("in", d.get("entries"), d.get("own")),
    ),
    "env_flags": (
        VARIABLES,
        st.sampled_from([*NAMES, *TEXTS]),
        lambda d: SHAPES["env_flags"](d.get("variables")),
    ),
    "k8s_containers": (
        PODS,
        st.sampled_from([True, False, None, {"privileged": True}, {"name": "d"}]),
        lambda d: SHAPES["k8s_containers"](d.get("spec")),
    ),
    "lambda_permissions": (
        PERMISSIONS,
        st.sampled_from(["*", "111122223333", "arn:aws:s3:::b", "NONE", None]),
        lambda d: SHAPES["lambda_permissions"](d.get("entries")),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_shape_function_says_only_what_holds_in_every_world(name: str) -> None:
    documents, pool, call = CASES[name]

    @settings(
        max_examples=500,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(partial_documents(documents), st.data())
    def holds(partial: Any, data: st.DataObject) -> None:
        world = completed(data.draw, partial, pool, name in WRITTEN_MAPS)
        said, real = call(partial), call(world)
        assert agree(said, real), f"{partial}\n{world}\nsaid {said}\nreal {real}"

    holds()


MEMBERS = """Statement Effect Action Principal Condition Key name value containers protocol cidrs
securityContext groups self ports"""
JUNK = st.recursive(
    st.sampled_from(
        [None, True, 0, -1, 2.5, "", "*", "x", "{", "[1]", '{"Statement": 7}', b"\x1f\x8bx"]
    )
    | st.just(Unknown("denied"))
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS.split()),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)
ARITY = {"ip_rules": 2, "lookup": 2, "unless": 2}


@settings(max_examples=1500, derandomize=True, deadline=None)
@given(st.sampled_from(sorted(SHAPES)), JUNK, JUNK)
def test_no_shape_function_raises_or_changes_its_argument(name: str, one: Any, other: Any) -> None:
    arguments = [other, one][: ARITY.get(name, 1)] if name in ARITY else [one]
    before = copy.deepcopy(arguments)
    SHAPES[name](*arguments)
    assert repr(arguments) == repr(before)


@pytest.mark.parametrize("name", sorted(SHAPES.keys() - {"is_set", "set_or_empty", "any_true"}))
def test_an_absent_argument_gives_absent_and_an_unknown_one_unknown(name: str) -> None:
    extra = {"ip_rules": ["in"], "lookup": [], "unless": []}.get(name, [])
    after = {"lookup": [{"a": 1}], "unless": [""]}.get(name, [])
    assert SHAPES[name](*extra, None, *after) is None
    result = SHAPES[name](*extra, Unknown("throttled"), *after)
    assert result.__class__ is Unknown
    assert result.cause == "throttled"


def test_every_place_of_a_document_is_visited() -> None:
    assert len(list(places({"a": [1, {"b": 2}]}))) == 4
