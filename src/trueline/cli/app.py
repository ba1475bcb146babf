"""The program: its commands by name, and what becomes of an error."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import sys
from typing import NoReturn

import click

from trueline import __version__
from trueline.errors import ConfigError, TruelineError

__all__ = ["COMMANDS", "LATER", "main", "program"]

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("trueline.cli.demo:demo", "A simulated estate, scanned for real, report written."),
    "scan": ("trueline.cli.scan:scan", "Read live accounts, judge them, record a snapshot."),
    "check": ("trueline.cli.check:check", "Judge infrastructure code; records nothing."),
    "map": ("trueline.cli.estate:footprint", "Accounts, regions and types, and what was not seen."),
    "coverage": ("trueline.cli.estate:coverage", "What could not be read, why, and what lacks."),
    "resource": ("trueline.cli.estate:resource", "The inventory: list, show, types."),
    "query": ("trueline.cli.estate:query", "One SELECT over the tables, in a closed room."),
    "diff": ("trueline.cli.estate:diff", "What changed between two snapshots."),
    "finding": ("trueline.cli.finding:finding", "What fails, whose it is, and until when."),
    "exception": ("trueline.cli.exception:exception", "Approved deviations, for a while."),
    "owner": ("trueline.cli.owner:owner", "Who has how much to do, and why it is theirs."),
    "audit": ("trueline.cli.audit:audit", "The trail of every transition: log, head, verify."),
    "policy": ("trueline.cli.policy:policy", "Policies: list, show, test, lint, new."),
    "baseline": ("trueline.cli.baseline:baseline", "What each environment is held to: show, diff."),
    "permissions": ("trueline.cli.permissions:permissions", "The exact read-only permissions."),
    "lake": ("trueline.cli.storage:lake", "The recorded snapshots: info, prune."),
    "state": ("trueline.cli.state:state", "The store of findings: info, migrate, backup, check."),
    "doctor": ("trueline.cli.doctor:doctor", "Is everything in place for a scan?"),
    "explain": ("trueline.cli.explain:explain", "Explain a policy, a type, or a cause."),
    "config": ("trueline.cli.settings:config", "The configuration that holds here."),
}
"""name → (where it is, one line for the help). Written out, so that help imports nothing."""

LATER = (
    "compliance", "fix", "notify",
    "ticket", "report", "serve",
)  # fmt: skip
"""Commands of DESIGN §9 that are not built yet; a test holds this list against the program."""


class Program(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            ctx.fail(f"no such command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="trueline")
def program() -> None:
    """Cloud security posture management that never passes what it could not read."""


def main() -> NoReturn:
    """Run the program; exit codes are those of DESIGN §9."""
    _speak_utf8()
    # Arrow's own pool keeps pages for later; a short-lived program has no later.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone; its end is not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run() -> int:
    try:
        result = program.main(standalone_mode=False, prog_name="trueline", color=_colour())
    except TruelineError as error:
        _say(error)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _say(_usage(error))
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except (BrokenPipeError, SystemExit):
        # click leaves by SystemExit where the reader of our output has gone; so may we.
        return 0
    except Exception as error:  # noqa: BLE001 - the last door: whatever comes here is our bug
        return _bug(error)
    return result if isinstance(result, int) else 0


def _colour() -> bool | None:
    """No colour where NO_COLOR asks for none; else click decides by the terminal."""
    return False if os.environ.get("NO_COLOR") else None


def _usage(error: click.ClickException) -> TruelineError:
    """What click refuses, in the form of every other error."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "trueline"
    hint = f"{path} --help shows what it takes"
    message = error.format_message().rstrip(".")
    return ConfigError("usage", message[:1].lower() + message[1:], hint)


def _speak_utf8() -> None:
    """Make output independent of the locale: files and pipes get UTF-8, terminals what they can."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _say(error: TruelineError) -> None:
    first, *rest = error.render().splitlines()
    head, _, tail = first.partition(": ")
    coloured = click.style(head, fg="red", bold=True)
    click.echo(f"{coloured}: {tail}", err=True, color=_colour())
    for line in rest:
        click.echo(line, err=True)


def _bug(error: Exception) -> int:
    import traceback

    if os.environ.get("TRUELINE_DEBUG"):
        traceback.print_exception(error)
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        click.echo(
            f"error[bug]: {type(error).__name__}: {error}\n"
            f"  --> {os.path.basename(last.filename)}:{last.lineno}\n"  # noqa: PTH119
            "  help: this is a fault of Trueline; TRUELINE_DEBUG=1 shows where, please report it",
            err=True,
        )
    return 70
