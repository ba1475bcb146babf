"""The report for a terminal: what fails, what is not known, and how much was read."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console, ConsoleOptions, Group
from rich.table import Table
from rich.text import Text

from trueline.model import SEVERITIES, CoverageRow, Verdict
from trueline.report.escape import terminal
from trueline.report.model import NOT_ASKED, READ, Report, percent

__all__ = ["COLOURS", "console_for", "write_table"]

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
SHOWN_PER_POLICY = 8
SHOWN_POLICIES = 25
SHOWN_GAPS = 12
INDENT = " " * 12
_TRAILING = re.compile(r" +((?:\x1b\[[0-9;]*m| )*)$", re.MULTILINE)
"""Blanks that only fill a line up, and the colours that end among them."""


def console_for(out: TextIO) -> Console:
    """A console that keeps lines whole where the output is not a terminal."""
    console = Console(file=out, highlight=False, emoji=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(file=out, highlight=False, emoji=False, markup=False, width=200)
    return console


def write_table(report: Report, out: TextIO) -> None:
    """Head, fails by policy, unknowns by cause, what was not read, and the sum."""
    console = console_for(out)
    with console.capture() as caught:
        _print(report, console)
    out.write(_TRAILING.sub(r"\1", caught.get()))


def _print(report: Report, console: Console) -> None:
    console.print(_head(report))
    fails = [v for v in report.verdicts if v.status == "fail"]
    unknown = [v for v in report.verdicts if v.status == "unknown"]
    for part in (
        _fails(fails, report),
        _passes([v for v in report.verdicts if v.status == "pass"], fails, unknown),
        _unknowns(unknown),
        _coverage(report.coverage),
        _not_judged(report),
    ):
        if part is not None:
            console.print()
            console.print(part)
    console.print()
    console.print(_sum(report))


def _head(report: Report) -> Text:
    scan = report.scan
    seconds = (scan.finished_at - scan.started_at) / dt.timedelta(seconds=1)
    accounts = {c.account for c in report.coverage if c.file is None and c.account}
    asked = [c for c in report.coverage if c.file is None and c.status not in NOT_ASKED]
    regions = {c.region for c in asked} - {"", "global"}
    facts = ["+".join(scan.planes)]
    if accounts and "live" in scan.planes:
        facts += [_many(len(accounts), "account"), _many(len(regions), "region")]
    facts += [_many(report.summary.resources, "resource"), f"{seconds:.1f} s"]
    return Text.assemble(("Trueline", "bold"), "  ", (" · ".join(facts), "dim"))


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _fails(fails: Sequence[Verdict], report: Report) -> Group | None:
    if not fails:
        return None
    by_policy: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in fails:
        by_policy[verdict.policy].append(verdict)
    order = sorted(by_policy.items(), key=lambda i: (_worst(i[1]), -len(i[1]), i[0]))
    parts: list[Text | _Hanging] = [Text("Fails", style="bold")]
    for policy, verdicts in order[:SHOWN_POLICIES]:
        severity = SEVERITIES[_worst(verdicts)]
        title = report.policies[policy].title if policy in report.policies else ""
        parts.append(
            _Hanging(
                Text(f"  {severity:<9}", COLOURS[severity]),
                Text.assemble(
                    (policy, "bold"), f"  {terminal(title)}  ", (f"×{len(verdicts)}", "bold")
                ),
            )
        )
        parts.extend(_Hanging(Text(INDENT), line) for line in _resources(verdicts))
    if len(order) > SHOWN_POLICIES:
        rest = sum(len(v) for _, v in order[SHOWN_POLICIES:])
        parts.append(
            Text(
                f"  … {len(order) - SHOWN_POLICIES} more policies with {rest:,} fails", style="dim"
            )
        )
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class _Hanging:
    """A line whose continuations stand below its text, not below its head."""

    head: Text
    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = max(options.max_width - len(self.head), 20)
        first, *rest = self.text.wrap(console, width) or [Text()]
        yield self.head + first
        for line in rest:
            yield Text(" " * len(self.head)) + line


def _worst(verdicts: Iterable[Verdict]) -> int:
    return min(SEVERITIES.index(v.severity) for v in verdicts)


def _resources(verdicts: Sequence[Verdict]) -> list[Text]:
    lines = []
    for verdict in verdicts[:SHOWN_PER_POLICY]:
        line = Text(_title(verdict))
        place = _place(verdict)
        if place:
            line.append(f"  {place}", style="dim")
        if verdict.exception:
            line.append(f"  {verdict.exception.kind}: {terminal(verdict.exception.reason)}", "dim")
        lines.append(line)
    if len(verdicts) > SHOWN_PER_POLICY:
        more = f"… {len(verdicts) - SHOWN_PER_POLICY:,} more"
        lines.append(Text(more, style="dim"))
    return lines


def _title(verdict: Verdict) -> str:
    resource = verdict.resource
    return terminal(resource.address or resource.name or resource.uid)


def _place(verdict: Verdict) -> str:
    resource = verdict.resource
    if resource.file:
        return terminal(resource.file) + (f":{resource.line}" if resource.line else "")
    return terminal(" ".join(p for p in (resource.account, resource.region) if p))


def _passes(
    passes: Sequence[Verdict], fails: Sequence[Verdict], unknown: Sequence[Verdict]
) -> Text | None:
    """Passing verdicts are listed only where they were all that was asked for."""
    if not passes or fails or unknown:
        return None
    policies = Counter(v.policy for v in passes)
    lines = [Text("Passes", style="bold")]
    lines += [Text(f"  {policy}  ×{count}") for policy, count in sorted(policies.items())]
    return Text("\n").join(lines)


def _unknowns(unknown: Sequence[Verdict]) -> Group | None:
    if not unknown:
        return None
    causes: Counter[str] = Counter()
    policies: Mapping[str, set[str]] = defaultdict(set)
    for verdict in unknown:
        for cause in sorted({c.cause for c in verdict.unknown}) or ["not_collected"]:
            causes[cause] += 1
            policies[cause].add(verdict.policy)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for cause, count in causes.most_common(SHOWN_GAPS):
        table.add_row(
            Text(terminal(cause), style="magenta", overflow="fold"),
            _many(count, "verdict"),
            Text(_few(sorted(policies[cause])), style="dim", overflow="fold"),
        )
    parts: list[Text | Table] = [Text(f"Not known ({len(unknown):,})", style="bold"), table]
    if len(causes) > SHOWN_GAPS:
        parts.append(Text(f"  … {len(causes) - SHOWN_GAPS} more causes", style="dim"))
    return Group(*parts)


def _few(names: Sequence[str], most: int = 2) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _coverage(coverage: Sequence[CoverageRow]) -> Group | None:
    gaps = [c for c in coverage if c.status not in READ | NOT_ASKED]
    if not gaps:
        return None
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for row in gaps[:SHOWN_GAPS]:
        table.add_row(
            Text(row.status, style="magenta"),
            Text(terminal(row.call), style="bold", overflow="fold"),
            Text(terminal(row.file or f"{row.account} {row.region}"), overflow="fold"),
            Text(terminal(row.type), overflow="fold"),
            Text(terminal(row.message or row.code or "")[:80], style="dim"),
        )
    parts: list[Text | Table] = [Text(f"Could not be read ({len(gaps):,})", style="bold"), table]
    if len(gaps) > SHOWN_GAPS:
        parts.append(Text(f"  … {len(gaps) - SHOWN_GAPS:,} more: trueline coverage", style="dim"))
    return Group(*parts)


def _not_judged(report: Report) -> Text | None:
    if not report.not_judged:
        return None
    names = sorted({n.policy for n in report.not_judged})
    return Text.assemble((f"Not judged here ({len(names)})  ", "bold"), (_few(names, 3), "dim"))


def _sum(report: Report) -> Text:
    """The last line; green only when everything was read, known and passed."""
    summary = report.summary
    line = Text.assemble(
        (f"{summary.failed:,} fail", "bold red" if summary.failed else "dim"),
        " · ",
        (f"{summary.unknown:,} unknown", "bold magenta" if summary.unknown else "dim"),
        " · ",
        f"{summary.passed:,} pass",
        " · ",
        (f"{percent(summary.share_read)} read", "" if summary.share_read == 1 else "bold magenta"),
    )
    if summary.excepted:
        line.append(f" · {summary.excepted:,} excepted")
    worst = [f"{n} {s}" for s, n in summary.by_severity.items() if n]
    if worst:
        line.append("  (" + ", ".join(worst) + ")", style="dim")
    clean = summary.share_read == 1 and not summary.failed and not summary.unknown
    if clean and summary.passed:
        line = Text.assemble(("✔ ", "bold green"), line)
    return line
