"""What changed between two snapshots, and what cannot be said."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from trueline.lake import Change, ColumnChange, Gap, Lake, RunSelection, Snapshot, changes, diff
from trueline.lake.differences import may_be_equal

from .support import row, whole
from .test_commit import (
    HERE,
    THERE,
    THING,
    TYPES,
    fail,
    lake,
    no_verdicts,
    record,
    scan_info,
    things,
)
from .test_damage import damage

__all__ = ["lake"]


def between(lake: Lake, old: Snapshot, new: Snapshot) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (c.kind, c.uid, {x.column: (x.old, x.new) for x in c.columns})
        for c in changes(lake, old, new, TYPES)
    ]


def test_added_removed_and_changed_resources_are_told_apart(lake: Lake) -> None:
    old = record(lake, {HERE: [*things("a", "b"), *things("c", name="x", size=1)]})
    new = record(lake, {HERE: [*things("b", "d"), *things("c", name="x", size=2)]})
    assert between(lake, old, new) == [
        ("removed", "a", {}),
        ("changed", "c", {"size": (1, 2)}),
        ("added", "d", {}),
    ]
    assert between(lake, new, old) == [
        ("added", "a", {}),
        ("changed", "c", {"size": (2, 1)}),
        ("removed", "d", {}),
    ]
    assert diff(old, new, TYPES).gaps == ()


def test_a_change_names_the_resource(lake: Lake) -> None:
    old = record(lake, {HERE: things("a", name="n", size=1)})
    new = record(lake, {HERE: things("a", name="n", size=2)})
    assert list(changes(lake, old, new, TYPES)) == [
        Change("changed", "aws_thing", "a", "n", "aws", "111122223333", "eu-west-1",
               (ColumnChange("size", 1, 2),))
    ]  # fmt: skip


def test_equal_snapshots_do_not_differ(lake: Lake) -> None:
    old = record(lake, {HERE: things("a", "b"), THERE: things("c", where=THERE)})
    new = record(lake, {HERE: things("a", "b")})
    assert between(lake, old, new) == []
    assert between(lake, old, old) == []


def test_resources_of_a_scope_that_failed_are_never_called_removed(lake: Lake) -> None:
    old = record(lake, {HERE: things("a"), THERE: things("b", where=THERE)})
    new = fail(lake, HERE, "throttled")
    assert between(lake, old, new) == []
    assert diff(old, new, TYPES).gaps == (Gap(HERE, new.number, "throttled"),)


def test_resources_of_a_scope_that_only_one_snapshot_read_are_a_gap(lake: Lake) -> None:
    old = record(lake, {HERE: things("a")})
    new = record(lake, {THERE: things("b", where=THERE)})
    assert between(lake, old, new) == []
    assert between(lake, new, old) == []
    assert diff(old, new, TYPES).gaps == (Gap(THERE, old.number, "not_collected"),)
    first_failed = fail(lake, THERE)
    read_again = record(lake, {THERE: things("b", "c", where=THERE)})
    assert between(lake, first_failed, read_again) == []


def test_resources_of_a_damaged_segment_are_a_gap(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    record(lake, {HERE: things("b")})
    hurt = damage(lake, "cut", "aws_thing")
    old, new = hurt.snapshot(1), hurt.snapshot(2)
    assert old is not None
    assert new is not None
    assert between(hurt, old, new) == []
    assert diff(old, new, TYPES).gaps == (Gap(HERE, 2, "error"),)


def test_a_resource_created_anew_is_replaced(lake: Lake) -> None:
    old = record(lake, {HERE: things("a", incarnation="1", size=1)})
    same = record(lake, {HERE: things("a", incarnation=None, size=1)})
    new = record(lake, {HERE: things("a", incarnation="2", size=1)})
    assert between(lake, old, new) == [("replaced", "a", {})]
    assert between(lake, old, same) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"size": None}, {"size": 1}, []),
        ({"size": 1}, {"size": None}, []),
        ({"size": None, "_absent": ["size"]}, {"size": 1}, [("size", None, 1)]),
        ({"size": 1}, {"size": None, "_absent": ["size"]}, [("size", 1, None)]),
        ({"size": None}, {"size": None, "_absent": ["size"]}, []),
        ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}, []),
        ({"labels": ["a", None]}, {"labels": ["a", "b"]}, []),
        ({"labels": ["a", None]}, {"labels": ["b"]}, [("labels", ["a", None], ["b"])]),
        ({"tags": {"k": "1"}}, {"tags": {"k": "2"}}, [("tags", {"k": "1"}, {"k": "2"})]),
    ],
)
def test_only_what_both_sides_know_is_a_change(
    lake: Lake, before: dict[str, Any], after: dict[str, Any], expected: list[Any]
) -> None:
    common = {"created": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    old = record(lake, {HERE: [_printed("a", "1", **common, **before)]})
    new = record(lake, {HERE: [_printed("a", "2", **common, **after)]})
    found = [(x.column, x.old, x.new) for c in changes(lake, old, new, TYPES) for x in c.columns]
    assert found == expected


def _printed(uid: str, fingerprint: str, **values: Any) -> dict[str, Any]:
    return row(THING, uid, HERE, **values) | {"fingerprint": fingerprint}


def test_a_column_made_by_another_mapping_is_not_compared(lake: Lake) -> None:
    old = record(lake, {HERE: things("a", size=1, name="x", public=True)})
    column = replace(THING.columns["size"], mappings={"live": "other"})
    other = replace(THING, columns={**THING.columns, "size": column})
    run = lake.begin(RunSelection("aws", {"aws_thing": other}))
    run.rows(HERE, [row(other, "a", HERE, size=2, name="y", public=True)])
    run.done(whole(HERE), [])
    new = lake.commit(run, scan_info(run), no_verdicts)
    assert between(lake, old, new) == [("changed", "a", {"name": ("x", "y")})]
    assert diff(old, new, TYPES).remade == (("aws_thing", "size"),)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([1, 10], [10, 1], False),
        ([1, 10], [1, 10], True),
        ([1, None], [2], True),
        (["a"], ["a", "a"], False),
        (["a", None], ["a", "a"], True),
        (["a", None], [None], True),
        (["a"], [None], True),
        (["a", "b"], ["a", None], True),
        (["a", "c"], ["a", "b"], False),
        ([{"x": 1, "y": None}], [{"x": 1, "y": 2}], True),
        ([{"x": 1, "y": None}], [{"x": 2, "y": 2}], False),
        ({"a": "1"}, {"a": "1", "b": "2"}, False),
        (True, 1.0, True),
        ("a", "b", False),
    ],
)
def test_unknown_parts_may_be_anything(one: Any, other: Any, expected: bool) -> None:
    assert may_be_equal(one, other) is expected
    assert may_be_equal(other, one) is expected
