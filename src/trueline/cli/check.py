"""`trueline check`: judge infrastructure code; nothing is recorded, nothing is run."""

from __future__ import annotations

import click

from trueline.cli.options import (
    check_outputs,
    emit,
    exit_code,
    home_options,
    report_options,
    workspace,
)
from trueline.report import FORMATS

__all__ = ["check"]


@click.command()
@click.argument("path", metavar="PATH|-")
@click.option("--environment", metavar="NAME", help="Judge everything as this environment.")
@click.option("--policy", "policies", multiple=True, metavar="GLOB", help="Only these policies.")
@report_options(FORMATS, fail_on="low")
@home_options
def check(
    path: str,
    environment: str | None,
    policies: tuple[str, ...],
    format_: str | None,
    outputs: tuple[str, ...],
    status: str | None,
    fail_on: str,
    fail_on_unknown: bool,
    quiet: bool,
    home: str | None,
    config: str | None,
) -> int:
    """Judge a Terraform plan: the output of `terraform show -json PLAN`, or - for stdin.

    Exits 1 when a policy of at least --fail-on severity fails.
    """
    from trueline.pipeline import check_code

    check_outputs(outputs, status)
    report = check_code(workspace(home, config), path, environment=environment, policies=policies)
    emit(report, format_, outputs, status)
    return exit_code(report, fail_on, fail_on_unknown)
