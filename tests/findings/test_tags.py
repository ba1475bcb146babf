"""A tag that few findings have is found by its value, and means what it means without that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from trueline.findings import tags
from trueline.findings.queries import Wanted, listed
from trueline.findings.schema import tag_values
from trueline.findings.store import micros

from .kit import HERE, T0, Estate, public

NOW = micros(T0)


@pytest.fixture
def conn(estate: Estate) -> Iterator[Connection]:
    """Findings of a team, of another with the same stage, of nobody, and one of unread tags."""
    estate.scan(
        {
            HERE: [
                public("web", tags={"team": "web", "stage": "prod"}),
                public("ops", tags={"team": "ops", "stage": "prod"}),
                public("bare", tags={}),
                public("unread", tags=None, _why={"tags": "denied"}),
            ]
        }
    )
    estate.sync()
    state = estate.state()
    with state.reading() as conn:
        yield conn
    state.close()


def _among(conn: Connection, text: str) -> list[str] | None:
    wanted = Wanted(text)
    return wanted.among(conn, NOW, wanted.apart(conn, NOW))


def _names(conn: Connection, text: str, *, all_: bool = False) -> set[str]:
    return {row["name"] for row in listed(conn, Wanted(text, all=all_), NOW, limit=10)}


@pytest.mark.parametrize(
    ("text", "narrowed", "names"),
    [
        ("tag('team') = 'web'", True, {"web", "unread"}),
        ("tag('stage') = 'prod' AND NOT tag('team') = 'web'", True, {"ops", "unread"}),
        ("tag('team') IN ('web', 'x') AND name <> 'unread'", True, {"web"}),
        ("tag('team') LIKE 'w%'", True, {"web", "unread"}),
        ("upper(tag('team')) = 'OPS'", True, {"ops", "unread"}),
        ("is_set(tag('team'))", True, {"web", "ops", "unread"}),
        ("tag('none') = 'x'", True, {"unread"}),
        ("tag('team') <> 'web'", True, {"ops", "bare", "unread"}),
        ("NOT tag('team') = 'web'", True, {"ops", "bare", "unread"}),
        ("NOT tag('team') = tag('stage')", False, {"web", "ops", "unread"}),
        ("is_absent(tag('team'))", True, {"bare", "unread"}),
        ("tag('team') = ''", True, {"bare", "unread"}),
        ("tag('team') = 'web' OR name = 'ops'", False, {"web", "ops", "unread"}),
        ("tag('team') = tag('stage')", False, {"bare", "unread"}),
        ("uid LIKE '%nowhere%'", True, set()),
        ("state:open AND tag('team') = 'web'", True, {"web", "unread"}),
    ],
)
def test_tags_narrow_what_is_looked_at_and_never_what_fits(
    conn: Connection, text: str, narrowed: bool, names: set[str]
) -> None:
    assert (_among(conn, text) is not None) == narrowed
    assert _names(conn, text) == names
    assert _names(conn, text, all_=True) == names


def test_of_too_many_the_riskiest_are_looked_at(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "FEW", 2)
    assert _among(conn, "tag('stage') = 'prod'") is None
    assert _names(conn, "tag('stage') = 'prod'") == {"web", "ops", "unread"}
    assert _among(conn, "tag('team') = 'web'") is not None


def test_a_set_of_tags_is_kept_once_and_new_ones_are_found(estate: Estate) -> None:
    estate.scan({HERE: [public("a", tags={"team": "web"}), public("b", tags={"team": "web"})]})
    estate.sync()
    estate.scan({HERE: [public("a", tags={"team": "ops"}), public("b", tags={"team": "web"})]})
    estate.sync()
    state = estate.state()
    with state.reading() as conn:
        kept = conn.execute(
            select(tag_values.c.key, tag_values.c.value).where(tag_values.c.key != "")
        ).all()
        assert sorted(map(tuple, kept)) == [("team", "ops"), ("team", "web")]
        assert _names(conn, "tag('team') = 'ops'") == {"a"}
        assert _names(conn, "tag('team') = 'web'") == {"b"}
    state.close()


def test_tags_that_no_index_holds_are_looked_at_each_time(estate: Estate) -> None:
    noise = "".join(chr(0x4E00 + 7919 * i % 20_000) for i in range(2_000))  # nothing compresses it
    long = {"team": "web", "note": noise}
    estate.scan({HERE: [public("long", tags=long), public("short", tags={"team": "ops"})]})
    estate.sync()
    state = estate.state()
    with state.reading() as conn:
        kept = conn.execute(
            select(tag_values.c.key, tag_values.c.value).where(tag_values.c.key != "")
        ).all()
        assert list(map(tuple, kept)) == [("team", "ops")]
        assert _names(conn, "tag('team') = 'web'") == {"long"}
        assert _names(conn, "tag('team') = 'ops'") == {"short"}
        assert _names(conn, f"tag('note') = '{noise[:1000]}'") == set()
    state.close()
