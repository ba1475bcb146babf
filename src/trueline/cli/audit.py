"""`trueline audit`: the trail of every transition, and whether it is as it was."""

from __future__ import annotations

import json
import sys

import click

from trueline.cli.opening import opened
from trueline.cli.options import home_options, many, talk

__all__ = ["audit"]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")
_COLUMNS = ("number", "at", "actor", "kind", "finding", "exception", "snapshot", "why", "data")


@click.group()
def audit() -> None:
    """The audit trail: log, head, verify."""


@audit.command()
@click.option("--finding", metavar="ID", help="Only events of this finding.")
@click.option("--exception", metavar="ID", help="Only events of this exception.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@home_options
def log(
    finding: str | None,
    exception: str | None,
    limit: int,
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """List events, the newest first: who, when, what, why, from which snapshot.

    Actors are as they said themselves: TRUELINE_ACTOR, else the user of the system.
    """
    from trueline.findings.queries import find, history, one_exception
    from trueline.report.findings import event_dict
    from trueline.report.lists import write_list

    with opened(home, config) as at, at.state.reading() as conn:
        wanted = find(conn, finding, at.micros)["id"] if finding else None
        which = one_exception(conn, exception)["id"] if exception else None
        events = history(conn, finding=wanted, exception=which, limit=limit + 1)
        shown = map(event_dict, events[:limit])
        count = write_list(shown, _COLUMNS, format_, sys.stdout)
    more = len(events) > limit
    talk(f"the {count} newest events; --limit shows more" if more else many(count, "event"))


@audit.command()
@home_options
def head(home: str | None, config: str | None) -> None:
    """Print the end of the trail, NUMBER:HASH. Keep it where nobody who can write the store can."""
    from trueline.findings import head as newest

    with opened(home, config, apply=False) as at, at.state.reading() as conn:
        click.echo(str(newest(conn)))


@audit.command()
@click.option(
    "--head", "kept", multiple=True, metavar="NUMBER:HASH", help="A head that was kept; repeatable."
)
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def verify(kept: tuple[str, ...], format_: str, home: str | None, config: str | None) -> int:
    """Walk the whole trail: was anything changed, removed or moved?

    With a head that was kept elsewhere this is certain up to there; without one, somebody who can
    write the store might have made all of it anew. Exits 5 when it does not hold.
    """
    from trueline.findings import parse_head
    from trueline.findings import verify as walk

    heads = [parse_head(text) for text in kept]
    with opened(home, config, apply=False) as at, at.state.reading() as conn:
        end, faults = walk(conn, heads)
    if format_ == "json":
        said = [{"transaction": f.transaction, "message": f.message} for f in faults]
        click.echo(json.dumps({"head": str(end), "ok": not faults, "faults": said}, indent=2))
        return 5 if faults else 0
    for fault in faults:
        click.echo(f"transaction {fault.transaction}: {fault.message}")
    if faults:
        talk(f"the trail does not hold: {many(len(faults), 'fault')}")
        return 5
    click.echo(f"the trail holds: {many(end.number, 'transaction')}, head {end}")
    if not heads:
        talk("compared with no kept head: give --head NUMBER:HASH of an earlier `audit head`")
    return 0
