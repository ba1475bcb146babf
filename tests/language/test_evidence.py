"""What a verdict rests on, and why one could not be reached."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kit import Written, causes, judged_row, policy


def test_evidence_of_a_plain_column_is_its_value() -> None:
    seen = judged_row("size > 2 AND is_absent(owner)", {"size": 3, "owner": None})
    assert seen["evidence"] == {"size": 3, "owner": None}


def test_evidence_of_a_struct_field_and_a_tag_is_named_by_its_path() -> None:
    row = {"lid": {"shut": True, "color": "red"}, "tags": {"env": "prod", "team": "a"}}
    seen = judged_row("lid.shut AND coalesce(tag('env'), '') = 'prod'", row)
    assert seen["evidence"] == {"lid.shut": True, "tags.env": "prod"}


RULES = [
    {"port": 22, "open": True, "names": ["a"]},
    {"port": 80, "open": True, "names": []},
    {"port": 90, "open": False, "names": ["a"]},
]


@pytest.mark.parametrize(
    ("predicate", "ports"),
    [
        ("any_of(rules, r -> r.open AND r.port < 80)", [22]),
        ("none_of(rules, r -> r.port > 80)", [90]),
        ("all_of(rules, r -> r.open)", [90]),
        ("count_of(rules, r -> r.open) > 1", [22, 80]),
        ("any_of(rules, r -> any_of(r.names, n -> n = 'a'))", [22, 90]),
        ("any_of(rules, r -> r.port = 22) AND any_of(rules, s -> s.port = 90)", [22, 90]),
        ("len(rules) > 1 AND any_of(rules, r -> r.port = 22)", [22, 80, 90]),
    ],
)
def test_evidence_of_a_list_is_its_deciding_elements(predicate: str, ports: list[int]) -> None:
    seen = judged_row(predicate, {"rules": RULES})
    assert [rule["port"] for rule in seen["evidence"]["rules"]] == ports


def test_an_element_that_may_decide_is_evidence_too() -> None:
    seen = judged_row("any_of(words, w -> w = 'x')", {"words": ["a", "x", "..."]})
    assert seen["evidence"] == {"words": ["x", None]}


DEEP = {"kind": "a", "deep": True}


def test_evidence_of_a_relation_is_the_deciding_rows_with_the_columns_used() -> None:
    keys = [
        {
            "strong": True,
            "age": 9,
            "uses": [{"kind": "a", "deep": True}, {"kind": "b", "deep": False}],
        },
        {"strong": False, "age": 1, "uses": []},
        "...",
    ]
    seen = judged_row("any_of(keys, k -> k.strong AND any_of(k.uses, u -> u.deep))", {"keys": keys})
    assert seen["evidence"] == {"keys": [{"uid": "key-000", "strong": True, "uses": [DEEP]}]}


def test_evidence_of_several_questions_to_one_relation_is_one_list() -> None:
    keys = [{"strong": True, "age": 1}, {"strong": False, "age": 9}, {"strong": False, "age": 1}]
    seen = judged_row(
        "any_of(keys, k -> k.strong) AND any_of(keys, x -> x.age > 5)", {"keys": keys}
    )
    assert seen["evidence"] == {
        "keys": [
            {"uid": "key-000", "strong": True, "age": 1},
            {"uid": "key-001", "strong": False, "age": 9},
        ]
    }


def test_evidence_of_a_relation_of_a_relation_is_nested() -> None:
    keys = [{"strong": True, "maker": [{"high": True}, {"high": False}]}]
    seen = judged_row("any_of(keys, k -> any_of(k.maker, m -> m.high))", {"keys": keys})
    assert seen["evidence"] == {
        "keys": [{"uid": "key-000", "maker": [{"uid": "shelf-000", "high": True}]}]
    }


def test_evidence_can_be_written_as_json() -> None:
    row = {"rules": RULES, "tags": {"a": "b"}, "keys": [{"strong": True}], "lid": {"shut": True}}
    predicate = "any_of(rules, r -> r.open) OR lid.shut OR any_of(keys, k -> k.strong)"
    assert json.loads(json.dumps(judged_row(predicate, row)["evidence"]))


def test_failing_evidence_is_left_out_where_everything_passes() -> None:
    estate = Written([{"size": 1, "locked": True}, {"size": 5, "locked": False}, {}]).estate()
    policies = [policy("size > 2", name="a"), policy("size > 9 AND locked", name="b")]
    statement, rows = estate.fused(policies, evidence="failing")
    (size,) = (column for label, column in statement.evidence["a"] if label == "size")
    assert dict(statement.evidence["b"])["size"] == size
    locked = dict(statement.evidence["b"])["locked"]
    assert [row[size] for row in rows] == [None, 5, None]
    assert [row[locked] for row in rows] == [None, None, None]


@pytest.mark.parametrize("apart", [False, True])
def test_what_a_relation_tells_of_a_row_that_does_not_pass_is_the_same_without_the_rest(
    apart: bool,
) -> None:
    made = {"age": 9, "maker": [{"high": True}, {"high": False}, {}]}
    strong, weak, unread = {"strong": True, "age": 9}, {"strong": False, "age": 1}, {"age": 9}
    keys = [
        [],
        [strong],
        [weak],
        [unread],
        [strong, weak],
        [weak, unread],
        [strong, "..."],
        ["..."],
        [made, weak],
        [{**made, "maker": [{}]}],
        [{**strong, "_stale": True}, weak],
    ]
    boxes = [{"locked": locked, "keys": k} for locked in (True, False) for k in keys]
    policies = [
        policy("any_of(keys, k -> k.strong)", name="any"),
        policy("locked AND all_of(keys, k -> NOT k.strong AND k.age > 2)", name="all"),
        policy("locked AND any_of(keys, k -> k.strong)", name="same"),
        policy("any_of(keys, k -> any_of(k.maker, m -> m.high))", name="nested"),
    ]
    estate = Written(boxes).estate()
    statement, everything = estate.fused(policies, evidence="all")
    _, rows = estate.fused(policies, evidence="failing", apart=apart)
    shown = 0
    for whole, row in zip(everything, rows, strict=True):
        for judged in policies:
            name, code = judged.id, statement.codes[judged.id]
            assert row[code] == whole[code]
            assert causes(judged, statement, row) == causes(judged, statement, whole)
            if row[code]:
                shown += 1
                for _, column in statement.evidence[name]:
                    assert row[column] == whole[column]
    assert shown > len(boxes)


CAUSES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("size > 1", {}, [("size", "not_collected")]),
    ("size > 1", {"_why": {"size": "denied"}}, [("size", "denied")]),
    ("size > 1 AND locked", {"locked": True}, [("size", "not_collected")]),
    ("size > 1 OR locked", {"_why": {"label": "denied", "size": "timeout", "locked": "denied"}},
     [("locked", "denied"), ("size", "timeout")]),
    ("any_of(rules, r -> r.open)", {"rules": [{}], "_why": {"rules[].open": "malformed:Open"}},
     [("rules[].open", "malformed:Open")]),
    ("any_of(rules, r -> r.open)", {"rules": [{}]}, [("rules", "not_collected")]),
    ("any_of(words, w -> w = 'x')", {"words": ["..."]}, [("words", "open_list:words")]),
    ("any_of(words, w -> w = 'x')", {"words": ["..."], "_why": {"words[]": "truncated"}},
     [("words[]", "truncated")]),
    ("len(words) = 1", {"words": ["..."]}, [("words", "open_list:words")]),
    ("lid.shut", {"lid": {"color": "red"}, "_why": {"lid.shut": "error"}}, [("lid.shut", "error")]),
    ("lid.shut", {"lid": {"color": "red"}}, [("lid.shut", "not_collected")]),
    ("is_set(owner)", {}, [("owner", "not_collected")]),
    ("coalesce(owner, '') = '' AND size > 1",
     {"size": 2, "_set": ["owner"], "_why": {"owner": "after_apply:aws_x.y.id"}},
     [("owner", "after_apply:aws_x.y.id")]),
    ("is_set(owner) AND size > 1", {"_set": ["owner"], "_why": {"owner": "after_apply:aws_x.y.id"}},
     [("size", "not_collected")]),
    ("is_absent(owner) OR size > 1", {"owner": None, "words": []}, []),
    ("is_absent(tag('env'))", {}, [("tags", "not_collected")]),
    ("is_absent(tag('env'))", {"_why": {"tags": "throttled"}}, [("tags", "throttled")]),
    ("any_of(keys, k -> k.strong)", {"keys": ["..."]}, [("keys", "denied")]),
    ("any_of(keys, k -> k.strong)", {"keys": [{"_stale": True}]}, [("keys", "stale")]),
    ("any_of(keys, k -> k.strong)", {"keys": [{}]}, [("keys.strong", "not_collected")]),
    ("any_of(keys, k -> k.strong)", {"keys": [{"_why": {"strong": "denied"}}, {"strong": False}]},
     [("keys.strong", "denied")]),
    ("any_of(keys, k -> any_of(k.maker, m -> m.high))", {"keys": [{"maker": [{}]}]},
     [("keys.maker.high", "not_collected")]),
    ("count_of(keys, k -> k.strong) > 1", {"keys": [{}, {"strong": True}]},
     [("keys.strong", "not_collected")]),
]  # fmt: skip


@pytest.mark.parametrize(("predicate", "row", "causes"), CAUSES)
def test_what_is_unknown_names_its_causes(
    predicate: str, row: dict[str, Any], causes: list[tuple[str, str]]
) -> None:
    seen = judged_row(predicate, row)
    assert seen["verdict"] == ("unknown" if causes else "fail")
    assert seen["causes"] == causes


def test_a_reference_to_a_row_that_is_not_there_is_dangling() -> None:
    written = Written([{}])
    written.edges.append(("box", "keys", "box-000", "key-999", None))
    judged = policy("none_of(keys, k -> k.strong)")
    statement, (row,) = written.estate().fused([judged])
    assert causes(judged, statement, row) == [("keys", "dangling:keys")]
