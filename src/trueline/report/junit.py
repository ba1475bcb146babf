"""JUnit's XML, which build servers read: a suite for each policy, a case for each resource."""

from __future__ import annotations

import json
from typing import TextIO
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from trueline.model import Verdict
from trueline.report.escape import xml_text
from trueline.report.model import Report, verdict_dict

__all__ = ["write_junit"]


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
