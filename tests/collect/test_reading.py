"""A healthy estate is read whole, each call once, and every request is accounted for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .proxy import FaultProxy
from .specs import ACCOUNT, BUCKET, INSTANCE, POLICY, QUEUE, ROLE, USER
from .support import Result

_DOCUMENT = """{"Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}"""
ALL = (ACCOUNT, BUCKET, INSTANCE, POLICY, QUEUE, ROLE, USER)


@pytest.fixture
def estate(client: Callable[..., Any]) -> None:
    for region, names in (("us-east-1", "abcde"), ("eu-west-1", "xy")):
        for name in names:
            client("sqs", region).create_queue(QueueName=name, tags={"team": name})
        client("ec2", region).run_instances(
            ImageId="ami-12c6146b", MinCount=5, MaxCount=5, InstanceType="t3.micro"
        )
    s3 = client("s3")
    s3.create_bucket(Bucket="at-home")
    client("s3", "eu-west-1").create_bucket(
        Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    iam = client("iam")
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
        iam.create_access_key(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=_DOCUMENT)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    iam.create_policy(PolicyName="own", PolicyDocument=_DOCUMENT)


def test_every_resource_becomes_a_row(estate: None, read: Callable[..., Result]) -> None:
    result = read(*ALL)
    queues = result.rows("aws_sqs_queue")
    assert sorted(row["name"] for row in queues.values()) == list("abcdexy")
    assert {row["region"] for row in queues.values()} == {"us-east-1", "eu-west-1"}
    assert queues["arn:aws:sqs:eu-west-1:123456789012:x@eu-west-1"]["tags"] == {"team": "x"}
    buckets = result.rows("aws_s3_bucket")
    assert {r["name"]: r["region"] for r in buckets.values()} == {
        "at-home": "us-east-1",
        "abroad": "eu-west-1",
    }
    users = result.rows("aws_iam_user")
    assert [(r["active_keys"], r["inline_count"]) for r in users.values()] == [(1, 1)] * 2
    assert all(r["volume_size"] == 8 for r in result.rows("aws_ec2_instance").values())
    unknown = {uid: row["_why"] for t in ALL for uid, row in result.rows(t.table).items()}
    assert {uid: why for uid, why in unknown.items() if why} == {}
    assert all(state.complete for state in result.sink.states.values())


def test_the_ledger_adds_up_to_the_requests_sent(
    estate: None, read: Callable[..., Result], proxy: FaultProxy
) -> None:
    result = read(*ALL)
    assert result.sent() == result.outcome.requests == len(proxy.seen)
    by_call = {(r.type, r.region, r.call): r.calls for r in result.coverage}
    assert by_call["aws_sqs_queue", "us-east-1", "sqs.ListQueues"] == 3
    assert by_call["aws_iam_policy", "global", "iam.GetAccountAuthorizationDetails"] > 0
    assert by_call["aws_iam_role", "global", "iam.GetAccountAuthorizationDetails"] == 0
    assert by_call["aws_account", "global", "ec2.DescribeRegions"] == 1


def test_no_call_is_made_twice(
    estate: None, read: Callable[..., Result], proxy: FaultProxy
) -> None:
    read(*ALL)
    asked = [(r.call, r.region, r.args) for r in proxy.seen if "GenerateCred" not in r.call]
    assert len(asked) == len(set(asked))


def test_our_name_is_in_the_user_agent(read: Callable[..., Result], proxy: FaultProxy) -> None:
    read(QUEUE)
    assert proxy.seen
    assert all("trueline/" in request.agent for request in proxy.seen)
