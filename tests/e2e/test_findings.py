"""Scans of the simulated estate become findings, and findings come back in reports."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from e2e.conftest import Estate, Program, refusing
from trueline.demo import Refusal

QUEUES = ("--type", "aws_sqs_queue")
SETTINGS = """\
[owners]
default = "platform"

[approvers]
names = ["grace"]
"""
UNREACHABLE = "postgresql://trueline@127.0.0.1:1/trueline"


@pytest.fixture
def at(live: Program) -> Program:
    (live.directory / "trueline.toml").write_text(SETTINGS)
    return live


def fails(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (v["policy"], v["resource"]["uid"]) for v in report["verdicts"] if v["status"] == "fail"
    }


def listed(program: Program, *filters: str) -> list[dict[str, Any]]:
    found = program("finding", "list", "--format", "json", *filters).json()
    assert isinstance(found, list)
    return found


def keys(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(f["policy"], f["resource"]["uid"]) for f in found}


def test_the_fails_of_a_whole_scan_are_its_findings(at: Program) -> None:
    report = at.scan("--format", "json").json()
    found = listed(at)
    assert len(found) == len(keys(found)) == report["summary"]["fail"] > 50
    assert keys(found) == fails(report)
    evidence = {(f["policy"], f["resource"]["uid"]): f["evidence"] for f in found}
    resources = {f["resource"]["uid"]: f["resource"] for f in found}
    for verdict in report["verdicts"]:
        if verdict["status"] == "fail":
            uid = verdict["resource"]["uid"]
            assert resources[uid] == verdict["resource"]
            assert evidence[verdict["policy"], uid] == verdict["evidence"]
            assert (verdict["owner"], verdict["owner_reason"]) == (
                "platform",
                "default of [owners]",
            )


def test_a_listing_that_is_denied_resolves_nothing(at: Program, estate: Estate) -> None:
    before = at.scan(*QUEUES, "--format", "json").json()
    assert {f["state"] for f in listed(at)} == {"open"}
    with refusing(estate, Refusal("sqs", action="ListQueues")):
        again = at.scan(*QUEUES, "--format", "json").json()
    assert again["summary"]["fail"] == 0
    found = listed(at)
    assert keys(found) == fails(before)
    assert {(f["state"], f["unconfirmed_cause"]) for f in found} == {("open", "denied")}
    assert all(f["last_confirmed"] < f["unconfirmed_since"] for f in found)
    assert "(unconfirmed: denied)" in at("finding", "list").out
    at.scan(*QUEUES)
    assert {f["unconfirmed_since"] for f in listed(at)} == {None}


def test_an_exception_stands_in_the_next_report_and_does_not_count(at: Program) -> None:
    first = at.scan(*QUEUES, "--format", "json", "--fail-on", "low")
    assert first.code == 1
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=20)).date().isoformat()
    asked = at(
        "exception", "request", "--rule", "type = 'aws_sqs_queue'", "--until", until,
        "--justification", "a sandbox", TRUELINE_ACTOR="ada",
    )  # fmt: skip
    given = asked.out.strip()
    assert at("exception", "approve", given, TRUELINE_ACTOR="grace").code == 0
    later = at.scan(*QUEUES, "--format", "json", "--fail-on", "low")
    report = later.json()
    assert (later.code, fails(report)) == (0, fails(first.json()))
    assert report["summary"]["excepted"] == report["summary"]["fail"] > 0
    assert {json.dumps(v["exception"]) for v in report["verdicts"] if v["status"] == "fail"} == {
        json.dumps(
            {
                "kind": "exception", "id": given, "reason": "a sandbox", "until": until,
                "approved_by": "grace", "introduced": False,
            }
        )
    }  # fmt: skip
    assert {f["state"] for f in listed(at)} == {"excepted"}


def test_a_scan_that_records_nothing_applies_nothing(at: Program) -> None:
    at.scan(*QUEUES, "--no-record")
    assert not (at.home / "state.sqlite").exists()
    at.scan(*QUEUES)
    head = at("audit", "head").out
    report = at.scan("--no-record", "--format", "json", "--type", "aws_ec2_security_group").json()
    assert fails(report)
    assert at("audit", "head").out == head
    assert {f["resource"]["type"] for f in listed(at)} == {"aws_sqs_queue"}


def test_a_store_out_of_reach_loses_nothing(at: Program) -> None:
    done = at.scan(*QUEUES, "-o", "report.json", TRUELINE_STATE=UNREACHABLE)
    assert done.code == 5
    assert done.err.startswith("error[state-unreachable]: ")
    report = json.loads((at.directory / "report.json").read_text())
    assert fails(report)
    assert len(at("lake", "info", "--format", "json").json()["snapshots"]) == 1
    assert at("finding", "list", TRUELINE_STATE=UNREACHABLE).code == 5
    assert keys(listed(at)) == fails(report)


@pytest.mark.parametrize(
    "broken",
    [
        "[[environments]]\nname = 'p'\nmatch = \"nmae = 'x'\"\n",
        "[owners]\nrules = [{match = \"nmae = 'x'\", owner = 'y'}]\n",
        "[[assets]]\nmatch = \"nmae = 'x'\"\nsensitivity = 'high'\n",
        "[risk]\nassets = 'missing.toml'\n",
    ],
)
def test_a_broken_rule_stops_a_scan_before_anything_is_read(at: Program, broken: str) -> None:
    (at.directory / "trueline.toml").write_text(broken)
    done = at.scan(*QUEUES)
    assert (done.code, done.out) == (2, "")
    assert ".toml:" in done.err or "missing.toml" in done.err
    assert not (at.home / "lake").exists()


def test_a_store_of_another_lake_stops_a_scan_before_anything_is_read(at: Program) -> None:
    at.scan(*QUEUES)
    url = f"sqlite:///{at.home / 'state.sqlite'}"
    done = at.scan(*QUEUES, "--home", str(at.directory / "other"), TRUELINE_STATE=url)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error[state-other-lake]: ")
    assert not list((at.directory / "other").rglob("*.parquet"))
