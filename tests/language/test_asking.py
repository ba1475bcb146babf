"""Only rows whose verdicts the answer decides, or that show it, need a relation's answer."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from kit import NOW, TYPES, Estate, Written, causes, param, policy

from trueline.language import PolicySettings, asking, compile_policy
from trueline.model import Policy

KEYS: list[list[Any]] = [
    [],
    [{"strong": True}],
    [{"strong": False}],
    [{}],
    [{"strong": True}, {"strong": False}],
    ["..."],
    [{"strong": True, "_stale": True}],
]
ROWS: list[dict[str, Any]] = [
    {**own, **size, "keys": keys}
    for own, size, keys in product(
        ({"locked": True}, {"locked": False}, {}), ({"size": 1}, {"size": 9}, {}), KEYS
    )
]
ASKED = [
    ("any_of(keys, k -> k.strong)", None, True),
    ("locked AND any_of(keys, k -> k.strong)", None, False),
    ("locked OR none_of(keys, k -> k.strong)", None, True),
    ("all_of(keys, k -> k.strong)", "locked AND size > 3", False),
    ("locked", "any_of(keys, k -> k.strong)", True),
    ("size > 3", "NOT locked OR all_of(keys, k -> k.strong)", False),
    ("locked AND size > 3 AND NOT any_of(keys, k -> k.strong)", "size > 0", False),
    ("locked AND any_of(keys, k -> k.strong)", "plane = 'live'", False),
]
"""Two conditions, and whether every row asks."""
ALWAYS = [
    ("locked AND count_of(keys, k -> k.strong) > 1", None),
    ("locked AND any_of(keys, k -> k.strong) AND any_of(keys, j -> NOT j.strong)", None),
    ("any_of(words, w -> w = 'x') AND any_of(keys, k -> k.strong)", None),
    ("coalesce(tag('a'), '') = 'b' AND any_of(keys, k -> k.strong)", None),
]


def settings(name: str = "p") -> list[PolicySettings]:
    return [PolicySettings(None, {}, {name: {"least": 3}})]


def judged(estate: Estate, policies: list[Policy]) -> list[dict[str, Any]]:
    """By row what each policy says of it: its code, and where that does not pass, the rest."""
    statement, rows = estate.fused(policies, settings(), evidence="failing")
    said = []
    for row in rows:
        of_row: dict[str, Any] = {}
        for each in policies:
            code = row[statement.codes[each.id]]
            of_row[each.id] = code
            if code:
                shown = {label: row[c] for label, c in statement.evidence[each.id]}
                of_row[each.id] = (code, shown, causes(each, statement, row))
        said.append(of_row)
    return said


def without_the_rest(policies: list[Policy]) -> tuple[Estate, int]:
    """The estate with the edges of those rows alone that ask, and how many rows that is."""
    estate = Written(ROWS).estate()
    compiled = [compile_policy(p, TYPES) for p in policies]
    conditions = asking(TYPES["box"], compiled, settings=settings(), now=NOW)
    where = f"(SELECT p._row FROM box p WHERE {conditions.get('keys', 'TRUE')})"
    estate.con.execute(f"DELETE FROM _edges WHERE type = 'box' AND from_row NOT IN {where}")
    return estate, len(estate.con.execute(where).fetchall())


@pytest.mark.parametrize(("fails_when", "applies_when", "every"), ASKED)
def test_rows_that_do_not_ask_are_judged_alike_without_an_answer(
    fails_when: str, applies_when: str | None, every: bool
) -> None:
    policies = [policy(fails_when, applies_when)]
    estate, asked = without_the_rest(policies)
    assert judged(estate, policies) == judged(Written(ROWS).estate(), policies)
    assert asked == len(ROWS) if every else 0 < asked < len(ROWS)


@pytest.mark.parametrize(("fails_when", "applies_when"), ALWAYS)
def test_what_cannot_be_told_at_the_price_of_a_few_columns_is_asked_of_every_row(
    fails_when: str, applies_when: str | None
) -> None:
    compiled = [compile_policy(policy(fails_when, applies_when), TYPES)]
    assert asking(TYPES["box"], compiled, settings=settings(), now=NOW) == {}


def test_a_row_asks_when_any_policy_does() -> None:
    policies = [
        policy("locked AND any_of(keys, k -> k.strong)", name="one"),
        policy("NOT locked AND size > 3 AND any_of(keys, k -> k.strong)", name="two"),
    ]
    estate, asked = without_the_rest(policies)
    assert judged(estate, policies) == judged(Written(ROWS).estate(), policies)
    assert 0 < asked < len(ROWS)
    everywhere = [*policies, policy("none_of(keys, k -> k.strong)", name="three")]
    assert without_the_rest(everywhere)[1] == len(ROWS)


def test_a_parameter_decides_who_asks() -> None:
    least = param("least", "int", required=True)
    policies = [policy("size > :least AND any_of(keys, k -> k.strong)", None, least)]
    estate, asked = without_the_rest(policies)
    assert judged(estate, policies) == judged(Written(ROWS).estate(), policies)
    assert asked == sum(row.get("size", 9) > 3 for row in ROWS)


def test_a_policy_that_is_not_judged_asks_nothing() -> None:
    compiled = [compile_policy(policy("any_of(keys, k -> k.strong)"), TYPES)]
    off = [PolicySettings(None, {"p": False})]
    condition = asking(TYPES["box"], compiled, settings=off, now=NOW)["keys"]
    found = Written(ROWS).estate().con.execute(f"SELECT 1 FROM box p WHERE {condition}")
    assert found.fetchall() == []
