"""A scan that is killed, stopped, or not alone."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path

import pytest

from e2e.conftest import REGION, ROLE, Estate, Program, refusing
from trueline.demo import Refusal

SCAN = ("scan", "aws", "--role-arn", ROLE, "--region", REGION, "--quiet", "--format", "json")


def newest(program: Program) -> int:
    return max(int(p.stem) for p in (program.home / "lake" / "snapshots").iterdir())


def rows(program: Program) -> int:
    listed = program("resource", "list", "--format", "json")
    assert listed.code == 0, listed
    return len(listed.json())


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_scan_leaves_the_snapshot_and_resume_completes_it(
    live: Program, seed: int
) -> None:
    assert live(*SCAN).code == 0
    before, count = newest(live), rows(live)
    running = live.start(*SCAN)
    time.sleep(random.Random(seed).uniform(0.3, 3.0))
    running.send_signal(signal.SIGKILL)
    running.communicate()
    finished_first = running.returncode == 0
    assert newest(live) == before + finished_first
    assert rows(live) == count
    resumed = live(*SCAN, "--resume")
    assert resumed.code == 0, resumed
    assert newest(live) == before + finished_first + 1
    assert rows(live) == count
    assert list((live.home / "lake" / "runs").iterdir()) == []


def test_ctrl_c_stops_promptly_with_130_and_records_nothing(live: Program) -> None:
    running = live.start(*SCAN)
    deadline = time.monotonic() + 60
    while not list(Path(live.home).glob("lake/runs/*/journal.jsonl")):
        assert time.monotonic() < deadline
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "--resume" in err
    assert list((live.home / "lake" / "snapshots").iterdir()) == []
    resumed = live(*SCAN, "--resume")
    assert resumed.code == 0
    assert newest(live) == 1


def test_resume_with_nothing_to_resume_says_so_and_scans(live: Program) -> None:
    outcome = live(
        "scan", "aws", "--role-arn", ROLE, "--region", REGION, "--type", "aws_sqs_queue", "--resume"
    )
    assert outcome.code == 0
    assert "no unfinished scan" in outcome.err


def test_two_scans_at_once_both_land(live: Program) -> None:
    halves = [
        live.start(*SCAN, "--type", "aws_s3_bucket"),
        live.start(*SCAN, "--type", "aws_sqs_queue"),
    ]
    for half in halves:
        _, err = half.communicate(timeout=300)
        assert half.returncode == 0, err
    assert newest(live) == 2
    types = {r["type"] for r in live("resource", "list", "--format", "json").json()}
    assert types == {"aws_s3_bucket", "aws_sqs_queue"}


def test_a_failed_scope_keeps_its_rows_and_their_verdicts_become_unknown(
    live: Program, estate: Estate
) -> None:
    assert live(*SCAN, "--type", "aws_sqs_queue").code == 0
    fresh = json.loads(live(*SCAN, "--type", "aws_sqs_queue").out)
    with refusing(estate, Refusal("sqs", action="ListQueues")):
        stale = live(*SCAN, "--type", "aws_sqs_queue").json()
    assert stale["summary"]["resources"] == fresh["summary"]["resources"]
    assert {v["status"] for v in stale["verdicts"]} == {"unknown"}
    causes = {c["cause"] for v in stale["verdicts"] for c in v["unknown"]}
    assert causes == {"stale", "denied"}
    known = {v["last_known"] for v in stale["verdicts"] if v["resource"]["name"]}
    assert "fail" in known
    scopes = {v["resource"]["uid"] for v in stale["verdicts"] if v["resource"]["name"] is None}
    assert scopes == {f"scope:aws:444455556666:{REGION}:aws_sqs_queue"}
    assert stale["summary"]["share_read"] < 1
