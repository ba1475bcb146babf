"""Rows in memory as tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from trueline.errors import TruelineError
from trueline.lake import Tables
from trueline.model import Edge, Row

from .support import NOW, failed, resource_type, row, scope, whole

THING = resource_type()


def tables_of(*rows: Row) -> Tables:
    return Tables.from_rows({"aws_thing": THING}, {"aws_thing": rows}, [whole(scope())])


def everything(tables: Tables, sql: str) -> list[dict[str, Any]]:
    return [r for batch in tables.batches(sql) for r in batch.to_pylist()]


def test_every_kind_of_value_comes_back_as_it_went_in() -> None:
    values: dict[str, Any] = {
        "name": "a",
        "size": 3,
        "public": True,
        "labels": ["x", None],
        "rules": [{"port": 22, "cidrs": ["0.0.0.0/0"]}, {"port": None, "cidrs": None}, None],
        "created": NOW,
        "tags": {"env": "prod"},
        "_why": {"rules[].port": "denied"},
    }
    with tables_of(row(THING, "u1", scope(), **values)) as tables:
        (back,) = everything(tables, "SELECT * FROM aws_thing")
    back["tags"], back["_why"] = dict(back["tags"]), dict(back["_why"])
    assert {k: back[k] for k in values} == values


def test_null_stays_null_in_every_column() -> None:
    with tables_of(row(THING, "u1", scope())) as tables:
        (back,) = everything(tables, "SELECT * FROM aws_thing")
    assert [back[n] for n in THING.columns] == [None] * len(THING.columns)


def test_a_type_without_rows_is_an_empty_table() -> None:
    with tables_of() as tables:
        assert everything(tables, "SELECT name, rules FROM aws_thing") == []


def test_scopes_and_references_stand_beside_the_tables() -> None:
    with Tables.from_rows(
        {"aws_thing": THING},
        {},
        [whole(scope()), failed(scope("us-east-1"))],
        [Edge("a", "name", None, "unresolved:x")],
    ) as tables:
        scopes = everything(tables, "SELECT region, complete, cause FROM _scopes ORDER BY region")
        edges = everything(tables, "SELECT * FROM _references")
    assert [tuple(s.values()) for s in scopes] == [
        ("eu-west-1", True, None),
        ("us-east-1", False, "denied"),
    ]
    assert [tuple(e.values()) for e in edges] == [("a", "name", None, "unresolved:x")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("size", "3"),
        ("size", 1.5),
        ("size", True),
        ("size", 2**70),
        ("public", 1),
        ("name", 5),
        ("name", b"x"),
        ("name", "\ud800"),
        ("labels", "abc"),
        ("labels", [1]),
        ("rules", [{"port": "x", "cidrs": []}]),
        ("created", 5),
        ("tags", [("a", "b")]),
        ("tags", {"a": 1}),
    ],
)
def test_a_value_that_does_not_fit_names_table_and_column(column: str, value: object) -> None:
    with pytest.raises(TruelineError) as caught:
        tables_of(row(THING, "u1", scope(), **{column: value}))
    assert caught.value.code == "row-does-not-fit"
    assert f"table aws_thing, column {column}" in caught.value.message
    assert caught.value.exit_code == 70


def test_a_row_without_a_column_is_refused() -> None:
    short = row(THING, "u1", scope())
    del short["size"]
    with pytest.raises(TruelineError, match="column size"):
        tables_of(short)


def test_the_scope_in_which_a_resource_lives_wins_over_the_others() -> None:
    home, first, other = scope("eu-west-1"), scope("ap-south-1"), scope("us-east-1")
    rows = [
        row(THING, "trail", where, region="eu-west-1", name=where.region)
        for where in (first, home, other)
    ]
    with tables_of(*rows, row(THING, "alone", other, seen_from=["x"])) as tables:
        found = everything(tables, "SELECT uid, name, seen_from FROM aws_thing ORDER BY uid")
    assert found == [
        {"uid": "alone", "name": None, "seen_from": ["x"]},
        {
            "uid": "trail",
            "name": "eu-west-1",
            "seen_from": ["111122223333/ap-south-1", "111122223333/us-east-1"],
        },
    ]


def test_a_uid_that_one_scope_lists_twice_is_one_row() -> None:
    with tables_of(row(THING, "a", scope()), row(THING, "a", scope())) as tables:
        found = everything(tables, "SELECT uid, seen_from FROM aws_thing")
    assert found == [{"uid": "a", "seen_from": []}]


def test_times_without_fraction_or_with_another_offset_are_the_same_instant() -> None:
    plus_two = NOW.astimezone(dt.timezone(dt.timedelta(hours=2)))
    with tables_of(row(THING, "a", scope(), created=plus_two)) as tables:
        (found,) = everything(
            tables, "SELECT created = TIMESTAMPTZ '2026-03-01 12:00:00Z' AS same FROM aws_thing"
        )
    assert found["same"]


def test_a_cursor_sees_the_tables_and_keeps_time_in_utc() -> None:
    with tables_of(row(THING, "a", scope())) as tables:
        found = tables.con.cursor().execute(
            "SELECT count(*), current_setting('TimeZone') FROM aws_thing"
        )
        assert found.fetchone() == (1, "UTC")
