"""Processes that are killed, run at once, or find the disk full."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from trueline.lake import Lake

from . import committer
from .committer import REGIONS, ROWS, THING
from .support import ACCOUNT, NOW, scope, whole
from .test_commit import no_verdicts, scan_info, things, uids

OTHER_ACCOUNT = "444455556666"


def start(home: Path, account: str, generations: int, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, committer.__file__, str(home), account, str(generations), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def generations_seen(lake: Lake, account: str = ACCOUNT) -> list[tuple[str, int]]:
    """Which run each region's rows are of, and how many rows there are."""
    snapshot = lake.snapshot()
    if snapshot is None:
        return []
    with lake.tables(snapshot, {"aws_thing": THING}) as tables:
        found = tables.con.execute(
            "SELECT scope_region, min(name), max(name), count(*) FROM aws_thing"
            " WHERE scope_account = ? GROUP BY 1",
            [account],
        ).fetchall()
        assert tables.damage == ()
    assert all(low == high for _, low, high, _ in found)
    return [(low, count) for _, low, _, count in found]


def test_a_process_killed_at_any_moment_leaves_whole_snapshots(tmp_path: Path) -> None:
    dice = random.Random(7)
    home = tmp_path / "home"
    last = 0
    for _ in range(5):
        child = start(home, ACCOUNT, 0)
        assert child.stdout is not None
        for _ in range(dice.randint(1, 6)):
            child.stdout.readline()
        time.sleep(dice.uniform(0, 0.08))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        lake = Lake(home)
        seen = generations_seen(lake)
        assert seen == [] or seen == [(seen[0][0], ROWS)] * len(REGIONS)
        assert (lake.numbers() or [0])[-1] >= last
        last = (lake.numbers() or [0])[-1]
    child = start(home, ACCOUNT, 1)
    assert child.wait() == 0
    assert Lake(home).numbers()[-1] == last + 1
    assert list((home / "lake" / "runs").iterdir()) == []


