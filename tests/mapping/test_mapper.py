"""Rows: the four states of a cell, casts, causes, what may be stored, and the fingerprint."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from trueline.mapping import Mapper, Unknown, finish_row
from trueline.model import (
    ABSENT,
    COMMON,
    UNSAID,
    CodeReader,
    Column,
    Live,
    ResourceType,
    parse_type,
)

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
DENIED = Unknown("denied")
UNSET = Unknown("provider_decides:aws_x.a.v", unset=True)
REFERENCE = Unknown("after_apply:aws_y.b.arn", present=True, refs=("aws_y.b",))


def column(kind: str, live: str | None = "v", terraform: str | None = "v", **more: Any) -> Column:
    mappings = {"live": live, "terraform": terraform}
    return Column(
        more.pop("name", "c"),
        parse_type(kind),
        "A column",
        {reader: text for reader, text in mappings.items() if text is not None},
        more.pop("omitted", UNSAID),
        {"terraform": more["default"]} if "default" in more else {},
    )


def table(*columns: Column, secrets: tuple[str, ...] = (), **more: Any) -> ResourceType:
    return ResourceType(
        "aws_x",
        "A thing",
        "aws",
        {c.name: c for c in columns},
        live=Live("region", None, (), "x", secrets=secrets),
        readers={"terraform": CodeReader(("aws_x",), secrets=secrets)},
        **more,
    )


def row(kind: str, doc: dict[str, Any], reader: str = "live", **more: Any) -> dict[str, Any]:
    return Mapper(table(column(kind, **more)), reader).row(doc)


def state(made: dict[str, Any]) -> tuple[Any, str]:
    """The value of the cell, and the mark or cause that stands beside it."""
    marks = [m for m in ("_absent", "_set", "_defaulted") if "c" in made[m]]
    return made["c"], " ".join([*marks, *made["_why"].values()])


SET = f"_set {REFERENCE.cause}"
FOUR_STATES = [
    # live
    ("text", {"v": "x"}, "live", {}, ("x", "")),
    ("text", {}, "live", {}, (None, "missing:v")),
    ("text", {"v": None}, "live", {}, (None, "missing:v")),
    ("text?", {}, "live", {}, (None, "_absent")),
    ("text", {}, "live", {"omitted": "d"}, ("d", "_defaulted")),
    ("text?", {}, "live", {"omitted": "d"}, ("d", "_defaulted")),
    ("text?", {}, "live", {"omitted": ABSENT}, (None, "_absent")),
    ("text", {"v": DENIED}, "live", {"omitted": "d"}, (None, "denied")),
    ("text?", {"v": DENIED}, "live", {}, (None, "denied")),
    ("int", {"v": "many"}, "live", {"omitted": 3}, (None, "malformed:v")),
    ("bool", {"v": False}, "live", {"omitted": True}, (False, "")),
    # code
    ("text", {"v": "x"}, "terraform", {}, ("x", "")),
    ("text", {"v": None}, "terraform", {}, (None, "missing:v")),
    ("text?", {"v": None}, "terraform", {}, (None, "_absent")),
    ("text", {"v": None}, "terraform", {"default": "d"}, ("d", "_defaulted")),
    ("text", {"v": UNSET}, "terraform", {"default": "d"}, ("d", "_defaulted")),
    ("text?", {"v": UNSET}, "terraform", {"default": ABSENT}, (None, "_absent")),
    ("text", {"v": UNSET}, "terraform", {}, (None, UNSET.cause)),
    ("text?", {"v": UNSET}, "terraform", {}, (None, UNSET.cause)),
    ("text", {"v": DENIED}, "terraform", {"default": "d"}, (None, "denied")),
    ("text?", {"v": REFERENCE}, "terraform", {}, (None, f"_set {REFERENCE.cause}")),
    (
        "text?",
        {"v": REFERENCE},
        "terraform",
        {"default": ABSENT},
        (None, f"_set {REFERENCE.cause}"),
    ),
    # no mapping
    ("text?", {"v": "x"}, "live", {"live": None}, (None, "not_collected")),
    ("text", {"v": "x"}, "terraform", {"terraform": None, "default": "d"}, (None, "unsupported")),
]


@pytest.mark.parametrize(("kind", "doc", "reader", "more", "expected"), FOUR_STATES)
def test_a_cell_is_in_exactly_one_of_the_four_states(
    kind: str, doc: dict[str, Any], reader: str, more: dict[str, Any], expected: tuple[Any, str]
) -> None:
    assert state(row(kind, doc, reader, **more)) == expected


def test_a_reference_names_the_block_it_comes_from() -> None:
    assert row("text?", {"v": REFERENCE}, "terraform")["_refs"] == {"c": ("aws_y.b",)}
    listed = row("list<text>", {"v": ["a", REFERENCE]}, "terraform")
    assert listed["c"] == ["a", None]
    assert listed["_refs"] == {"c": ("aws_y.b",)}
    assert listed["_why"] == {"c[]": REFERENCE.cause}


CASTS: list[tuple[str, Any, Any]] = [
    ("bool", True, True),
    ("bool", "true", True),
    ("bool", "FALSE", False),
    ("bool", "0", False),
    ("bool", 1, True),
    ("bool", "yes", None),
    ("bool", 2, None),
    ("int", 7, 7),
    ("int", "-7", -7),
    ("int", 7.0, 7),
    ("int", 7.5, None),
    ("int", True, None),
    ("int", "7.0", None),
    ("int", 2**63, None),
    ("int", "9" * 5000, None),
    ("float", "1.5", 1.5),
    ("float", 2, 2.0),
    ("float", "nan", None),
    ("float", float("inf"), None),
    ("float", 10**400, None),
    ("text", "ä", "ä"),
    ("text", 7, "7"),
    ("text", True, "true"),
    ("text", "\ud800", "?"),
    ("text", ["x"], None),
    ("text", b"x", None),
    ("time", NOW, NOW),
    ("time", "2026-01-02T03:04:05.678901Z", NOW),
    ("time", "2026-01-02T05:04:05.678901+02:00", NOW),
    ("time", dt.datetime(2026, 1, 2, 3, 4, 5, 678901), NOW),
    ("time", 0, dt.datetime(1970, 1, 1, tzinfo=dt.UTC)),
    ("time", "1767323045", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    ("time", 1767323045000, dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
    ("time", "2026-01-02", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
    ("time", "soon", None),
    ("time", 1e300, None),
    ("time", True, None),
    ("list<text>", ["a", None, 1], ["a", "1"]),
    ("list<int>", ["1", 2], [1, 2]),
    ("list<text>", "a", None),
    ("map<text,text>", {"a": 1, "b": None}, {"a": "1"}),
    ("map<text,text>", ["a"], None),
    ("struct<a:int,b:bool>", {"a": "1", "b": "true", "z": 0}, {"a": 1, "b": True}),
    ("struct<a:int>", "x", None),
]


@pytest.mark.parametrize(("kind", "value", "cell"), CASTS)
def test_values_are_cast_or_malformed(kind: str, value: Any, cell: Any) -> None:
    made = row(kind, {"v": value})
    assert made["c"] == cell
    assert type(made["c"]) is type(cell)
    assert made["_why"] == ({} if cell is not None else {"c": "malformed:v"})


def test_a_time_is_kept_in_one_zone() -> None:
    zone = dt.timezone(dt.timedelta(hours=5))
    assert row("time", {"v": NOW.astimezone(zone)})["c"].tzinfo is dt.UTC


def test_what_is_unknown_inside_a_value_is_named_by_its_path() -> None:
    kind = "list<struct<a:int,b:list<text>,c:struct<d:text>>>"
    value = [
        {"a": "x", "b": ["k", DENIED], "c": {}},
        DENIED,
        {"a": UNSET, "b": [], "c": {"d": "e"}},
    ]
    made = row(kind, {"v": value})
    assert made["c"] == [
        {"a": None, "b": ["k", None], "c": {"d": None}},
        None,
        {"a": None, "b": [], "c": {"d": "e"}},
    ]
    assert made["_why"] == {
        "c[].a": "malformed:v",
        "c[].b[]": "denied",
        "c[].c.d": "missing:d",
        "c[]": "denied",
    }


def test_an_unknown_value_in_a_map_keeps_its_key() -> None:
    made = row("map<text,text>", {"v": {"a": DENIED, "b": ["x"], "c": "d"}})
    assert made["c"] == {"a": None, "b": None, "c": "d"}
    assert made["_why"] == {"c.a": "denied", "c.b": "malformed:v"}


def test_a_default_is_cast_once_and_never_shared_between_rows() -> None:
    mapper = Mapper(table(column("list<int>", omitted=["1"])), "live")
    first, second = mapper.row({}), mapper.row({})
    first["c"].append(2)
    assert second["c"] == [1]


@pytest.mark.parametrize("more", [{"omitted": ABSENT}, {"omitted": "x"}])
def test_a_default_that_does_not_suit_its_column_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^c: "):
        Mapper(table(column("int", **more)), "live")


def test_a_member_of_something_that_is_no_map_is_malformed() -> None:
    assert row("text", {"a": "x"}, live="a.b")["_why"] == {"c": "malformed:a"}
    assert row("text", {"a": DENIED}, live="a.b", omitted="d")["_why"] == {"c": "denied"}
    assert row("text?", {"a": None}, live="a.b")["_absent"] == ["c"]
    assert row("text?", {"a": REFERENCE}, live="a.b")["_set"] == []


def test_a_name_given_by_let_is_read_like_a_member_and_the_document_stays() -> None:
    rtype = table(
        column("int", live="length(twice)"),
        column("text", live="twice[0]", name="d"),
        let={"live": (("once", "v"), ("twice", "[once, once]"))},
    )
    doc = {"v": "x"}
    made = Mapper(rtype, "live").row(doc)
    assert (made["c"], made["d"]) == (2, "x")
    assert doc == {"v": "x"}


def test_logic_in_a_bool_column_reads_texts_as_the_truth_values_they_are() -> None:
    assert row("bool", {"a": "false", "b": "true"}, live="a || !b")["c"] is False


CANARY = "canary-7f3a"
SECRET_DOC = {
    "fn": {
        "Name": "f",
        "Environment": {"Variables": {"TOKEN": CANARY, "PLAIN": CANARY + "2"}},
        "Inner": {"Deep": {"Password": CANARY, "Port": 5, "On": True}},
        "Unread": CANARY,
        "UserData": f"password={CANARY}",
        "Redrive": json.dumps({"target": "t", "other": CANARY}),
        "Definition": [{"name": "c", "environment": [{"name": "A", "value": CANARY}]}],
        "Ids": ["i-1", "i-2"],
        "Policy": '{"Statement": []}',
        "Keep": {"Secret": CANARY, "Open": "shown"},
    },
    "tag_map": {"owner": "me"},
    "scope": {"account": "1"},
    "written": {"user_data": f"password={CANARY}"},
}


def secret_table() -> ResourceType:
    return table(
        column("text", live="fn.Name", name="name"),
        column("list<env_var>", live="env_flags(fn.Environment.Variables)", name="env"),
        column("bool", live="is_set(fn.Inner)", name="inner"),
        column(
            "bool", live="text_has_secret(not_null(written.user_data, fn.UserData))", name="data"
        ),
        column("text", live="parse_json(fn.Redrive).target", name="target"),
        column("list<env_var>", live="env_flags(fn.Definition[].environment[])", name="more"),
        column("list<text>", live="fn.Ids", name="ids"),
        column("list<iam_statement>", live="iam_statements(fn.Policy)", name="statements"),
        column("text", live="fn.Keep.Open", name="open"),
        column("bool", live="is_set(fn.Keep.Secret)", name="kept"),
        column("text", live="scope.account", name="owner"),
        column("map<text,text>", live="tag_map", name="tags"),
        secrets=("fn.Keep.Secret",),
    )


def test_no_secret_reaches_row_or_config() -> None:
    mapper = Mapper(secret_table(), "live")
    made, config = mapper.row(SECRET_DOC), mapper.config(SECRET_DOC)
    assert made["data"] is True
    assert made["target"] == "t"
    assert CANARY not in repr(made)
    assert CANARY not in config


def test_config_keeps_what_the_mappings_read_and_nothing_else() -> None:
    config = json.loads(Mapper(secret_table(), "live").config(SECRET_DOC))
    assert config == {
        "fn": {
            "Name": "f",
            "Environment": {"Variables": {"TOKEN": "(removed)", "PLAIN": "(removed)"}},
            "Inner": {"Deep": {"Password": "(removed)", "Port": 5, "On": True}},
            "UserData": "(removed)",
            "Redrive": "(removed)",
            "Definition": [{"environment": [{"name": "(removed)", "value": "(removed)"}]}],
            "Ids": ["i-1", "i-2"],
            "Policy": '{"Statement": []}',
            "Keep": {"Secret": "(removed)", "Open": "shown"},
        },
        "tag_map": {"owner": "me"},
    }


def test_config_is_the_same_text_for_the_same_document_and_leaves_out_what_is_unknown() -> None:
    mapper = Mapper(secret_table(), "live")
    one = mapper.config(
        {"fn": {"Name": "f", "Ids": [DENIED, "i"]}, "tag_map": {"b": "1", "a": "2"}}
    )
    other = mapper.config({"tag_map": {"a": "2", "b": "1"}, "fn": {"Ids": ["i"], "Name": "f"}})
    assert one == other == '{"fn":{"Ids":["i"],"Name":"f"},"tag_map":{"a":"2","b":"1"}}'
    assert mapper.config({"fn": DENIED}) == "{}"


def test_config_is_bounded() -> None:
    rtype = table(column("list<text>", live="big"), column("text", live="small", name="d"))
    mapper = Mapper(rtype, "live")
    config = mapper.config({"big": ["x" * 1000] * 1000, "small": "s"})
    assert json.loads(config) == {"big": "(too large)", "small": "s"}
    long = json.loads(mapper.config({"small": "y" * 100_000}))
    assert long == {"small": "(too large)"}


def finished(doc: dict[str, Any], *columns: Column, **more: Any) -> dict[str, Any]:
    rtype = table(*columns)
    given = {"uid": "u", "plane": "live", "account": "1", "region": "r", "scope_account": "1"}
    given |= {"scope_region": "r", "config": "{}", "collected_at": NOW, **more}
    return finish_row(Mapper(rtype, "live").row(doc), rtype, **given)


def test_a_finished_row_has_every_own_and_common_column_and_no_other() -> None:
    made = finished({"v": "x"}, column("text"), address="aws_x.a", seen_from=("r2",))
    assert made.keys() == {"c"} | COMMON.keys()
    assert made["type"] == "aws_x"
    assert made["address"] == "aws_x.a"
    assert made["seen_from"] == ["r2"]
    assert made["tags"] == {}
    assert made["_absent"] == ["name"]


def test_own_columns_refine_common_ones() -> None:
    columns = column("text", name="name"), column("map<text,text>", live="t", name="tags")
    made = finished({"v": "n", "t": {"a": "b"}}, *columns)
    assert made["name"] == "n"
    assert made["tags"] == {"a": "b"}
    assert made["_absent"] == []


def test_the_fingerprint_changes_with_what_policies_see_and_with_nothing_else() -> None:
    columns = column("map<text,text>?", omitted=UNSAID), column("time?", live="at", name="d")
    base = finished({"v": {"a": "1", "b": "2"}, "at": NOW}, *columns)["fingerprint"]
    same = [
        finished({"v": {"b": "2", "a": "1"}, "at": NOW.timestamp(), "more": 1}, *columns),
        finished({"v": {"a": "1", "b": "2"}, "at": NOW}, *columns, config="{1}", account="2"),
    ]
    other = [
        finished({"v": {"a": "1"}, "at": NOW}, *columns),
        finished({"at": NOW}, *columns),
        finished({"v": DENIED, "at": NOW}, *columns),
        finished({"v": {"a": "1", "b": "2"}}, *columns),
    ]
    assert {one["fingerprint"] for one in same} == {base}
    assert len({base, *(one["fingerprint"] for one in other)}) == 5
