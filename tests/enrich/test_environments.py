"""Every row's environment: the first whose rule is true or unknown."""

from __future__ import annotations

from typing import Any

from lake.support import resource_type, row, scope, whole
from trueline.enrich import Overlap, assign_environments, overlaps
from trueline.lake import Tables
from trueline.language import compile_rule
from trueline.model import COMMON

THING = resource_type(size="int")
PRODUCTION, SANDBOX = "tag('env') = 'prod'", "account = '444455556666'"


def environments(rules: list[tuple[str, str]], **rows: dict[str, Any]) -> dict[str, str | None]:
    made = [row(THING, name, scope(), size=1, **values) for name, values in rows.items()]
    compiled = [(name, compile_rule(rule, COMMON, None)) for name, rule in rules]
    with Tables.from_rows({"aws_thing": THING}, {"aws_thing": made}, [whole(scope())]) as tables:
        assign_environments(tables, compiled)
        return dict(tables.con.execute("SELECT uid, environment FROM aws_thing").fetchall())


def test_the_first_rule_that_is_true_wins() -> None:
    found = environments(
        [("production", PRODUCTION), ("sandbox", SANDBOX), ("rest", "TRUE")],
        a={"tags": {"env": "prod"}, "account": "444455556666"},
        b={"tags": {"env": "test"}, "account": "444455556666"},
        c={"tags": {}, "account": "111122223333"},
    )
    assert found == {"a": "production", "b": "sandbox", "c": "rest"}


def test_a_row_whose_tags_were_not_read_is_held_to_the_strictest_it_may_be() -> None:
    rules = [("production", PRODUCTION), ("rest", "TRUE")]
    assert environments(rules, a={"tags": None}) == {"a": "production"}


def test_a_row_that_no_rule_fits_has_no_environment() -> None:
    assert environments([("production", PRODUCTION)], a={"tags": {}}) == {"a": None}
    assert environments([], a={"tags": {}}) == {"a": None}


def test_a_name_is_only_ever_a_name() -> None:
    name = "o'brien's \"prod\"; DROP TABLE aws_thing --"
    assert environments([(name, "TRUE")], a={"tags": {}}) == {"a": name}


def shared(rules: list[tuple[str, str]], **rows: dict[str, Any]) -> list[Overlap]:
    made = [row(THING, name, scope(), size=1, **values) for name, values in rows.items()]
    compiled = [(name, compile_rule(rule, COMMON, None)) for name, rule in rules]
    with Tables.from_rows({"aws_thing": THING}, {"aws_thing": made}, [whole(scope())]) as tables:
        return overlaps(tables, compiled)


def test_resources_that_fit_two_rules_are_counted_by_pair_with_an_example() -> None:
    found = shared(
        [("production", PRODUCTION), ("sandbox", SANDBOX), ("rest", "TRUE")],
        b={"tags": {"env": "prod"}, "account": "444455556666"},
        a={"tags": {"env": "prod"}, "account": "444455556666"},
        c={"tags": {}, "account": "111122223333"},
        d={"tags": {}, "account": "444455556666"},
    )
    assert found == [
        Overlap("production", "sandbox", 2, "a"),
        Overlap("production", "rest", 2, "a"),
        Overlap("sandbox", "rest", 3, "a"),
    ]


def test_what_may_fit_a_rule_is_no_overlap() -> None:
    rules = [("production", PRODUCTION), ("rest", "TRUE")]
    assert shared(rules, a={"tags": None}) == []
    assert shared([("rest", "TRUE")], a={"tags": {}}) == []
