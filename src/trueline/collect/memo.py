"""Answers kept so that a call is made once, whoever needs it, and no longer than it is needed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Memo", "Single"]

V = TypeVar("V")


class Single(Generic[V]):
    """Makes each value once: the first who asks makes it, the others wait for that one."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Future[V]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> tuple[V, bool]:
        """The value, and whether it was made here."""
        with self._lock:
            future = self._made.get(key)
            first = future is None
            if future is None:
                future = self._made[key] = Future()
        if first:
            try:
                future.set_result(make())
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result(), first


class Memo(Generic[V]):
    """The shared answers of one account, in groups that are dropped with their last user."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, Single[V]] = {}
        self._users: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def expect(self, groups: Iterable[Hashable]) -> None:
        """One more scope will use these groups."""
        with self._lock:
            self._users.update(set(groups))

    def get(self, group: Hashable, key: Hashable, make: Callable[[], V]) -> tuple[V, bool]:
        """The value, and whether it was made here."""
        with self._lock:
            single = self._groups.setdefault(group, Single())
        return single.get(key, make)

    def release(self, groups: Iterable[Hashable]) -> None:
        """One scope is finished with these groups."""
        with self._lock:
            for group in set(groups):
                self._users[group] -= 1
                if self._users[group] <= 0:
                    del self._users[group]
                    self._groups.pop(group, None)

    def __len__(self) -> int:
        return len(self._groups)
