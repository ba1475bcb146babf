"""JUnit's XML, which build servers read: a suite for each policy, a case for each entry."""

from __future__ import annotations

import json
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from trueline.report.entries import Entry, entries
from trueline.report.escape import xml_text
from trueline.report.model import Report, verdict_dict

__all__ = ["write_junit"]


def write_junit(report: Report, out: TextIO) -> None:
    """One suite a policy: a fail is a failure, an unknown is an error.

    Skipped is what does not count: exceptions, and what a change leaves as it was. A case is a
    resource, or all that one line of code makes.
    """
    suites: dict[str, list[Entry]] = {}
    for entry in entries(report.verdicts):
        suites.setdefault(entry.policy, []).append(entry)
    root = Element("testsuites", name="trueline")
    for policy, cases in sorted(suites.items()):
        suite = SubElement(root, "testsuite", name=policy)
        totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
        for entry in cases:
            totals["tests"] += 1
            kind = _case(suite, entry, report)
            if kind:
                totals[kind] += 1
        suite.attrib.update({k: str(v) for k, v in totals.items()})
    indent(root)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(tostring(root, encoding="unicode"))
    out.write("\n")


def _case(suite: Element, entry: Entry, report: Report) -> str | None:
    """Add one test case; which total it counts in."""
    verdict, count = entry.first, len(entry.verdicts)
    name = verdict.resource.uid + (f" and {count - 1} more" if count > 1 else "")
    case = SubElement(suite, "testcase", classname=verdict.policy, name=xml_text(name))
    if entry.file:
        case.set("file", xml_text(entry.file))
    if entry.line:
        case.set("line", str(entry.line))
    policy = report.policies.get(verdict.policy)
    title = policy.title if policy else verdict.policy
    if verdict.status == "unknown" and verdict.change != "left":
        causes = ", ".join(f"{c.column}: {c.cause}" for c in verdict.unknown)
        SubElement(case, "error", type="unknown", message=xml_text(f"not known: {causes}"))
        return "errors"
    if verdict.status == "pass":
        return None
    if verdict.change == "left":
        SubElement(case, "skipped", message=f"{verdict.status} already before this change")
        return "skipped"
    if verdict.exception and not verdict.exception.introduced:
        SubElement(case, "skipped", message=xml_text(verdict.exception.reason))
        return "skipped"
    failure = SubElement(case, "failure", type=verdict.severity, message=xml_text(title))
    evidence = verdict_dict(verdict)["evidence"]
    failure.text = xml_text(json.dumps(evidence, ensure_ascii=False))
    return "failures"
