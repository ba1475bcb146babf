"""Reports put together by hand, and names that an attacker would choose."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from trueline.model import (
    Cause,
    CoverageRow,
    NotJudged,
    Policy,
    ResourceRef,
    ScanInfo,
    Verdict,
    VerdictException,
)
from trueline.report import Report, build_report, write_report

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SCAN = ScanInfo("run-1", START, START + dt.timedelta(seconds=2.5), "0.1", ("live",))
EXCUSED = VerdictException("exception", "E-1", "wanted", "2026-06-01", "ann")
POLICY = Policy(
    "p", "A title", "high", "aws_thing", "TRUE", "It matters.",
    steps=("Do it",), cli="aws fix --name {name} --size {size}", verify="Look.",
)  # fmt: skip

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "&lt;b&gt; &amp;",
    "=HYPERLINK(\"http://x\",\"y\")",
    "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1",
    "\x1b[2J\x1b]0;title\x07", "\x9b31m", "line\nbreak\r\nand\ttab", "nul\x00",
    "a\u202egnp.exe", "zero\u200bwidth", "\u2028\u2029", "\u061c", "\U000e0041",
    "$(rm -rf /)", "`id`", "'; rm -rf / #", "a b", "--endpoint-url=http://x", "\\",
    "![x](http://x)", "[a](javascript:alert(1))", "@everyone #1 http://x", "| a | b |",
    "]]>", "<!--", "-->", "%s {name} ${x}", "é 漢 🙂",
)  # fmt: skip


def resource(name: str | None = "thing", **values: Any) -> ResourceRef:
    given: dict[str, Any] = {
        "uid": f"uid-{name}", "type": "aws_thing", "name": name, "provider": "aws",
        "account": "111122223333", "region": "eu-west-1", "plane": "live", **values,
    }  # fmt: skip
    return ResourceRef(**given)


def verdict(status: str = "fail", name: str | None = "thing", **values: Any) -> Verdict:
    given: dict[str, Any] = {"policy": "p", "severity": "high", "environment": None, **values}
    given.setdefault("resource", resource(name))
    if status == "unknown":
        given.setdefault("unknown", (Cause("size", "denied"),))
    return Verdict(status=status, **given)


def ledger(status: str = "ok", call: str = "a.List", **values: Any) -> CoverageRow:
    return CoverageRow("aws", "111122223333", "eu-west-1", "aws_thing", call, status, **values)


def report(
    verdicts: Sequence[Verdict] = (),
    coverage: Sequence[CoverageRow] = (ledger(),),
    not_judged: Sequence[NotJudged] = (),
    **values: Any,
) -> Report:
    given = {"resources": len(verdicts), "policies": {"p": POLICY}, **values}
    return build_report(SCAN, list(verdicts), coverage, not_judged=not_judged, **given)


def written(made: Report, name: str) -> str:
    out = io.StringIO()
    write_report(made, name, out)
    return out.getvalue()
