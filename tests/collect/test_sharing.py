"""A call is made once, whoever needs it, and its requests are entered once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from trueline.collect.ledger import Charge
from trueline.collect.memo import Memo
from trueline.errors import ActionError
from trueline.model import Call, Live, Row, Scope

from .proxy import FaultProxy, Request
from .specs import ACCOUNT, BUCKET, INSTANCE, POLICY, QUEUE, ROLE, USER, make_type
from .support import Memory, Result

Read = Callable[..., Result]

TRAIL = make_type(
    "aws_cloudtrail_trail",
    Live(
        scope="region",
        list=Call("list", "cloudtrail.DescribeTrails", rows="trailList", as_="trail"),
        parts=(
            Call("status", "cloudtrail.GetTrailStatus", args={"Name": "trail.TrailARN"},
                 region="trail.HomeRegion"),
        ),
        uid="trail.TrailARN",
        region="trail.HomeRegion",
    ),
    {"name": ("text", "trail.Name"), "is_logging": ("bool", "status.IsLogging")},
)  # fmt: skip


def groups_with(table: str) -> Any:
    """A type that lists groups, of which there are none, and would ask for the keys of users."""
    return make_type(
        table,
        Live(
            scope="global",
            list=Call("list", "iam.ListGroups", rows="Groups", as_="group"),
            parts=(
                Call("keys", "iam.ListAccessKeys", args={"UserName": "group.GroupName"},
                     rows="AccessKeyMetadata"),
            ),
            uid="group.Arn",
        ),
        {"name": ("text", "group.GroupName")},
    )  # fmt: skip


def test_a_trail_seen_from_two_regions_is_asked_for_its_status_once(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    client("s3").create_bucket(Bucket="logs")
    client("cloudtrail", "eu-west-1").create_trail(
        Name="everywhere", S3BucketName="logs", IsMultiRegionTrail=True
    )
    result = read(TRAIL)
    rows = result.rows("aws_cloudtrail_trail").values()
    assert {(r["region"], r["scope_region"]) for r in rows} == {
        ("eu-west-1", "us-east-1"),
        ("eu-west-1", "eu-west-1"),
    }
    assert [row["is_logging"] for row in rows] == [False, False]
    asked = [r for r in proxy.seen if r.call == "cloudtrail.GetTrailStatus"]
    assert [request.region for request in asked] == ["eu-west-1"]
    lines = [r for r in result.coverage if r.call == "cloudtrail.GetTrailStatus"]
    assert sorted(line.calls for line in lines) == [0, 1]


@pytest.mark.parametrize("table", ["aws_a_group", "aws_z_group"])
def test_requests_are_entered_even_if_their_owner_never_asks(
    read: Read, proxy: FaultProxy, client: Callable[..., Any], table: str
) -> None:
    client("iam").create_user(UserName="ann")
    result = read(USER, groups_with(table))
    line = next(r for r in result.coverage if r.call == "iam.ListAccessKeys")
    assert (line.type, line.calls) == ("aws_iam_user", 1)
    assert result.sent() == result.outcome.requests == len(proxy.seen)


def test_types_that_share_a_listing_each_count_their_own_rows(
    read: Read, client: Callable[..., Any]
) -> None:
    for name in ("r1", "r2"):
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    result = read(ROLE, POLICY)
    call = "iam.GetAccountAuthorizationDetails"
    lines = {r.type: (r.rows, r.calls > 0) for r in result.coverage if r.call == call}
    policies = len(result.rows("aws_iam_policy"))
    assert lines == {"aws_iam_role": (2, False), "aws_iam_policy": (policies, True)}


def test_a_call_that_all_rows_share_is_not_made_where_there_are_none(
    read: Read, proxy: FaultProxy
) -> None:
    read(INSTANCE, USER)
    assert "ec2.GetEbsEncryptionByDefault" not in proxy.calls()
    assert "iam.GenerateCredentialReport" not in proxy.calls()


def test_answers_are_dropped_with_their_last_user() -> None:
    memo: Memo[int] = Memo()
    memo.expect(["a", "b"])
    memo.expect(["a"])
    assert memo.get("a", 1, lambda: 7) == (7, True)
    assert memo.get("a", 1, lambda: 8) == (7, False)
    memo.get("b", 1, lambda: 9)
    memo.release(["a", "b"])
    assert len(memo) == 1
    memo.release(["a"])
    assert len(memo) == 0


def test_a_charge_is_borne_once() -> None:
    charge = Charge(3)
    assert [charge.take(), charge.take()] == [3, 0]


def test_what_a_missing_argument_blocks_is_skipped_and_passes_the_cause_on(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    client("iam").create_user(UserName="ann")
    text = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    proxy.fault = lambda r: (403, text) if r.call == "iam.ListUserPolicies" else None
    result = read(USER)
    assert result.statuses("iam.GetUserPolicy") == {"skipped": 1}
    line = next(r for r in result.coverage if r.call == "iam.GetUserPolicy")
    assert (line.calls, line.message) == (0, "not called: what it needs is unknown (denied)")
    assert [r["_why"] for r in result.rows("aws_iam_user").values()] == [{"inline_count": "denied"}]


def test_a_denied_location_leaves_the_bucket_readable(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    client("s3", "eu-west-1").create_bucket(
        Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    text = b"<Error><Code>AccessDenied</Code></Error>"
    proxy.fault = lambda r: (403, text) if r.call == "s3.GetBucketLocation" else None
    result = read(BUCKET)
    (row,) = result.rows("aws_s3_bucket").values()
    assert (row["region"], row["_why"]) == (None, {"region": "denied"})
    assert row["versioned"] is False


def test_bucket_calls_go_to_the_region_of_the_bucket(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    client("s3", "eu-west-1").create_bucket(
        Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    read(BUCKET, regions=("us-east-1",))
    regions = {r.call: r.region for r in proxy.seen if r.call.startswith("s3.")}
    assert regions == {
        "s3.ListBuckets": "us-east-1",
        "s3.GetBucketLocation": "us-east-1",
        "s3.GetPublicAccessBlock": "eu-west-1",
        "s3.GetBucketVersioning": "eu-west-1",
    }


def test_a_service_that_a_region_lacks_leaves_nothing_unknown(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = make_type(
        "aws_apprunner_service",
        Live(
            scope="region",
            list=Call("list", "apprunner.ListServices", rows="ServiceSummaryList", as_="service"),
            parts=(),
            uid="service.ServiceArn",
        ),
        {"name": ("text", "service.ServiceName")},
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_APPRUNNER", "http://127.0.0.1:9")
    result = read(runner, QUEUE, regions=("us-west-1", "us-east-1"))
    lines = {r.region: (r.status, r.code) for r in result.coverage if "apprunner" in r.call}
    assert lines == {
        "us-west-1": ("disabled", "NoEndpoint"),
        "us-east-1": ("error", "EndpointConnectionError"),
    }
    states = {
        s.scope.region: (s.complete, s.cause)
        for s in result.sink.states.values()
        if s.scope.type == "aws_apprunner_service"
    }
    assert states == {"us-west-1": (True, None), "us-east-1": (False, "error")}
    assert result.sent() == result.outcome.requests


def test_credentials_that_expire_on_the_way_are_not_tried_for_every_row(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    for n in range(80):
        client("sqs").create_queue(QueueName=f"q{n}")
    text = b'{"__type": "x#ExpiredTokenException", "message": "m"}'
    proxy.fault = lambda r: (400, text) if r.call == "sqs.GetQueueAttributes" else None
    result = read(QUEUE, regions=("us-east-1",))
    assert len(result.rows("aws_sqs_queue")) == 80
    assert proxy.calls()["sqs.GetQueueAttributes"] < 80
    assert result.sent() == len(proxy.seen)


class _Full(Memory):
    """A sink whose disk is full."""

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        raise ActionError("disk", "the disk is full")


def test_a_sink_that_fails_ends_the_run(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    for region in ("us-east-1", "eu-west-1"):
        client("sqs", region).create_queue(QueueName="q")
    sink = _Full()
    with pytest.raises(ActionError, match="disk is full"):
        read(QUEUE, ACCOUNT, sink=sink)
    assert not any(state.scope.type == "aws_sqs_queue" for state in sink.states.values())


def test_a_resource_that_vanished_is_no_row(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    for name in ("kept", "lost"):
        client("sqs").create_queue(QueueName=name)
    text = b'{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"}'

    def fault(request: Request) -> Any:
        asked = request.call == "sqs.GetQueueAttributes" and "lost" in request.args
        return (400, text) if asked else None

    proxy.fault = fault
    result = read(QUEUE, regions=("us-east-1",))
    assert [row["name"] for row in result.rows("aws_sqs_queue").values()] == ["kept"]
    assert result.statuses("sqs.GetQueueAttributes") == {"ok": 1, "gone": 1}


def test_a_listing_with_an_unreadable_row_is_not_taken_for_whole(
    read: Read, proxy: FaultProxy
) -> None:
    odd = make_type(
        "aws_odd_region",
        Live(
            scope="region",
            list=Call("list", "ec2.DescribeRegions", as_="region",
                      rows="Regions[].parse_json(Endpoint)"),
            parts=(),
            uid="region",
        ),
        {"name": ("text", "region")},
    )  # fmt: skip
    result = read(odd, regions=("us-east-1",))
    (state,) = result.sink.states.values()
    assert (state.complete, state.cause) == (False, "truncated")
    assert result.sent() == result.outcome.requests == len(proxy.seen)
