"""Processes that are killed, run at once, or read while another writes, on both stores."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import inspect

from postgresql import Cluster
from trueline.findings import State, open_state
from trueline.findings.engines import engine_of
from trueline.findings.schema import metadata
from trueline.findings.store import VERSION

from .applier import FINAL, Applier
from .kit import HERE, HOUR, T0, THERE, Estate, dump, public
from .kit import queue as passing

KILLS = 5


def history() -> Iterator[tuple[dict[str, list[dict[str, Any]]], dict[str, str]]]:
    """Scans that open, fix, doubt and reopen some hundred findings."""
    names = [f"q{i:03}" for i in range(150)]
    yield {HERE: [public(n) for n in names], THERE: [public("far", THERE)]}, {}
    yield {HERE: [passing(n) for n in names[:75]] + [public(n) for n in names[75:]]}, {}
    yield {}, {HERE: "denied"}
    yield {HERE: [public(n, tags={"n": n}) for n in names[:120]], THERE: []}, {}


@pytest.fixture
def states(tmp_path: Path) -> list[str]:
    """What the store holds before and after each snapshot of a home with a history.

    All of them are applied at `FINAL`, so that whoever applies them writes the same.
    """
    estate = Estate(tmp_path / "home")
    estate.set(state=f"sqlite:///{tmp_path / 'reference.sqlite'}")
    out = [""]
    with time_machine.travel(T0, tick=False) as clock:
        for number, (read, lost) in enumerate(history()):
            clock.move_to(T0.timestamp() + number * HOUR)
            estate.scan(read, lost)
            clock.move_to(FINAL)
            estate.sync()
            with estate.opened() as state:
                out.append(dump(state))
    return out


def held(url: str, states: list[str]) -> int:
    """How many snapshots a store has applied; it must be whole."""
    state = State(engine_of(url))
    try:
        if state.version() is None:
            assert not inspect(state.engine).get_table_names()
            return 0
        found = dump(state)
        return 0 if "findings (" not in found else states.index(found)
    finally:
        state.close()


def test_a_process_killed_while_it_applies_leaves_whole_snapshots(
    tmp_path: Path, state_url: str, states: list[str]
) -> None:
    dice, last = random.Random(11), 0
    with Applier(tmp_path / "home", state_url) as applier:
        for _ in range(KILLS):
            pid = applier.start("apply")
            time.sleep(dice.uniform(0.02, 0.6))
            assert applier.kill(pid) in (-9, 0)
            seen = held(state_url, states)
            assert seen >= last
            last = seen
        assert applier.run("apply") == 0
    assert held(state_url, states) == len(states) - 1


def new_urls(where: str, tmp_path: Path, cluster: Cluster | None) -> Iterator[str]:
    for number in range(KILLS):
        yield cluster.url() if cluster else f"sqlite:///{tmp_path / f'{where}{number}.sqlite'}"


@pytest.mark.parametrize(
    "where", ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
)
def test_a_process_killed_while_it_makes_a_store_leaves_all_of_it_or_nothing(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster") if where == "postgresql" else None
    dice, tables = random.Random(13), {*(t.name for t in metadata.sorted_tables)}
    with Applier(tmp_path / "home", "") as applier:
        for url in new_urls(where, tmp_path, cluster):
            pid = applier.start("migrate", url)
            time.sleep(dice.uniform(0, 0.25))
            assert applier.kill(pid) in (-9, 0)
            state = State(engine_of(url))
            found = set(inspect(state.engine).get_table_names())
            assert found in (set(), tables | {"alembic_version"})
            assert state.version() == (VERSION if found else None)
            state.close()
            assert applier.run("migrate", url) == 0
            open_state(url, create=False).close()
            if cluster:
                cluster.drop(url)


def test_a_process_killed_while_it_copies_leaves_a_whole_backup_or_none(
    tmp_path: Path, state_url: str, states: list[str]
) -> None:
    dice = random.Random(17)
    with Applier(tmp_path / "home", state_url) as applier:
        assert applier.run("apply") == 0
        for number in range(KILLS):
            target = tmp_path / f"backup{number}.sqlite"
            pid = applier.start("backup", str(target))
            time.sleep(dice.uniform(0, 0.5))
            assert applier.kill(pid) in (-9, 0)
            if target.exists():
                assert held(f"sqlite:///{target}", states) == len(states) - 1
        target = tmp_path / "last.sqlite"
        assert applier.run("backup", str(target)) == 0
    assert held(f"sqlite:///{target}", states) == len(states) - 1
    assert held(state_url, states) == len(states) - 1


def test_two_that_apply_at_once_apply_each_snapshot_once(
    tmp_path: Path, state_url: str, states: list[str]
) -> None:
    with Applier(tmp_path / "home", state_url) as applier:
        both = [applier.start("apply"), applier.start("apply")]
        assert [applier.wait(pid) for pid in both] == [0, 0]
    assert held(state_url, states) == len(states) - 1


def test_a_reader_sees_what_is_before_or_after_and_never_between(
    tmp_path: Path, state_url: str, states: list[str]
) -> None:
    open_state(state_url).close()
    seen = [0]
    with Applier(tmp_path / "home", state_url) as applier:
        pid = applier.start("apply")
        while seen[-1] < len(states) - 1:
            seen.append(held(state_url, states))
        assert applier.wait(pid) == 0
    assert seen == sorted(seen)


def test_a_reading_that_began_before_sees_nothing_of_what_is_applied_meanwhile(
    tmp_path: Path, state_url: str, states: list[str]
) -> None:
    state, tables = open_state(state_url), metadata.sorted_tables
    with Applier(tmp_path / "home", state_url) as applier, state.reading() as conn:
        before = [conn.execute(table.select()).all() for table in tables]
        assert applier.run("apply") == 0
        assert [conn.execute(table.select()).all() for table in tables] == before
    state.close()
    assert held(state_url, states) == len(states) - 1
