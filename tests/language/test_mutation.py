"""Mutants: what is changed, how it is named, and that the text says what the tree does."""

from __future__ import annotations

import pytest
from kit import TYPES, Written, param, policy

from trueline.language import compile_policy, mutants
from trueline.language.compiler import conditions_of
from trueline.language.render import render

CHANGES = [
    ("locked AND size > 1", ["locked OR size > 1", "locked AND size >= 1"]),
    (
        "locked OR (lid.shut AND size < 1)",
        ["locked AND (lid.shut AND size < 1)", "locked OR (lid.shut OR size < 1)",
         "locked OR (lid.shut AND size <= 1)"],
    ),
    (
        "locked AND lid.shut AND size = 1",
        ["locked OR (lid.shut AND size = 1)", "(locked AND lid.shut) OR size = 1",
         "locked AND lid.shut AND size <> 1"],
    ),
    ("NOT locked", ["locked"]),
    ("size <= 1", ["size < 1"]),
    ("size >= 1", ["size > 1"]),
    ("size <> 1", ["size = 1"]),
    ("size BETWEEN 1 AND 2", ["size > 1 AND size <= 2", "size >= 1 AND size < 2"]),
    ("size + 1 > 2", ["(size + 1) >= 2", "(size - 1) > 2"]),
    ("size IN (1, 2, 3)", ["size IN (1, 2)"]),
    ("size IN (1)", ["FALSE"]),
    ("is_set(owner)", ["is_absent(owner)"]),
    ("is_absent(tag('a'))", ["is_set(tag('a'))"]),
    (
        "any_of(words, w -> w = 'x')",
        ["all_of(words, w -> w = 'x')", "any_of(words, w -> w <> 'x')"],
    ),
    ("all_of(words, w -> locked)", ["any_of(words, w -> locked)"]),
    ("none_of(words, w -> locked)", ["NOT all_of(words, w -> locked)"]),
    (
        "any_of(keys, k -> NOT k.strong)",
        ["all_of(keys, k -> NOT k.strong)", "any_of(keys, k -> k.strong)"],
    ),
    ("count_of(rules, r -> r.open) > 1", ["count_of(rules, r -> r.open) >= 1"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "changed"), CHANGES)
def test_each_part_of_a_predicate_has_its_mutant(text: str, changed: list[str]) -> None:
    found = mutants(policy(text), TYPES)
    assert [mutant.policy.fails_when for mutant in found] == changed
    for mutant in found:
        compile_policy(mutant.policy, TYPES)


def test_mutants_are_numbered_by_change_in_text_order() -> None:
    judged = policy("locked AND size > 1 AND size > 2", "NOT locked")
    labels = [mutant.label for mutant in mutants(judged, TYPES)]
    assert labels == [
        "applies_when:drop-not:1",
        "fails_when:and-to-or:1",
        "fails_when:and-to-or:2",
        "fails_when:gt-to-ge:1",
        "fails_when:gt-to-ge:2",
    ]
    assert mutants(judged, TYPES)[0].policy.applies_when == "locked"
    assert mutants(judged, TYPES)[0].policy.fails_when == judged.fails_when


def test_a_mutant_keeps_everything_but_the_changed_part() -> None:
    judged = policy("size > :most", params=param("most", "int", 3))
    (mutant,) = mutants(judged, TYPES)
    assert mutant.policy.params == judged.params
    assert Written([{"size": 3}]).estate().verdicts(mutant.policy) == ["fail"]


READ_BACK = [
    "NOT (locked AND NOT (size > 1 OR lid.shut)) AND (locked OR size NOT IN (1, -2))",
    "- size < -1 AND size * 2 - 1 <= 3 + -2 AND ratio > 0.5 AND size BETWEEN 1 AND 2",
    "any_of(keys, k -> coalesce(k.alias, 'a''b') = '' AND any_of(k.maker, m -> NOT m.high))",
    "count_of(rules, r -> any_of(r.names, n -> n LIKE 'x%' AND r.port = size)) >= 2",
    "coalesce(used_at, TIMESTAMP '2026-01-31 01:02:03+02:00') < made_at AND 1 < len(words)",
    "all_of(coalesce(extras, []), e -> starts_with(lower(e), 'a')) AND locked = TRUE",
    "regexp_matches(upper(label), '^a''b$') AND days_since(made_at) > 3 AND is_set(tag('x y'))",
    "label LIKE 'a' OR (locked OR locked)",
    'any_of(words, "group" -> "group" = \'x\')',
]


@pytest.mark.parametrize("text", READ_BACK)
def test_a_rendered_predicate_reads_back_as_the_same_tree(text: str) -> None:
    _, tree = conditions_of(policy(text), TYPES)
    _, again = conditions_of(policy(render(tree)), TYPES)
    assert again == tree
