"""A run takes rows from many threads and holds little of them in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from trueline.errors import TruelineError
from trueline.lake import Lake
from trueline.lake.run import SCOPE_BYTES

from .support import scope, whole
from .test_commit import HERE, SELECTION, lake, no_verdicts, scan_info, select, things, uids

__all__ = ["lake"]


def test_threads_that_fill_scopes_at_once_lose_nothing(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    places = [scope(f"r{i}") for i in range(24)]

    def fill(number: int) -> None:
        where = places[number]
        for page in range(5):
            run.rows(where, things(*(f"{number:02}-{page}-{i}" for i in range(20)), where=where))
        run.done(whole(where), [])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, range(len(places))))
    lake.commit(run, scan_info(run), no_verdicts)
    assert select(
        lake, "SELECT count(*) n, count(DISTINCT uid) u, count(DISTINCT region) r FROM aws_thing"
    ) == [{"n": 2400, "u": 2400, "r": 24}]


def test_a_scope_larger_than_its_share_of_memory_goes_to_the_disk_in_parts(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    big = "x" * (SCOPE_BYTES // 2)
    for uid in ("a", "b", "c", "d", "e", "a"):
        run.rows(HERE, things(uid, config=big))
    on_disk = list((run.directory / "parts").iterdir())
    assert len(on_disk) >= 2
    run.done(whole(HERE), [])
    assert len(run.finished[HERE].parts) > 1
    lake.commit(run, scan_info(run), no_verdicts)
    assert uids(lake) == ["a", "b", "c", "d", "e"]
    assert select(lake, f"SELECT DISTINCT length(config) = {len(big)} AS same FROM aws_thing") == [
        {"same": True}
    ]


def test_rows_of_a_type_that_was_not_selected_are_refused(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    with pytest.raises(TruelineError) as caught:
        run.rows(scope(table="aws_strange"), [{"uid": "a"}])
    assert caught.value.code == "type-not-selected"
