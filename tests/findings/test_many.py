"""A store that is filled at once, and filters that an index answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from findings.kit import HERE, T0, THERE, Estate, public, queue, statement
from trueline.findings import State, verify
from trueline.findings.filters import condition
from trueline.findings.schema import events, findings, metadata
from trueline.findings.store import micros
from trueline.settings import Environment, Owners

MANY = 1_200
DAY = 86_400_000_000


def _indexes(state: State) -> set[str | None]:
    found = inspect(state.engine)
    return {i["name"] for t in metadata.tables for i in found.get_indexes(t)}


def test_a_store_that_is_filled_at_once_has_every_index_and_a_whole_trail(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    estate.scan({HERE: [public(f"q{i}") for i in range(MANY)]})
    assert len(estate.sync()) == MANY
    state = estate.state()
    wanted = {i.name for table in metadata.tables.values() for i in table.indexes}
    assert _indexes(state) == wanted
    with state.reading() as conn:
        head, faults = verify(conn)
        opened = conn.execute(select(events.c.finding).where(events.c.kind == "opened")).all()
    state.close()
    assert not faults
    assert head.number == 1
    assert len(set(opened)) == MANY


def test_of_many_findings_only_those_that_differ_are_told_of(tmp_path: Path) -> None:
    estate = Estate(tmp_path)
    listed = [public(f"q{i}") for i in range(MANY)]
    estate.scan({HERE: listed, THERE: [public("away", THERE)]})
    estate.sync()
    listed[0] = queue("q0")
    listed[1] = public("q1", statements=[statement(actions=["sqs:sendmessage"]), statement("a")])
    listed[2] = public("new")
    estate.scan({HERE: listed}, {THERE: "denied"})
    estate.sync()
    state = estate.state()
    with state.reading() as conn:
        rows = conn.execute(select(findings.c.id, findings.c.name))
        names = {row.id: row.name for row in rows}
        told = conn.execute(
            select(events.c.kind, events.c.finding).where(events.c.transaction == 2)
        ).all()
        _, faults = verify(conn)
    state.close()
    assert not faults
    assert {(row.kind, names[row.finding]) for row in told} == {
        ("resolved", "q0"),
        ("changed", "q1"),
        ("resolved", "q2"),
        ("opened", "new"),
        ("unconfirmed", "away"),
    }


@pytest.fixture
def asked(tmp_path: Path) -> Estate:
    """Queues of an owner, of another, and of nobody; one of them is of an environment."""
    estate = Estate(tmp_path)
    estate.set(
        owners=Owners(tag="owner"), environments=(Environment("prod", "tag('env') = 'prod'"),)
    )
    tags = {"of-a": {"owner": "a", "env": "prod"}, "of-b": {"owner": "b"}, "of-nobody": {}}
    estate.scan({HERE: [public(name, tags=said) for name, said in tags.items()]})
    estate.sync()
    return estate


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("owner:a", {"of-a"}),
        ("NOT (owner = 'a')", {"of-b", "of-nobody"}),
        ("owner <> 'a'", {"of-b", "of-nobody"}),
        ("owner IN ('a', 'c')", {"of-a"}),
        ("NOT (owner IN ('a', 'c'))", {"of-b", "of-nobody"}),
        ("owner = ''", {"of-nobody"}),
        ("owner IN ('', 'b')", {"of-b", "of-nobody"}),
        ("env:prod", {"of-a"}),
        ("NOT (environment = 'prod')", {"of-b", "of-nobody"}),
    ],
)
def test_a_filter_decides_what_has_no_value_like_the_language(
    asked: Estate, text: str, names: set[str]
) -> None:
    state = asked.state()
    with state.reading() as conn:
        found = conn.execute(select(findings.c.name).where(condition(text, micros(T0))))
        assert set(found.scalars()) == names
    state.close()


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=", "<>"])
@pytest.mark.parametrize("days", ["0", "1", "2", "1.5"])
def test_an_age_counts_whole_days(asked: Estate, op: str, days: str) -> None:
    state = asked.state()
    with state.reading() as conn:
        opened = conn.execute(select(findings.c.opened_at).distinct()).scalar()
        assert opened is not None
        for past in (-DAY // 2, 0, DAY - 1, DAY, DAY + 1, 2 * DAY - 1, 2 * DAY, 5 * DAY):
            asks = condition(f"days_since(opened_at) {op} {days}", opened + past)
            whole = max(past, 0) // DAY
            fits = {
                "<": whole < float(days),
                "<=": whole <= float(days),
                ">": whole > float(days),
                ">=": whole >= float(days),
                "=": whole == float(days),
                "<>": whole != float(days),
            }
            found = conn.execute(select(findings.c.id).where(asks)).all()
            assert bool(found) == fits[op], (past, op, days)
    state.close()
