"""One finding as a page for a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from trueline.findings.acceptance import lean
from trueline.model import Policy, ResourceRef, Verdict
from trueline.report.escape import terminal
from trueline.report.playbook import render_command

__all__ = ["event_line", "write_finding"]

_WIDTH = 100
_BAR = 20


def write_finding(shown: Mapping[str, Any], policy: Policy | None, out: TextIO) -> None:
    """Write the document of a finding, with its `history` and `accepted`, and its playbook."""
    for line in _page(shown, policy):
        out.write(line.rstrip() + "\n")


def _page(shown: Mapping[str, Any], policy: Policy | None) -> Iterator[str]:
    resource = shown["resource"]
    yield f"{shown['id']}  {policy.title if policy else shown['policy']}"
    yield ""
    yield from _facts(shown, resource)
    yield ""
    yield from _risk(shown)
    yield ""
    yield "Evidence"
    yield from _evidence(shown["evidence"])
    if policy:
        yield ""
        yield from _playbook(shown, policy)
    for each in shown["accepted"]:
        yield ""
        yield from _accepted(each)
    yield ""
    yield "History, the newest first"
    yield from map(event_line, shown["history"])


def _facts(shown: Mapping[str, Any], resource: Mapping[str, Any]) -> Iterator[str]:
    late = "  OVERDUE" if shown["overdue"] else ""
    since, cause = shown["unconfirmed_since"], shown["unconfirmed_cause"]
    exception = shown["exception"]
    facts = {
        "policy": shown["policy"],
        "resource": resource["name"] or resource["uid"],
        "uid": resource["uid"],
        "account": resource["account"],
        "region": resource["region"],
        "severity": shown["severity"],
        "environment": shown["environment"] or "none",
        "state": shown["state"],
        "owner": f"{shown['owner'] or 'nobody'} ({shown['owner_reason']})",
        "opened": shown["opened_at"],
        "due": shown["due"] + late,
        "first seen": shown["first_seen"],
        "last confirmed": shown["last_confirmed"],
        "unconfirmed since": since and f"{since}: {cause}",
        "resolved": shown["resolved_at"] and f"{shown['resolved_at']}: {shown['resolved_reason']}",
        "exception": exception
        and f"{exception['id']} until {exception['until']}, approved by "
        f"{exception['approved_by']}: {exception['reason']}",
    }
    for name, value in facts.items():
        if value is not None:
            yield f"  {name:<18} {terminal(value)}"


def _risk(shown: Mapping[str, Any]) -> Iterator[str]:
    yield f"Risk {shown['risk']} of 100"
    for name, part in shown["risk_parts"].items():
        filled = round(part["points"] / part["of"] * _BAR) if part["of"] else 0
        unknown = part["value"] is None
        bar = ("░" if unknown else "█") * filled
        said = "  not known, counted half" if unknown else ""
        yield f"  {name:<12} {part['points']:>5} of {part['of']:<3} {bar:<{_BAR}}{said}"


def _evidence(evidence: Mapping[str, Any]) -> Iterator[str]:
    """A line for each value, and for each element of a list what it says; JSON has the whole."""
    for label, value in evidence.items():
        if isinstance(value, list) and value:
            yield f"  {terminal(label)}"
            for element in value:
                yield from _wrapped(f"- {json.dumps(lean(element), ensure_ascii=False)}")
        else:
            yield from _wrapped(f"{label} = {json.dumps(value, ensure_ascii=False)}")


def _playbook(shown: Mapping[str, Any], policy: Policy) -> Iterator[str]:
    yield "Why it matters"
    yield from _wrapped(policy.why)
    yield "How to fix it"
    for number, step in enumerate(policy.steps, 1):
        yield from _wrapped(f"{number}. {step}")
    if policy.cli:
        reference = ResourceRef(**shown["resource"])
        verdict = Verdict(
            policy.id, "fail", shown["severity"], None, reference, evidence=shown["evidence"]
        )
        yield from (f"  $ {line}" for line in render_command(policy.cli, verdict).splitlines())
    if policy.caution:
        yield from _wrapped(f"Caution: {policy.caution}")
    if policy.verify:
        yield from _wrapped(f"Verify: {policy.verify}")
    yield f"  Usually fixed by {policy.fixed_by}; automation: {policy.automation}"


def _accepted(each: Mapping[str, Any]) -> Iterator[str]:
    marks = [each["state"]]
    if each["state"] == "active" and not each["verified"]:
        marks.append("unverified: the evidence could not be read since")
    if each["state"] == "active" and each["compensated"] is False:
        marks.append("unverified: a compensating policy is not known to hold")
    if each["review_until"] and each["state"] == "active":
        marks.append(f"needs review until {each['review_until']}: the policy has changed")
    yield f"Accepted by {each['exception']} at {each['at']} ({'; '.join(marks)})"
    if each["why"]:
        yield from _wrapped(each["why"])


def event_line(event: Mapping[str, Any]) -> str:
    """An event in one line."""
    said = [event["at"], terminal(event["actor"]), event["kind"].replace("_", " ")]
    if event["exception"]:
        said.append(event["exception"])
    if event["why"]:
        said.append(f"“{terminal(event['why'])}”")
    data = event["data"] or {}
    said += [f"{k}: {_change(v)}" for k, v in data.items() if k not in ("mark", "evidence")]
    if event["snapshot"] is not None:
        said.append(f"snapshot {event['snapshot']}")
    return "  " + "  ".join(said)


def _change(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2:
        old, new = (terminal("none" if v is None else v) for v in value)
        return f"{old} → {new}"
    return terminal("nobody" if value is None else value)


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(
        terminal(text),
        _WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )
    return lines or ["  "]
