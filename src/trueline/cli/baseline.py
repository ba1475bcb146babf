"""`trueline baseline`: show what an environment is held to, and how two of them differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.options import home_options, many, talk, workspace
from trueline.errors import ConfigError

if TYPE_CHECKING:
    from trueline.evaluate import Held
    from trueline.report.baselines import EnvironmentBaseline
    from trueline.settings import Settings

__all__ = ["baseline"]

MODES = click.Choice(("table", "json"))
OUTSIDE = "-"
"""What is outside of the environments, as an argument."""
STATES = {"off": "yellow", "not configured": "magenta", "on": "green"}
"""What a policy can be in an environment, as it is listed, and its colour."""


@click.group()
def baseline() -> None:
    """What each environment is held to: show, diff."""


@baseline.command()
@click.argument("environment", required=False)
@click.option("--all", "all_", is_flag=True, help="Also policies that hold as they say themselves.")
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def show(
    environment: str | None, all_: bool, format_: str, home: str | None, config: str | None
) -> None:
    """List the environments, strictest first, or show one whole.

    `-` is what is outside of the environments. Of its policies those are shown that are off, not
    configured, or changed there.
    """
    from trueline.report.baselines import baseline_dict

    known, settings = _read(home, config)
    if environment is None:
        if format_ == "json":
            data = [baseline_dict(each, _policies(each, all_)) for each in known.values()]
            click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        else:
            _print_list(list(known.values()))
        return
    said = _named(known, environment, settings)
    policies = _policies(said, all_)
    if format_ == "json":
        click.echo(json.dumps(baseline_dict(said, policies), indent=2, ensure_ascii=False))
    else:
        _print_whole(said, policies)


@baseline.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def diff(one: str, other: str, format_: str, home: str | None, config: str | None) -> None:
    """List what two environments are held to otherwise.

    `-` is what is outside of the environments. Their rules always differ and are not listed.
    """
    from trueline.report.baselines import differences
    from trueline.report.rows import write_table_rows

    known, settings = _read(home, config)
    ours, theirs = _named(known, one, settings), _named(known, other, settings)
    found = list(differences(ours, theirs))
    if format_ == "json":
        rows = [{"policy": d.policy, "setting": d.setting, "a": d.one, "b": d.other} for d in found]
        data = {"a": ours.name, "b": theirs.name, "differences": rows}
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    # The headings cannot be those of the first two columns, whatever an environment is called.
    a, b = (f"{side}: {_name(each)}" for side, each in (("A", ours), ("B", theirs)))
    lines = [
        {"policy": d.policy, "setting": d.setting, a: _shown(d.one), b: _shown(d.other)}
        for d in found
    ]
    write_table_rows(lines, ("policy", "setting", a, b), sys.stdout)
    talk(f"{many(len(found), 'difference')} from {_name(ours)} to {_name(theirs)}")


def _read(
    home: str | None, config: str | None
) -> tuple[dict[str | None, EnvironmentBaseline], Settings]:
    from trueline.report.baselines import environment_baselines

    room = workspace(home, config)
    listed = environment_baselines(room.settings, room.catalog.policies)
    return {each.name: each for each in listed}, room.settings


def _named(
    known: Mapping[str | None, EnvironmentBaseline], name: str, settings: Settings
) -> EnvironmentBaseline:
    found = known.get(None if name == OUTSIDE else name)
    if found is not None:
        return found
    from trueline.catalog.problems import closest

    names = [e.name for e in settings.environments]
    hint = closest(name, names) or f"configured: {', '.join(names) or 'none'}"
    raise ConfigError("usage", f"there is no environment {name!r}", hint)


def _policies(said: EnvironmentBaseline, all_: bool) -> list[Held]:
    """Its policies: what is held otherwise first, worst first."""
    from trueline.model import SEVERITIES

    states = list(STATES)
    chosen = [held for held in said.policies.values() if all_ or held.differs]
    return sorted(
        chosen,
        key=lambda h: (
            states.index(h.state), not h.differs, SEVERITIES.index(h.severity), h.policy.id
        ),
    )  # fmt: skip


def _name(said: EnvironmentBaseline) -> str:
    from trueline.report.escape import terminal

    return f"{OUTSIDE} (outside)" if said.name is None else terminal(said.name)


def _print_list(known: Sequence[EnvironmentBaseline]) -> None:
    from trueline.report.rows import write_table_rows

    rows = [
        {
            "environment": _name(each),
            "inherits": each.inherits,
            "owner": each.owner,
            "weight": _shown(each.weight),
            "fix within": "/".join(map(str, each.windows.values())),
            "excepted for": "/".join(map(str, each.exception_max_days.values())),
            **{state: each.states[state] for state in ("on", "off", "not configured")},
            "match": each.match,
        }
        for each in known
    ]
    write_table_rows(rows, list(rows[0]), sys.stdout)
    talk("days at most, for critical/high/medium/low; trueline baseline show NAME shows one whole")


def _print_whole(said: EnvironmentBaseline, policies: Sequence[Held]) -> None:
    title = "outside of the environments" if said.name is None else _name(said)
    click.echo(click.style(title, bold=True))
    for key, value in (
        ("match", said.match),
        ("inherits", said.inherits),
        ("owner", said.owner),
        ("weight", said.weight),
        ("fix within", _days(said.windows)),
        ("excepted for", _days(said.exception_max_days)),
    ):
        if value is not None:
            click.echo(f"  {key:<14} {_shown(value)}")
    counts = [f"{said.states[s]} {s}" for s in ("on", "off", "not configured") if said.states[s]]
    click.echo(f"  {'policies':<14} {', '.join(counts) or 'none'}")
    width = max((len(h.policy.id) for h in policies), default=0)
    state = None
    for held in policies:
        if held.state != state:
            state = held.state
            click.echo()
            click.echo(click.style(state.capitalize(), fg=STATES[state], bold=True))
        _print_held(held, width)
    more = "; --all shows the others" if len(policies) < len(said.policies) else ""
    talk(f"{many(len(policies), 'policy')} of {len(said.policies)} shown{more}")


def _print_held(held: Held, width: int) -> None:
    """One line: effective severity, policy, and what is otherwise here or why it is not judged."""
    from trueline.report.escape import terminal

    colour = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}[held.severity]
    bold = held.severity == "critical"
    mark = click.style(f"{held.severity:<9}", fg=colour, bold=bold)
    said = held.reason.removeprefix("switched off: ") if held.reason else "; ".join(_facts(held))
    click.echo(f"  {mark} {held.policy.id:<{width}}  {terminal(said)}".rstrip())


def _facts(held: Held) -> Iterator[str]:
    """What an environment makes of a policy, and from where each value comes."""
    if held.severity != held.policy.severity:
        yield f"its own severity is {held.policy.severity}"
    sources = {"default": "its default", "params": "[params]", "environment": "environment"}
    for name, value in held.params.items():
        yield f"{name} = {_shown(value.value)} ({sources[value.source or 'default']})"
    if held.max_exception_days is not None:
        days = held.max_exception_days
        yield f"excepted for {many(days, 'day')} at most" if days else "no exceptions"


def _days(by_severity: Mapping[str, int]) -> str:
    return ", ".join(f"{severity} {days}" for severity, days in by_severity.items()) + " days"


def _shown(value: Any) -> str:
    """A value for a person to read."""
    from trueline.report.escape import terminal

    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:g}"
    return terminal(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
