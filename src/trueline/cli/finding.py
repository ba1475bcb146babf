"""`trueline finding`: what fails, whose it is, until when, and what became of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.opening import Opened, days, joined, opened, short
from trueline.cli.options import home_options, many, talk
from trueline.errors import ActionError, ConfigError

if TYPE_CHECKING:
    from trueline.findings.queries import Group

__all__ = ["finding"]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")
_SHOWN = 50
_COLUMNS = (
    "id", "risk", "severity", "state", "policy", "resource", "account", "region", "environment",
    "owner", "due",
)  # fmt: skip
_FLAT = (
    "id", "policy", "severity", "state", "environment", "owner", "owner_reason", "opened_at", "due",
    "overdue", "risk", "first_seen", "last_confirmed", "unconfirmed_since", "unconfirmed_cause",
    "resolved_at", "resolved_reason", "exception", "resource", "evidence", "fits",
)  # fmt: skip


@click.group()
def finding() -> None:
    """Findings: list, show, assign, ack, comment, reopen, summary, export."""


@finding.command("list")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--all", "all_", is_flag=True, help="Resolved ones too.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N; a table shows 50.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def list_(
    filters: tuple[str, ...],
    all_: bool,
    limit: int | None,
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """List findings that are not resolved, the riskiest first.

    FILTER is like severity:high env:production owner:payments age:>30d, or a predicate:
    "overdue AND tag('team') = 'web'". One that names a state lists that state. A finding of which
    it is not known whether it fits is listed, too, and marked.
    """
    with opened(home, config) as at:
        most = limit or (_SHOWN if format_ == "table" else None)
        rows = _listed(at, joined(filters), all_, None if most is None else most + 1)
        shown = _limited(rows, most)
        count = _write(shown, format_, sys.stdout)
        more = most is not None and next(rows, None) is not None
        said = "; there are more, less risky: --limit shows them" if more else ""
        talk(many(count, "finding") + said)


@finding.command()
@click.argument("wanted", metavar="ID")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def show(wanted: str, format_: str, home: str | None, config: str | None) -> None:
    """Show a finding: evidence, owner, dates, parts of its risk, playbook, history."""
    from trueline.findings import owner_reason
    from trueline.findings.queries import acceptances_of, find, history
    from trueline.report.findings import acceptance_dict, event_dict, finding_dict

    with opened(home, config) as at:
        with at.state.reading() as conn:
            row = find(conn, wanted, at.micros)
            events = [event_dict(e) for e in history(conn, finding=row["id"])]
            accepted = [acceptance_dict(a) for a in acceptances_of(conn, finding=row["id"])]
        shown = finding_dict(row, at.micros, partial(owner_reason, at.room.settings))
        shown |= {"history": events, "accepted": accepted}
        if format_ == "json":
            click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        else:
            _show(shown, at)


@finding.command()
@click.argument("wanted", nargs=-1, required=True, metavar="ID...")
@click.option("--to", "owner", metavar="OWNER", help="The new owner.")
@click.option("--clear", is_flag=True, help="Let the chain of owners decide again.")
@click.option("--reason", metavar="TEXT", help="Why; it stands in the history.")
@home_options
def assign(
    wanted: tuple[str, ...],
    owner: str | None,
    clear: bool,
    reason: str | None,
    home: str | None,
    config: str | None,
) -> None:
    """Make somebody the owner of findings, whatever tags and rules say."""
    if (owner is None or not owner.strip()) != clear:
        raise ConfigError("usage", "say who: --to OWNER, or --clear", "one of the two")
    _act(home, config, wanted, lambda actions, i: actions.assign(i, owner, reason), "assigned")


@finding.command()
@click.argument("wanted", nargs=-1, required=True, metavar="ID...")
@click.option("--reason", metavar="TEXT", help="What is being done; it stands in the history.")
@home_options
def ack(wanted: tuple[str, ...], reason: str | None, home: str | None, config: str | None) -> None:
    """Acknowledge findings: seen, and worked on. The due date stays."""
    _act(home, config, wanted, lambda actions, i: actions.acknowledge(i, reason), "acknowledged")


@finding.command()
@click.argument("wanted", metavar="ID")
@click.argument("text", metavar="TEXT")
@home_options
def comment(wanted: str, text: str, home: str | None, config: str | None) -> None:
    """Note something in a finding's history."""
    if not text.strip():
        raise ConfigError("usage", "the comment is empty", "say something")
    _act(home, config, (wanted,), lambda actions, i: actions.comment(i, text), "noted at")


@finding.command()
@click.argument("wanted", nargs=-1, required=True, metavar="ID...")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the history.")
@home_options
def reopen(wanted: tuple[str, ...], reason: str, home: str | None, config: str | None) -> None:
    """Open acknowledged or resolved findings again, with a new due date."""
    _act(home, config, wanted, lambda actions, i: actions.reopen(i, reason), "reopened")


