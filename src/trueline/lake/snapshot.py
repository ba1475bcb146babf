"""A snapshot as its readers see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from trueline.errors import ActionError
from trueline.lake import ledger as stored
from trueline.lake.connect import text
from trueline.lake.manifest import Manifest, ScopeEntry, VerdictEntry
from trueline.lake.reading import Content, damage_of
from trueline.lake.segments import Segments
from trueline.lake.views import literal_path
from trueline.model import CoverageRow, NotJudged, ScanInfo, ScopeState

__all__ = ["Snapshot", "VerdictSource"]


@dataclass(frozen=True, slots=True)
class VerdictSource:
    """Stored verdicts as a relation in SQL, on a connection that may read files."""

    sql: str
    schema: pa.Schema


class Snapshot:
    """The estate as of a scan; immutable.

    `settings` is the digest of what it was judged by; `verdicts` say per table which segment
    holds what did not pass, and what evaluation said beside it.
    """

    def __init__(self, manifest: Manifest, store: Segments) -> None:
        self.manifest = manifest
        self._store = store

    @property
    def number(self) -> int:
        return self.manifest.number

    @property
    def created_at(self) -> dt.datetime:
        return self.manifest.created_at

    @property
    def scan(self) -> ScanInfo:
        return self.manifest.scan

    @property
    def settings(self) -> str:
        return self.manifest.settings

    @property
    def not_judged(self) -> tuple[NotJudged, ...]:
        return self.manifest.not_judged

    @property
    def verdicts(self) -> Mapping[str, VerdictEntry]:
        return self.manifest.verdicts

    @property
    def scopes(self) -> tuple[ScopeEntry, ...]:
        """Every scope as recorded: its state, the segment of its rows and their number."""
        return tuple(self.manifest.scopes.values())

    @property
    def states(self) -> tuple[ScopeState, ...]:
        """The recorded state of every scope; `Lake.tables` says which of them are damaged now."""
        return tuple(entry.state for entry in self.manifest.scopes.values())

    @property
    def content(self) -> Content:
        m = self.manifest
        return Content(m.scopes, m.segments, m.owners)

    def coverage(self, *, of_this_scan: bool = False) -> list[CoverageRow]:
        """The ledger: of the newest attempt at every scope, or of this snapshot's scan only.

        Scopes whose segment is damaged have a row of status `error` at the end.
        """
        rows = [
            line.row
            for line in self.ledger()
            if not of_this_scan or line.scan == self.manifest.scan.id
        ]
        return rows + self.damage()

    def ledger(self) -> list[stored.Line]:
        """The stored ledger; where its own file is damaged, a row of status `error` per scope."""
        m = self.manifest
        if m.coverage is None:
            return []
        segment = m.segments[m.coverage]
        fault = self._store.fault(segment)
        if fault is None:
            return list(stored.lines(self._store.batches(segment)))
        return [
            stored.Line(
                CoverageRow(
                    *(scope.provider, scope.account, scope.region, scope.type),
                    call="lake.coverage",
                    status="error",
                    code="segment-damaged",
                    message=fault,
                ),
                m.scan.id,
                scope,
            )
            for scope in m.scopes
        ]

    def damage(self, types: Collection[str] | None = None) -> list[CoverageRow]:
        """A ledger row per scope whose stored rows can no longer be read."""
        return list(damage_of(self._store, self.content, types).values())

    def verdict_fault(self, table: str) -> str | None:
        """Why a table's stored verdicts cannot be read, or None."""
        entry = self.manifest.verdicts[table]
        return entry.segment and self._store.fault(self.manifest.segments[entry.segment])

    def verdict_source(self, table: str) -> VerdictSource | None:
        """Where SQL finds a table's stored verdicts; None where nothing is stored.

        ActionError when they cannot be read.
        """
        entry = self.manifest.verdicts[table]
        if entry.segment is None:
            return None
        self._believe(table)
        segment = self.manifest.segments[entry.segment]
        path = text(literal_path(self._store.path(segment.id)))
        return VerdictSource(f"read_parquet([{path}])", self._store.schema(segment))

    def verdict_batches(self, table: str) -> Iterator[pa.RecordBatch]:
        """A table's stored verdicts; ActionError when they cannot be read."""
        entry = self.manifest.verdicts[table]
        if entry.segment is None:
            return
        self._believe(table)
        yield from self._store.batches(self.manifest.segments[entry.segment])

    def _believe(self, table: str) -> None:
        fault = self.verdict_fault(table)
        if fault is not None:
            raise ActionError(
                "segment-damaged",
                f"the verdicts of {table} cannot be read: {fault}",
                "scan again: it judges and stores them anew",
            )
