"""An AWS that throttles, fails, hangs up, cuts answers short, or never answers.

The truth of a healthy run is compared with what is said when things go wrong: a verdict may become
unknown, with a line in the ledger, but it never turns and never vanishes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from e2e.conftest import REGION, ROLE, Estate
from e2e.reading import Verdicts, by_resource, changed, untruths
from e2e.watching import Answer, Seen, Watch, error_answer, named_requests
from trueline.collect import aws
from trueline.demo.server import serve
from trueline.pipeline import ScanOptions, Workspace, open_workspace, scan_aws
from trueline.report import Report

READ = {"ok", "absent", "gone"}
LEFT_OUT = {"disabled", "skipped"}
QUICK = aws.Patience(attempts=4, longest_wait=0.1)
HASTY = aws.Patience(connect=2.0, read=2.0, attempts=2, longest_wait=0.1)
THROTTLING = (
    ("ThrottlingException", 400),
    ("Throttling", 400),
    ("RequestLimitExceeded", 503),
    ("SlowDown", 503),
    ("TooManyRequestsException", 429),
)
"""How services word it, and the HTTP status that comes with it."""

Fault = Callable[[Seen], "Answer | str | None"]


@dataclass(frozen=True)
class Faulty:
    """The estate behind a watch, and the workspace that scans it."""

    watch: Watch
    room: Workspace

    def scan(self, fault: Fault, patience: aws.Patience = QUICK) -> Report:
        with self.watch.failing(fault), pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "AwsRequest", partial(aws.AwsRequest, patience=patience))
            options = ScanOptions(role_arns=(ROLE,), regions=(REGION,), record=False, passes=True)
            return scan_aws(self.room, options).report


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, estate: Estate) -> Iterator[Faulty]:
    home = tmp_path_factory.mktemp("faulty")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in estate.env.items():
            patch.setenv(name, value)
        watch = Watch(estate.door)
        with serve(watch) as url, named_requests():
            patch.setenv("AWS_ENDPOINT_URL", url)
            yield Faulty(watch, open_workspace(str(home), None, home))


@pytest.fixture(scope="module")
def healthy(faulty: Faulty) -> Verdicts:
    report = faulty.scan(lambda seen: None)
    assert report.summary.share_read == 1.0
    return by_resource(report.verdicts)


class Some:
    """Strikes a share of the requests; the same of each request's attempts on every run."""

    def __init__(self, share: float, fault: Fault) -> None:
        self.share, self.fault = share, fault
        self.times: Counter[Seen] = Counter()
        self.struck = 0

    def __call__(self, seen: Seen) -> Answer | str | None:
        self.times[seen] += 1
        seed = f"{seen.call} {seen.region} {seen.args} {self.times[seen]}"
        if random.Random(seed).random() >= self.share:
            return None
        self.struck += 1
        return self.fault(seen)


def throttled(seen: Seen) -> Answer:
    code, status = random.Random(f"{seen.call} {seen.args}").choice(THROTTLING)
    return error_answer(seen.call, code, status, "Rate exceeded")


def failed(seen: Seen) -> Answer:
    return error_answer(seen.call, "InternalError", 500, "We are sorry")


def unread(report: Report) -> dict[str, set[str]]:
    """The calls that could not be read, and how each ended."""
    found: dict[str, set[str]] = {}
    for row in report.coverage:
        if row.status not in READ | LEFT_OUT:
            found.setdefault(row.call, set()).add(row.status)
    return found


def check(healthy: Verdicts, report: Report) -> list[str]:
    """What is changed is unknown for a cause that stands in the ledger. The changed policies."""
    seen = by_resource(report.verdicts)
    assert list(untruths(healthy, seen)) == []
    lost = changed(healthy, seen)
    statuses = {status for how in unread(report).values() for status in how}
    assert [v for v in lost if not statuses & {c.cause for c in v.unknown}] == []
    assert (report.summary.share_read < 1) == bool(statuses)
    return sorted({v.policy for v in lost})


