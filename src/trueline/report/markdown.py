"""A comment for a pull request: what the change introduces, on one screen, details folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from trueline.model import Suppression, Verdict
from trueline.report.entries import Entry, entries
from trueline.report.escape import markdown, markdown_code
from trueline.report.model import READ, Report, counted, percent

__all__ = ["write_markdown"]

MARK = "<!-- trueline -->"
"""First line of the comment, by which the next run finds it."""
_SHOWN, _FOLDED = 10, 100
_BADGES = {"critical": "🟥 critical", "high": "🟧 high", "medium": "🟨 medium", "low": "🟦 low"}


def write_markdown(report: Report, out: TextIO) -> None:
    """GitHub-flavoured Markdown; names from code appear in code spans only."""
    fails = [v for v in report.verdicts if v.status == "fail"]
    counting = entries(v for v in fails if v.change != "left" and not _accepted(v))
    lines = [MARK, _headline(counting, report), ""]
    lines += _table(counting[:_SHOWN], report)
    lines += _fold(f"{len(counting) - _SHOWN} more", _table(counting[_SHOWN:_FOLDED], report))
    if len(counting) > _FOLDED:
        lines += ["", f"… {len(counting) - _FOLDED} more entries are in the full report."]
    lines += _fold(_many(len(report.suppressions), "suppression"), _silenced(report.suppressions))
    fixed = entries(report.fixed)
    lines += _fold(_many(len(fixed), "fixed entry", "fixed entries"), _table(fixed, report))
    lines += _unknown([v for v in report.verdicts if v.status == "unknown" and v.change != "left"])
    lines += ["", _foot(report)]
    out.write("\n".join(lines) + "\n")


def _accepted(verdict: Verdict) -> bool:
    return verdict.exception is not None and not verdict.exception.introduced


def _headline(counting: Sequence[Entry], report: Report) -> str:
    what = "this code has" if report.summary.change is None else "this change introduces"
    if counting:
        fails = sum(len(e.verdicts) for e in counting)
        places = f" in {_many(len(counting), 'place')}" if fails != len(counting) else ""
        return f"### Trueline: {what} {_many(fails, 'fail')}{places}"
    return f"### Trueline: {what} no fail"


def _table(shown: Sequence[Entry], report: Report) -> list[str]:
    if not shown:
        return []
    lines = ["| severity | policy | where | |", "| --- | --- | --- | --- |"]
    for entry in shown:
        policy = report.policies.get(entry.policy)
        title = markdown(policy.title) if policy else ""
        file = report.code.from_root(entry.file) if entry.file else ""
        place = f"{file}:{entry.line}" if entry.line else file
        name = markdown_code(entry.names[0])
        where = f"{markdown_code(place)}<br>{name}" if place else name
        if entry.owners:
            # As code: the comment of a bot calls nobody.
            more = f" and {len(entry.owners) - 1} more" if len(entry.owners) > 1 else ""
            where += f"<br>owner {markdown_code(entry.owners[0])}{more}"
        count = f"×{len(entry.verdicts)}" if len(entry.verdicts) > 1 else ""
        lines.append(
            f"| {_BADGES[entry.severity]} | {markdown_code(entry.policy)}<br>{title} "
            f"| {where} | {count} |"
        )
    return lines


def _silenced(suppressions: Sequence[Suppression]) -> list[str]:
    lines = []
    for one in suppressions[:_FOLDED]:
        until = f"until {one.until}" if one.until else "without expiry"
        state = "added by this change" if one.introduced else one.status.replace("_", " ")
        names = ", ".join(map(markdown_code, one.policies))
        note = markdown(f"{state}, {until}: {one.reason or 'no reason given'}")
        lines.append(f"- {markdown_code(one.id)} {names}, {note}")
    if len(suppressions) > _FOLDED:
        lines.append(f"- and {len(suppressions) - _FOLDED} more")
    return lines


def _unknown(unknown: Sequence[Verdict]) -> list[str]:
    if not unknown:
        return []
    causes = Counter(cause for v in unknown for cause in {c.cause for c in v.unknown})
    lines = [f"- {markdown_code(cause)} ×{count}" for cause, count in causes.most_common(20)]
    if len(causes) > len(lines):
        lines.append(f"- and {len(causes) - len(lines)} more causes")
    return _fold(_many(len(unknown), "unknown verdict") + ": what would decide them", lines)


def _fold(title: str, lines: Sequence[str]) -> list[str]:
    """Lines behind a title; nothing where there are none."""
    if not lines:
        return []
    return ["", f"<details><summary>{title}</summary>", "", *lines, "", "</details>"]


def _foot(report: Report) -> str:
    summary = report.summary
    parts = [*counted(summary), f"{summary.unknown} unknown", f"{summary.passed} pass"]
    parts.append(f"{percent(summary.share_read)} read")
    unread = sum(row.status not in READ for row in report.coverage)
    if unread:
        parts.append(f"{_many(unread, 'gap')} in what was read")
    return "<sub>" + " · ".join(parts) + "</sub>"


def _many(count: int, noun: str, plural: str | None = None) -> str:
    if count == 0:
        return ""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
