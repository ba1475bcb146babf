"""Progress of a scan, for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trueline.collect import Progress

__all__ = ["live_progress"]


@contextmanager
def live_progress(quiet: bool) -> Iterator[Progress]:
    """A bar over scopes on stderr; silent where nobody watches."""
    from trueline.collect import SILENT

    if quiet or not sys.stderr.isatty():
        yield SILENT
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
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
    """Counts what the collector tells; its methods may be called from any thread."""

    def __init__(self, bar: object) -> None:
        from rich.progress import Progress

        assert isinstance(bar, Progress)
        self.bar = bar
        self.task = bar.add_task("reading", total=0, calls=0)
        self.requests = 0

    def expected(self, scopes: int) -> None:
        self.bar.update(self.task, total=scopes)

    def scope_done(self) -> None:
        self.bar.advance(self.task)

    def request_sent(self) -> None:
        self.requests += 1
        if self.requests % 10 == 0:
            self.bar.update(self.task, calls=self.requests)
