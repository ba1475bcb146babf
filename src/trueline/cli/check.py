"""`trueline check`: judge infrastructure code; nothing is recorded, nothing is run."""

from __future__ import annotations

from typing import Any

import click

from trueline.cli.options import (
    check_outputs,
    emit,
    exit_code,
    home_options,
    report_options,
    talk,
    workspace,
)
from trueline.report import FORMATS
from trueline.report.escape import terminal

__all__ = ["check"]


@click.command()
@click.argument("path", metavar="PATH|-")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set a variable.")
@click.option(
    "--var-file", "var_files", multiple=True, metavar="FILE", help="Read variables from a file."
)
@click.option("--base", metavar="REF", help="Count only what came since this commit of git.")
@click.option("--environment", metavar="NAME", help="Judge everything as this environment.")
@click.option("--policy", "policies", multiple=True, metavar="GLOB", help="Only these policies.")
@report_options(FORMATS, fail_on="low")
@home_options
def check(
    path: str,
    variables: tuple[str, ...],
    var_files: tuple[str, ...],
    base: str | None,
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
    """Judge Terraform source, or a plan: what `terraform show -json PLAN` prints; - for stdin.

    PATH is a folder with root modules at or below it, or a file. --var and --var-file are read as
    Terraform reads them, for source only.
    Exits 1 when a policy of at least --fail-on severity fails; with --base, when it fails since.
    """
    check_outputs(outputs, status)
    asked: Any = {
        "environment": environment,
        "policies": policies,
        "variables": _variables(variables),
        "var_files": var_files,
    }

    def say(text: str) -> None:
        talk(terminal(text), quiet)

    # Two branches, two imports: what compares sides of a change is large, and seldom needed.
    if base is None:
        from trueline.pipeline import check_code

        report = check_code(workspace(home, config), path, say=say, **asked)
    else:
        from trueline.pipeline import check_change

        report = check_change(path, base, home=home, config=config, say=say, **asked)
    emit(report, format_, outputs, status)
    return exit_code(report, fail_on, fail_on_unknown)


def _variables(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((name for name, equals, _ in pairs if not equals or not name), None)
    if wrong is not None:
        raise click.UsageError(f"expected --var NAME=VALUE, seen --var {wrong}")
    return {name: value for name, _, value in pairs}
