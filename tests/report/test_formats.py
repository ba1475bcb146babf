"""The formats for programs, and the terminal's."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from report.kit import EXCUSED, HOSTILE, START, ledger, report, resource, verdict, written
from trueline.model import NotJudged
from trueline.report import FORMATS, format_of

ALL = report(
    [
        verdict("fail", evidence={"size": 3, "made": START, "tags": {}}),
        verdict("fail", "excused", exception=EXCUSED),
        verdict("unknown", "dark"),
        verdict("pass", "good"),
    ],
    [ledger(calls=2, rows=3), ledger("denied", "a.Get", code="AccessDenied", message="no")],
    [NotJudged("q", "live", "needs column x")],
)


def test_json_has_the_keys_of_the_contract_in_order() -> None:
    data = json.loads(written(ALL, "json"))
    assert list(data) == [
        "schema", "scan", "summary", "coverage", "not_judged", "verdicts", "fixed",
        "suppressions", "boundaries",
    ]  # fmt: skip
    assert list(data["scan"]) == ["id", "started_at", "finished_at", "version", "planes"]
    assert list(data["summary"]) == [
        "resources", "pass", "fail", "unknown", "excepted", "share_read", "by_severity",
        "change",
    ]  # fmt: skip
    assert list(data["coverage"][0]) == [
        "provider", "account", "region", "type", "call", "file", "calls", "rows", "status",
        "code", "message",
    ]  # fmt: skip
    first, excused = data["verdicts"][:2]
    assert list(first) == [
        "policy", "status", "severity", "environment", "aliases", "resource", "evidence",
        "unknown", "last_known", "change", "exception", "owner", "owner_reason", "location",
        "calls",
    ]  # fmt: skip
    assert list(first["resource"]) == [
        "uid", "type", "name", "provider", "account", "region", "plane", "address", "file", "line",
    ]  # fmt: skip
    assert list(excused["exception"]) == [
        "kind", "id", "reason", "until", "approved_by", "introduced",
    ]  # fmt: skip
    assert first["evidence"] == {"size": 3, "made": "2026-03-01T12:00:00Z", "tags": {}}
    assert data["scan"]["finished_at"] == "2026-03-01T12:00:02.500000Z"
    assert data["not_judged"] == [{"policy": "q", "plane": "live", "reason": "needs column x"}]


def test_jsonl_says_the_same_one_object_a_line() -> None:
    whole = json.loads(written(ALL, "json"))
    lines = [json.loads(line) for line in written(ALL, "jsonl").splitlines()]
    assert [x.pop("kind") for x in lines] == (
        ["scan"] + ["coverage"] * 2 + ["verdict"] * 4 + ["summary"]
    )
    assert lines == [whole["scan"], *whole["coverage"], *whole["verdicts"], whole["summary"]]


def test_csv_has_a_line_a_verdict() -> None:
    rows = list(csv.DictReader(io.StringIO(written(ALL, "csv"))))
    assert [r["status"] for r in rows] == ["fail", "fail", "unknown", "pass"]
    assert json.loads(rows[0]["evidence"])["made"] == "2026-03-01T12:00:00Z"
    assert json.loads(rows[2]["unknown"]) == [{"column": "size", "cause": "denied"}]
    assert rows[0]["line"] == rows[0]["last_known"] == rows[3]["evidence"] == ""


def test_junit_counts_what_it_holds() -> None:
    root = ElementTree.fromstring(written(ALL, "junit"))
    (suite,) = root
    assert suite.attrib == {
        "name": "p", "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    for kind, count in (("testcase", 4), ("failure", 1), ("error", 1), ("skipped", 1)):
        assert len(suite.findall(f".//{kind}")) == count
    assert suite.find(".//error").attrib["message"] == "not known: size: denied"  # type: ignore[union-attr]


def test_junit_names_file_and_line() -> None:
    place = resource("x", file="main.tf", line=3)
    case = ElementTree.fromstring(written(report([verdict(resource=place)]), "junit")).find(
        ".//testcase"
    )
    assert case is not None
    assert (case.get("file"), case.get("line")) == ("main.tf", "3")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_format_or_gets_lost(name: str) -> None:
    made = report([verdict("fail", name, evidence={"note": name})])
    assert json.loads(written(made, "json"))["verdicts"][0]["resource"]["name"] == name
    assert len(written(made, "jsonl").split("\n")) == 5
    (row,) = csv.DictReader(io.StringIO(written(made, "csv"), newline=""))
    assert row["name"].replace("\\r", "\r") in (name, "'" + name)
    assert not row["name"].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))
    assert len(ElementTree.fromstring(written(made, "junit")).findall(".//testcase")) == 1
    for line in written(made, "table").splitlines():
        assert line.isprintable(), line


def test_the_table_shows_fails_unknowns_and_gaps() -> None:
    text = written(ALL, "table")
    for seen in ("p  A title", "excused", "exception: wanted", "denied", "a.Get", "Not judged"):
        assert seen in text
    assert "2 fail · 1 unknown · 1 pass · 50.0 % read · 1 excepted" in text
    assert "good" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_green_tick_means_that_everything_was_read_known_and_passed() -> None:
    assert "✔" in written(report([verdict("pass")]), "table")
    for clouded in (
        report([verdict("pass")], [ledger("ok"), ledger("denied")]),
        report([verdict("pass"), verdict("unknown")]),
        report([verdict("pass"), verdict("fail")]),
        report(),
    ):
        assert "✔" not in written(clouded, "table")


def test_long_lists_are_cut_with_a_count() -> None:
    many = [verdict("fail", f"thing-{n}") for n in range(50)]
    text = written(report(many), "table")
    assert "×50" in text
    assert "… 42 more" in text
    assert "thing-49" not in text
    gaps = [ledger("denied", f"a.Get{n}") for n in range(40)]
    assert "more: trueline coverage" in written(report([], gaps), "table")
    policies = [verdict("fail", policy=f"p{n}") for n in range(40)]
    assert "15 more policies with 15 fails" in written(report(policies), "table")


def test_an_empty_report_is_written_in_every_format() -> None:
    for name in FORMATS:
        assert written(report([], []), name).strip()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.json", "json"), ("a.HTML", "html"), ("a.xml", "junit"), ("a.b", None), ("a", None)],
)
def test_a_suffix_means_a_format(name: str, expected: str | None) -> None:
    assert format_of(Path(name)) == expected
