"""Whatever fails, exactly what was not read is unknown, and the ledger says so."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from .proxy import FaultProxy, Request
from .specs import ACCOUNT, BUCKET, INSTANCE, POLICY, QUEUE, ROLE, USER
from .support import QUICK, Result

ALL = (ACCOUNT, BUCKET, INSTANCE, POLICY, QUEUE, ROLE, USER)
_DOCUMENT = """{"Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}"""
IMPATIENT = replace(QUICK, read=2.0)
_IGNORED = ("collected_at", "config", "fingerprint", "seen_from")


@pytest.fixture
def estate(client: Callable[..., Any]) -> None:
    for name in "abc":
        client("sqs").create_queue(QueueName=name, tags={"team": name})
    client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=3, MaxCount=3)
    client("s3").create_bucket(Bucket="one")
    iam = client("iam")
    iam.create_user(UserName="ann")
    iam.create_access_key(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=_DOCUMENT)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")


Read = Callable[..., Result]

PARTS = [
    ("sqs.GetQueueAttributes", "aws_sqs_queue", {"visibility", "kms_key_id"}),
    ("sqs.ListQueueTags", "aws_sqs_queue", {"tags"}),
    ("s3.GetBucketLocation", "aws_s3_bucket", {"region"}),
    ("s3.GetPublicAccessBlock", "aws_s3_bucket", {"blocks_acls"}),
    ("s3.GetBucketVersioning", "aws_s3_bucket", {"versioned"}),
    ("iam.ListAccessKeys", "aws_iam_user", {"active_keys"}),
    ("iam.ListUserPolicies", "aws_iam_user", {"inline_count"}),
    ("iam.GetUserPolicy", "aws_iam_user", {"inline_count"}),
    ("iam.GenerateCredentialReport", "aws_iam_user", {"password_enabled"}),
    ("iam.GetCredentialReport", "aws_iam_user", {"password_enabled"}),
    ("iam.GetAccountSummary", "aws_account", {"users"}),
    ("iam.GetAccountPasswordPolicy", "aws_account", {"password_min_length"}),
    ("s3control.GetPublicAccessBlock", "aws_account", {"blocks_acls"}),
    ("ec2.GetEbsEncryptionByDefault", "aws_ec2_instance", {"default_encryption"}),
    ("ec2.DescribeVolumes", "aws_ec2_instance", {"volume_size"}),
]
LISTINGS = [
    ("sqs.ListQueues", "aws_sqs_queue"),
    ("s3.ListBuckets", "aws_s3_bucket"),
    ("iam.ListUsers", "aws_iam_user"),
    ("iam.GetAccountAuthorizationDetails", "aws_iam_role"),
    ("iam.GetAccountAuthorizationDetails", "aws_iam_policy"),
    ("ec2.DescribeInstances", "aws_ec2_instance"),
]


def fails(call: str, answer: Any) -> Callable[[Request], Any]:
    return lambda request: answer(request) if request.call == call else None


def denial(request: Request) -> tuple[int, bytes]:
    """AccessDenied in the protocol of the service."""
    return refusal(request, "AccessDenied", 403)


def refusal(request: Request, code: str, status: int) -> tuple[int, bytes]:
    text = f"User: arn is not authorized to perform: x-y:{request.call.partition('.')[2]} on all"
    service = request.call.partition(".")[0]
    if service == "sqs":
        return status, f'{{"__type": "com.amazonaws#{code}", "message": "{text}"}}'.encode()
    if service == "ec2":
        inner = f"<Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>"
        return status, f"<Response>{inner}<RequestID>r</RequestID></Response>".encode()
    error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    return status, (
        error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    ).encode()


def bare(rows: dict[str, Any]) -> dict[str, Any]:
    return {u: {c: v for c, v in r.items() if c not in _IGNORED} for u, r in rows.items()}


