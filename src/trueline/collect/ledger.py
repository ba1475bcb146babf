"""The coverage ledger of one scope, and who bears the requests of a call that several types use."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from trueline.model import CoverageRow, Scope

__all__ = ["Charge", "Ledger"]


class Charge:
    """The requests of a shared call, borne once."""

    __slots__ = ("_lock", "_requests")

    def __init__(self, requests: int) -> None:
        self._requests, self._lock = requests, threading.Lock()

    def take(self) -> int:
        """What nobody has borne yet."""
        with self._lock:
            taken, self._requests = self._requests, 0
            return taken


@dataclass(slots=True)
class _Line:
    calls: int = 0
    rows: int = 0
    message: str | None = None


_Key = tuple[str, str, str | None]


@dataclass(slots=True)
class Ledger:
    """Counts by (call, status, code) for one scope. Thread-safe."""

    scope: Scope
    _lines: dict[_Key, _Line] = field(default_factory=dict)
    _owed: list[tuple[Charge, str, str, str | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(
        self,
        call: str,
        status: str,
        code: str | None = None,
        *,
        requests: int = 0,
        rows: int = 0,
        message: str | None = None,
    ) -> None:
        with self._lock:
            line = self._lines.setdefault((call, status, code), _Line())
            line.calls += requests
            line.rows += rows
            line.message = line.message or message

    def owe(self, charge: Charge, call: str, status: str, code: str | None) -> None:
        """Bear these requests at the end, unless the type they belong to has come for them."""
        with self._lock:
            self._owed.append((charge, call, status, code))

    def rows(self) -> tuple[CoverageRow, ...]:
        """The finished ledger, sorted."""
        owed, self._owed = self._owed, []
        for charge, call, status, code in owed:
            self.record(call, status, code, requests=charge.take())
        scope = self.scope
        ordered = sorted(self._lines.items(), key=lambda item: (*item[0][:2], item[0][2] or ""))
        return tuple(
            CoverageRow(
                provider=scope.provider,
                account=scope.account,
                region=scope.region,
                type=scope.type,
                call=call,
                status=status,
                calls=line.calls,
                rows=line.rows,
                code=code,
                message=line.message,
            )
            for (call, status, code), line in ordered
        )
