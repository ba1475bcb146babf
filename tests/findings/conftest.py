"""Stores for tests: SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from postgresql import Cluster

from .kit import T0, Clock, Estate

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]


@pytest.fixture(autouse=True)
def nobody_set_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the state is and who acts is said by the tests, not by the environment."""
    monkeypatch.delenv("TRUELINE_STATE", raising=False)
    monkeypatch.setenv("TRUELINE_ACTOR", "tester")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server; tests that take it are marked `needs("postgresql")`."""
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """A database of the test's own."""
    url = cluster.url()
    yield url
    cluster.drop(url)


@pytest.fixture(params=BOTH)
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new state store, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.sqlite'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The time, which stands still until a test moves it."""
    with time_machine.travel(T0, tick=False) as moving:
        yield moving


@pytest.fixture
def estate(tmp_path: Path, state_url: str, clock: Clock) -> Estate:
    """An estate of queues whose findings are kept in either store."""
    made = Estate(tmp_path / "home")
    made.set(state=state_url)
    return made
