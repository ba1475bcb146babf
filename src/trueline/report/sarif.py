"""SARIF 2.1.0: results with rules, places, module calls, fingerprints and fixes (OASIS standard).

Paths are relative to the judged root. What is not known is a notification, not a result: a tool
that shows results would call it a finding.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO
from urllib.parse import quote

from trueline.model import Location, Policy, Verdict, VerdictException
from trueline.report.entries import Entry, entries
from trueline.report.escape import markdown, markdown_code, terminal
from trueline.report.model import Report, plain

__all__ = ["write_sarif"]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "SRCROOT"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}
"""What GitHub's code scanning reads as critical, high, medium and low."""
_BASELINE = {None: None, "introduced": "new", "left": "unchanged"}
_MOST_NAMES = 20


def write_sarif(report: Report, out: TextIO) -> None:
    """One run; one result for each place and policy, however many resources the place makes."""
    json.dump(_log(report), out, ensure_ascii=False, indent=2)
    out.write("\n")


def _log(report: Report) -> dict[str, Any]:
    fails = entries(v for v in report.verdicts if v.status == "fail")
    gone = entries(report.fixed)
    named = sorted({e.policy for e in (*fails, *gone)})
    rules = [_rule(name, report.policies.get(name)) for name in named]
    results = [_result(e, report, named.index(e.policy)) for e in fails]
    for entry in gone:
        results.append({**_result(entry, report, named.index(entry.policy))})
        results[-1]["baselineState"] = "absent"
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Trueline",
                        "semanticVersion": report.scan.version,
                        "rules": rules,
                    }
                },
                "invocations": [_invocation(report)],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _rule(name: str, policy: Policy | None) -> dict[str, Any]:
    if policy is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": policy.title},
        "fullDescription": {"text": policy.why},
        "help": {"text": _help(policy, "", str), "markdown": _help(policy, "## ", markdown)},
        "defaultConfiguration": {"level": LEVELS[policy.severity]},
        "properties": {
            "tags": ["security", *policy.categories],
            "security-severity": _SCORES[policy.severity],
            "aliases": {tool: list(ids) for tool, ids in policy.aliases.items()},
        },
    }


def _help(policy: Policy, head: str, text: Any) -> str:
    """The playbook: why, how to fix it, what that may break, how to see that it worked."""
    parts = [text(policy.why)]
    if policy.steps:
        steps = "\n".join(f"{i}. {text(step)}" for i, step in enumerate(policy.steps, 1))
        parts.append(f"{head}How to fix it\n\n{steps}")
    if policy.terraform:
        code = f"```hcl\n{policy.terraform.rstrip()}\n```" if head else policy.terraform.rstrip()
        parts.append(code)
    if policy.caution:
        parts.append(f"{head}Caution\n\n{text(policy.caution)}")
    parts.append(f"{head}How to verify\n\n{text(policy.verify)}")
    return "\n\n".join(parts)


def _result(entry: Entry, report: Report, index: int) -> dict[str, Any]:
    verdict, many = entry.first, len(entry.verdicts)
    policy = report.policies.get(entry.policy)
    title = policy.title if policy else entry.policy
    names = [terminal(n) for n in entry.names[:_MOST_NAMES]]
    more = f" and {many - len(names)} more" if many > len(names) else ""
    result: dict[str, Any] = {
        "ruleId": entry.policy,
        "ruleIndex": index,
        "kind": "fail",
        "level": LEVELS[entry.severity],
        "message": {
            "text": f"{title}: {', '.join(names)}{more}",
            "markdown": f"{markdown(title)}: {', '.join(map(markdown_code, names))}{more}",
        },
        "locations": [_location(entry, report)],
        "occurrenceCount": many,
        "partialFingerprints": {"trueline/v1": entry.fingerprint},
        "properties": {
            "severity": entry.severity,
            "evidence": {k: plain(v) for k, v in verdict.evidence.items()},
        },
    }
    if entry.owners:
        result["properties"]["owner"] = ", ".join(map(terminal, entry.owners[:_MOST_NAMES]))
        result["properties"]["owner_reason"] = terminal(verdict.owner_reason)
    related = [
        {
            "id": number,
            "message": {"text": "module called here"},
            "physicalLocation": _physical(call, report),
        }
        for number, call in enumerate(entry.calls[:_MOST_NAMES], 1)
    ]
    if related:
        result["relatedLocations"] = related
    baseline = _BASELINE[verdict.change]
    if baseline:
        result["baselineState"] = baseline
    if verdict.exception:
        result["suppressions"] = [_suppression(verdict.exception)]
    fix = _fix(verdict, report)
    if fix:
        result["fixes"] = [fix]
    return result


