"""The expression language: values, absence and unknown through every kind of node."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from trueline.mapping import (
    ExpressionError,
    Unknown,
    compile_condition,
    compile_expression,
    expression_paths,
    is_unknown,
    lint_expression,
)

DENIED = Unknown("denied")
UNSET = Unknown("provider_decides:x.a", unset=True)
REFERENCE = Unknown("after_apply:x.id", present=True, refs=("x",))
NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
DOC = {
    "n": 7,
    "t": "x",
    "yes": True,
    "no": False,
    "text_no": "false",
    "empty": [],
    "null": None,
    "time": NOW,
    "deep": {"er": {"value": 1, "u": DENIED}},
    "list": [{"s": "on", "v": 1}, {"s": "off", "v": 2}, {"v": 3}],
    "open": [{"s": "on", "v": 1}, DENIED],
    "vague": [{"s": DENIED, "v": 1}, {"s": "on", "v": 2}],
    "maybe": [DENIED],
    "refs": [REFERENCE],
    "u": DENIED,
    "unset": UNSET,
    "ref": REFERENCE,
    "odd-name": {"x": 1},
}
KNOWN: list[tuple[str, Any]] = [
    ("n", 7),
    ("deep.er.value", 1),
    ('"odd-name".x', 1),
    ("gone", None),
    ("gone.further[0].on", None),
    ("list[0].v", 1),
    ("list[-1].v", 3),
    ("list[9]", None),
    ("list[].v", [1, 2, 3]),
    ("list[].s", ["on", "off"]),
    ("list[?s == 'on'].v", [1]),
    ("list[?s != 'on'].v", [2, 3]),
    ("list[?!(s == 'on')].v", [2, 3]),
    ("list[?!s].v", [3]),
    ("list[:2].v", [1, 2]),
    ("list[*].{a: v}", [{"a": 1}, {"a": 2}, {"a": 3}]),
    ("deep.er.{a: value, b: gone}", {"a": 1, "b": None}),
    ("deep.*.value", [1]),
    ("[n, t]", [7, "x"]),
    ("list[].[v][]", [1, 2, 3]),
    ("list[].v | [0]", 1),
    ("n == `7`", True),
    ("yes == `1`", False),
    ("n > `3`", True),
    ("t < 'y'", True),
    ("gone == 'x'", None),
    ("gone != 'x'", None),
    ("gone > `1`", None),
    ("gone == `null`", True),
    ("!gone", None),
    ("!yes", False),
    ("!empty", True),
    ("no && u", False),
    ("n == `1` && u", False),
    ("n == `7` || u", True),
    ("u == `1` && n == `1`", False),
    ("u == `1` || n == `7`", True),
    ("gone == 'x' && n == `1`", False),
    ("gone || `{}`", {}),
    ("open[].v || `[]`", [1, DENIED]),
    ("not_null(gone, unset, n)", 7),
    ("length(list)", 3),
    ("length(t)", 1),
    ("length(gone)", None),
    ("contains(open[].v, `1`)", True),
    ("contains(list[].v, `9`)", False),
    ("starts_with(gone, 'a')", None),
    ("join('-', [t, t])", "x-x"),
    ("join('-', [t, gone])", None),
    ("max(list[].v)", 3),
    ("max_by(list, &v).v", 3),
    ("sort_by(list, &v)[0].v", 1),
    ("map(&v, list)", [1, 2, 3]),
    ("sum(list[].v)", 6),
    ("to_number('12')", 12),
    ("to_string(n)", "7"),
    ("to_string(time)", "2026-01-02T00:00:00+00:00"),
    ("type(gone)", "null"),
    ("min([time])", NOW),
    ('merge(deep.er, `{"value": 2}`).value', 2),
    ("is_set(ref)", True),
    ("is_set(gone)", False),
    ("is_set(empty)", False),
    ("ref", REFERENCE),
    ("refs[0]", REFERENCE),
    ("as_list(n)", [7]),
    ("as_list(gone)", None),
    ("set_or_empty(unset)", []),
    ("set_or_empty(gone)", []),
    ("concat(gone, list[].v, n)", [1, 2, 3, 7]),
    ("concat(gone, gone)", None),
    ("concat(list[].v, u)", [1, 2, 3, DENIED]),
    ("any_true(no, gone)", False),
    ("any_true(gone, gone)", None),
    ("any_true(u, 'true')", True),
    ('lookup(yes, `{"true": "on"}`)', "on"),
    ("lookup(t, `{}`)", None),
    ("unless(n, `7`)", None),
    ("unless(t, ['', 'none'])", "x"),
    ("unless(yes, `1`)", True),
    ("merged(deep.er, gone).value", 1),
    ("last_part('arn:aws:iam::1:role/path/name')", "name"),
    ("last_part('a/b:c', '/')", "b:c"),
]


@pytest.mark.parametrize(("text", "value"), KNOWN)
def test_what_is_known_is_said(text: str, value: Any) -> None:
    assert compile_expression(text)(DOC) == value


NOT_KNOWN = [
    "u",
    "u.further",
    "u[0]",
    "u[].x",
    "u[?x].y",
    "u.*",
    "u.{a: b}",
    "open[0]",
    "open[1]",
    "open[:1]",
    "u == 'x'",
    "u != 'x'",
    "u > `1`",
    "list == u",
    "open == `[]`",
    "!u",
    "!maybe",
    "maybe && yes",
    "u && n",
    "u && no",
    "u || yes",
    "u || n",
    "yes && u",
    "not_null(u, n)",
    "not_null(gone, u)",
    "length(open)",
    "length(maybe)",
    "contains(open[].v, `2`)",
    "contains(list[].v, u)",
    "contains(empty, u)",
    "join('-', [t, u])",
    "max(open[].v)",
    "sort_by(open, &v)",
    "max_by(vague, &s)",
    "is_set(u)",
    "is_set(maybe)",
    "any_true(no, u)",
    "concat(u)",
    "merged(deep.er, u)",
    "lookup(u, `{}`)",
    "to_string(open)",
    "type(u)",
]


@pytest.mark.parametrize("text", NOT_KNOWN)
def test_what_depends_on_something_unknown_is_unknown_for_its_cause(text: str) -> None:
    result = compile_expression(text)(DOC)
    assert is_unknown(result)
    assert result.cause == "denied"


@pytest.mark.parametrize("text", ["unset.x", "unset == 'x'", "!unset", "length(unset)", "unset[0]"])
def test_what_depends_on_something_unset_is_unset(text: str) -> None:
    result = compile_expression(text)(DOC)
    assert is_unknown(result)
    assert result.unset


def test_a_default_never_denies_what_stands_beside_something_unset() -> None:
    assert not compile_expression("merged(unset, deep.er)")(DOC).unset
    assert compile_expression("merged(unset, gone)")(DOC).unset


def test_a_filter_keeps_an_element_of_unknown_worth_as_an_unknown_one() -> None:
    assert compile_expression("vague[?s == 'on'].v")(DOC) == [DENIED, 2]
    assert compile_expression("open[?s == 'on'].v")(DOC) == [1, DENIED]


def test_only_the_value_itself_is_set_and_refers_and_not_its_members() -> None:
    member = compile_expression("ref.x")(DOC)
    assert (member.present, member.refs) == (False, ())


MALFORMED = {
    "t.x": "t.x",
    "list.x": "list.x",
    "t[]": "t",
    "deep[0]": "[0]",
    "n[?x]": "n",
    "n > 'x'": "n",
    "to_number(t)": "t",
    "length(n)": "n",
    "join('-', list)": "list",
    "max([n, t])": "n",
    "sort_by(list, &s)": "list",
    "parse_json(t)": "t",
    "lookup(list, `{}`)": "list",
    "any_true(t)": "t",
}


@pytest.mark.parametrize(("text", "member"), MALFORMED.items())
def test_what_has_another_shape_is_malformed_and_not_absent(text: str, member: str) -> None:
    result = compile_expression(text)(DOC)
    assert is_unknown(result)
    assert result.cause == f"malformed:{member}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes && text_no", False),
        ("!text_no", True),
        ("u && text_no", False),
        ("text_no && u", False),
        ("u || yes", True),
        ("gone && no", False),
        ("gone && yes", None),
        ("gone || no", None),
        ("!gone", None),
        ("is_set(t) && !is_set(gone)", True),
    ],
)
def test_in_a_bool_cell_logic_is_three_valued(text: str, value: Any) -> None:
    assert compile_expression(text, boolean=True)(DOC) is value


@pytest.mark.parametrize("text", ["yes && t", "t || no", "!n", "u && yes", "unset || no"])
def test_a_bool_cell_does_not_guess(text: str) -> None:
    assert is_unknown(compile_expression(text, boolean=True)(DOC))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gone", False),
        ("t", True),
        ("gone == 'x'", False),
        ("gone != 'x'", True),
        ("!gone", True),
        ("u && gone", False),
        ("u || t", True),
        ("n > `1`", True),
    ],
)
def test_in_a_condition_absent_counts_as_false(text: str, value: bool) -> None:
    assert compile_condition(text)(DOC) is value


def test_a_condition_on_something_unknown_is_unknown() -> None:
    assert compile_condition("u == 'x'")(DOC).cause == "denied"
    assert compile_condition("t && u")(DOC).cause == "denied"
    assert compile_condition("maybe")(DOC).cause == "denied"


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a..b", "unexpected '.'", 2),
        ("a[?x", "ends too early", 4),
        ("", "empty", 0),
        ("a == 'x", "", 5),
        ("a.lenght(b)", "unknown function lenght(); did you mean length()?", 2),
        ("length()", "takes 1 arguments, seen 0", 0),
        ("ip_rules('in')", "takes 2 to 3 arguments, seen 1", 0),
        ("sort_by(a, b)", "argument 2 of sort_by() is an expression", 0),
        ("length(&a)", "argument 1 of length() is a value", 0),
        ("a" * 9000, "at most 8000 characters", 0),
        ("!" * 2000 + "a", "nested at most 60 levels", 0),
        ("(" * 3000, "nested at most 60 levels", 0),
        ("|".join(["[@,@]"] * 20), "multiplies its input too often", 0),
    ],
)
def test_a_broken_expression_says_what_and_where(text: str, message: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert message in caught.value.message
    assert caught.value.column == column


def test_a_document_nested_without_end_is_unknown_and_no_crash() -> None:
    deep: Any = "x"
    for _ in range(600):
        deep = [deep]
    assert compile_expression("to_string(a)")({"a": deep}).cause.startswith("malformed")
    assert compile_expression("a == b")({"a": deep, "b": []}).cause.startswith("malformed")


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("a.b", [("a", "b")]),
        ("a[].b[0].c", [("a", "b", "c")]),
        ("not_null(a.b, c)", [("a", "b"), ("c",)]),
        ("a[?x == y].z", [("a", "x"), ("a", "y"), ("a", "z")]),
        ("a[].{p: q, r: s[].t}", [("a", "q"), ("a", "s", "t")]),
        ("length(a) > b.c && !d", [("a",), ("b", "c"), ("d",)]),
        ("max_by(a, &b.c).d", [("a",), ("a", "b", "c")]),
        ("tags(a.b).Name", [("a", "b")]),
        ("(a || b).c", [("a", "c"), ("b", "c")]),
        ("@", [()]),
        ("'x'", []),
    ],
)
def test_the_paths_an_expression_reads_are_found(text: str, paths: list[tuple[str, ...]]) -> None:
    assert expression_paths(text) == paths


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a || `true`", ["replaces an explicit false"]),
        ("not_null(a || 'x', b)", ["replaces an explicit false"]),
        ("a == null", ["is_set"]),
        ("a || `{}`", []),
        ("a || `[]`", []),
        ("a || b", []),
    ],
)
def test_traps_are_linted(text: str, words: list[str]) -> None:
    found = lint_expression(text)
    assert len(found) == len(words)
    assert all(word in sentence for word, sentence in zip(words, found, strict=True))


def test_an_unknown_value_refuses_to_be_a_truth_value() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(DENIED)
