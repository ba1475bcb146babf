"""`trueline doctor`: is everything in place? Reads nothing from any cloud but who we are."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict

import click

from trueline import __version__
from trueline.cli.looking import Finding, look_at_rules, wrong
from trueline.cli.options import home_options
from trueline.errors import TruelineError

__all__ = ["doctor"]

EXTRAS = {"aws": ("boto3",), "demo": ("moto", "werkzeug"), "postgresql": ("psycopg",)}
"""Extra → the packages that show whether it is installed; the extras that something uses now."""


@click.command()
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration to look at.")
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def doctor(profile: str | None, format_: str, home: str | None, config: str | None) -> int:
    """Look at the installation, the home, the configuration and the credentials.

    Exits 2 when something is wrong; a missing extra or credential is only noted.
    """
    steps: tuple[Callable[[], list[Finding]], ...] = (
        _program,
        _extras,
        lambda: _configuration(home, config),
        lambda: _lake(home),
        lambda: _credentials(profile),
    )
    found = [finding for step in steps for finding in step()]
    if format_ == "json":
        click.echo(json.dumps([asdict(f) for f in found], indent=2, ensure_ascii=False))
    else:
        for finding in found:
            _say(finding)
    return 2 if any(f.state == "wrong" for f in found) else 0


def _say(finding: Finding) -> None:
    from trueline.report.escape import terminal

    colour = {"ok": "green", "note": "yellow", "wrong": "red"}[finding.state]
    mark = click.style(f"{finding.state:<6}", fg=colour)
    click.echo(f"{mark} {terminal(finding.subject)}: {terminal(finding.said)}")
    if finding.hint:
        click.echo(f"       help: {terminal(finding.hint)}")


def _program() -> list[Finding]:
    version = ".".join(str(n) for n in sys.version_info[:3])
    return [Finding("trueline", "ok", f"{__version__} on Python {version}")]


def _extras() -> list[Finding]:
    out = []
    for extra, packages in EXTRAS.items():
        lacking = [p for p in packages if importlib.util.find_spec(p) is None]
        if lacking:
            hint = f'pip install "trueline[{extra}]"'
            out.append(Finding(f"extra {extra}", "note", f"{', '.join(lacking)} missing", hint))
        else:
            out.append(Finding(f"extra {extra}", "ok", "installed"))
    return out


def _configuration(home: str | None, config: str | None) -> list[Finding]:
    from trueline.evaluate import baseline
    from trueline.pipeline import open_workspace

    try:
        room = open_workspace(home, config)
        base = baseline(room.settings, room.catalog.policies)
    except TruelineError as error:
        return [wrong("configuration", error)]
    file = room.settings.file
    content = f"{len(room.catalog.types)} types, {len(room.catalog.policies)} policies"
    out = [
        Finding("configuration", "ok", str(file) if file else "no trueline.toml; defaults hold"),
        Finding("content", "ok", content),
    ]
    lacking = {policy for (_, policy), reason in base.held.items() if reason.startswith("param")}
    out += [
        Finding(
            n.policy,
            "note",
            n.reason,
            f'set it under [params."{n.policy}"]' if n.policy in lacking else None,
        )
        for n in base.not_judged
    ]
    return [*out, *look_at_rules(room)]


def _lake(home: str | None) -> list[Finding]:
    from trueline.settings import home_directory

    place = home_directory(home)
    if not place.exists():
        parent = next(p for p in place.absolute().parents if p.exists())
        if os.access(parent, os.W_OK):
            return [Finding("home", "ok", f"{place} (made by the first scan)")]
        hint = "choose another with --home or TRUELINE_HOME"
        return [Finding("home", "wrong", f"{place} cannot be made", hint)]
    from trueline.lake import Lake

    try:
        lake = Lake(place)
        snapshot = lake.snapshot()
    except TruelineError as error:
        return [wrong("home", error)]
    if snapshot is None:
        return [Finding("home", "ok", f"{place}, no snapshot yet")]
    damage = snapshot.damage()
    if damage:
        hint = "scan again: what is damaged is read anew"
        said = f"snapshot {snapshot.number}: {len(damage)} scopes are damaged"
        return [Finding("home", "wrong", said, hint)]
    return [Finding("home", "ok", f"{place}, newest snapshot {snapshot.number}")]


def _credentials(profile: str | None) -> list[Finding]:
    if importlib.util.find_spec("boto3") is None:
        return []
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        session = boto3.Session(profile_name=profile)
        if session.get_credentials() is None:
            hint = "aws configure, --profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            return [Finding("AWS credentials", "note", "none found", hint)]
        region = session.region_name or "us-east-1"
        who = session.client("sts", region_name=region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        said = str(error).partition("\n")[0]
        return [Finding("AWS credentials", "note", said, "check the profile and its validity")]
    return [Finding("AWS credentials", "ok", f"{who['Arn']} in account {who['Account']}")]
