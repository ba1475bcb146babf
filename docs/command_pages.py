"""Reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from docs.markdown import code, table, text
from trueline.cli.app import program

__all__ = ["commands", "commands_page"]

START = """# Commands

Results go to stdout, talk and progress to stderr.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | fails at or above `--fail-on` |
| 2 | usage, configuration or content is wrong, or there was no readable input |
| 3 | with `--fail-on-unknown`: something could not be read or decided |
| 4 | credentials or a remote system failed, and nothing was read |
| 5 | a write or an action failed, or a policy does not pass its own tests |
| 70 | a fault of Trueline |
| 130 | interrupted |

Where several apply, 130, 70, 2, 4, 5, 1, 3 win in this order.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its full name."""
    yield from _below("trueline", program)


def _below(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _below(f"{path} {name}", command)
        else:
            yield f"{path} {name}", command


def commands_page() -> str:
    """One heading a command: what it does, its arguments and options."""
    return START + "".join(_section(name, command) for name, command in commands())


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    about = inspect.cleandoc(command.help or "")
    paragraphs = "\n\n".join(" ".join(p.split()) for p in about.split("\n\n"))
    options = [p for p in command.params if isinstance(p, click.Option)]
    out = f"\n## {name}\n\n```\n{usage}\n```\n\n{paragraphs}\n"
    if options:
        rows = [_option(option) for option in options]
        out += "\n" + table(("option", "what it does", "default"), rows)
    return out


_ABOUT = {
    "format_": "How to print it.",
    "profile": "Profile of the AWS configuration.",
    "account": "Only this account.",
    "region": "Only this region.",
    "severity": "Only this severity.",
}
"""For options whose name says it: their help is empty on the command line."""


def _option(option: click.Option) -> tuple[str, str, str]:
    written = ", ".join(option.opts)
    if not option.is_flag:
        kind = option.type
        value = "|".join(kind.choices) if isinstance(kind, click.Choice) else option.metavar
        written += f" {value or kind.name.upper()}"
    shown = code(str(option.default)) if isinstance(option.default, str) else "–"
    help_ = option.help or _ABOUT.get(option.name or "", "")
    return code(written), text(help_) + (" Repeatable." if _silent_multiple(option) else ""), shown


def _silent_multiple(option: click.Option) -> bool:
    return option.multiple and "repeatable" not in (option.help or "")
