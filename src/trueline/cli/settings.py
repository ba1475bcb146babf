"""`trueline config show`: the configuration that holds here, and where each part comes from."""

from __future__ import annotations

import json

import click

from trueline.cli.options import home_options, workspace

__all__ = ["config"]


@click.group()
def config() -> None:
    """The configuration that holds here."""


@config.command()
@click.option("--format", "format_", type=click.Choice(("table", "json")), default="table")
@home_options
def show(format_: str, home: str | None, config: str | None) -> None:
    """Show home, configuration file, content, parameters and environments."""
    room = workspace(home, config)
    settings = room.settings
    data = {
        "home": str(room.home),
        "file": str(settings.file) if settings.file else None,
        "content": [str(c) for c in settings.content],
        "expected_accounts": list(settings.expected_accounts),
        "params": {p: dict(v) for p, v in settings.params.items()},
        "allow_new_suppressions": settings.new_suppressions,
        "environments": [
            {
                "name": e.name,
                "match": e.match,
                "policies": {
                    k: {
                        "enabled": v.enabled,
                        "reason": v.reason,
                        "severity": v.severity,
                        "params": dict(v.params),
                    }
                    for k, v in e.policies.items()
                },
            }
            for e in settings.environments
        ],
        "policies": len(room.catalog.policies),
        "types": len(room.catalog.types),
    }
    if format_ == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for key, value in data.items():
        if isinstance(value, (list, dict)):
            value = json.dumps(value, ensure_ascii=False) if value else "none"
        click.echo(f"{key.replace('_', ' '):<18} {'none' if value is None else value}")