@pytest.mark.parametrize(("call", "table", "columns"), PARTS)
def test_a_denied_part_makes_exactly_its_columns_unknown(
    estate: None, read: Read, proxy: FaultProxy, call: str, table: str, columns: set[str]
) -> None:
    types = [rtype for rtype in ALL if rtype.table == table]
    healthy = read(*types, regions=("us-east-1",))
    proxy.seen.clear()
    proxy.fault = fails(call, denial)
    result = read(*types, regions=("us-east-1",))
    rows = result.rows(table)
    assert rows
    assert rows.keys() == healthy.rows(table).keys()
    for row in rows.values():
        assert {name.partition("[")[0] for name in row["_why"]} == columns
        assert set(row["_why"].values()) == {"denied"}
    line = next(r for r in result.coverage if r.call == call)
    assert (line.status, line.code) == ("denied", "AccessDenied")
    assert line.message == f"needs x-y:{call.partition('.')[2]}"
    assert result.sent() == result.outcome.requests == len(proxy.seen)


@pytest.mark.parametrize(("call", "table"), LISTINGS)
@pytest.mark.parametrize(("answer", "status"), [("denied", "denied"), ("truncate", "truncated")])
def test_a_failed_listing_leaves_its_scope_incomplete(
    estate: None, read: Read, proxy: FaultProxy, call: str, table: str, answer: str, status: str
) -> None:
    proxy.fault = fails(call, denial if answer == "denied" else lambda _: answer)
    result = read(*ALL, regions=("us-east-1",))
    states = {s.scope.type: s for s in result.sink.states.values()}
    assert (states[table].complete, states[table].cause) == (False, status)
    assert not result.rows(table)
    assert result.statuses(call) == {status: sum(c == call for c, _ in LISTINGS)}
    assert result.sent() == result.outcome.requests == len(proxy.seen)


@pytest.mark.parametrize("fault", ["drop", "truncate", "cut", "empty", "500"])
def test_a_fault_on_every_detail_is_unknown_and_never_another_value(
    estate: None, read: Read, proxy: FaultProxy, fault: str
) -> None:
    healthy = read(*ALL, regions=("us-east-1",))
    listings = {call for call, _ in LISTINGS} | {"sts.GetCallerIdentity", "ec2.DescribeRegions"}
    answer: Any = (500, b"") if fault == "500" else fault
    proxy.fault = lambda request: None if request.call in listings else answer
    broken = read(*ALL, regions=("us-east-1",))
    for rtype in ALL:
        before, after = healthy.rows(rtype.table), broken.rows(rtype.table)
        assert before.keys() == after.keys()
        for uid, row in after.items():
            for name in rtype.columns:
                same = row[name] == before[uid][name] and name not in row["_why"]
                assert same or (row[name] is None and row["_why"][name] in ("error", "truncated"))
        assert any(row["_why"] for row in after.values()) or len(rtype.live.parts) == 0
    parts = {call for call, _, _ in PARTS} - {"iam.GetUserPolicy", "iam.GetCredentialReport"}
    if fault == "truncate":
        # an error code that came whole is believed, whatever its body's length
        parts -= {r.call for r in healthy.coverage if r.status == "absent"}
    assert {r.call for r in broken.coverage if r.status in ("error", "truncated")} == parts


@pytest.mark.parametrize("call", ["sqs.ListQueues", "s3.ListBuckets", "iam.ListUsers"])
@pytest.mark.parametrize("fault", ["empty", "cut"])
def test_a_short_listing_is_an_error_and_not_an_empty_account(
    estate: None, read: Read, proxy: FaultProxy, call: str, fault: str
) -> None:
    proxy.fault = fails(call, lambda _: fault)
    result = read(QUEUE, BUCKET, USER, regions=("us-east-1",))
    # botocore takes a broken S3 listing for an error of the service
    expected = "error" if (call, fault) == ("s3.ListBuckets", "cut") else "truncated"
    assert result.statuses(call) == {expected: 1}
    assert sum(not state.complete for state in result.sink.states.values()) == 1


def test_a_page_without_rows_is_an_error(estate: None, read: Read, proxy: FaultProxy) -> None:
    inner = b"<ListUsersResult><IsTruncated>false</IsTruncated></ListUsersResult>"
    body = b"<ListUsersResponse>" + inner + b"</ListUsersResponse>"
    proxy.fault = fails("iam.ListUsers", lambda _: (200, body))
    result = read(USER)
    line = next(r for r in result.coverage if r.call == "iam.ListUsers")
    assert (line.status, line.code) == ("truncated", "RowsMissing")


