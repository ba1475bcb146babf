"""What to read of AWS, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AwsRequest", "Patience"]


@dataclass(frozen=True, slots=True)
class Patience:
    """Timeouts in seconds; attempts count the first one.

    An endpoint that never answered is given up after one timeout. Throttling is waited out much
    longer than failure, since it ends: twenty attempts survive one half of them being refused.
    """

    connect: float = 4.0
    read: float = 20.0
    attempts: int = 5
    throttled_attempts: int = 20
    longest_wait: float = 5.0


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """Which accounts and regions to read, with which credentials.

    Endpoints, proxies and everything else come from the environment and AWS's own files.
    `accounts` keeps only these among those that the credentials and roles give; `regions` narrows
    regional scopes; `expected_accounts` are only compared with what was seen.
    """

    profile: str | None = None
    role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    expected_accounts: tuple[str, ...] = ()
    patience: Patience = field(default_factory=Patience)
