"""Segments that were written when the type had other columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from trueline.lake import Lake, RunSelection, query
from trueline.model import ResourceType

from .support import resource_type, row, scope, whole
from .test_commit import lake, no_verdicts, scan_info, select

__all__ = ["lake"]

OLD = {"name": "text", "size": "int?", "rules": "list<struct<port:int,gone:text>>", "kind": "text"}
NEW = {
    "name": "text",
    "size": "text?",
    "rules": "list<struct<port:int,source:text>>",
    "public": "bool",
    "kind": "text",
}
OLD_TYPE, NEW_TYPE = resource_type(**OLD), resource_type(**NEW)
VALUES: dict[str, Any] = {"name": "n", "size": 4, "rules": [{"port": 22, "gone": "x"}, None]}


def write(lake: Lake, rtype: ResourceType, region: str, values: Mapping[str, Any]) -> None:
    run = lake.begin(RunSelection("aws", {"aws_thing": rtype}))
    where = scope(region)
    run.rows(where, [row(rtype, f"u-{region}", where, **values)])
    run.done(whole(where), [])
    lake.commit(run, scan_info(run), no_verdicts)


def test_a_column_that_was_not_read_then_is_unknown_and_says_why(lake: Lake) -> None:
    write(lake, OLD_TYPE, "eu-west-1", VALUES | {"_why": {"kind": "denied"}})
    (found,) = select(lake, "SELECT * FROM aws_thing", types={"aws_thing": NEW_TYPE})
    assert found["public"] is None
    assert found["size"] is None
    assert dict(found["_why"]) == {
        "kind": "denied",
        "public": "not_collected",
        "size": "not_collected",
    }
    assert found["name"] == "n"
    assert found["rules"] == [{"port": 22, "source": None}, None]


def test_old_and_new_segments_are_one_table(lake: Lake) -> None:
    write(lake, OLD_TYPE, "eu-west-1", VALUES)
    new = {"name": "m", "size": "4", "rules": [{"port": 1, "source": "s"}], "public": True}
    write(lake, NEW_TYPE, "us-east-1", new)
    found = select(
        lake,
        "SELECT size, public, _why['public'] AS why FROM aws_thing ORDER BY uid",
        types={"aws_thing": NEW_TYPE},
    )
    assert found == [
        {"size": None, "public": None, "why": "not_collected"},
        {"size": "4", "public": True, "why": None},
    ]
    with query(lake, "SELECT r.source FROM aws_thing, unnest(rules) u(r)",
               {"aws_thing": NEW_TYPE}) as result:  # fmt: skip
        assert sorted(map(str, result.rows())) == ["('s',)", "(None,)", "(None,)"]


def test_every_row_has_its_own_number_whatever_segment_it_stands_in(lake: Lake) -> None:
    new = {"name": "m", "size": "4", "rules": [], "public": True}
    write(lake, OLD_TYPE, "eu-west-1", VALUES)
    write(lake, OLD_TYPE, "eu-north-1", VALUES)
    for region in ("us-east-1", "us-west-2"):
        write(lake, NEW_TYPE, region, new)
    found = select(lake, "SELECT uid, _row FROM aws_thing", types={"aws_thing": NEW_TYPE})
    assert len({row["uid"] for row in found}) == len({row["_row"] for row in found}) == 4
    assert all(isinstance(row["_row"], int) for row in found)


def test_a_type_that_is_new_is_an_empty_table(lake: Lake) -> None:
    write(lake, OLD_TYPE, "eu-west-1", VALUES)
    fresh = resource_type("aws_fresh", name="text")
    assert select(lake, "SELECT * FROM aws_fresh", types={"aws_fresh": fresh}) == []


def test_a_run_made_by_other_mappings_is_not_resumed(lake: Lake) -> None:
    run = lake.begin(RunSelection("aws", {"aws_thing": OLD_TYPE}))
    run.done(whole(scope()), [])
    run.close()
    assert not lake.begin(RunSelection("aws", {"aws_thing": NEW_TYPE}), resume=True).resumed


@pytest.mark.parametrize("change", ["mapping", "type"])
def test_the_digest_of_a_column_changes_with_what_makes_its_value(change: str) -> None:
    from dataclasses import replace

    from trueline.lake.schema import mapping_hashes
    from trueline.model import parse_type

    column = OLD_TYPE.columns["size"]
    other = (
        replace(column, mappings={"live": "other"})
        if change == "mapping"
        else replace(column, type=parse_type("text?"))
    )
    changed = replace(OLD_TYPE, columns={**OLD_TYPE.columns, "size": other})
    before, after = mapping_hashes(OLD_TYPE), mapping_hashes(changed)
    assert {n for n in before if before[n] != after[n]} == {"size"}
    retold = replace(OLD_TYPE, title="other", columns={
        **OLD_TYPE.columns, "size": replace(column, about="other words")})  # fmt: skip
    assert mapping_hashes(retold) == before
