"""The formats for programs: json, jsonl, csv, junit."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from trueline.model import Verdict
from trueline.report.escape import csv_cell, xml_text
from trueline.report.model import Report, coverage_dict, scan_dict, verdict_dict

__all__ = ["write_csv", "write_json", "write_jsonl", "write_junit"]

CSV_COLUMNS = (
    "policy", "status", "severity", "environment", "provider", "account", "region", "type",
    "name", "uid", "plane", "address", "file", "line", "evidence", "unknown", "last_known",
)  # fmt: skip


def write_json(report: Report, out: TextIO) -> None:
    """The report contract as one JSON document."""
    json.dump(report.to_dict(), out, ensure_ascii=False, indent=2)
    out.write("\n")


def write_jsonl(report: Report, out: TextIO) -> None:
    """One object a line, `kind` first: scan, coverage, verdict, summary."""
    for kind, body in _lines(report):
        json.dump({"kind": kind, **body}, out, ensure_ascii=False)
        out.write("\n")


def _lines(report: Report) -> Iterator[tuple[str, dict[str, object]]]:
    yield "scan", scan_dict(report.scan)
    for row in report.coverage:
        yield "coverage", coverage_dict(row)
    for verdict in report.verdicts:
        yield "verdict", verdict_dict(verdict)
    yield "summary", report.summary.to_dict()


def write_csv(report: Report, out: TextIO) -> None:
    """One line a verdict; evidence and causes as JSON in their cell."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for verdict in report.verdicts:
        data = verdict_dict(verdict)
        flat = {**data["resource"], **{k: v for k, v in data.items() if k != "resource"}}
        for key in ("evidence", "unknown"):
            flat[key] = json.dumps(flat[key], ensure_ascii=False) if flat[key] else ""
        writer.writerow([csv_cell(flat[name]) for name in CSV_COLUMNS])


def write_junit(report: Report, out: TextIO) -> None:
    """One suite a policy: a fail is a failure, an unknown is an error, an exception is skipped."""
    suites: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        suites.setdefault(verdict.policy, []).append(verdict)
    root = Element("testsuites", name="trueline")
    for policy, verdicts in sorted(suites.items()):
        suite = SubElement(root, "testsuite", name=policy)
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for verdict in verdicts:
            totals["tests"] += 1
            kind = _case(suite, verdict, report)
            if kind:
                totals[kind] += 1
        suite.attrib.update({k: str(v) for k, v in totals.items()})
    indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(tostring(root, encoding="unicode"))
    out.write("\n")


def _case(suite: Element, verdict: Verdict, report: Report) -> str | None:
    """Add one test case; which total it counts in."""
    resource = verdict.resource
    case = SubElement(suite, "testcase", classname=verdict.policy, name=xml_text(resource.uid))
    if resource.file:
        case.set("file", xml_text(resource.file))
    if resource.line:
        case.set("line", str(resource.line))
    policy = report.policies.get(verdict.policy)
    title = policy.title if policy else verdict.policy
    if verdict.status == "unknown":
        causes = ", ".join(f"{c.column}: {c.cause}" for c in verdict.unknown)
        SubElement(case, "error", type="unknown", message=xml_text(f"not known: {causes}"))
        return "errors"
    if verdict.status == "pass":
        return None
    if verdict.exception:
        SubElement(case, "skipped", message=xml_text(verdict.exception.reason))
        return "skipped"
    failure = SubElement(case, "failure", type=verdict.severity, message=xml_text(title))
    evidence = verdict_dict(verdict)["evidence"]
    failure.text = xml_text(json.dumps(evidence, ensure_ascii=False))
    return "failures"