def _suppression(exception: VerdictException) -> dict[str, Any]:
    """A suppression that the change itself adds is only asked for: it does not count yet."""
    inside = exception.kind == "suppression"
    return {
        "kind": "inSource" if inside else "external",
        "status": "underReview" if exception.introduced else "accepted",
        "justification": exception.reason or "no reason given",
    }


def _location(entry: Entry, report: Report) -> dict[str, Any]:
    logical = [
        {"fullyQualifiedName": terminal(name), "kind": "resource"}
        for name in entry.names[:_MOST_NAMES]
    ]
    verdict = entry.first
    if verdict.location is not None:
        return {
            "physicalLocation": _physical(verdict.location, report),
            "logicalLocations": logical,
        }
    file = verdict.resource.file
    if file is None:
        return {"logicalLocations": logical}
    physical: dict[str, Any] = {"artifactLocation": _artifact(file, report)}
    if verdict.resource.line:
        physical["region"] = {"startLine": verdict.resource.line}
    return {"physicalLocation": physical, "logicalLocations": logical}


def _artifact(file: str, report: Report) -> dict[str, Any]:
    return {"uri": quote(report.code.from_root(file)), "uriBaseId": _ROOT}


def _physical(place: Location, report: Report) -> dict[str, Any]:
    region: dict[str, Any] = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    excerpt = report.code.excerpts.get(place)
    if excerpt is not None:
        region["snippet"] = {"text": terminal(excerpt)}
    return {"artifactLocation": _artifact(place.file, report), "region": region}


def _fix(verdict: Verdict, report: Report) -> dict[str, Any] | None:
    """Where one attribute decides: replace what is written, or write it first in the block."""
    known = report.code.fixes.get(verdict.policy)
    place, excerpt = verdict.location, report.code.excerpts.get(verdict.location or _NOWHERE)
    if known is None or place is None or excerpt is None:
        return None
    name, value = known
    line = f"{name} = {value}"
    written = excerpt.strip().split("=")[0].strip() == name
    if written:
        region = {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        }
    elif excerpt.endswith("{"):
        region = {"startLine": place.line + 1, "startColumn": 1, "endColumn": 1}
        line = f"  {line}\n"
    else:
        return None
    change = {"deletedRegion": region, "insertedContent": {"text": line}}
    return {
        "description": {"text": f"set {name} to {value}"},
        "artifactChanges": [
            {"artifactLocation": _artifact(place.file, report), "replacements": [change]}
        ],
    }


_NOWHERE = Location("", 0, 0, 0, 0)


def _invocation(report: Report) -> dict[str, Any]:
    unknown = entries(v for v in report.verdicts if v.status == "unknown")
    notes = [
        {
            "level": "note",
            "message": {"text": _not_known(entry)},
            "associatedRule": {"id": entry.policy},
            "locations": [_location(entry, report)],
        }
        for entry in unknown
    ]
    notes += [
        {
            "level": "warning",
            "message": {"text": terminal(f"{row.status}: {row.call} {row.file or row.account}")},
        }
        for row in report.coverage
        if row.status in ("error", "truncated", "denied", "throttled", "timeout")
    ]
    return {
        "executionSuccessful": True,
        "startTimeUtc": plain(report.scan.started_at),
        "endTimeUtc": plain(report.scan.finished_at),
        "toolExecutionNotifications": notes,
    }


def _not_known(entry: Entry) -> str:
    causes: Sequence[str] = list(dict.fromkeys(c.cause for v in entry.verdicts for c in v.unknown))
    names = ", ".join(entry.names[:3])
    return terminal(f"not known for {names}: {', '.join(causes[:5])}")
