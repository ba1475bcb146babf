"""Opens the state store for a command, and first applies what is outstanding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trueline.cli.options import talk, workspace
from trueline.errors import ConfigError

if TYPE_CHECKING:
    from trueline.findings import State
    from trueline.pipeline import Workspace

__all__ = ["Opened", "days", "last_day", "opened", "short"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace, its state store as of now, and this now."""

    room: Workspace
    state: State
    now: dt.datetime

    @property
    def micros(self) -> int:
        from trueline.findings import micros

        return micros(self.now)


@contextmanager
def opened(home: str | None, config: str | None, *, apply: bool = True) -> Iterator[Opened]:
    """The store of a home, up to date; one is made where the home has snapshots."""
    from trueline.pipeline import bring_up_to_date, open_findings

    room = workspace(home, config)
    recorded = (room.home / "lake" / "lake.json").is_file()
    state = open_findings(room, create=recorded)
    try:
        if apply:
            bring_up_to_date(room, state, talk)
        yield Opened(room, state, dt.datetime.now(dt.UTC))
    finally:
        state.close()


def last_day(text: str) -> int:
    """The end of a day given as YYYY-MM-DD, in microseconds UTC. Raises ConfigError."""
    from trueline.findings import micros

    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError("usage", f"{text!r} is no date", "write it as 2027-01-31") from None
    end = dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=1)
    return micros(end)


def short(row: Mapping[str, Any]) -> str:
    """The beginning of an id that people type."""
    return str(row["id"])[:8]


def days(value: int | None) -> str:
    """A span of microseconds in days, for people."""
    return "" if value is None else f"{value / 86_400_000_000:.1f} d"


def joined(parts: Sequence[str]) -> str:
    """A filter given as several arguments."""
    from trueline.language import join_filter

    return join_filter(parts)
