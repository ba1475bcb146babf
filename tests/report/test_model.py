"""Counts, the share that was read, and what counts against a run."""

from __future__ import annotations

import datetime as dt

import pytest

from report.kit import EXCUSED, ledger, report, verdict
from trueline.report import counts_against, share_read
from trueline.report.model import percent, plain


def test_a_summary_counts_every_verdict_once() -> None:
    made = report(
        [
            verdict("fail"),
            verdict("fail", severity="low", exception=EXCUSED),
            verdict("unknown", severity="critical"),
            verdict("pass"),
        ],
        resources=7,
    )
    assert made.summary.to_dict() == {
        "resources": 7, "pass": 1, "fail": 2, "unknown": 1, "excepted": 1, "share_read": 1.0,
        "by_severity": {"critical": 0, "high": 1, "medium": 0, "low": 1}, "change": None,
    }  # fmt: skip
    assert report([verdict("fail")], passed=12).summary.passed == 12


def test_the_share_read_leaves_out_what_was_not_asked() -> None:
    rows = [ledger(s) for s in ("ok", "absent", "gone", "denied", "disabled", "skipped")]
    assert share_read(rows) == 0.75
    assert share_read([ledger("skipped")]) == 1.0
    assert share_read([]) == 1.0


def test_a_hundred_per_cent_is_said_only_of_everything() -> None:
    assert percent(1.0) == "100 %"
    assert percent(0.99999) == "99.9 %"
    assert percent(0.5) == "50.0 %"


@pytest.mark.parametrize(
    ("threshold", "count"), [("critical", 1), ("high", 2), ("medium", 2), ("low", 3), ("never", 0)]
)
def test_fails_count_from_the_threshold_on(threshold: str, count: int) -> None:
    made = report(
        [
            verdict("fail", severity="critical", change="introduced"),
            verdict("fail"),
            verdict("fail", severity="low"),
            verdict("fail", severity="critical", exception=EXCUSED),
            verdict("fail", severity="critical", change="left"),
            verdict("unknown", severity="critical"),
        ]
    )
    assert counts_against(made, threshold) == count


def test_filtering_verdicts_leaves_the_summary() -> None:
    made = report([verdict("fail"), verdict("pass")])
    assert [v.status for v in made.only(["pass"]).verdicts] == ["pass"]
    assert made.only(["pass"]).summary == made.summary


def test_times_are_rfc_3339_in_utc() -> None:
    east = dt.datetime(2026, 3, 1, 14, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert plain({"a": [east], "b": (east.replace(tzinfo=None),)}) == {
        "a": ["2026-03-01T12:00:00Z"],
        "b": ["2026-03-01T14:00:00Z"],
    }
