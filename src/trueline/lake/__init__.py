"""The lake: the only door to the tables."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.lake.commit import TypeVerdicts
    from trueline.lake.differences import Change, ColumnChange, Difference, Gap, changes, diff
    from trueline.lake.manifest import ScopeEntry, Segment, VerdictEntry
    from trueline.lake.marks import lake_id, snapshot_numbers
    from trueline.lake.pruning import LakeInfo, Pruned, SnapshotInfo, info, prune
    from trueline.lake.querying import QueryResult, query
    from trueline.lake.run import Run, RunSelection
    from trueline.lake.schema import arrow_schema, arrow_type, record_batches
    from trueline.lake.snapshot import Snapshot
    from trueline.lake.store import Lake
    from trueline.lake.tables import Tables

__all__ = [
    "Change",
    "ColumnChange",
    "Difference",
    "Gap",
    "Lake",
    "LakeInfo",
    "Pruned",
    "QueryResult",
    "Run",
    "RunSelection",
    "ScopeEntry",
    "Segment",
    "Snapshot",
    "SnapshotInfo",
    "Tables",
    "TypeVerdicts",
    "VerdictEntry",
    "arrow_schema",
    "arrow_type",
    "changes",
    "diff",
    "info",
    "lake_id",
    "prune",
    "query",
    "record_batches",
    "snapshot_numbers",
]

_HOMES = {
    "commit": ("TypeVerdicts",),
    "differences": ("Change", "ColumnChange", "Difference", "Gap", "changes", "diff"),
    "marks": ("lake_id", "snapshot_numbers"),
    "manifest": ("ScopeEntry", "Segment", "VerdictEntry"),
    "pruning": ("LakeInfo", "Pruned", "SnapshotInfo", "info", "prune"),
    "querying": ("QueryResult", "query"),
    "run": ("Run", "RunSelection"),
    "schema": ("arrow_schema", "arrow_type", "record_batches"),
    "snapshot": ("Snapshot",),
    "store": ("Lake",),
    "tables": ("Tables",),
}
"""Where each name is. Loaded on first use: judging code needs tables, not Parquet and locks."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"trueline.lake.{home}"), name)
    raise AttributeError(f"module 'trueline.lake' has no attribute {name!r}")
