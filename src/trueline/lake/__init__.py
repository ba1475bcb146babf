"""The lake: the only door to the tables."""

from trueline.lake.commit import TypeVerdicts
from trueline.lake.manifest import ScopeEntry, Segment, VerdictEntry
from trueline.lake.prune import LakeInfo, Pruned, SnapshotInfo, info, prune
from trueline.lake.query import QueryResult, query
from trueline.lake.run import Run, RunSelection
from trueline.lake.schema import arrow_schema, arrow_type, record_batches
from trueline.lake.snapshot import Snapshot
from trueline.lake.store import Lake
from trueline.lake.tables import Tables

__all__ = [
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
    "info",
    "prune",
    "query",
    "record_batches",
]
