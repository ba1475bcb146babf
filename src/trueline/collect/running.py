"""Reads many scopes at once on bounded threads, and hands each over when it is finished."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from trueline.collect.answers import Halt, Remote, Stopped
from trueline.collect.asking import Asker, SharedAnswer
from trueline.collect.compiled import CompiledType, SharedCalls
from trueline.collect.ledger import Ledger
from trueline.collect.memo import Memo
from trueline.collect.pools import Pool
from trueline.collect.progress import Progress
from trueline.collect.walker import Walker
from trueline.model import CoverageRow, Row, Scope, ScopeState, Sink

__all__ = ["Finished", "Task", "run"]

_SCOPES, _ROWS = 32, 32
_GRACE = 2.0
"""Seconds that requests under way are waited for, once the run is to end."""


@dataclass(frozen=True, slots=True)
class Task:
    """One scope to read. `base` = what its documents begin with; `carries` = ledger rows of no
    scope of their own that are handed over with it."""

    scope: Scope
    compiled: CompiledType
    home: str
    base: dict[str, Any]
    remote: Remote
    shared: SharedCalls
    memo: Memo[SharedAnswer]
    carries: tuple[CoverageRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """A scope that was read."""

    task: Task
    state: ScopeState
    coverage: tuple[CoverageRow, ...] = field(default=())


class _Gate:
    """The sink, one caller at a time, and none after the run."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._open, self._lock = sink, True, threading.Lock()

    def is_done(self, scope: Scope) -> bool:
        return self._sink.is_done(scope)

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        with self._lock:
            self._check()
            self._sink.rows(scope, rows)

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        with self._lock:
            self._check()
            self._sink.done(state, coverage)

    def close(self) -> None:
        with self._lock:
            self._open = False

    def _check(self) -> None:
        if not self._open:
            raise Stopped


def run(
    tasks: Sequence[Task],
    sink: Sink,
    progress: Progress,
    halt: Halt,
    finished: Callable[[Finished], None],
) -> None:
    """Read all scopes; `finished` is told of each, on this thread.

    Ends early where the run is interrupted; what is not finished then was not handed over whole.
    Raises what a scope raised that is no matter of its calls.
    """
    scopes, rows = Pool(_SCOPES, "trueline-scope"), Pool(_ROWS, "trueline-row")
    gate = _Gate(sink)
    ended: queue.SimpleQueue[Future[Finished]] = queue.SimpleQueue()
    for task in tasks:
        task.memo.expect(task.shared.groups(task.compiled, task.home))
    try:
        for task in tasks:
            scopes.submit(_read, task, gate, rows, progress, halt).add_done_callback(ended.put)
        _gather(len(tasks), ended, halt, finished)
    except BaseException:
        halt.fail()
        raise
    finally:
        gate.close()
        scopes.close()
        rows.close()


def _gather(
    count: int,
    ended: queue.SimpleQueue[Future[Finished]],
    halt: Halt,
    finished: Callable[[Finished], None],
) -> None:
    deadline = None
    while count:
        if halt.is_set() and deadline is None:
            deadline = time.monotonic() + _GRACE
        if deadline is not None and time.monotonic() > deadline:
            return
        try:
            future = ended.get(timeout=0.2)
        except queue.Empty:
            continue
        count -= 1
        try:
            finished(future.result())
        except Stopped:
            continue


def _read(task: Task, sink: Sink, rows: Pool, progress: Progress, halt: Halt) -> Finished:
    halt.check()
    progress.scope_started(task.scope)
    ledger = Ledger(task.scope)
    asker = Asker(ledger, task.home, task.remote, task.shared, task.memo, halt)
    walker = Walker(task.scope, task.compiled, task.base, asker, rows, halt)
    try:
        state = walker.walk(sink)
    finally:
        task.memo.release(task.shared.groups(task.compiled, task.home))
    coverage = ledger.rows()
    sink.done(state, (*coverage, *task.carries))
    progress.scope_done(state, walker.rows)
    return Finished(task, state, coverage)
