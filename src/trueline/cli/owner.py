"""`trueline owner`: who has how much to do, and why it is theirs."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from trueline.cli.opening import days, opened
from trueline.cli.options import home_options, many, talk

__all__ = ["owner"]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")


@click.group()
def owner() -> None:
    """Owners: list, explain, test."""


@owner.command("list")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def list_(format_: str, home: str | None, config: str | None) -> None:
    """List owners: open and overdue findings, ageing, and the median time to fix.

    Findings that nobody owns are a line of their own.
    """
    from trueline.findings.queries import AGES, ageing, counts
    from trueline.report.lists import write_list

    with opened(home, config) as at:
        with at.state.reading() as conn:
            groups, ages = counts(conn, "owner", at.micros), ageing(conn, at.micros)
        leads = at.room.settings.owners.leads
    people = format_ in ("table", "markdown")
    rows: list[dict[str, Any]] = []
    for group in groups:
        row: dict[str, Any] = {
            "owner": group.name if group.name is not None or not people else "nobody",
            "lead": leads.get(group.name or ""),
            "open": group.open + group.acknowledged,
            "overdue": group.overdue,
            "excepted": group.excepted,
            **ages.get(group.name, {label: 0 for label, _ in AGES}),
            "fixed": group.fixed,
        }
        median = group.median_to_fix
        row |= (
            {"median to fix": days(median)}
            if people
            else {"median_days_to_fix": None if median is None else median / 86_400_000_000}
        )
        rows.append(row)
    write_list(rows, list(rows[0]) if rows else ["owner"], format_, sys.stdout)
    nobody = next((g for g in groups if g.name is None), None)
    if nobody and nobody.open + nobody.acknowledged:
        talk(f"{many(nobody.open + nobody.acknowledged, 'finding')} without an owner")


@owner.command()
@click.argument("wanted", metavar="ID")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def explain(wanted: str, format_: str, home: str | None, config: str | None) -> None:
    """Say why a finding is whose: every step of the chain, and what it came to."""
    from dataclasses import asdict

    from trueline.findings import explain as chain
    from trueline.findings import owner_reason
    from trueline.findings.queries import find
    from trueline.report.escape import terminal

    with opened(home, config) as at:
        with at.state.reading() as conn:
            row = find(conn, wanted, at.micros)
        links = chain(at.room.settings, row)
        reason = owner_reason(
            at.room.settings, row["owner_step"], bool(row["owner_gap"]), row["assigned_by"]
        )
    shown = {"id": row["id"], "owner": row["owner"], "owner_reason": reason}
    if format_ == "json":
        steps = [asdict(link) for link in links]
        click.echo(json.dumps({**shown, "chain": steps}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{row['id']} is {terminal(row['owner'] or 'nobody')}'s: {terminal(reason)}")
    said = {True: "holds", False: "does not hold", None: "could not be decided"}
    if row["assigned_by"]:
        click.echo(f"  assigned by {terminal(row['assigned_by'])}  wins over the chain")
    for link in links:
        who = f"  {terminal(link.owner)}" if link.holds and link.owner else ""
        click.echo(f"  {said[link.holds]:<20}  {terminal(link.said)}{who}")
    if not links:
        click.echo("  there is no chain: write [owners] in trueline.toml")


@owner.command("test")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def test_(format_: str, home: str | None, config: str | None) -> int:
    """Count what each step of the chain decides; exits 1 where a step decides nothing, or where
    findings have no owner."""
    from trueline.findings import chain_steps
    from trueline.findings.queries import steps
    from trueline.report.lists import write_list

    with opened(home, config) as at:
        with at.state.reading() as conn:
            decided = steps(conn)
        rows = [
            {"step": said, "decides": decided.get(number, 0)}
            for number, said in chain_steps(at.room.settings)
        ]
    write_list(rows, ("step", "decides"), format_, sys.stdout)
    idle = [r["step"] for r in rows[1:-1] if not r["decides"]]
    for step in idle:
        talk(f"decides nothing: {step}")
    return 1 if idle or rows[-1]["decides"] else 0
