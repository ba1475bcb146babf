"""Progress of a scan, for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from trueline.collect import Progress
    from trueline.model import Scope, ScopeState

__all__ = ["live_progress"]


@contextmanager
def live_progress(quiet: bool) -> Iterator[Progress]:
    """A bar over scopes on stderr; silent where nobody watches."""
    from trueline.collect import Silence

    if quiet or not sys.stderr.isatty():
        yield Silence()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} scopes · {task.fields[calls]:,} requests"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        yield _Bar(bar)


class _Bar:
    """Shows what the collector tells; its methods may be called from any thread."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar
        self.task = bar.add_task("reading", total=None, calls=0)
        self.requests = 0

    def planned(self, scopes: int) -> None:
        self.bar.update(self.task, total=scopes)

    def scope_started(self, scope: Scope) -> None:
        self.bar.update(self.task, description=f"{scope.account} {scope.region}")

    def scope_done(self, state: ScopeState, rows: int) -> None:
        self.bar.advance(self.task)

    def calls(self, requests: int) -> None:
        self.requests += requests
        self.bar.update(self.task, calls=self.requests)
