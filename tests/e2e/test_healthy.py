"""The whole demo estate, with nothing refused: what is unknown all the same, and what was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.watching import Seen, Watch, named_requests
from trueline.demo import ACCOUNTS, REGIONS, build_estate, simulated_aws
from trueline.demo.server import serve
from trueline.pipeline import ScanOptions, open_workspace, scan_aws
from trueline.report import Report

UNKNOWN: dict[tuple[str, str, str], str] = {
    ("aws-account-root-used-recently", "missing:report", "aws_account"): (
        "moto's credential report has no line of the root user"
    ),
}
"""(policy, cause, type) → why it is unknown although nothing was refused."""

UNREAD: dict[tuple[str, str, str], str] = {}
"""(call, status, code) of ledger rows that are neither read nor left out on purpose → why."""

REPEATED: dict[str, str] = {
    "iam.GenerateCredentialReport": "asked again until the report is ready",
}
"""Calls that are sent twice with the same arguments → why."""

READ = {"ok", "absent", "gone"}
LEFT_OUT = {"disabled", "skipped"}


@dataclass(frozen=True)
class Healthy:
    """The report of a scan, and the requests that came to the door."""

    report: Report
    seen: list[Seen]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Healthy]:
    home = tmp_path_factory.mktemp("healthy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGIONS[0])
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with simulated_aws() as (endpoint, door):
            build_estate(endpoint)
            watch = Watch(door)
            with serve(watch) as url, named_requests():
                patch.setenv("AWS_ENDPOINT_URL", url)
                roles = [f"arn:aws:iam::{a}:role/trueline-audit" for a in ACCOUNTS.values()]
                options = ScanOptions(regions=REGIONS, role_arns=tuple(roles))
                room = open_workspace(str(home), None, home)
                yield Healthy(scan_aws(room, options).report, list(watch.seen))


def test_only_listed_verdicts_are_unknown(healthy: Healthy) -> None:
    unknown = {
        (v.policy, cause.cause, v.resource.type)
        for v in healthy.report.verdicts
        if v.status == "unknown"
        for cause in v.unknown
    }
    assert unknown == set(UNKNOWN)


def test_everything_was_read_but_what_is_listed(healthy: Healthy) -> None:
    unread = {
        (row.call, row.status, row.code or "")
        for row in healthy.report.coverage
        if row.status not in READ | LEFT_OUT
    }
    assert unread == set(UNREAD)
    assert healthy.report.summary.share_read == 1.0


def test_only_regions_that_nobody_asked_for_were_left_out(healthy: Healthy) -> None:
    left_out = [row for row in healthy.report.coverage if row.status in LEFT_OUT]
    assert not [row for row in left_out if row.region in (*REGIONS, "global")]


def test_every_type_of_every_account_was_read_in_every_region(healthy: Healthy) -> None:
    room = open_workspace()
    expected = {
        (account, region, name)
        for account in ACCOUNTS.values()
        for name, rtype in room.catalog.types.items()
        if rtype.live is not None
        for region in (("global",) if rtype.live.scope == "global" else REGIONS)
    }
    rows = [row for row in healthy.report.coverage if row.status in READ]
    assert {(row.account, row.region, row.type) for row in rows} == expected


def test_no_call_is_made_twice(healthy: Healthy) -> None:
    asked = Counter(healthy.seen)
    assert {seen.call for seen, count in asked.items() if count > 1} <= set(REPEATED)
    assert all(seen.call for seen in healthy.seen)


def test_the_ledger_counts_every_request_that_came_to_the_door(healthy: Healthy) -> None:
    entered: Counter[str] = Counter()
    for row in healthy.report.coverage:
        entered[row.call] += row.calls
    assert +entered == Counter(seen.call for seen in healthy.seen)


def test_an_account_with_nothing_in_it_is_scanned(healthy: Healthy, tmp_path: Path) -> None:
    """Empty tables are judged as well as full ones."""
    role = "arn:aws:iam::777788889999:role/trueline-audit"
    options = ScanOptions(regions=REGIONS[:1], role_arns=(role,))
    report = scan_aws(open_workspace(str(tmp_path), None, tmp_path), options).report
    assert report.summary.share_read == 1.0
    assert "aws_lambda_function" not in {v.resource.type for v in report.verdicts}
    assert {v.cause for verdict in report.verdicts for v in verdict.unknown} == {
        cause for _, cause, _ in UNKNOWN
    }