@finding.command()
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option(
    "--by",
    type=click.Choice(
        ("owner", "environment", "policy", "severity", "account", "type", "state", "age")
    ),
    default="owner",
    show_default=True,
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def summary(
    filters: tuple[str, ...], by: str, format_: str, home: str | None, config: str | None
) -> None:
    """Count findings in groups: open, overdue, in doubt, and the median time to fix."""
    from trueline.findings.queries import Wanted, counts

    with opened(home, config) as at:
        with at.state.reading() as conn:
            groups = counts(conn, by, at.micros, Wanted(joined(filters) or None))
        rows = [_group(g, by, format_) for g in groups]
        _write_rows(rows, list(rows[0]) if rows else [by], format_, sys.stdout)
        unowned = sum(g.open + g.acknowledged for g in groups if g.name is None)
        if by == "owner" and unowned:
            talk(f"{many(unowned, 'finding')} without an owner: that is a failure of its own")


@finding.command()
@click.argument("output", metavar="[FORMAT:]FILE")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@home_options
def export(output: str, filters: tuple[str, ...], home: str | None, config: str | None) -> None:
    """Write all findings, resolved ones included, to a file: .json .jsonl .csv .md"""
    head, colon, rest = output.partition(":")
    format_, path = (head, Path(rest)) if colon and head in FORMATS else (None, Path(output))
    suffixes = {".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".md": "markdown"}
    format_ = format_ or suffixes.get(path.suffix)
    if format_ is None:
        raise ConfigError(
            "usage", f"the format of {output!r} is not clear from its suffix", f"json:{output}"
        )
    with opened(home, config) as at:
        beside = path.with_name(path.name + ".part")
        try:
            with beside.open("w", encoding="utf-8", newline="") as out:
                count = _write(_listed(at, joined(filters), True, None), format_, out)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ActionError(
                "output-failed",
                f"{path} could not be written: {error.strerror or error}",
                "check that the directory exists, is writable and has room",
            ) from None
    talk(f"{many(count, 'finding')} in {path}")


def _act(
    home: str | None, config: str | None, wanted: Iterable[str], action: Any, done: str
) -> None:
    """Do one thing to each of several findings, all or none."""
    from trueline.findings import Actions

    with opened(home, config) as at, at.state.writing(at.now) as tx:
        actions = Actions(tx, at.room.settings)
        for each in wanted:
            action(actions, each)
    talk(f"{done} {', '.join(wanted)}")


def _listed(at: Opened, text: str, all_: bool, limit: int | None) -> Iterator[dict[str, Any]]:
    from trueline.findings import owner_reason
    from trueline.findings.queries import Wanted, listed
    from trueline.report.findings import finding_dict

    reason = partial(owner_reason, at.room.settings)
    with at.state.reading() as conn:
        for row in listed(conn, Wanted(text or None, all_), at.micros, limit=limit):
            yield finding_dict(row, at.micros, reason)


def _limited(rows: Iterator[dict[str, Any]], most: int | None) -> Iterator[dict[str, Any]]:
    """The first of them; the rest stays."""
    for count, row in enumerate(rows, 1):
        yield row
        if count == most:
            return


def _write(rows: Iterator[dict[str, Any]], format_: str, out: Any) -> int:
    if format_ in ("table", "markdown"):
        return _write_rows(map(_row, rows), _COLUMNS, format_, out)
    return _write_rows(rows, _FLAT, format_, out)


def _row(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as one line for people."""
    resource, marks = shown["resource"], []
    if shown["overdue"]:
        marks.append("overdue")
    if shown["unconfirmed_since"]:
        marks.append(f"unconfirmed: {shown['unconfirmed_cause']}")
    if shown["fits"]:
        marks.append("fits: not known")
    if shown["resolved_reason"]:
        marks.append(shown["resolved_reason"])
    return {
        "id": short(shown),
        "risk": shown["risk"],
        "severity": shown["severity"],
        "state": " ".join([shown["state"], *(f"({m})" for m in marks)]),
        "policy": shown["policy"],
        "resource": resource["name"] or resource["uid"],
        "account": resource["account"],
        "region": resource["region"],
        "environment": shown["environment"],
        "owner": shown["owner"] or "nobody",
        "due": shown["due"][:10],
    }


def _group(group: Group, by: str, format_: str) -> dict[str, Any]:
    nobody = "nobody" if by == "owner" else "none"
    people = format_ in ("table", "markdown")
    row: dict[str, Any] = {
        by: group.name if group.name is not None or not people else nobody,
        "open": group.open,
        "acknowledged": group.acknowledged,
        "excepted": group.excepted,
        "overdue": group.overdue,
        "unconfirmed": group.unconfirmed,
        **{s: group.by_severity.get(s, 0) for s in ("critical", "high", "medium", "low")},
        "worst_risk": group.worst,
        "fixed": group.fixed,
    }
    median = group.median_to_fix
    if people:
        return row | {"median to fix": days(median)}
    return row | {"median_days_to_fix": None if median is None else median / 86_400_000_000}


def _write_rows(
    rows: Iterable[Mapping[str, Any]], columns: Iterable[str], format_: str, out: Any
) -> int:
    from trueline.report.lists import write_list

    return write_list(rows, list(columns), format_, out)


def _show(shown: Mapping[str, Any], at: Opened) -> None:
    from trueline.report.finding_page import write_finding

    write_finding(shown, at.room.catalog.policies.get(shown["policy"]), sys.stdout)
