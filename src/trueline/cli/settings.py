"""`trueline config show`: the configuration that holds here, and where each part comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.options import home_options, workspace

if TYPE_CHECKING:
    from trueline.pipeline import Workspace
    from trueline.settings import Environment, Settings

__all__ = ["config"]


@click.group()
def config() -> None:
    """The configuration that holds here."""


@config.command()
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def show(format_: str, home: str | None, config: str | None) -> None:
    """Show home, configuration file, and what holds for everything it can say.

    A password in the URL of the state store is not shown.
    """
    from trueline.report.escape import terminal

    data = _data(workspace(home, config))
    if format_ == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    width = max(len(key) for key in data)
    for key, value in data.items():
        if isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False) if value else "none"
        shown = terminal("none" if value is None else value)
        click.echo(f"{key.replace('_', ' '):<{width}} {shown}")


def _data(room: Workspace) -> dict[str, Any]:
    from trueline.settings import shown_url

    settings = room.settings
    return {
        "home": str(room.home),
        "file": str(settings.file) if settings.file else None,
        "state": shown_url(settings.state) if settings.state else None,
        "content": [str(c) for c in settings.content],
        "exceptions": str(settings.exceptions) if settings.exceptions else None,
        "expected_accounts": list(settings.expected_accounts),
        "params": {p: dict(v) for p, v in settings.params.items()},
        "allow_new_suppressions": settings.new_suppressions,
        "windows": dict(settings.windows),
        "exception_max_days": dict(settings.exception_max_days),
        "environments": [_environment(e) for e in settings.environments],
        "owners": _owners(settings),
        "approvers": list(settings.approvers),
        "risk": _risk(settings),
        "policies": len(room.catalog.policies),
        "types": len(room.catalog.types),
    }


def _environment(environment: Environment) -> dict[str, Any]:
    return {
        "name": environment.name,
        "match": environment.match,
        "inherits": environment.inherits,
        "owner": environment.owner,
        "weight": environment.weight,
        "windows": dict(environment.windows),
        "exception_max_days": dict(environment.exception_max_days),
        "policies": {
            name: {
                "enabled": said.enabled,
                "reason": said.reason,
                "severity": said.severity,
                "params": dict(said.params),
                "max_exception_days": said.max_exception_days,
            }
            for name, said in environment.policies.items()
        },
    }


def _owners(settings: Settings) -> dict[str, Any]:
    owners = settings.owners
    return {
        "tag": owners.tag,
        "default": owners.default,
        "rules": [{"match": r.match, "owner": r.owner} for r in owners.rules],
        "leads": dict(owners.leads),
        "security": owners.security,
    }


def _risk(settings: Settings) -> dict[str, Any]:
    """`assets` are the rules that hold: of the configuration, then of the file it names."""
    from trueline.settings import load_assets

    risk = settings.risk
    return {
        "sensitivity_tag": risk.sensitivity_tag,
        "criticality_tag": risk.criticality_tag,
        "levels": dict(risk.levels),
        "assets_file": str(risk.assets_file) if risk.assets_file else None,
        "assets": [
            {"match": a.match, "sensitivity": a.sensitivity, "criticality": a.criticality}
            for a in load_assets(risk)
        ],
    }
