"""What a scan or check says: verdicts, coverage, and the report that holds them (DESIGN §9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "BOUNDARIES",
    "SCHEMA",
    "Cause",
    "CoverageRow",
    "Location",
    "NotJudged",
    "ResourceRef",
    "ScanInfo",
    "Suppression",
    "Verdict",
    "VerdictException",
]

SCHEMA = "trueline.report/1"

BOUNDARIES = (
    "Posture only: what the configuration allows, not what happens at run time.",
    "No runtime threat detection, no inspection of stored data, no identity governance.",
    "Secrets are flagged by the form of names and values; this is not a secret scanner.",
    "It does not judge architecture, and it does not decide which risk is acceptable.",
)


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """Which resource a verdict is about; a failed scope has uid `scope:…` and no name."""

    uid: str
    type: str
    name: str | None
    provider: str
    account: str | None
    region: str | None
    plane: str
    address: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A stretch of a file, 1-based; the end is the first column behind it.

    `file` is relative to the path that is judged, as in ResourceRef.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A column that is not known, and the cause (closed list of DESIGN §4)."""

    column: str
    cause: str


@dataclass(frozen=True, slots=True)
class VerdictException:
    """Why a fail does not count: an approved exception, or a suppression in the code.

    `introduced`: the change under review adds it and may not, so that the fail counts all the same.
    """

    kind: str
    id: str
    reason: str
    until: str | None
    approved_by: str | None
    introduced: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment in code that silences policies there, and what became of it.

    `id` is `<file>:<line>`; `tool` whose comment it is; `policies` are as written. `status` is
    `used` (`silenced` fails), `unused`, `not_judged` (its policies were not asked for), `expired`,
    `unknown_policy` (it names something that no policy is called) or `malformed`; `note` says more.
    """

    id: str
    tool: str
    policies: tuple[str, ...]
    reason: str
    until: str | None
    status: str
    silenced: int = 0
    introduced: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Policy times resource: `status` is pass, fail or unknown.

    For code, `location` is the attribute or block that decides, and `calls` are the module calls
    that lead there, the innermost first.
    """

    policy: str
    status: str
    severity: str
    environment: str | None
    resource: ResourceRef
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[Cause, ...] = ()
    last_known: str | None = None
    change: str | None = None
    exception: VerdictException | None = None
    owner: str | None = None
    owner_reason: str | None = None
    location: Location | None = None
    calls: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One line of the ledger: what was asked of a scope for a type, and how it ended.

    `calls` counts requests sent (pages and retries included), `rows` the resources that came.
    """

    provider: str
    account: str
    region: str
    type: str
    call: str
    status: str
    file: str | None = None
    calls: int = 0
    rows: int = 0
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A policy that a plane cannot judge, said once per report."""

    policy: str
    plane: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """The run behind a report; times are UTC."""

    id: str
    started_at: dt.datetime
    finished_at: dt.datetime
    version: str
    planes: tuple[str, ...]
