"""Many scans of few scopes do not leave a table in many files."""

from __future__ import annotations

from trueline.lake import Lake
from trueline.lake.compact import MOST_SEGMENTS

from .support import scope
from .test_commit import LATER, fail, lake, record, select, things, uids

__all__ = ["lake"]


def test_old_segments_are_folded_into_the_new_one_with_nothing_lost(lake: Lake) -> None:
    places = [scope(f"r{i:02}") for i in range(MOST_SEGMENTS + 1)]
    both = [*things("old-0", where=places[0]), *things("shared", where=places[0], region="r01")]
    record(lake, {places[0]: both})
    for number, where in enumerate(places[1:], 1):
        record(lake, {where: things(f"old-{number}", where=where)})
    record(lake, {places[1]: things("new-1", "shared", where=places[1])})
    before = uids(lake)
    fail(lake, places[2])
    record(lake, {places[3]: things("new-3", where=places[3])})

    newest = lake.snapshot()
    assert newest is not None
    used = {e.segment for e in newest.scopes}
    assert len(used) <= 3
    assert uids(lake) == sorted({*before, "new-3"} - {"old-3"})
    stale = "SELECT uid, stale_since FROM aws_thing WHERE stale_since IS NOT NULL"
    assert select(lake, stale) == [{"uid": "old-2", "stale_since": LATER}]
    shared = "SELECT scope_region, seen_from FROM aws_thing WHERE uid = 'shared'"
    assert select(lake, shared) == [{"scope_region": "r01", "seen_from": ["111122223333/r00"]}]
    first = lake.snapshot(1)
    assert first is not None
    assert uids(lake, first) == ["old-0", "shared"]
