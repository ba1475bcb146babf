"""The report as one self-contained HTML file: works offline, loads nothing, runs only its script.

All data goes in as JSON that the page's own script turns into text nodes; no name from a cloud
ever becomes markup. The content security policy allows exactly this style and this script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from string import Template
from typing import Any, TextIO

from trueline.model import SEVERITIES, Policy, Verdict
from trueline.report.escape import html_text
from trueline.report.model import (
    NOT_ASKED,
    READ,
    Report,
    coverage_dict,
    percent,
    plain,
    scan_dict,
    suppression_dict,
    verdict_dict,
)
from trueline.report.playbook import render_command

__all__ = ["write_html"]


def write_html(report: Report, out: TextIO) -> None:
    """Write the page. Size grows with the verdicts shown; all else is constant."""
    assets = files("trueline.report") / "page"
    style = (assets / "page.css").read_text(encoding="utf-8")
    script = (assets / "page.js").read_text(encoding="utf-8")
    skeleton = Template((assets / "page.html").read_text(encoding="utf-8"))
    summary = report.summary
    out.write(
        skeleton.substitute(
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
            data=_embedded(_data(report)),
            title=html_text("Trueline report " + plain(report.scan.finished_at)[:10]),
            facts=html_text(
                f"{summary.failed} fail, {summary.unknown} unknown, {summary.passed} pass; "
                f"{percent(summary.share_read)} of what was asked could be read"
            ),
        )
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


def _embedded(data: dict[str, Any]) -> str:
    """JSON that cannot end its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _data(report: Report) -> dict[str, Any]:
    gaps = [c for c in report.coverage if c.status not in READ | NOT_ASKED]
    rest = [c for c in report.coverage if c.status in READ | NOT_ASKED]
    used = {v.policy for v in (*report.verdicts, *report.fixed)}
    used |= {n.policy for n in report.not_judged}
    return {
        "scan": scan_dict(report.scan),
        "summary": report.summary.to_dict(),
        "read": percent(report.summary.share_read),
        "severities": list(SEVERITIES),
        "coverage": [coverage_dict(c) for c in gaps + rest],
        "not_judged": [
            {"policy": n.policy, "plane": n.plane, "reason": n.reason} for n in report.not_judged
        ],
        "policies": {k: _policy(p) for k, p in report.policies.items() if k in used},
        "verdicts": [_verdict(v, report) for v in report.verdicts],
        "fixed": [_verdict(v, report) for v in report.fixed],
        "suppressions": [suppression_dict(s) for s in report.suppressions],
        "boundaries": list(report.boundaries),
    }


def _verdict(verdict: Verdict, report: Report) -> dict[str, Any]:
    data = verdict_dict(verdict)
    policy = report.policies.get(verdict.policy)
    if policy and policy.cli and verdict.status == "fail":
        data["command"] = render_command(policy.cli, verdict)
    if verdict.location:
        data["excerpt"] = report.code.excerpts.get(verdict.location)
    del data["aliases"]  # they stand once, with the policy
    return data


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "title": policy.title,
        "severity": policy.severity,
        "why": policy.why,
        "steps": list(policy.steps),
        "terraform": policy.terraform,
        "caution": policy.caution,
        "verify": policy.verify,
        "fixed_by": policy.fixed_by,
        "automation": policy.automation,
        "prevent": policy.prevent,
        "aliases": {tool: list(ids) for tool, ids in policy.aliases.items()},
    }
