"""The report: what a scan or check found, how much it read, and what it does not cover."""

from __future__ import annotations

import datetime as dt
import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trueline.model import (
    BOUNDARIES,
    SCHEMA,
    SEVERITIES,
    CoverageRow,
    Location,
    NotJudged,
    Policy,
    ScanInfo,
    Suppression,
    Verdict,
    severity_at_least,
)

__all__ = ["CodeView", "Report", "Summary", "build_report", "counts_against", "share_read"]

READ = frozenset({"ok", "absent", "gone"})
NOT_ASKED = frozenset({"disabled", "skipped"})


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over all verdicts of a run, whatever a report shows of them.

    `change`: with a base, the fails that are introduced, left and fixed.
    """

    resources: int
    passed: int
    failed: int
    unknown: int
    excepted: int
    share_read: float
    by_severity: Mapping[str, int]
    change: Mapping[str, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "resources": self.resources,
            "pass": self.passed,
            "fail": self.failed,
            "unknown": self.unknown,
            "excepted": self.excepted,
            "share_read": self.share_read,
            "by_severity": dict(self.by_severity),
            "change": self.change and dict(self.change),
        }


@dataclass(frozen=True, slots=True)
class CodeView:
    """What formats for people show of judged code.

    `prefix`: the judged path relative to the judged root. `excerpts`: the first line of a place,
    without secrets. `fixes`: by policy, the one attribute and the value that would make it pass.
    """

    prefix: str = ""
    excerpts: Mapping[Location, str] = field(default_factory=dict)
    fixes: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def from_root(self, file: str) -> str:
        """A file of a verdict, relative to the judged root."""
        return posixpath.normpath(posixpath.join(self.prefix, file))


@dataclass(frozen=True, slots=True)
class Report:
    """One run's result; `to_dict` is the JSON contract of DESIGN §9."""

    scan: ScanInfo
    summary: Summary
    verdicts: Sequence[Verdict]
    coverage: Sequence[CoverageRow]
    not_judged: Sequence[NotJudged] = ()
    fixed: Sequence[Verdict] = ()
    suppressions: Sequence[Suppression] = ()
    boundaries: Sequence[str] = BOUNDARIES
    policies: Mapping[str, Policy] = field(default_factory=dict)
    code: CodeView = CodeView()

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "scan": scan_dict(self.scan),
            "summary": self.summary.to_dict(),
            "coverage": [coverage_dict(c) for c in self.coverage],
            "not_judged": [
                {"policy": n.policy, "plane": n.plane, "reason": n.reason} for n in self.not_judged
            ],
            "verdicts": [verdict_dict(v) for v in self.verdicts],
            "fixed": [verdict_dict(v) for v in self.fixed],
            "suppressions": [suppression_dict(s) for s in self.suppressions],
            "boundaries": list(self.boundaries),
        }

    def only(self, statuses: Iterable[str]) -> Report:
        """The same report with only the verdicts of these statuses; the summary stays."""
        wanted = frozenset(statuses)
        return replace(self, verdicts=[v for v in self.verdicts if v.status in wanted])


def build_report(
    scan: ScanInfo,
    verdicts: Sequence[Verdict],
    coverage: Sequence[CoverageRow],
    *,
    resources: int,
    not_judged: Sequence[NotJudged] = (),
    policies: Mapping[str, Policy] | None = None,
    passed: int | None = None,
    fixed: Sequence[Verdict] | None = None,
    suppressions: Sequence[Suppression] = (),
    code: CodeView | None = None,
) -> Report:
    """Put a report together; `passed` where the passing verdicts were counted, not kept.

    `fixed`: what a change mends; None where no change is judged.
    """
    status = Counter(v.status for v in verdicts)
    fails = [v for v in verdicts if v.status == "fail"]
    severities = Counter(v.severity for v in fails)
    summary = Summary(
        resources=resources,
        passed=status["pass"] if passed is None else passed,
        failed=len(fails),
        unknown=status["unknown"],
        excepted=sum(_excepted(v) for v in fails),
        share_read=share_read(coverage),
        by_severity={s: severities[s] for s in SEVERITIES},
        change=None if fixed is None else _change(fails, fixed),
    )
    return Report(
        scan,
        summary,
        verdicts,
        coverage,
        not_judged,
        fixed or (),
        suppressions,
        policies=dict(policies or {}),
        code=code or CodeView(),
    )


