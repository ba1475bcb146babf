"""Runs become snapshots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from trueline.errors import ConfigError
from trueline.lake import Lake, Run, RunSelection, Snapshot, Tables, TypeVerdicts
from trueline.model import CoverageRow, Row, ScanInfo, Scope

from .support import NOW, failed, resource_type, row, scope, whole

THING, OTHER = resource_type(), resource_type("aws_other")
TYPES = {"aws_thing": THING, "aws_other": OTHER}
SELECTION = RunSelection("aws", TYPES)
HERE, THERE = scope("eu-west-1"), scope("us-east-1")
LATER = NOW + dt.timedelta(days=1)
LATEST = NOW + dt.timedelta(days=2)


def scan_info(run: Run) -> ScanInfo:
    return ScanInfo(run.id, NOW, NOW, "0.1", ("live",))


def no_verdicts(_: Tables) -> Iterable[TypeVerdicts]:
    return ()


def read(run: Run, where: Scope, rows: Iterable[Row] = (), at: dt.datetime = NOW) -> None:
    run.rows(where, list(rows))
    run.done(whole(where, at), [ledger(where)])


def ledger(where: Scope, status: str = "ok") -> CoverageRow:
    return CoverageRow("aws", where.account, where.region, where.type, "x.List", status, calls=1)


def things(*uids: str, where: Scope = HERE, **values: Any) -> list[dict[str, Any]]:
    return [row(TYPES[where.type], uid, where, **values) for uid in uids]


def record(lake: Lake, content: Mapping[Scope, Iterable[Row]], at: dt.datetime = NOW) -> Snapshot:
    run = lake.begin(SELECTION)
    for where, rows in content.items():
        read(run, where, rows, at)
    return lake.commit(run, scan_info(run), no_verdicts)


def fail(lake: Lake, where: Scope, cause: str = "denied", at: dt.datetime = LATER) -> Snapshot:
    run = lake.begin(SELECTION)
    run.done(failed(where, cause, at), [ledger(where, "denied")])
    return lake.commit(run, scan_info(run), no_verdicts)


def select(
    lake: Lake, sql: str, snapshot: Snapshot | None = None, types: Mapping[str, Any] = TYPES
) -> list[dict[str, Any]]:
    chosen = snapshot or lake.snapshot()
    assert chosen is not None
    with lake.tables(chosen, types) as tables:
        return [r for batch in tables.batches(sql) for r in batch.to_pylist()]


def uids(lake: Lake, snapshot: Snapshot | None = None, table: str = "aws_thing") -> list[str]:
    return [r["uid"] for r in select(lake, f"SELECT uid FROM {table} ORDER BY uid", snapshot)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home")


def test_a_new_lake_has_no_snapshot(lake: Lake) -> None:
    assert lake.snapshot() is None
    assert lake.snapshot(1) is None


def test_what_was_read_is_in_the_snapshot_as_it_was_read(lake: Lake) -> None:
    one = things("a", name="x", rules=[{"port": 1, "cidrs": ["c", None]}], tags={"k": "v"})[0]
    record(lake, {HERE: [one]})
    (back,) = select(lake, "SELECT * FROM aws_thing")
    assert back.pop("_row") == 0
    for name in ("tags", "_why"):
        back[name] = dict(back[name])
    assert back == one


def test_a_scope_that_was_read_again_replaces_its_rows_and_no_others(lake: Lake) -> None:
    record(lake, {HERE: things("a", "b"), THERE: things("c", where=THERE)})
    record(lake, {HERE: things("b", "d")})
    assert uids(lake) == ["b", "c", "d"]


def test_a_scope_that_became_empty_has_no_rows_and_is_complete(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    snapshot = record(lake, {HERE: []})
    assert uids(lake) == []
    assert [s.complete for s in snapshot.states] == [True]


def test_an_older_snapshot_still_shows_what_it_showed(lake: Lake) -> None:
    first = record(lake, {HERE: things("a")})
    record(lake, {HERE: things("b")})
    assert uids(lake, first) == ["a"]
    assert uids(lake, lake.snapshot(1)) == ["a"]


def test_a_failed_scope_keeps_its_rows_and_says_since_when_they_are_stale(lake: Lake) -> None:
    record(lake, {HERE: things("a"), THERE: things("b", where=THERE)})
    fail(lake, HERE, at=LATER)
    fail(lake, HERE, "throttled", at=LATEST)
    assert select(lake, "SELECT uid, stale_since FROM aws_thing ORDER BY uid") == [
        {"uid": "a", "stale_since": LATER},
        {"uid": "b", "stale_since": None},
    ]
    assert select(lake, "SELECT region, complete, cause FROM _scopes ORDER BY region") == [
        {"region": "eu-west-1", "complete": False, "cause": "throttled"},
        {"region": "us-east-1", "complete": True, "cause": None},
    ]
    newest = lake.snapshot()
    assert newest is not None
    entry = next(e for e in newest.scopes if e.scope == HERE)
    assert (entry.state.collected_at, entry.attempted_at) == (NOW, LATEST)


def test_a_stale_scope_that_is_read_again_is_fresh(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    fail(lake, HERE)
    record(lake, {HERE: things("a")}, LATEST)
    assert select(lake, "SELECT stale_since FROM aws_thing") == [{"stale_since": None}]


def test_a_scope_that_was_never_read_is_not_stale(lake: Lake) -> None:
    snapshot = fail(lake, HERE)
    again = fail(lake, HERE)
    assert [(s.complete, s.cause, s.stale_since) for s in (*snapshot.states, *again.states)] == [
        (False, "denied", None)
    ] * 2


def test_rows_of_a_listing_that_broke_off_are_not_kept(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    run.rows(HERE, things("a"))
    run.done(failed(HERE, "throttled"), [])
    lake.commit(run, scan_info(run), no_verdicts)
    assert uids(lake) == []


def test_a_row_listed_twice_by_shifting_pages_is_one_row(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    run.rows(HERE, things("a", "b"))
    run.rows(HERE, things("b", "c"))
    run.done(whole(HERE), [])
    snapshot = lake.commit(run, scan_info(run), no_verdicts)
    assert uids(lake) == ["a", "b", "c"]
    assert select(lake, "SELECT DISTINCT seen_from FROM aws_thing") == [{"seen_from": []}]
    record(lake, {THERE: things("d", where=THERE)})
    assert uids(lake) == ["a", "b", "c", "d"]
    assert uids(lake, snapshot) == ["a", "b", "c"]


def test_the_owning_scope_wins_over_segments_and_scans(lake: Lake) -> None:
    record(lake, {THERE: things("trail", where=THERE, region="eu-west-1", name="shadow")})
    assert select(lake, "SELECT name, seen_from FROM aws_thing") == [
        {"name": "shadow", "seen_from": []}
    ]
    record(lake, {HERE: things("trail", region="eu-west-1", name="home")})
    expected = [{"name": "home", "seen_from": ["111122223333/us-east-1"]}]
    assert select(lake, "SELECT name, seen_from FROM aws_thing") == expected
    record(lake, {scope(table="aws_other"): []})
    assert select(lake, "SELECT name, seen_from FROM aws_thing") == expected
    record(lake, {HERE: []})
    assert select(lake, "SELECT name, seen_from FROM aws_thing") == [
        {"name": "shadow", "seen_from": []}
    ]


def test_the_judge_sees_the_merged_tables_and_its_verdicts_are_stored(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    seen: list[str] = []

    def judge(tables: Tables) -> Iterable[TypeVerdicts]:
        for batch in tables.batches("SELECT uid FROM aws_thing ORDER BY uid"):
            seen.extend(batch["uid"].to_pylist())
        counts: dict[str, Any] = {"policies": ["p"]}

        def batches() -> Iterable[pa.RecordBatch]:
            yield pa.RecordBatch.from_pydict({"uid": ["a"], "code": [2]})
            counts["passed"] = 1

        yield TypeVerdicts("aws_thing", batches(), counts)
        yield TypeVerdicts("aws_other", (), {"policies": []})

    run = lake.begin(SELECTION)
    read(run, THERE, things("b", where=THERE))
    snapshot = lake.commit(run, scan_info(run), judge)
    assert seen == ["a", "b"]
    assert snapshot.verdicts["aws_thing"].metadata == {"policies": ["p"], "passed": 1}
    later = record(lake, {THERE: []})
    for one in (snapshot, later, lake.snapshot()):
        assert one is not None
        stored = [b.to_pylist() for b in one.verdict_batches("aws_thing")]
        assert stored == [[{"uid": "a", "code": 2}]]
        assert list(one.verdict_batches("aws_other")) == []
        assert one.verdicts["aws_thing"].snapshot == 2


def test_the_ledger_keeps_the_newest_attempt_of_every_scope(lake: Lake) -> None:
    record(lake, {HERE: [], THERE: []})
    snapshot = fail(lake, THERE)
    assert sorted((c.region, c.status) for c in snapshot.coverage()) == [
        ("eu-west-1", "ok"),
        ("us-east-1", "denied"),
    ]
    assert [c.region for c in snapshot.coverage(of_this_scan=True)] == ["us-east-1"]


def test_what_a_snapshot_says_of_itself_survives_reopening(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    read(run, HERE, things("a"))
    made = lake.commit(run, scan_info(run), no_verdicts, settings="digest")
    again = Lake(lake.home)
    assert again.id == lake.id
    found = again.snapshot()
    assert found is not None
    assert found.manifest == made.manifest
    assert (found.number, found.settings, found.scan) == (1, "digest", made.scan)


def test_nothing_of_a_run_is_left_after_its_commit(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    assert list((lake.root / "runs").iterdir()) == []
    assert list((lake.root / "spill").iterdir()) == []


def test_a_judge_that_fails_leaves_the_previous_snapshot_and_no_files(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    before = sorted(p.name for p in (lake.root / "segments").iterdir())

    def judge(_: Tables) -> Iterable[TypeVerdicts]:
        raise ConfigError("x", "y")

    run = lake.begin(SELECTION)
    read(run, HERE, things("b"))
    with pytest.raises(ConfigError):
        lake.commit(run, scan_info(run), judge)
    assert uids(lake) == ["a"]
    assert sorted(p.name for p in (lake.root / "segments").iterdir()) == before
    run.close()
    resumed = lake.begin(SELECTION, resume=True)
    assert resumed.is_done(HERE)


def test_no_file_of_the_lake_begins_with_an_underscore_or_is_a_database(lake: Lake) -> None:
    record(lake, {HERE: things("a", region="x"), THERE: things("a", where=THERE)})
    names = [p.name for p in lake.home.rglob("*")]
    assert [n for n in names if n.startswith("_") or n.endswith(".duckdb")] == []


def test_only_the_owner_may_enter_the_home(lake: Lake) -> None:
    assert lake.home.stat().st_mode & 0o777 == 0o700
    assert lake.root.stat().st_mode & 0o777 == 0o700


def test_a_home_below_a_file_is_refused_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        Lake(tmp_path / "file" / "home")
    assert caught.value.code == "home-unwritable"
    assert caught.value.exit_code == 2


def test_a_home_whose_name_is_full_of_patterns_works(tmp_path: Path) -> None:
    odd = Lake(tmp_path / "a=1" / "it's [x] *?" / "é")
    record(odd, {HERE: things("a", region="x"), THERE: things("a", "b", where=THERE)})
    fail(odd, HERE)
    assert uids(odd) == ["a", "b"]


def test_a_superseded_scope_beside_one_with_repeated_rows_is_not_shown(lake: Lake) -> None:
    run = lake.begin(SELECTION)
    read(run, HERE, things("a"))
    read(run, THERE, things("b", "b", where=THERE))
    lake.commit(run, scan_info(run), no_verdicts)
    snapshot = record(lake, {HERE: []})
    assert uids(lake) == ["b"]
    assert sorted(e.rows for e in snapshot.scopes) == [0, 1]
