"""Options that several commands share, and how reports are written out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trueline.errors import ActionError, ConfigError
from trueline.model import SEVERITIES

if TYPE_CHECKING:
    from trueline.pipeline import Workspace
    from trueline.report import Report

__all__ = [
    "emit",
    "exit_code",
    "home_options",
    "many",
    "report_options",
    "talk",
    "workspace",
]

F = TypeVar("F", bound=Callable[..., Any])
STATUSES = ("fail", "unknown", "pass")


def home_options(command: F) -> F:
    """`--home` and `--config`."""
    command = click.option(
        "--config", metavar="FILE", help="Configuration file; default: the nearest trueline.toml."
    )(command)
    return click.option("--home", metavar="DIR", help="Where snapshots are kept.")(command)


def report_options(formats: Iterable[str], fail_on: str) -> Callable[[F], F]:
    """`--format --output --status --fail-on --fail-on-unknown --quiet`."""
    options = (
        click.option("--format", "format_", type=click.Choice(tuple(formats)), default=None),
        click.option(
            "--output",
            "-o",
            "outputs",
            multiple=True,
            metavar="[FORMAT:]FILE",
            help="Write the report to FILE; repeatable.",
        ),
        click.option("--status", help="Show only these: fail,unknown,pass."),
        click.option(
            "--fail-on",
            type=click.Choice((*SEVERITIES, "never")),
            default=fail_on,
            show_default=True,
            help="Exit 1 on fails of this severity or worse.",
        ),
        click.option(
            "--fail-on-unknown", is_flag=True, help="Exit 3 when something could not be read."
        ),
        click.option("--quiet", "-q", is_flag=True, help="No talk and no progress."),
    )

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def workspace(home: str | None, config: str | None) -> Workspace:
    """Home, settings and catalog, read before anything else."""
    from trueline.pipeline import open_workspace

    return open_workspace(home, config)


def many(count: int, noun: str) -> str:
    """`1 policy`, `3 policies`, `2,000 rows`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def talk(message: str, quiet: bool = False) -> None:
    """Say something to the person, not to the pipe."""
    if not quiet:
        click.echo(message, err=True)


def check_outputs(outputs: Iterable[str], status: str | None) -> None:
    """Refuse before anything is read what `emit` could not do at the end."""
    from trueline.report import FORMATS, format_of

    _statuses(status)
    for _, path in [_target(o, FORMATS, format_of) for o in outputs]:
        if not path.parent.is_dir():
            raise _not_written(path, "its directory does not exist")
        if path.is_dir():
            raise _not_written(path, "it is a directory")


def emit(report: Report, format_: str | None, outputs: Iterable[str], status: str | None) -> None:
    """Write a report to stdout and files. With any output, only an explicit format prints."""
    from trueline.report import FORMATS, format_of, write_report

    targets = [_target(o, FORMATS, format_of) for o in outputs]
    shown = report.only(_statuses(status)) if status else report
    for name, path in targets:
        _write(shown, name, path, write_report)
    if format_ or not targets:
        write_report(shown, format_ or "table", sys.stdout)


def _target(
    text: str, formats: Iterable[str], format_of: Callable[[Path], str | None]
) -> tuple[str, Path]:
    head, colon, rest = text.partition(":")
    if colon and head in formats:
        return head, Path(rest)
    path = Path(text)
    name = format_of(path)
    if name is None:
        raise ConfigError(
            "usage",
            f"the format of {text!r} is not clear from its suffix",
            f"write it before the name: json:{text}",
        )
    return name, path


def _write(
    report: Report, name: str, path: Path, write_report: Callable[[Report, str, Any], None]
) -> None:
    """Write beside the target and rename, so that a failed write leaves what was there."""
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("w", encoding="utf-8", newline="") as out:
            write_report(report, name, out)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _not_written(path, error.strerror or str(error)) from None


def _not_written(path: Path, why: str) -> ActionError:
    return ActionError(
        "output-failed",
        f"the report could not be written to {path}: {why}",
        "check that the directory exists, is writable and has room",
    )


def _statuses(status: str | None) -> list[str]:
    """The statuses that `--status` names."""
    wanted = [s.strip() for s in (status or "").split(",") if s.strip()]
    for name in wanted:
        if name not in STATUSES:
            raise ConfigError(
                "usage", f"unknown status {name!r}", "statuses are " + ", ".join(STATUSES)
            )
    return wanted


def exit_code(report: Report, fail_on: str, fail_on_unknown: bool) -> int:
    """1 for fails that count, else 3 for what could not be read, else 0.

    What a change leaves as it was does not count, neither fails nor unknowns.
    """
    from trueline.report import counts_against

    if counts_against(report, fail_on):
        return 1
    unknown = any(v.status == "unknown" and v.change != "left" for v in report.verdicts)
    unread = unknown or report.summary.share_read < 1
    return 3 if fail_on_unknown and unread else 0
