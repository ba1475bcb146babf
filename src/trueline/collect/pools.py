"""A bounded pool of daemon threads.

The standard executor joins its threads when the interpreter ends, so that one request that is
never answered would hold up an interrupted program until its timeout. These threads do not.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from trueline.collect.answers import Halt

__all__ = ["Pool"]

T = TypeVar("T")
R = TypeVar("R")
_Task = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Pool:
    """Runs tasks in the order given, on at most `workers` threads, started as they are needed.

    A task must never wait for another task of its own pool.
    """

    def __init__(self, workers: int, name: str) -> None:
        self._workers, self._name = workers, name
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = threading.Semaphore(0)

    def submit(self, work: Callable[..., R], *args: Any) -> Future[R]:
        future: Future[R] = Future()
        self._tasks.put((future, work, args))
        if not self._idle.acquire(blocking=False):
            self._grow()
        return future

    def map(self, work: Callable[[T], R], items: Iterable[T], halt: Halt | None = None) -> list[R]:
        """The results, in order. Raises what the first failed task raised.

        With `halt`, raises Stopped as soon as the run is to end, whatever is still under way.
        """
        futures = [self.submit(work, item) for item in items]
        while halt is not None and wait(futures, timeout=0.2).not_done:
            halt.check()
        return [future.result() for future in futures]

    def close(self) -> None:
        """Let the threads end once the tasks before this call are done."""
        with self._lock:
            for _ in range(self._threads):
                self._tasks.put(None)

    def _grow(self) -> None:
        with self._lock:
            if self._threads == self._workers:
                return
            self._threads += 1
            name = f"{self._name}-{self._threads}"
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, work, args = task
            try:
                future.set_result(work(*args))
            except BaseException as error:  # noqa: BLE001 - raised again where the result is read
                future.set_exception(error)
            del future, work, args, task
            self._idle.release()
