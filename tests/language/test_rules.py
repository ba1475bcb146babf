"""Rules over the virtual row `subject`, and the filter strings that stand for them."""

from __future__ import annotations

import duckdb
import pytest
from kit import NOW

from trueline.language import LanguageError, compile_rule, expand_filter
from trueline.model import parse_type

SUBJECT = {
    "severity": parse_type("text"),
    "environment": parse_type("text?"),
    "region": parse_type("text?"),
    "tags": parse_type("map<text,text>"),
    "opened_at": parse_type("time"),
}
MARKED = {**SUBJECT, "_absent": parse_type("list<text>"), "_set": parse_type("list<text>")}
ROW = (
    "SELECT 'high' AS severity, NULL::VARCHAR AS environment, NULL::VARCHAR AS region, "
    "MAP {'env': 'prod'} AS tags, TIMESTAMPTZ '2026-10-01 00:00:00+00' AS opened_at, "
    "['environment'] AS _absent, [] AS _set"
)


def truth(rule: str, columns: dict[str, object] = SUBJECT) -> bool | None:
    sql = compile_rule(rule, columns, None, now=NOW)  # type: ignore[arg-type]
    found = duckdb.connect().execute(f"SELECT {sql} FROM ({ROW}) p").fetchone()
    assert found is not None
    return found[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("severity = 'high' AND coalesce(tag('env'), '') = 'prod'", True),
        ("severity IN ('low', 'medium')", False),
        ("tag('env') = 'prod'", True),
        ("tag('team') = 'prod'", False),
        ("tag('team') <> 'prod'", True),
        ("is_absent(tag('team'))", True),
        ("is_absent(environment)", True),
        ("is_absent(region)", True),
        ("environment = 'prod'", False),
        ("environment = 'prod' OR severity = 'high'", True),
        ("days_since(opened_at) > 30", True),
        ("severity LIKE 'h%' AND NOT starts_with(severity, 'x')", True),
    ],
)
def test_a_rule_is_judged_on_its_row(rule: str, expected: bool | None) -> None:
    assert truth(rule) is expected


def test_a_row_with_marks_tells_absent_from_unknown() -> None:
    assert truth("is_absent(environment)", MARKED) is True
    assert truth("is_absent(region)", MARKED) is None


def test_a_rule_knows_its_own_columns_only() -> None:
    with pytest.raises(LanguageError) as caught:
        compile_rule("sevrity = 'high'", SUBJECT, None)
    assert caught.value.hint == "did you mean `severity`?"


def test_a_rule_that_counts_days_needs_a_clock() -> None:
    with pytest.raises(LanguageError) as caught:
        compile_rule("days_since(opened_at) > 3", SUBJECT, None)
    assert caught.value.code == "clock"


@pytest.mark.parametrize(
    ("short", "predicate"),
    [
        ("severity:high", "severity = 'high'"),
        ("env:X", "environment = 'X'"),
        ("age:>30d", "days_since(opened_at) > 30"),
        ("age:<=7d", "days_since(opened_at) <= 7"),
        ("severity:high env:X", "severity = 'high' AND environment = 'X'"),
        ("severity:high AND env:X", "severity = 'high' AND environment = 'X'"),
        ("(severity:high OR env:X) AND NOT env:Y",
         "(severity = 'high' OR environment = 'X') AND NOT environment = 'Y'"),
        ("env:\"it's new\" severity:low", "environment = 'it''s new' AND severity = 'low'"),
        ("env:'a b'", "environment = 'a b'"),
        ("name = 'env:X' OR size = :p", "name = 'env:X' OR size = :p"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_filter_string_stands_for_a_predicate(short: str, predicate: str) -> None:
    assert expand_filter(short) == predicate


@pytest.mark.parametrize("short", ["age:30d", "age:>30", "age:>d"])
def test_an_age_that_is_none_is_refused(short: str) -> None:
    with pytest.raises(LanguageError):
        expand_filter(short)


def test_a_filter_string_is_judged_as_its_predicate() -> None:
    assert truth(expand_filter("severity:high age:>30d")) is True
    assert truth(expand_filter("severity:' OR TRUE OR '")) is False
