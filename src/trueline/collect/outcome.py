"""What a collection amounted to, beyond the rows and ledger that the sink was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trueline.model import CoverageRow

__all__ = ["AccountRegions", "Outcome"]


@dataclass(frozen=True, slots=True)
class AccountRegions:
    """`read` = enabled and asked for; `disabled` = not enabled in the account; `skipped` =
    enabled and not asked for."""

    read: tuple[str, ...]
    disabled: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """`accounts` were read; `failed` have credentials that did not work; `missing` were expected
    and not seen. `requests` were sent in all. `coverage` holds ledger rows that no scope carries.
    """

    accounts: tuple[str, ...]
    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    regions: Mapping[str, AccountRegions] = field(default_factory=dict)
    requests: int = 0
    interrupted: bool = False
    coverage: tuple[CoverageRow, ...] = ()
