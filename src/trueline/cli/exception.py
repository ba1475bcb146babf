"""`trueline exception`: deviations that somebody approved, for a while and for a reason."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from trueline.cli.opening import last_day, opened
from trueline.cli.options import home_options, many, talk
from trueline.errors import ConfigError

__all__ = ["exception"]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")
_COLUMNS = (
    "id", "state", "until", "covers", "voided", "unverified", "to_review", "renewals",
    "requested_by", "approved_by", "rule", "justification", "compensating", "include_new", "file",
)  # fmt: skip


@click.group()
def exception() -> None:
    """Exceptions: list, show, request, approve, reject, renew, end."""


@exception.command()
@click.option("--finding", "findings", multiple=True, metavar="ID", help="For this finding.")
@click.option("--rule", metavar="RULE", help="For all findings that this predicate or filter fits.")
@click.option("--justification", required=True, metavar="TEXT", help="Why it is acceptable.")
@click.option("--until", required=True, metavar="DATE", help="The last day on which it holds.")
@click.option(
    "--compensating", multiple=True, metavar="POLICY", help="It holds only while this passes."
)
@click.option("--include-new", is_flag=True, help="Cover findings that open later, too.")
@home_options
def request(
    findings: tuple[str, ...],
    rule: str | None,
    justification: str,
    until: str,
    compensating: tuple[str, ...],
    include_new: bool,
    home: str | None,
    config: str | None,
) -> None:
    """Ask for an exception; it holds once somebody of [approvers] approves it.

    Prints the id of the request.
    """
    from trueline.findings import Asked, Desk
    from trueline.findings.queries import find

    if bool(findings) == bool(rule):
        raise ConfigError("usage", "say for what: --finding ID, or --rule RULE", "one of the two")
    end = last_day(until)
    with opened(home, config) as at:
        with at.state.writing(at.now) as tx:
            if rule is None:
                rule = _rule_of([find(tx.conn, each, at.micros) for each in findings])
            asked = Asked(rule, justification, end, compensating, include_new)
            made = Desk(tx, at.room.settings, at.room.catalog.policies).request(asked)
        click.echo(made)
        if not at.room.settings.approvers:
            talk("nobody can approve it: [approvers] names in trueline.toml is empty")


@exception.command()
@click.argument("wanted", metavar="ID")
@home_options
def approve(wanted: str, home: str | None, config: str | None) -> None:
    """Approve a request or a renewal; what it covers is bound to what the findings say now."""
    from trueline.findings import Desk

    with opened(home, config) as at, at.state.writing(at.now) as tx:
        covered = Desk(tx, at.room.settings, at.room.catalog.policies).approve(wanted)
    talk(f"{wanted} covers {many(covered, 'finding')}")


@exception.command()
@click.argument("wanted", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why not.")
@home_options
def reject(wanted: str, reason: str, home: str | None, config: str | None) -> None:
    """Refuse a request or a renewal."""
    from trueline.findings import Desk

    with opened(home, config) as at, at.state.writing(at.now) as tx:
        Desk(tx, at.room.settings, at.room.catalog.policies).reject(wanted, reason)
    talk(f"{wanted} is rejected")


@exception.command()
@click.argument("wanted", metavar="ID")
@click.option("--until", required=True, metavar="DATE", help="The new last day.")
@click.option("--justification", required=True, metavar="TEXT", help="Why it is still acceptable.")
@home_options
def renew(
    wanted: str, until: str, justification: str, home: str | None, config: str | None
) -> None:
    """Ask for a longer life; an approver decides, as on a request."""
    from trueline.findings import Desk

    end = last_day(until)
    with opened(home, config) as at, at.state.writing(at.now) as tx:
        Desk(tx, at.room.settings, at.room.catalog.policies).renew(wanted, end, justification)
    talk(f"the renewal of {wanted} waits for approval")


@exception.command()
@click.argument("wanted", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@home_options
def end(wanted: str, reason: str, home: str | None, config: str | None) -> None:
    """End an exception before its time; its findings are reopened."""
    from trueline.findings import Desk

    with opened(home, config) as at, at.state.writing(at.now) as tx:
        Desk(tx, at.room.settings, at.room.catalog.policies).end(wanted, reason)
    talk(f"{wanted} has ended")


@exception.command("list")
@click.option("--all", "all_", is_flag=True, help="Those that ended, too.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def list_(all_: bool, format_: str, home: str | None, config: str | None) -> None:
    """List exceptions: what each covers, lost, and has to be reviewed for."""
    from trueline.findings.queries import listed_exceptions
    from trueline.report.findings import exception_dict
    from trueline.report.lists import write_list

    with opened(home, config) as at, at.state.reading() as conn:
        rows = [exception_dict(r) for r in listed_exceptions(conn, all_=all_)]
    if format_ in ("table", "markdown"):
        rows = [r | {"state": _marked(r)} for r in rows]
    columns = _COLUMNS if format_ != "table" else _COLUMNS[:12]
    talk(many(write_list(rows, columns, format_, sys.stdout), "exception"))


@exception.command()
@click.argument("wanted", metavar="ID")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def show(wanted: str, format_: str, home: str | None, config: str | None) -> None:
    """Show an exception: what it accepted of each finding, and its history."""
    from trueline.findings.queries import acceptances_of, history, one_exception
    from trueline.report.escape import terminal
    from trueline.report.finding_page import event_line
    from trueline.report.findings import acceptance_dict, event_dict, exception_dict

    with opened(home, config) as at, at.state.reading() as conn:
        row = one_exception(conn, wanted)
        shown = exception_dict(row)
        accepted = [acceptance_dict(a) for a in acceptances_of(conn, exception=row["id"])]
        events = [event_dict(e) for e in history(conn, exception=row["id"])]
    if format_ == "json":
        whole = {**shown, "accepted": accepted, "history": events}
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
        return
    for key, value in shown.items():
        if value not in (None, [], False):
            said = (
                json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
            )
            click.echo(f"  {key.replace('_', ' '):<14} {terminal(said)}")
    click.echo("\nAccepted")
    for each in accepted:
        why = f": {each['why']}" if each["why"] else ""
        said = f"  {each['finding'][:8]}  {each['state']}  {each['policy']}  {each['uid']}{why}"
        click.echo(terminal(said))
    click.echo("\nHistory, the newest first")
    for event in events:
        click.echo(event_line(event))


def _marked(row: Mapping[str, Any]) -> str:
    """Its state for people, who shall see what waits for them."""
    waits = row["renewal"]
    return f"{row['state']} (renewal until {waits['until']} waits)" if waits else row["state"]


def _rule_of(rows: list[dict[str, object]]) -> str:
    """The rule that fits exactly these findings."""

    def text(value: object) -> str:
        return "'" + str(value).replace("'", "''") + "'"

    return " OR ".join(
        f"(policy = {text(row['policy'])} AND uid = {text(row['uid'])})" for row in rows
    )
