"""What a remote call ended in: pages, or a failure with a status of the ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Answer", "CallError", "Gone", "Halt", "Meter", "Remote", "Stopped"]


class CallError(Exception):
    """A call that ended otherwise than well.

    `status` is a status of the ledger and the cause of what stays unknown: denied, throttled,
    timeout, error, truncated, disabled or unsupported. `code` is the service's own word.
    `nothing_there` = the service is not offered in this region, so that nothing can be in it.
    """

    def __init__(
        self, status: str, code: str, message: str | None = None, nothing_there: bool = False
    ) -> None:
        super().__init__(f"{status} ({code})")
        self.status, self.code, self.message = status, code, message
        self.nothing_there = nothing_there

    def again(self) -> CallError:
        """The same failure for another call that was not sent because of it."""
        return CallError(self.status, self.code, self.message, self.nothing_there)


class Stopped(Exception):  # noqa: N818 - being asked to stop is no error
    """The run was asked to stop; what is under way is dropped."""


class Gone(Exception):  # noqa: N818 - the resource vanished, nothing failed
    """The listed resource vanished before its details were read."""


class Meter:
    """Counts the HTTP requests really sent for one call, pages and retries included."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The pages of one call, or the status and code it failed with; `requests` were sent."""

    pages: tuple[Mapping[str, Any], ...]
    requests: int
    status: str = "ok"
    code: str | None = None
    message: str | None = None
    nothing_there: bool = False


class Remote(Protocol):
    """One account's APIs. Thread-safe."""

    def pages(
        self, call: str, region: str, args: Mapping[str, Any], meter: Meter
    ) -> Iterator[dict[str, Any]]:
        """The pages of `service.Operation`, one request each. Raises CallError, Stopped."""

    def has_region(self, region: str) -> bool:
        """Is this a region that a call can be sent to?"""


class Halt:
    """Asked to stop by the user (`stop`), or because the run itself failed (`fail`)."""

    _SLICE = 0.2

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._failed = stop, threading.Event()

    @property
    def interrupted(self) -> bool:
        return self._stop.is_set()

    def is_set(self) -> bool:
        return self._stop.is_set() or self._failed.is_set()

    def fail(self) -> None:
        """Make every thread of this run stop, without touching the caller's event."""
        self._failed.set()

    def check(self) -> None:
        """Raise Stopped if the run is to end."""
        if self.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait; raise Stopped as soon as the run is to end."""
        end = time.monotonic() + seconds
        while not self.is_set() and (left := end - time.monotonic()) > 0:
            self._stop.wait(min(left, self._SLICE))
        self.check()
