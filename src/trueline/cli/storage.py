"""`trueline lake`: what is recorded, and removing what is old."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import asdict

import click

from trueline.cli.options import home_options, talk, workspace
from trueline.errors import ConfigError

__all__ = ["lake"]


@click.group()
def lake() -> None:
    """The recorded snapshots: info, prune."""


@lake.command("info")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def info(format_: str, home: str | None, config: str | None) -> None:
    """List snapshots, with their size and how completely they were read."""
    from trueline.lake import Lake
    from trueline.lake.pruning import info as read
    from trueline.report.model import plain

    room = workspace(home, config)
    if not (room.home / "lake").is_dir():
        raise ConfigError(
            "no-snapshot", f"nothing is recorded in {room.home}", "run trueline scan aws first"
        )
    said = read(Lake(room.home))
    if format_ == "json":
        data = {**asdict(said), "home": str(said.home)}
        click.echo(json.dumps(plain(data), indent=2))
        return
    click.echo(f"{said.home}  lake {said.id}  {said.segments} segments, {_bytes(said.size)}")
    for snapshot in said.snapshots:
        whole = "read whole" if not snapshot.incomplete else f"{snapshot.incomplete} not read whole"
        click.echo(
            f"  {snapshot.number:>4}  {snapshot.created_at:%Y-%m-%d %H:%M} UTC"
            f"  {snapshot.rows:>9,} rows  {snapshot.scopes:>5} scopes, {whole}"
            f"  {_bytes(snapshot.size)}"
        )
    for run in said.runs:
        click.echo(f"  unfinished run {run}")


@lake.command("prune")
@click.option(
    "--keep", default="30", show_default=True, metavar="N|AGE",
    help="Keep the newest N snapshots, or those younger than an age such as 90d.",
)  # fmt: skip
@home_options
def prune(keep: str, home: str | None, config: str | None) -> None:
    """Remove old snapshots and what only they used.

    The newest always stays, and so does what has not been applied to the findings yet.
    """
    from trueline.lake import Lake
    from trueline.lake.pruning import prune as remove
    from trueline.pipeline import applied_through

    found = re.fullmatch(r"(\d+)(d?)", keep)
    if not found:
        raise ConfigError("usage", f"--keep is a number or an age in days, seen {keep!r}", "90d")
    limit = dt.timedelta(days=int(found[1])) if found[2] else int(found[1])
    room = workspace(home, config)
    applied = applied_through(room)
    done = remove(Lake(room.home), limit, applied=applied)
    talk(
        f"{len(done.snapshots)} snapshots dropped, {done.files} files and {_bytes(done.size)} freed"
        + (f"; {_bytes(done.waiting)} may still be read for a while" if done.waiting else "")
    )
    if not applied:
        talk("no snapshot has been applied to findings yet, so all stay: trueline finding list")


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
