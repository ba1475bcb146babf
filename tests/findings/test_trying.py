"""Rules of owners, tried on what is recorded and on policies alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lake.support import resource_type, row, scope, whole
from trueline.enrich import assign_environments
from trueline.findings.trying import Tried, named_by_tag, try_on_policies, try_rules
from trueline.lake import Tables

THING, OTHER = resource_type(size="int"), resource_type("aws_other", size="int")
FITS, NEVER, OPEN = Tried(True, False), Tried(False, False), Tried(False, True)


@contextmanager
def estate(**rows: dict[str, Any]) -> Iterator[Tables]:
    """Things with these uids, and a type of which there is none."""
    made = [row(THING, name, scope(), size=1, **values) for name, values in rows.items()]
    types = {"aws_thing": THING, "aws_other": OTHER}
    with Tables.from_rows(types, {"aws_thing": made}, [whole(scope())]) as tables:
        yield tables


def tried(rule: str, **rows: dict[str, Any]) -> Tried:
    with estate(**rows) as tables:
        (one,) = try_rules(tables, [(rule, None)])
    return one


def on_policies(rule: str) -> Tried:
    held = [
        ("production", "thing-open", "critical", "aws_thing"),
        (None, "thing-open", "low", "aws_thing"),
    ]
    with estate() as tables:
        (one,) = try_on_policies(tables, [(rule, None)], held)
    return one


def test_a_rule_fits_where_one_resource_fits_it() -> None:
    rows: dict[str, dict[str, Any]] = {"a": {"tags": {"team": "x"}}, "b": {"tags": {}}}
    assert tried("tag('team') = 'x'", **rows) == FITS
    assert tried("tag('team') = 'y'", **rows) == NEVER
    assert tried("type = 'aws_thing'", **rows) == FITS
    assert tried("type = 'aws_other'", **rows) == NEVER
    assert tried("TRUE") == NEVER


def test_what_was_not_read_leaves_a_rule_undecided() -> None:
    assert tried("tag('team') = 'x'", a={"tags": None}) == OPEN
    assert tried("name = 'x'", a={"tags": {}}) == OPEN
    assert tried("name = 'x'", a={"tags": {}, "_absent": ["name"]}) == NEVER
    assert tried("account_path LIKE 'root/%'", a={"tags": {}}) == OPEN


def test_a_rule_about_policies_is_left_to_them() -> None:
    assert tried("policy = 'thing-open'", a={"tags": {}}) == OPEN
    assert tried("policy = 'thing-open' AND type = 'aws_other'", a={"tags": {}}) == NEVER
    assert on_policies("policy = 'thing-open'") == FITS
    assert on_policies("policy = 'thing-opne'") == NEVER
    assert on_policies("policy = 'thing-opne' AND tag('team') = 'x'") == NEVER
    assert on_policies("policy = 'thing-open' AND tag('team') = 'x'") == OPEN
    assert on_policies("severity = 'critical' AND environment = 'production'") == FITS
    assert on_policies("severity = 'critical' AND environment <> 'production'") == NEVER
    assert on_policies("severity = 'high'") == NEVER
    assert on_policies("type = 'aws_other' AND severity = 'low'") == NEVER


def test_without_policies_no_rule_fits_one() -> None:
    with estate() as tables:
        assert try_on_policies(tables, [("TRUE", None)], []) == [NEVER]
        assert try_rules(tables, []) == []


def test_environments_are_those_that_were_assigned() -> None:
    with estate(a={"tags": {}}) as tables:
        rules = [("environment = 'production'", None), ("environment = 'sandbox'", None)]
        assert try_rules(tables, rules) == [NEVER, NEVER]
        assign_environments(tables, [("production", "TRUE")])
        assert try_rules(tables, rules) == [FITS, NEVER]


def test_a_tag_names_owners_whatever_stands_around_them() -> None:
    rows: dict[str, dict[str, Any]] = {
        "a": {"tags": {"owner": " o'brien "}},
        "b": {"tags": None},
        "c": {"tags": {"other": "x"}},
    }
    with estate(**rows) as tables:
        assert named_by_tag(tables, "owner", ["o'brien", "x"]) == {"o'brien"}
        assert named_by_tag(tables, "own'er", ["x"]) == set()
        assert named_by_tag(tables, "owner", []) == set()
