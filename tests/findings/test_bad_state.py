"""Stores that are not what they should be, go away, or have no room; and clocks that jump."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from postgresql import Cluster
from trueline.errors import ActionError, ConfigError, TruelineError
from trueline.findings import State, open_state
from trueline.findings.audit import Event
from trueline.findings.schema import events

from .applier import Applier
from .kit import DAY, HERE, HOUR, OPEN, T0, Clock, Estate, dump, public, queue

POSTGRESQL = pytest.mark.needs("postgresql")


def refusal(url: str, lake: str | None = None) -> TruelineError:
    with pytest.raises(TruelineError) as caught:
        open_state(url, lake=lake)
    return caught.value


# what is not a store of ours


def test_a_store_of_a_newer_version_is_refused(state_url: str) -> None:
    state = open_state(state_url)
    with state.engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    state.close()
    error = refusal(state_url)
    assert (error.code, error.exit_code) == ("state-too-new", 2)
    assert "9999" in error.message


def test_a_store_of_an_older_version_is_refused_with_what_to_do(state_url: str) -> None:
    state = open_state(state_url)
    with state.engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    state.close()
    error = refusal(state_url)
    assert (error.code, error.exit_code) == ("state-too-old", 2)
    assert "trueline state migrate" in (error.hint or "")


def test_a_store_of_another_lake_is_refused_and_left_alone(state_url: str) -> None:
    open_state(state_url, lake="one").close()
    error = refusal(state_url, lake="two")
    assert (error.code, error.exit_code) == ("state-other-lake", 2)
    open_state(state_url, lake="one").close()


def test_a_store_that_must_be_there_is_not_made(state_url: str) -> None:
    with pytest.raises(ConfigError, match="no state store"):
        open_state(state_url, create=False)


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "state.sqlite", "mysql://host/db", "sqlite://", "sqlite:///:memory:",
        "postgresql://user@host:port/db", "postgresql//user@host/db", "postgres://host/db",
    ],
)  # fmt: skip
def test_a_url_that_is_none_is_refused(url: str) -> None:
    error = refusal(url)
    assert (error.code, error.exit_code) == ("state-url", 2)


@pytest.mark.parametrize(
    "url", ["mysql://joe:hunter2@host/db", "postgresql//joe:hunter2@host/db", "x:hunter2@h/d"]
)
def test_no_error_shows_a_password(url: str) -> None:
    assert "hunter2" not in refusal(url).render()


@POSTGRESQL
def test_a_value_that_the_server_refuses_is_an_error_of_the_store(postgresql_url: str) -> None:
    state = open_state(postgresql_url)
    with pytest.raises(ActionError) as caught, state.writing(T0) as tx:
        tx.insert(events, [{**_event(n), "why": "a\0b"} for n in range(1, 200)])
    assert (caught.value.code, caught.value.exit_code) == ("state-write-failed", 5)
    state.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    file.write_text("not a database, but long enough to look like one\n" * 100)
    error = refusal(f"sqlite:///{file}")
    assert (error.code, error.exit_code) == ("state-unreachable", 5)
    assert file.read_text().startswith("not a database")


def test_a_database_of_something_else_is_left_alone(state_url: str) -> None:
    state = open_state(state_url)
    with state.engine.begin() as conn:
        for table in ("alembic_version", "acceptances", "exceptions", "findings"):
            conn.execute(text(f"DROP TABLE {table}"))
        conn.execute(text("CREATE TABLE findings (mine TEXT)"))
    state.close()
    error = refusal(state_url)
    assert (error.code, error.exit_code) == ("state-unreachable", 5)
    assert "already exists" in error.message


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whom permissions bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    for name in ("state.sqlite", "below/state.sqlite"):
        with unprivileged():
            error = refusal(f"sqlite:///{folder / name}")
        assert (error.code, error.exit_code) == ("state-unreachable", 5)
    assert list(folder.iterdir()) == []


# what goes away


@POSTGRESQL
def test_a_server_that_is_not_there_is_exit_5(tmp_path: Path, cluster: Cluster) -> None:
    for url in (f"postgresql://joe@/db?host={tmp_path}", "postgresql://joe:hunter2@127.0.0.1:1/db"):
        error = refusal(url)
        assert (error.code, error.exit_code) == ("state-unreachable", 5)
        assert "hunter2" not in error.render()


@POSTGRESQL
def test_a_database_that_is_not_there_is_exit_5(cluster: Cluster) -> None:
    url = cluster.url()
    cluster.drop(url)
    assert (refusal(url).code, refusal(url).exit_code) == ("state-unreachable", 5)


def writing(state: State, meanwhile: Callable[[], object]) -> None:
    with state.writing(T0) as tx:
        tx.tell(Event("opened", "lost"))
        meanwhile()


def _event(number: int) -> dict[str, object]:
    return {"number": number, "transaction": 1, "kind": "opened"}


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 't%'"


@POSTGRESQL
@pytest.mark.parametrize("rows", [1, 300])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_server_that_ends_a_connection_leaves_nothing_of_what_was_written(
    postgresql_url: str, cluster: Cluster, rows: int, moment: str
) -> None:
    state = open_state(postgresql_url)
    before = dump(state)

    def write() -> None:
        with state.writing(T0) as tx:
            if moment == "before":
                cluster.execute(TERMINATE)
            tx.insert(events, [_event(number) for number in range(1, rows + 1)])
            if moment == "after":
                cluster.execute(TERMINATE)

    with pytest.raises(ActionError) as caught:
        write()
    assert (caught.value.code, caught.value.exit_code) == ("state-write-failed", 5)
    assert dump(state) == before
    state.close()


@POSTGRESQL
def test_after_the_server_has_come_back_the_next_apply_completes(
    tmp_path: Path, clock: Clock
) -> None:
    server = Cluster()
    try:
        estate = Estate(tmp_path / "home")
        estate.set(state=server.url())
        estate.scan({HERE: [public("a")]})
        with estate.opened() as state, pytest.raises(ActionError):
            writing(state, server.stop)
        with pytest.raises(ActionError) as caught:
            estate.sync()
        assert (caught.value.code, caught.value.exit_code) == ("state-unreachable", 5)
        server.start()
        (row,) = estate.sync()
        assert (row["state"], estate.kinds()) == ("open", ["opened"])
    finally:
        server.remove()


def test_a_full_disk_is_exit_5_and_leaves_the_store_as_it_was(tmp_path: Path, clock: Clock) -> None:
    estate = Estate(tmp_path / "home")
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with estate.opened() as state:
        before = dump(state)
    estate.scan({HERE: [public(f"q{n}") for n in range(50)]})
    url = f"sqlite:///{estate.home / 'state.sqlite'}"
    with Applier(estate.home, url) as applier:
        assert applier.run("full") == 5
        with estate.opened() as state:
            assert dump(state) == before
        assert applier.run("apply") == 0
    assert "error[state-write-failed]" in applier.said
    assert len(estate.sync()) == 51


def test_an_error_of_ours_leaves_nothing_of_its_transaction(state_url: str) -> None:
    state = open_state(state_url)
    before = dump(state)
    with pytest.raises(ZeroDivisionError):
        writing(state, lambda: 1 / 0)
    assert dump(state) == before
    state.close()


# clocks


def test_a_clock_that_went_back_lets_nothing_expire_and_says_so_once(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    made = estate.grant("name = 'a'", days=10)
    clock.shift(-2 * HOUR)
    (row,) = estate.sync()
    assert (row["state"], row["exception"]) == ("excepted", made)
    assert [said for said in estate.said if "the clock says" in said] == estate.said
    assert len(estate.said) == 1
    assert "2026-01-05 10:00" in estate.said[0]


def test_a_clock_that_is_a_little_behind_is_no_matter(estate: Estate, clock: Clock) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    clock.shift(-60)
    estate.sync()
    assert estate.said == []


def test_a_clock_that_jumped_ahead_and_back_loses_no_finding(estate: Estate, clock: Clock) -> None:
    estate.scan({HERE: [public("a"), public("b")]})
    estate.sync()
    made = estate.grant("name = 'a'", days=10)
    clock.shift(400 * DAY)
    rows = estate.sync()
    assert [r["state"] for r in rows] == ["open", "open"]
    why = f"exception {made} expired: it held until 2026-01-15"
    assert ("reopened", why) in estate.events(rows[0]["id"])
    clock.shift(-400 * DAY + HOUR)
    with estate.opened() as state:
        before = estate.findings(state)
    assert estate.sync() == before
    estate.scan({HERE: [queue("a"), public("b")]})
    assert [(r["name"], r["state"]) for r in estate.sync() if r["policy"] == OPEN] == [
        ("a", "resolved"),
        ("b", "open"),
    ]


def test_what_is_scanned_while_the_clock_is_back_is_applied_but_resolves_nothing_older(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    clock.shift(-HOUR)
    estate.scan({HERE: [public("b")]})
    assert [(r["name"], r["state"]) for r in estate.sync()] == [("a", "open"), ("b", "open")]
    clock.shift(2 * HOUR)
    estate.scan({HERE: [public("b")]})
    assert [(r["name"], r["state"]) for r in estate.sync()] == [("a", "resolved"), ("b", "open")]
