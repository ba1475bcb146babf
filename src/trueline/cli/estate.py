"""The recorded estate: map, coverage, resource, query, diff."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.options import home_options, many, talk, workspace
from trueline.errors import ConfigError

if TYPE_CHECKING:
    from trueline.lake import Change, Lake, Snapshot
    from trueline.model import CoverageRow, ResourceType
    from trueline.pipeline import Workspace

__all__ = ["coverage", "diff", "footprint", "query", "resource"]

ROWS = click.Choice(("table", "json", "jsonl", "csv", "markdown"))


def _opened(room: Workspace, number: int | None = None) -> tuple[Lake, Snapshot]:
    """The lake and a snapshot of it. Reading never makes a home that is not there."""
    from trueline.lake import Lake

    if not (room.home / "lake").is_dir():
        raise ConfigError(
            "no-snapshot", f"nothing is recorded in {room.home}", "run trueline scan aws first"
        )
    lake = Lake(room.home)
    snapshot = lake.snapshot(number)
    if snapshot is None:
        said = "there is no snapshot yet" if number is None else f"there is no snapshot {number}"
        raise ConfigError("no-snapshot", said, "trueline lake info lists them")
    return lake, snapshot


def _print(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], format_: str) -> int:
    """Print rows in a format; returns how many there were."""
    from trueline.report.lists import write_list

    return write_list(rows, columns, format_, sys.stdout)


@click.group()
def resource() -> None:
    """The inventory: list, show, types."""


@resource.command("list")
@click.option("--type", "types", multiple=True, metavar="GLOB", help="Only these types.")
@click.option("--account", metavar="ID")
@click.option("--region", metavar="NAME")
@click.option("--name", metavar="GLOB", help="Only names or uids like this.")
@click.option(
    "--filter",
    "rule",
    metavar="RULE",
    help="Only where this holds, such as: region:eu-west-1 AND tag('env') = 'prod'.",
)
@click.option("--snapshot", type=int, metavar="N", help="An older snapshot.")
@click.option("--format", "format_", type=ROWS, default="table")
@home_options
def list_(
    types: tuple[str, ...],
    account: str | None,
    region: str | None,
    name: str | None,
    rule: str | None,
    snapshot: int | None,
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """List recorded resources.

    A resource of which it is not known whether the rule holds is listed too, marked in `fits`.
    """
    from dataclasses import asdict

    from trueline.report.inventory import resources

    room = workspace(home, config)
    lake, chosen = _opened(room, snapshot)
    wanted = _types(room, types)
    listed = resources(
        lake, chosen, wanted, account=account, region=region, name=name, rule=_rule(rule, chosen)
    )
    rows = ({**asdict(r), "fits": None if r.fits else "not known"} for r in listed)
    columns = ("type", "name", "account", "region", "uid", "stale_since", "fits")
    count = _print(rows, columns, format_)
    talk(f"{many(count, 'resource')}, snapshot {chosen.number}")


@resource.command()
@click.argument("wanted", metavar="UID|NAME")
@click.option("--type", "types", multiple=True, metavar="GLOB", help="Only these types.")
@click.option("--snapshot", type=int, metavar="N", help="An older snapshot.")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def show(
    wanted: str,
    types: tuple[str, ...],
    snapshot: int | None,
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """Show a resource column by column: value, absent, or not known and why."""
    from trueline.report.escape import terminal
    from trueline.report.inventory import one_resource

    room = workspace(home, config)
    lake, chosen = _opened(room, snapshot)
    found = one_resource(lake, chosen, _types(room, types), wanted)
    if not found:
        raise ConfigError(
            "not-found",
            f"no recorded resource has the uid or name {wanted!r}",
            "trueline resource list --name '*PART*' finds names",
        )
    if format_ == "json":
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for item in found:
        click.echo(click.style(terminal(item["name"] or item["uid"]), bold=True))
        for key in ("type", "uid", "account", "region", "collected_at", "stale_since"):
            if item[key] is not None:
                click.echo(f"  {key:<24} {terminal(item[key])}")
        click.echo()
        for column, cell in item["columns"].items():
            click.echo(f"  {column:<24} {_cell(cell)}")
        click.echo()


def _cell(cell: Mapping[str, Any]) -> str:
    from trueline.report.escape import terminal

    if "value" in cell:
        value = cell["value"]
        said = terminal(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        marks = " (default)" if cell.get("default") else ""
        parts = cell.get("unknown_parts")
        return said + marks + (f" (not known: {terminal(json.dumps(parts))})" if parts else "")
    if "absent" in cell:
        return click.style("absent", dim=True)
    if "set" in cell:
        return click.style(f"set, value not known: {terminal(cell['cause'])}", fg="magenta")
    return click.style(f"not known: {terminal(cell['unknown'])}", fg="magenta")


@resource.command("types")
@click.option("--format", "format_", type=ROWS, default="table")
@home_options
def types_(format_: str, home: str | None, config: str | None) -> None:
    """List resource types: tables, what they hold, how they are read."""
    room = workspace(home, config)
    policies = room.catalog.policies.values()
    rows = [
        {
            "type": t.table,
            "title": t.title,
            "columns": len(t.columns),
            "policies": sum(p.resource == t.table for p in policies),
            "planes": ", ".join((["live"] if t.live else []) + list(t.readers)),
        }
        for t in room.catalog.types.values()
    ]
    talk(many(_print(rows, ("type", "title", "columns", "policies", "planes"), format_), "type"))


def _rule(text: str | None, snapshot: Snapshot) -> str:
    """A filter as SQL over the columns that every table has."""
    if text is None:
        return "TRUE"
    from trueline.language import compile_rule, expand_filter
    from trueline.model import COMMON

    return compile_rule(expand_filter(text), COMMON, None, now=snapshot.created_at)


def _types(room: Workspace, globs: tuple[str, ...]) -> dict[str, ResourceType]:
    from trueline.catalog.select import select_types

    return select_types(room.catalog, "aws", globs, None)


@click.command()
@click.argument("sql", metavar="SQL|-")
@click.option("--snapshot", type=int, metavar="N", help="An older snapshot.")
@click.option("--format", "format_", type=ROWS, default="table")
@home_options
def query(
    sql: str, snapshot: int | None, format_: str, home: str | None, config: str | None
) -> None:
    """Run one SELECT over the recorded tables, `coverage` and `scopes`.

    NULL in a column means unknown, unless the column is named in _absent.
    """
    from trueline.lake import query as run_query

    text = sys.stdin.read() if sql == "-" else sql
    room = workspace(home, config)
    lake, _ = _opened(room, snapshot)
    with run_query(lake, text, room.catalog.types, snapshot=snapshot) as result:
        columns = result.columns
        rows = (dict(zip(columns, row, strict=True)) for row in result.rows())
        count = _print(rows, columns, format_)
    talk(many(count, "row"))
    for row in result.damage:
        talk(f"damaged, not read: {row.account} {row.region} {row.type}: {row.message}")


@click.command()
@click.option("--all", "all_", is_flag=True, help="The whole ledger, not only what is missing.")
@click.option("--snapshot", type=int, metavar="N", help="An older snapshot.")
@click.option("--format", "format_", type=ROWS, default="table")
@home_options
def coverage(
    all_: bool, snapshot: int | None, format_: str, home: str | None, config: str | None
) -> None:
    """What could not be read, why, and the permission that lacks."""
    from trueline.report.model import NOT_ASKED, READ, share_read

    room = workspace(home, config)
    _, chosen = _opened(room, snapshot)
    ledger = chosen.coverage()
    shown = [c for c in ledger if all_ or c.status not in READ | NOT_ASKED]
    columns = ("status", "call", "account", "region", "type", "rows", "lacks", "code", "message")
    _print((_ledger_row(c) for c in shown), columns, format_)
    share = share_read(ledger)
    read = "100 %" if share == 1 else f"{min(share * 100, 99.9):.1f} %"
    asked = sum(c.status not in NOT_ASKED for c in ledger)
    talk(f"snapshot {chosen.number}: {read} of {asked} answers read")


def _ledger_row(row: CoverageRow) -> dict[str, Any]:
    from trueline.catalog.iam import permissions_of
    from trueline.report.model import coverage_dict

    lacks = ", ".join(permissions_of(row.call)) if row.status == "denied" else None
    return {**coverage_dict(row), "lacks": lacks}


@click.command("map")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def footprint(format_: str, home: str | None, config: str | None) -> None:
    """The footprint: accounts, regions and types, and what was not seen."""
    from dataclasses import asdict

    from trueline.report.inventory import footprint as read

    room = workspace(home, config)
    lake, snapshot = _opened(room)
    seen = read(lake, snapshot, _types(room, ()), room.settings.expected_accounts)
    if format_ == "json":
        click.echo(json.dumps(asdict(seen), indent=2, ensure_ascii=False))
        return
    for title, counts in (
        ("Accounts", seen.accounts),
        ("Regions", {k: v for k, v in seen.regions.items() if v}),
        ("Resource types", seen.types),
        ("In use without a table (mentions)", seen.untabled),
    ):
        click.echo(click.style(title, bold=True))
        _bars(counts)
        click.echo()
    if seen.missing:
        lost = ", ".join(seen.missing)
        click.echo(click.style(f"Expected and never seen: {lost}", fg="red", bold=True))
    for account, regions in seen.not_asked.items():
        listed = ", ".join(regions)
        click.echo(click.style(f"Never asked for in {account}: {listed}", fg="magenta"))
    if seen.incomplete:
        click.echo(click.style(f"Not read whole ({len(seen.incomplete)} scopes)", fg="magenta"))
        for account, region, kind, cause in seen.incomplete[:20]:
            click.echo(f"  {account} {region} {kind}: {cause}")
        if len(seen.incomplete) > 20:
            click.echo(f"  … {len(seen.incomplete) - 20} more: trueline coverage")


def _bars(counts: Mapping[str, int], width: int = 40) -> None:
    from trueline.report.escape import terminal

    if not counts:
        click.echo("  none")
        return
    most, longest = max(counts.values()), max(len(k) for k in counts)
    for key, count in counts.items():
        bar = "█" * max(round(count / most * width), 1) if count else ""
        click.echo(f"  {terminal(key):<{longest}}  {count:>7,}  {click.style(bar, fg='blue')}")


@click.command()
@click.argument("old", type=int, metavar="OLD", required=False)
@click.argument("new", type=int, metavar="NEW", required=False)
@click.option("--type", "types", multiple=True, metavar="GLOB", help="Only these types.")
@click.option("--format", "format_", type=ROWS, default="table")
@home_options
def diff(
    old: int | None,
    new: int | None,
    types: tuple[str, ...],
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """What changed between two snapshots; by default between the last two.

    Only what both snapshots read whole is compared; the rest is listed as gaps.
    """
    from trueline.lake import changes
    from trueline.lake import diff as compare

    room = workspace(home, config)
    lake, last = _opened(room, new)
    numbers = [n for n in lake.numbers() if n < last.number]
    if old is None and not numbers:
        raise ConfigError(
            "no-snapshot", "there is only one snapshot", "scan again, then compare the two"
        )
    _, first = _opened(room, numbers[-1] if old is None else old)
    wanted = _types(room, types)
    columns = ("change", "type", "name", "account", "region", "columns", "uid")
    rows = (_change_row(c, format_) for c in changes(lake, first, last, wanted))
    count = _print(rows, columns, format_)
    said = compare(first, last, wanted)
    talk(f"{many(count, 'change')} from snapshot {first.number} to {last.number}")
    asked = [g for g in said.gaps if g.cause != "not_collected"]
    if len(said.gaps) > len(asked):
        talk(f"not compared: {len(said.gaps) - len(asked)} scopes that no scan was asked to read")
    gaps = Counter((g.scope.type, g.snapshot, g.cause) for g in asked)
    for (kind, number, cause), scopes in sorted(gaps.items()):
        talk(f"not compared: {scopes} scopes of {kind}, not read in snapshot {number} ({cause})")
    remade = Counter(table for table, _ in said.remade)
    for table, number in sorted(remade.items()):
        talk(f"not compared: {number} columns of {table}, which are made in another way since")


def _change_row(change: Change, format_: str) -> dict[str, Any]:
    from trueline.report.model import plain

    columns: Any = {c.column: {"old": plain(c.old), "new": plain(c.new)} for c in change.columns}
    if format_ == "table":
        columns = "; ".join(
            f"{c.column}: {_brief(c.old)} → {_brief(c.new)}" for c in change.columns
        )
    return {
        "change": change.kind,
        "type": change.type,
        "uid": change.uid,
        "name": change.name,
        "account": change.account,
        "region": change.region,
        "columns": columns or None,
    }


def _brief(value: Any) -> str:
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 40 else text[:39] + "…"
