"""A sink that remembers, and what one collection gave."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from trueline.collect import Outcome
from trueline.collect.aws import Patience
from trueline.model import CoverageRow, Row, Scope, ScopeState

__all__ = ["QUICK", "Memory", "Result"]

QUICK = Patience(connect=1.0, read=8.0, attempts=3, longest_wait=0.05)


@dataclass
class Memory:
    """A sink that keeps everything; scopes that were not asked for by themselves."""

    already: set[Scope] = field(default_factory=set)
    batches: list[tuple[Scope, Sequence[Row]]] = field(default_factory=list)
    states: dict[Scope, ScopeState] = field(default_factory=dict)
    passed_over: dict[Scope, ScopeState] = field(default_factory=dict)
    coverage: list[CoverageRow] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_done(self, scope: Scope) -> bool:
        return scope in self.already

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        with self.lock:
            self.batches.append((scope, rows))

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        with self.lock:
            if state.cause == "not_collected":
                self.passed_over[state.scope] = state
                return
            assert state.scope not in self.states
            self.states[state.scope] = state
            self.coverage.extend(coverage)


@dataclass
class Result:
    """What one collection gave."""

    outcome: Outcome
    sink: Memory

    @property
    def coverage(self) -> list[CoverageRow]:
        return [*self.sink.coverage, *self.outcome.coverage]

    def rows(self, table: str) -> dict[str, Row]:
        """By uid and region of the scope."""
        return {
            f"{row['uid']}@{row['scope_region']}": row
            for scope, rows in self.sink.batches
            for row in rows
            if scope.type == table and self.sink.states[scope].complete
        }

    def statuses(self, call: str) -> Counter[str]:
        return Counter(row.status for row in self.coverage if row.call == call)

    def sent(self) -> int:
        return sum(row.calls for row in self.coverage)