def test_a_killed_scan_is_resumed_and_reads_only_what_it_lacks(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    committer_selection = committer.selection(ACCOUNT)
    run = lake.begin(committer_selection)
    here = scope(REGIONS[0])
    run.rows(here, things("a", where=here))
    run.done(whole(here), [])
    run.rows(scope(REGIONS[1]), things("lost", where=scope(REGIONS[1])))
    run.close()

    again = lake.begin(committer_selection, resume=True)
    assert again.resumed
    assert again.id == run.id
    assert [again.is_done(scope(r)) for r in REGIONS] == [True, False, False]
    for region in REGIONS[1:]:
        again.rows(scope(region), things(f"b-{region}", where=scope(region)))
        again.done(whole(scope(region)), [])
    snapshot = lake.commit(again, scan_info(again), no_verdicts)
    assert uids(lake, snapshot) == ["a", "b-ap-south-1", "b-us-east-1"]
    assert not lake.begin(committer_selection, resume=True).resumed


def test_a_journal_cut_by_a_crash_loses_its_last_scope_only(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    chosen = committer.selection(ACCOUNT)
    run = lake.begin(chosen)
    for region in REGIONS[:2]:
        run.rows(scope(region), things(region, where=scope(region)))
        run.done(whole(scope(region)), [])
    run.close()
    journal = run.directory / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    again = lake.begin(chosen, resume=True)
    assert [again.is_done(scope(r)) for r in REGIONS] == [True, False, False]
    again.done(whole(scope(REGIONS[2])), [])
    again.close()
    third = lake.begin(chosen, resume=True)
    assert [third.is_done(scope(r)) for r in REGIONS] == [True, False, True]


def test_a_part_that_is_lost_makes_its_scope_unread(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    chosen = committer.selection(ACCOUNT)
    run = lake.begin(chosen)
    for region in REGIONS[:2]:
        run.rows(scope(region), things(region, where=scope(region)))
        run.done(whole(scope(region)), [])
    run.close()
    (part,) = run.finished[scope(REGIONS[0])].parts
    run.part_path(part).write_bytes(b"PAR1")
    again = lake.begin(chosen, resume=True)
    assert [again.is_done(scope(r)) for r in REGIONS] == [False, True, False]


def test_a_run_that_another_process_works_on_is_not_resumed(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    run = lake.begin(committer.selection(ACCOUNT))
    run.done(whole(scope()), [])
    other = lake.begin(committer.selection(ACCOUNT), resume=True)
    assert (other.resumed, other.id == run.id) == (False, False)
    other.remove()
    run.close()
    assert lake.begin(committer.selection(ACCOUNT), resume=True).id == run.id


def test_a_run_with_another_selection_or_without_resume_is_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    run = lake.begin(committer.selection(ACCOUNT))
    run.done(whole(scope()), [])
    run.close()
    assert not lake.begin(committer.selection(OTHER_ACCOUNT), resume=True).resumed
    assert not lake.begin(committer.selection(ACCOUNT)).resumed


def test_two_processes_that_commit_at_once_both_land(tmp_path: Path) -> None:
    home = tmp_path / "home"
    children = [start(home, account, 5) for account in (ACCOUNT, OTHER_ACCOUNT)]
    for child in children:
        _, said = child.communicate()
        assert child.returncode == 0, said
    lake = Lake(home)
    assert lake.numbers() == list(range(1, 11))
    for account in (ACCOUNT, OTHER_ACCOUNT):
        assert [count for _, count in generations_seen(lake, account)] == [ROWS] * len(REGIONS)


def test_a_full_disk_is_exit_5_and_leaves_the_previous_snapshot(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert start(home, ACCOUNT, 1).wait() == 0
    lake = Lake(home)
    before, files = generations_seen(lake), sorted((lake.root / "segments").iterdir())
    for stage in ("read", "commit", "judge"):
        child = start(home, ACCOUNT, 1, stage)
        output, said = child.communicate()
        assert child.returncode == 5, said
        assert said.startswith("error[lake-write-failed]"), said
        assert ("commit" in output) == (stage != "read")
        assert generations_seen(lake) == before
        assert sorted((lake.root / "segments").iterdir()) == files
    assert start(home, ACCOUNT, 1).wait() == 0
    assert generations_seen(Lake(home)) != before


def test_runs_left_behind_for_long_are_taken_away(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    old = lake.begin(committer.selection(ACCOUNT))
    old.done(whole(scope(), NOW), [])
    old.close()
    said = old.directory / "run.json"
    said.write_text(said.read_text().replace(f"{old.begun_at:%Y-}", "2020-"))
    kept = lake.begin(committer.selection(OTHER_ACCOUNT))
    assert [p.name for p in (lake.root / "runs").iterdir()] == [kept.id]


def test_a_run_killed_at_birth_is_taken_away_and_one_that_is_worked_on_is_not(
    tmp_path: Path,
) -> None:
    lake = Lake(tmp_path / "home")
    runs = lake.root / "runs"
    (runs / "dead" / "parts").mkdir(parents=True)
    (runs / "probe").touch()
    at_work = lake.begin(committer.selection(OTHER_ACCOUNT))
    (at_work.directory / "run.json").unlink()
    fresh = lake.begin(committer.selection(ACCOUNT))
    assert {p.name for p in runs.iterdir()} == {"probe", at_work.id, fresh.id}


def test_a_run_in_which_no_scope_ended_leaves_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    lake.begin(committer.selection(ACCOUNT)).close()
    assert list((lake.root / "runs").iterdir()) == []


def test_a_run_older_than_a_day_is_not_resumed(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "home")
    old = lake.begin(committer.selection(ACCOUNT))
    old.done(whole(scope(), NOW), [])
    old.close()
    said = old.directory / "run.json"
    yesterday = old.begun_at.replace(microsecond=0).timestamp() - 86_401
    text = said.read_text().replace(
        old.begun_at.isoformat(), type(NOW).fromtimestamp(yesterday, NOW.tzinfo).isoformat()
    )
    said.write_text(text)
    fresh = lake.begin(committer.selection(ACCOUNT), resume=True)
    assert (fresh.resumed, fresh.id == old.id) == (False, False)
