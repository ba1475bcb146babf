"""Formats that a code host shows beside the lines of a change: GitHub's and GitLab's."""

from __future__ import annotations

import json
from typing import TextIO

from trueline.report.entries import Entry, entries
from trueline.report.escape import command_property, command_text, terminal
from trueline.report.model import Report, counted, percent

__all__ = ["write_github", "write_gitlab"]

_COMMANDS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}
_GITLAB = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}
_MOST_NAMES = 5


def write_github(report: Report, out: TextIO) -> None:
    """Workflow commands of GitHub Actions, worst first: the page shows ten of each kind.

    Only what counts is annotated: introduced fails where there is a base, and no suppressed one.
    """
    for entry in _counting(report):
        place = entry.first.location
        properties = {"file": _path(entry, report), "line": entry.line or 1}
        if place is not None:
            properties |= {"endLine": place.end_line}
            if place.end_line == place.line:
                properties |= {"col": place.column, "endColumn": place.end_column}
        properties["title"] = f"{entry.severity}: {entry.policy}"
        said = ",".join(f"{k}={command_property(v)}" for k, v in properties.items())
        command = _COMMANDS[entry.severity]
        out.write(f"::{command} {said}::{command_text(_message(entry, report))}\n")
    summary = report.summary
    parts = [*counted(summary), f"{summary.unknown} unknown", f"{summary.passed} pass"]
    text = f"{', '.join(parts)}; {percent(summary.share_read)} read"
    out.write(f"::notice title=Trueline::{command_text(text)}\n")


def write_gitlab(report: Report, out: TextIO) -> None:
    """A Code Quality report of GitLab: a list of issues with fingerprint, severity and place."""
    seen: dict[str, int] = {}
    issues = []
    for entry in _counting(report):
        # Two places may share a fingerprint; GitLab drops what has been there.
        number = seen[entry.fingerprint] = seen.get(entry.fingerprint, 0) + 1
        place = entry.first.location
        begin = entry.line or 1
        issues.append(
            {
                "description": terminal(_message(entry, report)),
                "check_name": entry.policy,
                "fingerprint": f"{entry.fingerprint}{number:02d}",
                "severity": _GITLAB[entry.severity],
                "location": {
                    "path": _path(entry, report),
                    "lines": {"begin": begin, "end": place.end_line if place else begin},
                },
            }
        )
    json.dump(issues, out, ensure_ascii=False, indent=2)
    out.write("\n")


def _counting(report: Report) -> list[Entry]:
    return entries(
        v
        for v in report.verdicts
        if v.status == "fail"
        and v.change in (None, "introduced")
        and (v.exception is None or v.exception.introduced)
    )


def _path(entry: Entry, report: Report) -> str:
    return report.code.from_root(entry.file or entry.names[0])


def _message(entry: Entry, report: Report) -> str:
    policy = report.policies.get(entry.policy)
    names = entry.names[:_MOST_NAMES]
    more = len(entry.verdicts) - len(names)
    text = f"{policy.title if policy else entry.policy}: {', '.join(names)}"
    if more > 0:
        text += f" and {more} more"
    if policy and policy.steps:
        text += f". Fix: {policy.steps[0]}"
    return text
