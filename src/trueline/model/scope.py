"""What readers hand over: scopes and how completely they were read, code rows, references."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from trueline.model.verdict import CoverageRow

__all__ = ["CodeRows", "Edge", "Row", "Scope", "ScopeState", "Sink"]

Row = Mapping[str, Any]
"""One row of a table: every own and common column, plain Python values, None = NULL."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What one listing covers. `region` is `global` for global types, empty on code planes."""

    provider: str
    account: str
    region: str
    type: str


@dataclass(frozen=True, slots=True)
class ScopeState:
    """How the newest read of a scope ended.

    `complete` = the listing came whole, so that a missing row is known to be missing. Otherwise
    `cause` is a cause of DESIGN §4 (`denied`, `timeout` …) and `stale_since` says since when the
    rows that still stand here, if any, have not been confirmed.
    """

    scope: Scope
    complete: bool
    collected_at: dt.datetime
    cause: str | None = None
    stale_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """On code planes: `column` of `from_uid` refers to `to_uid`.

    `to_uid` None = it refers to something that could not be resolved, for `cause`.
    """

    from_uid: str
    column: str
    to_uid: str | None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class CodeRows:
    """What a code reader made of its input: rows by table, references, ledger, scopes."""

    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    edges: Sequence[Edge] = ()
    coverage: Sequence[CoverageRow] = ()
    scopes: Sequence[ScopeState] = ()


class Sink(Protocol):
    """Where a collector puts what it read. Methods may be called from any thread."""

    def is_done(self, scope: Scope) -> bool:
        """Was this scope read by the run that is being resumed?"""

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        """Take a batch of rows of a scope that is being read."""

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        """The scope is finished: read whole, or failed for a cause."""