def test_a_page_that_comes_again_is_an_error(estate: None, read: Read, proxy: FaultProxy) -> None:
    body = b'{"QueueUrls": ["http://q/1/a"], "NextToken": "again"}'
    proxy.fault = fails("sqs.ListQueues", lambda _: (200, body))
    result = read(QUEUE, regions=("us-east-1",))
    line = next(r for r in result.coverage if r.call == "sqs.ListQueues")
    assert (line.status, line.code, line.calls) == ("error", "PaginationLoop", 2)


def test_half_of_all_requests_throttled_ends_with_the_same_rows(
    estate: None, read: Read, proxy: FaultProxy
) -> None:
    healthy = read(*ALL, regions=("us-east-1",))
    proxy.seen.clear()
    dice, lock = random.Random(7), threading.Lock()

    def half(request: Request) -> Any:
        with lock:
            return refusal(request, "Throttling", 400) if dice.random() < 0.5 else None

    proxy.fault = half
    result = read(*ALL, regions=("us-east-1",))
    assert result.statuses("sqs.ListQueues") == {"ok": 1}
    assert len(proxy.seen) == result.sent() == result.outcome.requests
    for rtype in ALL:
        assert bare(result.rows(rtype.table)) == bare(healthy.rows(rtype.table))


def test_lasting_throttling_ends_as_throttled(estate: None, read: Read, proxy: FaultProxy) -> None:
    proxy.fault = fails("sqs.ListQueueTags", lambda r: refusal(r, "ThrottlingException", 400))
    result = read(QUEUE, regions=("us-east-1",))
    assert result.statuses("sqs.ListQueueTags") == {"throttled": 1}
    assert {r["_why"]["tags"] for r in result.rows("aws_sqs_queue").values()} == {"throttled"}


def test_a_region_that_never_answers_is_asked_once_per_service(
    estate: None, read: Read, proxy: FaultProxy
) -> None:
    proxy.fault = lambda request: "hang" if request.region == "eu-west-1" else None
    result = read(QUEUE, INSTANCE, patience=IMPATIENT)
    lines = {(r.type, r.status): r.calls for r in result.coverage if r.region == "eu-west-1"}
    assert lines == {("aws_sqs_queue", "timeout"): 1, ("aws_ec2_instance", "timeout"): 1}
    assert len(result.rows("aws_sqs_queue")) == 3


def test_an_endpoint_that_is_down_is_not_asked_again(
    estate: None, read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    for n in range(80):
        client("sqs").create_queue(QueueName=f"more-{n}")
    hung = {"sqs.GetQueueAttributes"}
    proxy.fault = lambda request: "hang" if request.call in hung else None
    result = read(QUEUE, regions=("us-east-1",), patience=IMPATIENT)
    line = next(r for r in result.coverage if r.call == "sqs.GetQueueAttributes")
    assert line.status == "timeout"
    assert line.calls < 83
    assert len(result.rows("aws_sqs_queue")) == 83
    assert result.sent() == len(proxy.seen)


def test_nothing_of_an_answer_stands_in_the_ledger(
    estate: None, read: Read, proxy: FaultProxy
) -> None:
    canary = "canary-in-a-message"
    text = f'{{"__type": "x#AccessDenied", "message": "{canary}"}}'.encode()
    proxy.fault = fails("sqs.ListQueueTags", lambda _: (403, text))
    result = read(QUEUE, regions=("us-east-1",))
    assert result.statuses("sqs.ListQueueTags") == {"denied": 1}
    assert canary not in repr(result.coverage)


def test_a_chunk_with_one_vanished_id_is_asked_in_halves(
    estate: None, read: Read, proxy: FaultProxy
) -> None:
    healthy = read(INSTANCE, regions=("us-east-1",))
    asked = [r for r in proxy.seen if r.call == "ec2.DescribeVolumes"]
    lost = asked[0].args.partition("VolumeId.1=")[2].partition("&")[0]
    proxy.fault = lambda request: (
        refusal(request, "InvalidVolume.NotFound", 400)
        if request.call == "ec2.DescribeVolumes" and lost in request.args
        else None
    )
    result = read(INSTANCE, regions=("us-east-1",))
    before = [row["volume_size"] for row in healthy.rows("aws_ec2_instance").values()]
    after = [row["volume_size"] for row in result.rows("aws_ec2_instance").values()]
    assert before == [8, 8, 8]
    assert sorted(after, key=str) == [8, 8, None]