def test_half_of_all_requests_throttled_leaves_the_same_verdicts(
    faulty: Faulty, healthy: Verdicts
) -> None:
    some = Some(0.5, throttled)
    report = faulty.scan(some)
    assert some.struck > len(faulty.watch.seen) / 3
    assert unread(report) == {}
    found = by_resource(report.verdicts)
    assert {k: v.status for k, v in found.items()} == {k: v.status for k, v in healthy.items()}


def test_a_call_that_is_throttled_for_ever_is_unknown(faulty: Faulty, healthy: Verdicts) -> None:
    calls = ("kms.GetKeyRotationStatus", "sqs.ListQueues", "s3.GetBucketPolicy")
    report = faulty.scan(lambda seen: throttled(seen) if seen.call in calls else None)
    assert unread(report) == {call: {"throttled"} for call in calls}
    assert "aws-s3-bucket-public-by-policy" in check(healthy, report)


def test_failing_services_turn_no_verdict(faulty: Faulty, healthy: Verdicts) -> None:
    """A third of all requests fail once or more, and these calls always do."""
    calls = {"kms.DescribeKey", "iam.ListMFADevices", "ec2.DescribeSecurityGroups"}
    some = Some(0.33, failed)
    report = faulty.scan(lambda seen: failed(seen) if seen.call in calls else some(seen))
    assert some.struck > 10
    assert {call for call, how in unread(report).items() if how == {"error"}} >= calls
    assert {
        "aws-ec2-security-group-ssh-open-to-internet",
        "aws-iam-user-console-without-mfa",
        "aws-kms-key-not-rotated",
    } <= set(check(healthy, report))


def test_dropped_connections_turn_no_verdict(faulty: Faulty, healthy: Verdicts) -> None:
    calls = {"rds.DescribeDBInstances", "s3.GetBucketAcl"}
    some = Some(0.3, lambda seen: "drop")
    report = faulty.scan(lambda seen: "drop" if seen.call in calls else some(seen))
    assert some.struck > 10
    assert calls <= set(unread(report))
    assert {"aws-rds-instance-unencrypted", "aws-s3-bucket-public-by-acl"} <= set(
        check(healthy, report)
    )


def test_answers_that_are_cut_short_turn_no_verdict(faulty: Faulty, healthy: Verdicts) -> None:
    always = {
        "sqs.ListQueues": "cut",
        "lambda.ListFunctions": "half",
        "iam.GetAccountAuthorizationDetails": "half",
        "rds.DescribeDBInstances": "empty",
        "kms.GetKeyPolicy": "empty",
        "s3.ListBuckets": "cut",
    }
    some = Some(0.3, lambda seen: "cut")
    report = faulty.scan(lambda seen: always.get(seen.call) or some(seen))
    assert some.struck > 10
    # botocore makes a server's error of an answer of S3 that it cannot parse.
    how = {call: {"error" if call.startswith("s3.") else "truncated"} for call in always}
    ended = unread(report)
    assert {call: ended.get(call) for call in always} == how
    assert {
        "aws-iam-role-open-to-anyone",
        "aws-kms-key-open-to-anyone",
        "aws-lambda-function-open-to-anyone",
        "aws-rds-instance-unencrypted",
        "aws-s3-bucket-public-by-policy",
        "aws-sqs-queue-unencrypted",
    } <= set(check(healthy, report))


def test_a_region_that_never_answers_is_unknown_and_the_rest_is_read(
    faulty: Faulty, healthy: Verdicts
) -> None:
    def silent(seen: Seen) -> str | None:
        return "hang" if seen.region == REGION and not seen.call.startswith("sts.") else None

    report = faulty.scan(silent, HASTY)
    check(healthy, report)
    regional = {
        (policy, f"scope:aws:{v.resource.account}:{REGION}:{v.resource.type}")
        for (policy, _), v in healthy.items()
        if v.resource.type in ("aws_sqs_queue", "aws_rds_instance", "aws_ec2_security_group")
    }
    assert regional <= set(by_resource(report.verdicts))
    assert {r.status for r in report.coverage if r.region == REGION} & READ == set()
    assert "timeout" in {r.status for r in report.coverage if r.region == REGION}
    assert {v.status for v in report.verdicts if v.resource.type == "aws_iam_role"} == {
        "pass",
        "fail",
    }
