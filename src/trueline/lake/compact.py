"""Folds the rows of many old segments of a type into the one that a commit writes anyway.

A scan of one region leaves most scopes in older segments; after many of them a table would be
read from hundreds of files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from trueline.lake.manifest import ScopeEntry, Segment
from trueline.lake.schema import arrow_schema, mapping_hashes
from trueline.lake.segments import Segments
from trueline.model import ResourceType, Scope

__all__ = ["MOST_SEGMENTS", "Fold", "folds"]

MOST_SEGMENTS = 24


@dataclass(frozen=True, slots=True)
class Fold:
    """A segment and those of its scopes that are current."""

    store: Segments
    segment: Segment
    scopes: tuple[Scope, ...]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of the current scopes."""
        wanted = pa.array([_key(s.account, s.region) for s in self.scopes])
        for batch in self.store.batches(self.segment):
            keys = pc.binary_join_element_wise(
                batch["scope_account"], batch["scope_region"], "\x1f"
            )
            yield batch.filter(pc.is_in(keys, value_set=wanted))


def folds(
    store: Segments,
    rtype: ResourceType,
    scopes: Mapping[Scope, ScopeEntry],
    segments: Mapping[str, Segment],
    replaced: Collection[Scope],
) -> list[Fold]:
    """What to fold into the type's next segment: nothing while few segments serve it.

    Only segments that the same mappings wrote are taken, since a segment has one set of digests.
    """
    current: dict[str, list[Scope]] = {}
    for scope, entry in scopes.items():
        if scope.type == rtype.table and entry.segment is not None and scope not in replaced:
            current.setdefault(entry.segment, []).append(scope)
    if len(current) < MOST_SEGMENTS:
        return []
    mappings, schema = mapping_hashes(rtype), arrow_schema(rtype)
    found = [Fold(store, segments[i], tuple(listed)) for i, listed in current.items()]
    return [
        fold
        for fold in found
        if fold.segment.mappings == mappings
        and store.fault(fold.segment) is None
        and store.schema(fold.segment).equals(schema)
    ]


def _key(account: str, region: str) -> str:
    return f"{account}\x1f{region}"
