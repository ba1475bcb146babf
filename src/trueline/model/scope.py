"""What readers hand over: scopes and how completely they were read, code rows, references."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from trueline.model.verdict import CoverageRow, Location

__all__ = ["CodeComment", "CodeRows", "Edge", "Place", "Row", "Scope", "ScopeState", "Sink"]

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

    `to_uid` None = it refers to something that could not be resolved, for `cause`. With a `to_uid`,
    `cause` says why `from_uid` may not exist beside it.
    """

    from_uid: str
    column: str
    to_uid: str | None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where code says a resource: its block, what says each column, and the calls that lead there.

    `columns`: by column name, the attribute or nested block that says it; `attributes`: the same
    by path of labels, `ingress.cidr_blocks`. `elements`: of a list that several blocks say, which
    block says which elements. `calls`: module calls, the innermost first.
    """

    block: Location
    columns: Mapping[str, Location] = field(default_factory=dict)
    attributes: Mapping[str, Location] = field(default_factory=dict)
    calls: tuple[Location, ...] = ()
    elements: Mapping[str, Sequence[tuple[Location, Sequence[Any]]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeComment:
    """A comment in code that may silence a policy; `alone`: nothing else stands on its line."""

    file: str
    line: int
    end_line: int
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class CodeRows:
    """What a code reader made of its input: rows by table, references, ledger, scopes.

    `places` by uid; `moved`: addresses before and after, as `moved` blocks say, with the uid's
    beginning (`code:<directory>:`).
    """

    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    edges: Sequence[Edge] = ()
    coverage: Sequence[CoverageRow] = ()
    scopes: Sequence[ScopeState] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    comments: Sequence[CodeComment] = ()
    moved: Sequence[tuple[str, str]] = ()


class Sink(Protocol):
    """Where a collector puts what it read. Methods may be called from any thread."""

    def is_done(self, scope: Scope) -> bool:
        """Was this scope read by the run that is being resumed?"""

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        """Take a batch of rows of a scope that is being read."""

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        """The scope is finished: read whole, or failed for a cause."""
