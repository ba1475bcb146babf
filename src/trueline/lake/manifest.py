"""What a snapshot consists of: which segment serves each scope, and how its last read ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trueline.model import NotJudged, ScanInfo, Scope, ScopeState

__all__ = ["FORMAT", "Manifest", "ScopeEntry", "Segment", "VerdictEntry", "parse", "render"]

FORMAT = 1
"""Version of the lake's layout; a newer one is refused."""


@dataclass(frozen=True, slots=True)
class Segment:
    """An immutable file of rows; `mappings` = column -> digest of what made its values."""

    id: str
    table: str
    rows: int
    size: int
    crc32: int
    mappings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """A scope's state and rows.

    `segment` None = no rows. `read` = it came whole at least once, so that its rows (even none)
    mean something; `attempted_at` is the newest read, whole or not.
    """

    state: ScopeState
    attempted_at: dt.datetime
    segment: str | None = None
    rows: int = 0
    read: bool = False

    @property
    def scope(self) -> Scope:
        return self.state.scope


@dataclass(frozen=True, slots=True)
class VerdictEntry:
    """A type's verdicts: the segment (None = nothing to store) and what evaluation says of it."""

    segment: str | None
    metadata: Mapping[str, Any]
    snapshot: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One snapshot. `owners` = table -> segment that says which scope's row stands for a uid."""

    lake: str
    number: int
    created_at: dt.datetime
    scan: ScanInfo
    settings: str
    segments: Mapping[str, Segment]
    scopes: Mapping[Scope, ScopeEntry]
    owners: Mapping[str, str]
    verdicts: Mapping[str, VerdictEntry]
    coverage: str | None
    not_judged: tuple[NotJudged, ...] = ()

    def used(self) -> set[str]:
        """Ids of the segments that something in this snapshot needs."""
        ids = {entry.segment for entry in self.scopes.values()}
        ids.update(self.owners.values())
        ids.update(entry.segment for entry in self.verdicts.values())
        ids.add(self.coverage)
        return {i for i in ids if i is not None}


def render(manifest: Manifest) -> dict[str, Any]:
    """The manifest as a JSON document; times in ISO 8601 with microseconds."""
    return {
        "format": FORMAT,
        "lake": manifest.lake,
        "number": manifest.number,
        "created_at": manifest.created_at.isoformat(),
        "scan": {
            "id": manifest.scan.id,
            "started_at": manifest.scan.started_at.isoformat(),
            "finished_at": manifest.scan.finished_at.isoformat(),
            "version": manifest.scan.version,
            "planes": list(manifest.scan.planes),
        },
        "settings": manifest.settings,
        "segments": {
            s.id: [s.table, s.rows, s.size, s.crc32, dict(s.mappings)]
            for s in manifest.segments.values()
        },
        "scopes": [_render_scope(entry) for entry in manifest.scopes.values()],
        "owners": dict(manifest.owners),
        "verdicts": {
            table: [v.segment, dict(v.metadata), v.snapshot]
            for table, v in manifest.verdicts.items()
        },
        "coverage": manifest.coverage,
        "not_judged": [[n.policy, n.plane, n.reason] for n in manifest.not_judged],
    }


def parse(document: Mapping[str, Any]) -> Manifest:
    """Read what `render` wrote; raises KeyError, TypeError or ValueError when it is not that."""
    scan = document["scan"]
    entries = [_parse_scope(raw) for raw in document["scopes"]]
    return Manifest(
        lake=document["lake"],
        number=document["number"],
        created_at=_time(document["created_at"]),
        scan=ScanInfo(
            scan["id"],
            _time(scan["started_at"]),
            _time(scan["finished_at"]),
            scan["version"],
            tuple(scan["planes"]),
        ),
        settings=document["settings"],
        segments={i: Segment(i, *raw) for i, raw in document["segments"].items()},
        scopes={entry.scope: entry for entry in entries},
        owners=document["owners"],
        verdicts={table: VerdictEntry(*raw) for table, raw in document["verdicts"].items()},
        coverage=document["coverage"],
        not_judged=tuple(NotJudged(*raw) for raw in document["not_judged"]),
    )


def _render_scope(entry: ScopeEntry) -> list[Any]:
    state = entry.state
    return [
        state.scope.provider,
        state.scope.account,
        state.scope.region,
        state.scope.type,
        state.complete,
        state.collected_at.isoformat(),
        state.cause,
        state.stale_since.isoformat() if state.stale_since else None,
        entry.attempted_at.isoformat(),
        entry.segment,
        entry.rows,
        entry.read,
    ]


def _parse_scope(raw: list[Any]) -> ScopeEntry:
    provider, account, region, kind, complete, collected, cause, stale, attempted, *rest = raw
    segment, rows, read = rest
    state = ScopeState(
        Scope(provider, account, region, kind),
        complete,
        _time(collected),
        cause,
        _time(stale) if stale else None,
    )
    return ScopeEntry(state, _time(attempted), segment, rows, read)


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
