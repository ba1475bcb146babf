"""How a collector tells what it is doing, while it does it."""

from __future__ import annotations

from typing import Protocol

from trueline.model import Scope, ScopeState

__all__ = ["Progress", "Silence"]


class Progress(Protocol):
    """Told from any thread; must be quick."""

    def planned(self, scopes: int) -> None:
        """So many scopes will be read."""

    def scope_started(self, scope: Scope) -> None:
        """The listing of this scope begins."""

    def scope_done(self, state: ScopeState, rows: int) -> None:
        """The scope is finished; so many rows came."""

    def calls(self, requests: int) -> None:
        """So many more requests were sent."""


class Silence:
    """Tells nobody."""

    def planned(self, scopes: int) -> None:
        pass

    def scope_started(self, scope: Scope) -> None:
        pass

    def scope_done(self, state: ScopeState, rows: int) -> None:
        pass

    def calls(self, requests: int) -> None:
        pass
