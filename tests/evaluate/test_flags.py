"""The flags of rows: told from what was read, and nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from lake.support import NOW, resource_type, row, scope, whole
from trueline.evaluate import flag_rows
from trueline.lake import Tables
from trueline.language import CompiledPolicy, LanguageError, compile_flag
from trueline.model import NEVER, Flag, ResourceType

DOOR = resource_type(
    "aws_door", open="bool", guarded="bool", owner="text?", keys="list<text>", opened="time"
)


def told(rtype: ResourceType, flags: list[Flag], *rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(exposed, privileged) of each row, in the order given."""
    here = scope(table=rtype.table)
    listed = [row(rtype, f"{number:04}", here, **values) for number, values in enumerate(rows)]
    compiled = [compile_flag(flag, rtype) for flag in flags]
    return [pair for _, *pair in read(rtype, listed, compiled)]


def read(
    rtype: ResourceType, rows: list[dict[str, Any]], flags: list[CompiledPolicy]
) -> list[tuple[Any, ...]]:
    states = [whole(scope(table=rtype.table))]
    with Tables.from_rows({rtype.table: rtype}, {rtype.table: rows}, states) as tables:
        batches = list(flag_rows(tables, rtype, flags, NOW))
    for batch in batches:
        assert [str(kind) for kind in batch.schema.types] == ["string", "int8", "int8"]
        assert batch.schema.names == ["uid", "exposed", "privileged"]
    found = [tuple(item.values()) for batch in batches for item in batch.to_pylist()]
    return sorted(found)


def test_a_flag_is_yes_no_or_not_known_and_null_where_the_type_has_none() -> None:
    flags = [Flag("exposed", "open")]
    rows = [{"open": True}, {"open": False}, {"open": None}]
    assert told(DOOR, flags, *rows) == [[2, None], [0, None], [1, None]]
    assert told(DOOR, [replace(flags[0], name="privileged")], *rows) == [
        [None, 2],
        [None, 0],
        [None, 1],
    ]
    assert told(DOOR, [], *rows) == [[None, None]] * 3


def test_both_flags_stand_in_their_columns_in_whatever_order_they_are_given() -> None:
    flags = [Flag("privileged", "guarded"), Flag("exposed", "open")]
    assert told(DOOR, flags, {"open": True, "guarded": False}) == [[2, 0]]


def test_a_no_is_believed_only_where_it_can_be_known() -> None:
    flag = Flag("exposed", "open", "guarded")
    worlds = list(product([True, False, None], repeat=2))
    rows = [{"open": is_open, "guarded": guarded} for is_open, guarded in worlds]
    seen = {
        world: exposed
        for world, (exposed, _) in zip(worlds, told(DOOR, [flag], *rows), strict=True)
    }
    assert seen == {
        (True, True): 2,
        (True, False): 2,
        (True, None): 2,
        (False, True): 0,
        (False, False): 1,
        (False, None): 1,
        (None, True): 1,
        (None, False): 1,
        (None, None): 1,
    }


def test_a_no_that_is_never_known_leaves_yes_and_not_known() -> None:
    flag = Flag("exposed", "open", NEVER)
    assert told(DOOR, [flag], {"open": True}, {"open": False}) == [[2, None], [1, None]]


def test_an_unread_list_and_an_open_one_are_not_known_unless_an_element_decides() -> None:
    flag = Flag("exposed", "any_of(keys, k -> k = 'spare')")
    rows = [
        {"keys": keys} for keys in (["spare"], ["own"], [], None, ["own", None], ["spare", None])
    ]
    assert [exposed for exposed, _ in told(DOOR, [flag], *rows)] == [2, 0, 0, 1, 1, 2]


def test_an_optional_column_is_absent_only_where_that_is_marked() -> None:
    flag = Flag("exposed", "is_absent(owner)")
    rows = [{"owner": None}, {"owner": None, "_absent": ["owner"]}, {"owner": "me"}]
    assert [exposed for exposed, _ in told(DOOR, [flag], *rows)] == [1, 2, 0]


def test_nothing_is_known_of_a_stale_row_but_what_holds_for_its_whole_type() -> None:
    flags = [Flag("exposed", "open"), Flag("privileged", NEVER)]
    stale = {"stale_since": NOW}
    rows = [{"open": True, **stale}, {"open": False, **stale}, {"open": False}]
    assert told(DOOR, flags, *rows) == [[1, 0], [1, 0], [0, 0]]


def test_days_are_counted_to_the_moment_given() -> None:
    flag = Flag("exposed", "days_since(opened) > 3")
    rows = [{"opened": NOW - dt.timedelta(days=days)} for days in (3, 4)]
    assert [exposed for exposed, _ in told(DOOR, [flag], *rows)] == [0, 2]


def test_a_large_table_comes_in_batches() -> None:
    here = scope(table="aws_door")
    rows = [row(DOOR, f"{n:06}", here, open=n % 2 == 0) for n in range(25_000)]
    states = [whole(here)]
    with Tables.from_rows({"aws_door": DOOR}, {"aws_door": rows}, states) as tables:
        batches = flag_rows(tables, DOOR, [compile_flag(Flag("exposed", "open"), DOOR)], NOW)
        sizes = [batch.num_rows for batch in batches]
    assert sum(sizes) == len(rows)
    assert max(sizes) <= 10_000


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (Flag("exposed", "opened"), "flag exposed, column 1"),
        (Flag("exposed", "open", "guardd"), "known_when of flag exposed, column 1"),
        (Flag("exposed", "len(keys) > :most"), "is a parameter"),
    ],
)
def test_a_wrong_flag_is_refused_with_its_name(flag: Flag, message: str) -> None:
    with pytest.raises(LanguageError, match=message):
        compile_flag(flag, DOOR)
