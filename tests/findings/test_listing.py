"""Whatever way a page of findings is read, it is the page that reading them all would give."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from trueline.findings import queries, tags
from trueline.findings.queries import GROUPS, Wanted, counts, listed
from trueline.findings.store import micros
from trueline.settings import Environment, Owners

from .kit import HERE, PLAIN, T0, THERE, Estate, public, queue

NOW = micros(T0) + 86_400_000_000
PARTS = [
    "owner:web",
    "is_absent(owner)",
    "env:prod",
    "severity:high",
    "severity <> 'high'",
    f"policy:{PLAIN}",
    "state:open",
    "state:resolved",
    "overdue",
    "NOT overdue",
    "risk > 20",
    "age:>3d",
    "region = 'us-east-1'",
    "region LIKE 'us-%'",
    "NOT region = 'us-east-1'",
    "region = 'nowhere'",
    "NOT region = 'nowhere'",
    "severity IN ('high', 'low', 'nothing')",
    "is_set(environment)",
    "env:none",
    "environment <> 'prod'",
    "NOT environment = 'prod'",
    "upper(owner) = 'WEB'",
    "NOT (owner:web OR severity:high)",
    "owner:web AND NOT overdue OR region = 'us-east-1' AND risk > 20",
    "account = 'nobody'",
    "account <> 'nobody'",
    "NOT account = 'nobody' AND tag('team') = 'web'",
    "account = 'nobody' AND tag('team') = 'web'",
    "len(owner) > 2",
    "starts_with(policy, 'test-')",
    "account = owner",
    "region BETWEEN 'eu' AND 'f'",
    "regexp_matches(severity, '^h')",
    "name LIKE 'p%'",
    "name:pub-1",
    "NOT name LIKE '%1%'",
    "name LIKE '%1' OR uid LIKE '%2'",
    "is_set(name) AND uid LIKE '%1'",
    "is_absent(name)",
    "coalesce(name, 'x') = 'x'",
    "coalesce(name, '') <> 'pub-1'",
    "uid LIKE '%nowhere%'",
    "tag('team') = 'web'",
    "tag('team') <> 'web'",
    "is_absent(tag('team'))",
    "is_set(tag('team'))",
    "tag('team') = ''",
    "tag('team') = 'web' OR name:pub-1",
    "upper(tag('stage')) = 'PROD'",
    "tag('stage') = tag('team')",
    "tag('stage') = tag('team') OR account = 'nobody' OR name LIKE '%2'",
    "name LIKE 'p%' AND risk > 20 OR owner:web",
]
PAIRS = [f"({a}) AND ({b})" for i, a in enumerate(PARTS) for b in PARTS[i + 1 :]]
FILTERS = [None, *PARTS, *Random(7).sample(PAIRS, 60)]


@pytest.fixture
def conn(estate: Estate) -> Iterator[Connection]:
    """Findings of two policies, teams and stages in two regions: some fixed, some of unread tags,
    none, and several sets of them."""
    estate.set(
        owners=Owners(tag="team"), environments=(Environment("prod", "tag('stage') = 'prod'"),)
    )
    sets: list[dict[str, Any]] = [
        {"tags": {"team": "web", "stage": "prod"}},
        {"tags": {"team": "ops", "stage": "prod"}},
        {"tags": {"team": "web"}},
        {"tags": {}},
        {"tags": None, "_why": {"tags": "denied"}},
    ]
    read = {
        region: [
            *(public(f"pub-{i}", region, **each) for i, each in enumerate(sets)),
            public("nameless", region) | {"name": None},
            public("homeless", region) | {"account": None, "tags": {"team": "web"}},
            public("no-one", region) | {"account": None, "tags": None, "_why": {"tags": "denied"}},
            *(queue(f"plain-{i}", region, sse_sqs=False, **each) for i, each in enumerate(sets)),
        ]
        for region in (HERE, THERE)
    }
    estate.scan(read)
    estate.sync()
    estate.scan({**read, HERE: read[HERE][2:]})
    estate.sync()
    with estate.opened() as state, state.reading() as conn:
        yield conn


def shown(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["risk"], row["id"], row["name"], row["fits"]


def page(conn: Connection, wanted: Wanted, limit: int | None) -> list[tuple[Any, ...]]:
    return [shown(row) for row in listed(conn, wanted, NOW, limit=limit)]


@pytest.mark.parametrize(
    ("at_once", "looked_at", "few", "countable"),
    [(1, 1, 0, 0), (1, 2, 1_000, 1_000), (2, 4, 3, 1_000), (3, 1_000, 1_000, 0)],
)
def test_a_page_is_the_beginning_of_all(
    conn: Connection,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    looked_at: int,
    few: int,
    countable: int,
) -> None:
    monkeypatch.setattr(queries, "_AT_ONCE", at_once)
    monkeypatch.setattr(queries, "_LOOKED_UP", at_once)
    monkeypatch.setattr(queries, "_LOOKED_AT", looked_at)
    monkeypatch.setattr(queries, "FEW", few)
    monkeypatch.setattr(tags, "FEW", few)
    monkeypatch.setattr(tags, "_COUNTABLE", countable)
    fitting = 0
    for text in FILTERS:
        for every in (False, True):
            wanted = Wanted(text, all=every)
            order = queries._by_risk
            read = queries._page(conn, wanted, NOW, wanted.where(NOW), order, None)
            whole = [shown(row) for row in read]
            fitting += bool(whole)
            for limit in (3, 100, None):
                assert page(conn, wanted, limit) == whole[:limit], (text, every, limit)
    assert fitting > len(FILTERS)


@pytest.mark.parametrize("text", [None, "owner:web", "tag('team') = 'web'", "severity:high"])
def test_groups_add_up_to_what_is_listed(conn: Connection, text: str | None) -> None:
    wanted = Wanted(text)
    many = len(page(conn, wanted, None))
    assert many
    for by in GROUPS:
        if by != "state":  # which counts what is resolved, too
            found = counts(conn, by, NOW, wanted)
            assert sum(g.open + g.acknowledged + g.excepted for g in found) == many
