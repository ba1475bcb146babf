"""The lake: the only door to the tables."""

from trueline.lake.commit import TypeVerdicts
from trueline.lake.diff import Change, ColumnChange, Difference, Gap, changes, diff
from trueline.lake.manifest import ScopeEntry, Segment, VerdictEntry
from trueline.lake.prune import LakeInfo, Pruned, SnapshotInfo, info, prune
from trueline.lake.query import QueryResult, query
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
    "prune",
    "query",
    "record_batches",
]
