"""`trueline state`: the store behind findings, exceptions and the audit trail."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trueline.cli.opening import opened
from trueline.cli.options import home_options, many, talk, workspace

__all__ = ["state"]


@click.group()
def state() -> None:
    """The state store: info, migrate, backup, check."""


@state.command()
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def info(format_: str, home: str | None, config: str | None) -> None:
    """Where it is, of which version and lake, and how far it has come."""
    from trueline.findings.inspection import describe

    with opened(home, config, apply=False) as at, at.state.reading() as conn:
        said = {"url": at.state.name, **describe(conn)}
    if format_ == "json":
        click.echo(json.dumps(said, indent=2))
        return
    for key, value in said.items():
        click.echo(f"{key.replace('_', ' '):<18} {'none' if value is None else value}")


@state.command()
@home_options
def migrate(home: str | None, config: str | None) -> None:
    """Bring the store to this program's version, whole or not at all. Back it up before."""
    from trueline.findings import state_url
    from trueline.findings.store import VERSION, connect_state

    room = workspace(home, config)
    with connect_state(state_url(room.settings.state, room.home)) as found:
        before = found.version()
        found.migrate()
        talk(f"{found.name}: version {before or 'none'} → {VERSION}")


@state.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@home_options
def backup(target: Path, home: str | None, config: str | None) -> None:
    """Copy the store, as of one moment, into a SQLite file.

    The file is a store itself: TRUELINE_STATE=sqlite:///FILE uses it.
    """
    from trueline.findings.backup import backup as copy

    with opened(home, config, apply=False) as at:
        rows = copy(at.state, target)
    talk(f"{many(rows, 'row')} in {target}")


@state.command()
@click.option(
    "--head", "kept", multiple=True, metavar="NUMBER:HASH", help="A head that was kept; repeatable."
)
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def check(kept: tuple[str, ...], format_: str, home: str | None, config: str | None) -> int:
    """Look the store over: file, audit trail, and whether findings follow from their events.

    Exits 5 when something is wrong.
    """
    from trueline.findings import inspect_store, parse_head

    heads = [parse_head(text) for text in kept]
    with opened(home, config, apply=False) as at, at.state.reading() as conn:
        wrong = inspect_store(conn, heads)
    if format_ == "json":
        click.echo(json.dumps({"ok": not wrong, "wrong": wrong}, indent=2))
    else:
        for line in wrong:
            click.echo(line)
        if not wrong:
            click.echo("the store is whole")
    return 5 if wrong else 0