def share_read(coverage: Iterable[CoverageRow]) -> float:
    """The share of what was asked that was answered; 1.0 also where nothing had to be asked."""
    asked = [c.status for c in coverage if c.status not in NOT_ASKED]
    return sum(s in READ for s in asked) / len(asked) if asked else 1.0


def _change(fails: Iterable[Verdict], fixed: Sequence[Verdict]) -> dict[str, int]:
    changes = Counter(v.change for v in fails)
    return {"introduced": changes["introduced"], "left": changes["left"], "fixed": len(fixed)}


def counted(summary: Summary) -> list[str]:
    """The fails in words: with a base, what the change does; else all there are."""
    if summary.change is None:
        return [f"{summary.failed:,} fail"]
    said = {"introduced": "introduced", "fixed": "fixed", "left": "left as before"}
    return [f"{summary.change[kind]:,} {words}" for kind, words in said.items()]


def percent(share: float) -> str:
    """Never "100 %" unless it is all of it."""
    return "100 %" if share == 1 else f"{min(share * 100, 99.9):.1f} %"


def counts_against(report: Report, threshold: str) -> int:
    """Fails at or above `threshold` that no exception or suppression covers."""
    return sum(
        v.status == "fail"
        and severity_at_least(v.severity, threshold)
        and not _excepted(v)
        and v.change in (None, "introduced")
        for v in report.verdicts
    )


def _excepted(verdict: Verdict) -> bool:
    """A suppression that the change under review adds excuses nothing."""
    return verdict.exception is not None and not verdict.exception.introduced


def scan_dict(scan: ScanInfo) -> dict[str, Any]:
    return {
        "id": scan.id,
        "started_at": plain(scan.started_at),
        "finished_at": plain(scan.finished_at),
        "version": scan.version,
        "planes": list(scan.planes),
    }


def coverage_dict(row: CoverageRow) -> dict[str, Any]:
    return {
        "provider": row.provider,
        "account": row.account,
        "region": row.region,
        "type": row.type,
        "call": row.call,
        "file": row.file,
        "calls": row.calls,
        "rows": row.rows,
        "status": row.status,
        "code": row.code,
        "message": row.message,
    }


def verdict_dict(verdict: Verdict) -> dict[str, Any]:
    resource, exception = verdict.resource, verdict.exception
    return {
        "policy": verdict.policy,
        "status": verdict.status,
        "severity": verdict.severity,
        "environment": verdict.environment,
        "aliases": {tool: list(ids) for tool, ids in verdict.aliases.items()},
        "resource": {
            "uid": resource.uid,
            "type": resource.type,
            "name": resource.name,
            "provider": resource.provider,
            "account": resource.account,
            "region": resource.region,
            "plane": resource.plane,
            "address": resource.address,
            "file": resource.file,
            "line": resource.line,
        },
        "evidence": {k: plain(v) for k, v in verdict.evidence.items()},
        "unknown": [{"column": c.column, "cause": c.cause} for c in verdict.unknown],
        "last_known": verdict.last_known,
        "change": verdict.change,
        "exception": exception
        and {
            "kind": exception.kind,
            "id": exception.id,
            "reason": exception.reason,
            "until": exception.until,
            "approved_by": exception.approved_by,
            "introduced": exception.introduced,
        },
        "owner": verdict.owner,
        "owner_reason": verdict.owner_reason,
        "location": verdict.location and _location(verdict.location),
        "calls": [_location(call) for call in verdict.calls],
    }


def suppression_dict(suppression: Suppression) -> dict[str, Any]:
    return {
        "id": suppression.id,
        "tool": suppression.tool,
        "policies": list(suppression.policies),
        "reason": suppression.reason,
        "until": suppression.until,
        "status": suppression.status,
        "silenced": suppression.silenced,
        "introduced": suppression.introduced,
        "note": suppression.note,
    }


def _location(place: Location) -> dict[str, Any]:
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }


def plain(value: Any) -> Any:
    """A value as JSON can hold it: times become RFC 3339 in UTC."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value
