"""`trueline scan aws`: read live accounts, judge them, record a snapshot."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

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
from trueline.errors import ConfigError
from trueline.report import FORMATS

__all__ = ["scan"]


@click.group()
def scan() -> None:
    """Read live accounts, judge them, record a snapshot."""


@scan.command()
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Only these accounts.")
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration.")
@click.option(
    "--role-arn", "role_arns", multiple=True, metavar="ARN", help="Assume this role; repeatable."
)
@click.option("--external-id", metavar="TEXT", help="External id for the roles.")
@click.option("--region", "regions", multiple=True, metavar="NAME", help="Only these regions.")
@click.option("--type", "types", multiple=True, metavar="GLOB", help="Only these resource types.")
@click.option("--policy", "policies", multiple=True, metavar="GLOB", help="Only these policies.")
@click.option("--no-record", is_flag=True, help="Keep nothing: no snapshot is made.")
@click.option("--resume", is_flag=True, help="Go on with the newest unfinished scan like this one.")
@report_options(FORMATS, fail_on="never")
@home_options
def aws(
    accounts: tuple[str, ...],
    profile: str | None,
    role_arns: tuple[str, ...],
    external_id: str | None,
    regions: tuple[str, ...],
    types: tuple[str, ...],
    policies: tuple[str, ...],
    no_record: bool,
    resume: bool,
    format_: str | None,
    outputs: tuple[str, ...],
    status: str | None,
    fail_on: str,
    fail_on_unknown: bool,
    quiet: bool,
    home: str | None,
    config: str | None,
) -> int:
    """Scan AWS with the credentials at hand, read-only.

    Credentials come from --profile, the environment or the instance; each --role-arn is assumed
    with them. The permissions that are needed: trueline permissions aws.
    """
    from trueline.cli.progress import live_progress
    from trueline.pipeline import ScanOptions, scan_aws

    if no_record and resume:
        message = "--no-record keeps no run, so there is none to resume"
        raise ConfigError("usage", message, "leave out one of the two")
    options = ScanOptions(
        profile=profile,
        role_arns=role_arns,
        external_id=external_id,
        accounts=accounts,
        regions=regions,
        types=types,
        policies=policies,
        record=not no_record,
        resume=resume,
        passes=_wants_passes(format_, outputs, status),
    )
    check_outputs(outputs, status)
    room = workspace(home, config)
    with _interruptible() as stop, live_progress(quiet) as progress:
        outcome = scan_aws(room, options, progress, stop, lambda text: talk(text, quiet))
    emit(outcome.report, format_, outputs, status)
    if outcome.snapshot is not None:
        talk(f"snapshot {outcome.snapshot} in {room.home}", quiet)
        if outcome.state_error is None:
            _tell(outcome.changes, quiet)
    if outcome.state_error is not None:
        raise outcome.state_error
    return exit_code(outcome.report, fail_on, fail_on_unknown)


def _tell(changes: Mapping[str, int], quiet: bool) -> None:
    """What the snapshot did to findings."""
    said = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in changes.items())
    talk(f"findings: {said or 'as before'}  (trueline finding list)", quiet)


def _wants_passes(format_: str | None, outputs: tuple[str, ...], status: str | None) -> bool:
    """Passing verdicts are made again only for those who look at them."""
    if status is not None:
        return "pass" in status
    return bool(outputs) or format_ not in (None, "table")


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """The first Ctrl-C or SIGTERM asks to stop, the second one insists."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        talk("stopping; finished scopes are kept for --resume (again to stop at once)")

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
