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

from trueline.model import SEVERITIES, CoverageRow, Suppression, Verdict
from trueline.report.entries import Entry, entries
from trueline.report.escape import terminal
from trueline.report.model import NOT_ASKED, READ, Report, counted, percent

__all__ = ["COLOURS", "console_for", "write_table"]

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
SHOWN_PER_POLICY = 8
SHOWN_POLICIES = 25
SHOWN_GAPS = 12
SHOWN_REASONS = 4
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
    fails = [v for v in report.verdicts if v.status == "fail" and v.change != "left"]
    unknown = [v for v in report.verdicts if v.status == "unknown" and v.change != "left"]
    left = [v for v in report.verdicts if v.change == "left"]
    for part in (
        _fails(fails, report),
        _fixed(report.fixed),
        _left(left),
        _passes([v for v in report.verdicts if v.status == "pass"], fails, unknown),
        _unknowns(unknown),
        _suppressions(report.suppressions),
        _coverage(report.coverage),
        _without_table(report.coverage),
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
        parts.extend(_Hanging(Text(INDENT), line) for line in _places(verdicts, report))
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


def _places(verdicts: Sequence[Verdict], report: Report) -> Iterator[Text]:
    """Where a policy fails: one entry for a place of code, one for a live resource."""
    grouped = entries(verdicts)
    for entry in grouped[:SHOWN_PER_POLICY]:
        yield _line(entry)
        yield from _code(entry, report)
    if len(grouped) > SHOWN_PER_POLICY:
        yield Text(f"… {len(grouped) - SHOWN_PER_POLICY:,} more", style="dim")


def _line(entry: Entry) -> Text:
    verdict, more = entry.first, len(entry.verdicts) - 1
    line = Text(_title(verdict))
    if more:
        line.append(f" and {more:,} more", style="bold")
    place = _place(verdict)
    if place:
        line.append(f"  {place}", style="dim")
    if entry.owners:
        line.append(f"  owner {terminal(_few(entry.owners))}", style="dim")
    if verdict.exception:
        kind = verdict.exception.kind
        said = f"added {kind}, does not count" if verdict.exception.introduced else kind
        reason = terminal(verdict.exception.reason) or "no reason given"
        line.append(f"  {said}: {reason}", "dim")
    return line


def _code(entry: Entry, report: Report) -> Iterator[Text]:
    """The line of code, a caret below what decides, and who calls the module it stands in."""
    place = entry.first.location
    excerpt = report.code.excerpts.get(place) if place else None
    if place and excerpt is not None:
        text = terminal(excerpt.replace("\t", " "))
        end = place.end_column - 1 if place.end_line == place.line else len(text)
        start = max(place.column - 1, 0)
        number = f"{place.line:>5} │ "
        yield Text.assemble((number, "dim"), text)
        carets = "^" * max(min(end, len(text)) - start, 1)
        yield Text.assemble((" " * 5 + " │ ", "dim"), " " * start, (carets, "red"))
    if entry.calls:
        calls = [terminal(f"{c.file}:{c.line}") for c in entry.calls]
        yield Text(f"called from {_few(calls, 3)}", style="dim")


def _fixed(fixed: Sequence[Verdict]) -> Text | None:
    if not fixed:
        return None
    names = _few(sorted({v.policy for v in fixed}), 3)
    return Text.assemble((f"Fixed ({len(fixed):,})  ", "bold green"), (names, "dim"))


def _left(left: Sequence[Verdict]) -> Text | None:
    """What stands as it stood before the change: counted, not listed."""
    if not left:
        return None
    fails = sum(v.status == "fail" for v in left)
    said = f"{fails:,} fail, {len(left) - fails:,} unknown"
    return Text.assemble(("Left as before  ", "bold"), (said, "dim"))


def _title(verdict: Verdict) -> str:
    resource = verdict.resource
    return terminal(resource.address or resource.name or resource.uid)


def _place(verdict: Verdict) -> str:
    resource = verdict.resource
    if verdict.location:
        place = verdict.location
        return terminal(f"{place.file}:{place.line}:{place.column}")
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


def _suppressions(suppressions: Sequence[Suppression]) -> Group | None:
    """Comments that silence policies: what they silence, and those that do not work first."""
    if not suppressions:
        return None
    foreign = [s for s in suppressions if s.status == "unknown_policy" and s.tool != "trueline"]
    own = [s for s in suppressions if s not in foreign]
    order = sorted(own, key=lambda s: (s.status == "used" and not s.introduced, s.id))
    lines = [Text(f"Suppressions in the code ({len(suppressions):,})", style="bold")]
    for one in order[:SHOWN_GAPS]:
        works = one.status == "used" and not one.introduced
        said = "added here" if one.introduced else one.status.replace("_", " ")
        line = Text(f"  {said:<14}", "dim" if works else "magenta")
        line.append(f"  {terminal(one.id)}  {terminal(', '.join(one.policies))}", "default")
        until = f"until {one.until}" if one.until else "no expiry"
        note = f"  {one.note}" if one.note else ""
        line.append(terminal(f"  {until}  {one.reason}{note}"), "dim")
        lines.append(line)
    if len(order) > SHOWN_GAPS:
        lines.append(Text(f"  … {len(order) - SHOWN_GAPS:,} more", style="dim"))
    if foreign:
        names = sorted({name for s in foreign for name in s.policies})
        said = f"  {_many(len(foreign), 'comment')} for other tools name what no policy here asks"
        lines.append(Text(f"{said}: {terminal(_few(names, 4))}", style="dim"))
    return Group(*lines)


def _few(names: Sequence[str], most: int = 2) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _without_table(coverage: Sequence[CoverageRow]) -> Text | None:
    """Resource types in code that no table holds: one line, however many files use them."""
    names = sorted({c.type for c in coverage if c.file and c.status == "unsupported"})
    if not names:
        return None
    head = f"Not judged, for want of a table ({_many(len(names), 'resource type')})  "
    return Text.assemble((head, "bold"), (terminal(_few(names, 4)), "dim"))


def _coverage(coverage: Sequence[CoverageRow]) -> Group | None:
    shown = (c for c in coverage if c.file is None or c.status != "unsupported")
    gaps = [c for c in shown if c.status not in READ | NOT_ASKED]
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
        where = "in the JSON report" if gaps[0].file else "trueline coverage"
        parts.append(Text(f"  … {len(gaps) - SHOWN_GAPS:,} more: {where}", style="dim"))
    return Group(*parts)


def _not_judged(report: Report) -> Group | None:
    """Policies that this plane cannot judge, by the reason."""
    if not report.not_judged:
        return None
    reasons: dict[str, list[str]] = defaultdict(list)
    for entry in sorted(report.not_judged, key=lambda n: n.policy):
        reasons[entry.reason].append(entry.policy)
    by_number = sorted(reasons.items(), key=lambda r: (-len(r[1]), r[0]))
    lines = [Text(f"Not judged here ({len(report.not_judged)})", style="bold")]
    for reason, names in by_number[:SHOWN_REASONS]:
        lines.append(Text.assemble(f"  {terminal(reason)}  ", (_few(names), "dim")))
    if len(by_number) > SHOWN_REASONS:
        lines.append(Text(f"  … {len(by_number) - SHOWN_REASONS} more reasons", style="dim"))
    return Group(*lines)


def _sum(report: Report) -> Text:
    """The last line; green only when everything was read, known and passed."""
    summary = report.summary
    first, *others = counted(summary)
    bad = summary.failed if summary.change is None else summary.change["introduced"]
    line = Text.assemble(
        (first, "bold red" if bad else "dim"),
        *(f" · {said}" for said in others),
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
    if worst and summary.change is None:
        line.append("  (" + ", ".join(worst) + ")", style="dim")
    clean = summary.share_read == 1 and not summary.failed and not summary.unknown
    if clean and summary.passed:
        line = Text.assemble(("✔ ", "bold green"), line)
    return line
