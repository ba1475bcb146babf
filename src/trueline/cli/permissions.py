"""`trueline permissions aws`: the exact read-only permissions that a scan needs."""

from __future__ import annotations

import json

import click

from trueline.cli.options import home_options, workspace

__all__ = ["permissions"]


@click.group()
def permissions() -> None:
    """The exact read-only permissions of a scan."""


@permissions.command()
@click.option("--type", "types", multiple=True, metavar="GLOB", help="Only these resource types.")
@click.option("--policy", "policies", multiple=True, metavar="GLOB", help="Only these policies.")
@click.option("--format", "format_", type=click.Choice(("json", "list")), default="json")
@home_options
def aws(
    types: tuple[str, ...],
    policies: tuple[str, ...],
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """Print an IAM policy that allows what a scan of these types calls, and nothing else."""
    from trueline.catalog import iam
    from trueline.catalog.select import select_policies, select_types

    catalog = workspace(home, config).catalog
    chosen = list(select_policies(catalog, policies)) if policies else None
    actions = iam.permissions(select_types(catalog, "aws", types, chosen).values())
    if format_ == "list":
        click.echo("\n".join(actions))
    else:
        click.echo(json.dumps(iam.policy_document(actions), indent=2))
