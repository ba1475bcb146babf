"""Old snapshots go; what a kept one needs stays."""

from __future__ import annotations

import datetime as dt

import pytest

from trueline.errors import ConfigError
from trueline.lake import Lake, info, prune

from .support import scope
from .test_commit import HERE, SELECTION, THERE, lake, record, things, uids

__all__ = ["lake"]

HOUR = dt.timedelta(hours=1)
SOON = dt.timedelta(0)


def four_scans(lake: Lake) -> None:
    record(lake, {THERE: things("kept", where=THERE)})
    for uid in ("a", "b", "c"):
        record(lake, {HERE: things(uid)})


def test_a_prune_keeps_the_newest_and_all_that_it_needs(lake: Lake) -> None:
    four_scans(lake)
    before = info(lake)
    done = prune(lake, 1, grace=SOON)
    after = info(lake)
    assert done.snapshots == (1, 2, 3)
    assert [s.number for s in after.snapshots] == [4]
    assert uids(lake) == ["c", "kept"]
    assert (before.segments - after.segments, before.size - after.size) == (done.files, done.size)
    assert done.files > 0
    assert after.segments == 3


def test_a_reader_of_a_dropped_snapshot_can_finish(lake: Lake) -> None:
    four_scans(lake)
    old = lake.snapshot(2)
    assert old is not None
    done = prune(lake, 1)
    assert (done.snapshots, done.files) == ((1, 2, 3), 0)
    assert done.waiting > 0
    assert uids(lake, old) == ["a", "kept"]
    assert lake.snapshot(2) is None
    later = prune(lake, 1, now=dt.datetime.now(dt.UTC) + 2 * HOUR)
    assert (later.size, later.waiting) == (done.waiting, 0)
    assert uids(lake) == ["c", "kept"]


def test_a_prune_by_age_never_takes_the_newest(lake: Lake) -> None:
    four_scans(lake)
    assert prune(lake, HOUR).snapshots == ()
    future = dt.datetime.now(dt.UTC) + 5 * HOUR
    assert prune(lake, HOUR, now=future).snapshots == (1, 2, 3)
    assert prune(lake, HOUR, now=future).snapshots == ()
    assert lake.numbers() == [4]


def test_numbers_go_on_after_a_prune(lake: Lake) -> None:
    four_scans(lake)
    prune(lake, 1, grace=SOON)
    assert record(lake, {HERE: []}).number == 5


def test_what_a_killed_commit_left_is_removed(lake: Lake) -> None:
    four_scans(lake)
    for name in ("0123-aws_thing.parquet", "0124-aws_thing.parquet.tmp"):
        (lake.segments.directory / name).write_bytes(b"left")
    assert prune(lake, 99).files == 2
    assert uids(lake) == ["c", "kept"]


def test_nothing_is_removed_while_a_manifest_cannot_be_read(lake: Lake) -> None:
    four_scans(lake)
    path = lake.manifest_path(3)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ConfigError) as caught:
        prune(lake, 3, grace=SOON)
    assert caught.value.code == "snapshot-damaged"
    assert lake.numbers() == [1, 2, 3, 4]
    assert uids(lake) == ["c", "kept"]


def test_keeping_nothing_is_refused(lake: Lake) -> None:
    with pytest.raises(ConfigError):
        prune(lake, 0)


def test_info_counts_scopes_rows_and_unfinished_runs(lake: Lake) -> None:
    four_scans(lake)
    run = lake.begin(SELECTION)
    run.rows(scope("x"), things("z", where=scope("x")))
    told = info(lake)
    assert [(s.number, s.scopes, s.incomplete, s.rows) for s in told.snapshots] == [
        (1, 1, 0, 1),
        (2, 2, 0, 2),
        (3, 2, 0, 2),
        (4, 2, 0, 2),
    ]
    assert told.runs == (run.id,)
    assert told.id == lake.id
