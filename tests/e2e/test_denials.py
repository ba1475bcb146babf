"""Every call of every type is denied once: what hung on it becomes unknown, and nothing turns."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from e2e.pairs import REGION, build_pairs
from e2e.reading import Verdicts, by_resource, calls_of, changed, reached_by, untruths
from e2e.watching import Answer, Seen, Watch, denial, named_requests
from trueline.catalog.build import build
from trueline.collect.aws import AwsRequest, Patience, collect
from trueline.demo import simulated_aws
from trueline.demo.server import serve
from trueline.evaluate import read_verdicts, scope_verdicts
from trueline.lake import Tables
from trueline.model import CoverageRow, Row, ScanInfo, Scope, ScopeState
from trueline.pipeline import Workspace, make_bench, open_workspace
from trueline.report import build_report

CATALOG, _ = build()
NOW = dt.datetime.now(dt.UTC)
SCAN = ScanInfo("denied", NOW, NOW, "0", ("live",))
CALLS = sorted({call for rtype in CATALOG.types.values() for call in calls_of(rtype)})

LACKING: dict[str, str] = {
    "account.GetContactInformation": "moto has no such operation",
    "ec2.GetImageBlockPublicAccessState": "moto has no such operation",
    "ec2.GetInstanceMetadataDefaults": "moto has no such operation",
    "ec2.GetSnapshotBlockPublicAccessState": "moto has no such operation",
}
"""Calls that moto cannot answer; the door of the demo does, in the documented shape."""

_TAGS = "tags: no policy reads them"
QUIET: dict[str, str] = {
    "account.GetContactInformation": "the contact of the account: no policy reads it",
    "acm.ListTagsForCertificate": _TAGS,
    "cloudfront.ListTagsForResource": _TAGS,
    "cloudtrail.ListTags": _TAGS,
    "cloudwatch.ListTagsForResource": _TAGS,
    "dynamodb.ListTagsOfResource": _TAGS,
    "ec2.DescribeRegions": "how a region came to be enabled: no policy reads it",
    "ecr.GetLifecyclePolicy": "whether old images are removed: no policy reads it",
    "ecr.ListTagsForResource": _TAGS,
    "efs.DescribeFileSystemPolicy": "the policy of a file system: no policy reads it",
    "elasticache.ListTagsForResource": _TAGS,
    "elbv2.DescribeTags": _TAGS,
    "iam.ListAccountAliases": "the name of the account: no policy reads it",
    "iam.ListPolicyTags": _TAGS,
    "kinesis.ListTagsForStream": _TAGS,
    "kms.ListAliases": "the names of a key: no policy reads them, and references hold ARNs here",
    "kms.ListResourceTags": _TAGS,
    "lambda.ListTags": _TAGS,
    "logs.ListTagsForResource": _TAGS,
    "opensearch.ListTags": _TAGS,
    "s3.GetBucketLocation": "the region of a bucket: no policy reads it",
    "s3.GetBucketTagging": _TAGS,
    "sns.ListTagsForResource": _TAGS,
    "sqs.ListQueueTags": _TAGS,
    "ssm.ListTagsForResource": _TAGS,
}
"""Calls whose denial changes no verdict → why."""

NARROWER = [("ec2.DescribeSnapshots", "RestorableBy"), ("account.GetAlternateContact", "SECURITY")]
"""Calls that a type makes with several arguments, and words of one of them."""

_NO_ROOT = "moto's credential report has no line of the root user"
_NO_DOCDB = "moto makes no DocumentDB clusters"
UNDECIDED: dict[str, str] = {
    "aws-docdb-cluster-not-audited": _NO_DOCDB,
    "aws-docdb-cluster-unencrypted": _NO_DOCDB,
    "aws-account-root-used-recently": _NO_ROOT,
    "aws-ec2-instance-type-not-approved": "has no default for the types that are approved",
    "aws-region-used-without-approval": "has no default for the regions that are approved",
}
"""Policies that give neither pass nor fail here → why."""

UNKNOWN: dict[tuple[str, str], str] = {
    ("aws-account-root-used-recently", "missing:report"): _NO_ROOT
}
"""(policy, cause) of verdicts that are unknown although nothing was denied → why."""

REPEATED: dict[str, str] = {
    "iam.GenerateCredentialReport": "asked again until the report is ready",
}
"""Calls that are sent twice with the same arguments → why."""

ONE_SIDED: dict[tuple[str, str], str] = {
    ("aws_docdb_cluster", "fail"): _NO_DOCDB,
    ("aws_docdb_cluster", "pass"): _NO_DOCDB,
    ("aws_flow_log", "fail"): "moto's flow logs always deliver",
}
"""(type, verdict that it lacks) → why."""


@dataclass
class Rows:
    """A sink that keeps what came whole."""

    rows_of: dict[Scope, list[Row]] = field(default_factory=dict)
    states: dict[Scope, ScopeState] = field(default_factory=dict)
    coverage: list[CoverageRow] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_done(self, scope: Scope) -> bool:
        return False

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        with self.lock:
            self.rows_of.setdefault(scope, []).extend(rows)

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        with self.lock:
            self.states[state.scope] = state
            self.coverage.extend(coverage)

    def tables(self) -> Mapping[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for scope, rows in self.rows_of.items():
            if self.states[scope].complete:
                found.setdefault(scope.type, []).extend(rows)
        return found


@dataclass(frozen=True)
class Reading:
    """What one reading of the estate says."""

    verdicts: Verdicts
    coverage: Sequence[CoverageRow]
    seen: Sequence[Seen]
    """The requests it took."""


@dataclass(frozen=True)
class Small:
    """The small estate, behind a watch."""

    watch: Watch
    room: Workspace

    def read(self, needed: Collection[str], judged: Collection[str]) -> Reading:
        """Read the `needed` types and judge the `judged` ones."""
        catalog = self.room.catalog
        types = {name: catalog.types[name] for name in sorted(needed)}
        sink, before = Rows(), len(self.watch.seen)
        request = AwsRequest(regions=(REGION,), patience=Patience(attempts=2, longest_wait=0.05))
        outcome = collect(request, types, sink)
        states = list(sink.states.values())
        compiled = [c for c in catalog.compiled.values() if c.table in judged]
        policies = {c.id: catalog.policies[c.id] for c in compiled}
        bench = make_bench(self.room, dt.datetime.now(dt.UTC))
        verdicts = list(scope_verdicts(states, policies.values(), {}))
        with Tables.from_rows(types, sink.tables(), states, ()) as tables:
            for result in bench.judge(tables, compiled, "failing"):
                verdicts += read_verdicts(result.layout, result.all(), policies, {})
        coverage = (*sink.coverage, *outcome.coverage)
        return Reading(by_resource(verdicts), coverage, self.watch.seen[before:])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    home = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with simulated_aws() as (endpoint, door):
            build_pairs(endpoint)
            watch = Watch(door)
            with serve(watch) as url, named_requests():
                patch.setenv("AWS_ENDPOINT_URL", url)
                yield Small(watch, open_workspace(str(home), None, home))


@pytest.fixture(scope="module")
def healthy(small: Small) -> Reading:
    return small.read(CATALOG.types, CATALOG.types)


def test_the_small_estate_decides_every_policy(healthy: Reading) -> None:
    decided = {policy for (policy, _), v in healthy.verdicts.items() if v.status != "unknown"}
    assert set(CATALOG.policies) - decided == set(UNDECIDED)


def test_every_type_passes_and_fails_in_the_small_estate(healthy: Reading) -> None:
    seen = {(v.resource.type, v.status) for v in healthy.verdicts.values()}
    judged = {policy.resource for policy in CATALOG.policies.values()}
    assert {(t, s) for t in judged for s in ("pass", "fail")} - seen == set(ONE_SIDED)


def test_only_what_is_listed_is_unknown_in_the_small_estate(healthy: Reading) -> None:
    unknown = {
        (v.policy, cause.cause)
        for v in healthy.verdicts.values()
        if v.status == "unknown"
        for cause in v.unknown
    }
    assert unknown == set(UNKNOWN)


def test_nothing_is_asked_twice_in_the_small_estate(healthy: Reading) -> None:
    twice = {seen.call for seen, count in Counter(healthy.seen).items() if count > 1}
    assert twice <= set(REPEATED)


def test_every_call_of_every_type_is_answered(small: Small, healthy: Reading) -> None:
    assert {r.call for r in healthy.coverage if r.status in ("ok", "absent")} >= set(CALLS)
    assert {r.status for r in healthy.coverage} == {"ok", "absent", "skipped"}


def test_only_what_the_simulator_lacks_is_answered_at_the_door(small: Small) -> None:
    types = [n for n, t in CATALOG.types.items() if calls_of(t) & set(LACKING)]
    door = small.watch.behind
    small.watch.behind = door.behind
    try:
        coverage = small.read(types, ()).coverage
    finally:
        small.watch.behind = door
    assert {r.call for r in coverage if r.status not in ("ok", "absent", "skipped")} == set(LACKING)


@pytest.mark.parametrize(("call", "words"), [*((call, "") for call in CALLS), *NARROWER])
def test_a_denied_call_makes_what_hung_on_it_unknown(
    call: str, words: str, small: Small, healthy: Reading
) -> None:
    """Denied are the requests of the call that have the `words` in them."""
    makers = {name for name, rtype in CATALOG.types.items() if call in calls_of(rtype)}
    judged, needed = reached_by(CATALOG, makers)

    def fault(seen: Seen) -> Answer | None:
        return denial(call) if seen.call == call and words in seen.args else None

    with small.watch.failing(fault):
        denied = small.read(needed, judged)
    before = {k: v for k, v in healthy.verdicts.items() if v.resource.type in judged}
    assert list(untruths(before, denied.verdicts)) == []

    lost = changed(before, denied.verdicts)
    assert {v.status for v in lost} == (set() if call in QUIET else {"unknown"})
    assert [v for v in lost if "denied" not in {c.cause for c in v.unknown}] == []

    refused = {r.type for r in denied.coverage if r.call == call and r.status == "denied"}
    assert refused == makers
    assert build_report(SCAN, [], denied.coverage, resources=0).summary.share_read < 1
