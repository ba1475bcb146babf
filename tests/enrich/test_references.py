"""In code references tell what points to what; each root module is a closed world."""

from __future__ import annotations

from enrich.kit import KEY, LOCK, TYPES, arn, edges, planned
from lake.support import whole
from trueline.model import Edge, Scope

CODE = [whole(Scope("aws", root, "", t)) for root in ("code:app", "code:net") for t in TYPES]
K, L = "code:app:aws_key.k", "code:app:aws_lock.l"


def test_a_reference_leads_where_no_value_is_known_yet() -> None:
    rows = [planned(KEY, "aws_key.k"), planned(LOCK, "aws_lock.l", _set=["key"])]
    said = [Edge(L, "key", K)]
    assert edges("aws_lock", "key", rows, CODE, said) == [(L, K, None)]
    assert edges("aws_key", "locks", rows, CODE, said) == [(K, L, None)]


def test_a_reference_that_could_not_be_resolved_is_an_unknown_target() -> None:
    rows = [planned(KEY, "aws_key.k"), planned(LOCK, "aws_lock.l")]
    said = [Edge(L, "key", None, "after_apply:module.x.key")]
    assert edges("aws_lock", "key", rows, CODE, said) == [(L, None, "after_apply:module.x.key")]
    assert edges("aws_key", "locks", rows, CODE, said) == [(K, None, "after_apply:module.x.key")]


def test_a_reference_through_another_kind_of_row_is_unknown_both_ways() -> None:
    rows = [planned(KEY, "aws_key.k")]
    rows += [planned(LOCK, f"aws_lock.{n}", key=None, _absent=["key"]) for n in "lm"]
    said = [Edge(L, "key", "code:app:aws_lock.m")]
    assert edges("aws_lock", "key", rows, CODE, said) == [(L, None, "dangling:key")]
    assert edges("aws_key", "locks", rows, CODE, said) == [(K, None, "dangling:key")]


def test_literal_values_match_within_their_root_module() -> None:
    written = {"key_id": "id-k", "aliases": []}
    rows = [planned(KEY, "aws_key.k", **written), planned(LOCK, "aws_lock.l", key="id-k")]
    for relation in ("key", "account_key", "any_key"):
        assert edges("aws_lock", relation, rows, CODE) == [(L, K, None)]
    assert edges("aws_key", "locks", rows, CODE) == [(K, L, None)]


def test_two_root_modules_do_not_mix() -> None:
    for value in ("id-k", arn("k")):
        far = planned(KEY, "aws_key.k", "code:net", key_id=value, aliases=[])
        rows = [far, planned(LOCK, "aws_lock.l", key=value)]
        for relation in ("key", "account_key", "any_key"):
            assert edges("aws_lock", relation, rows, CODE) == [(L, None, "dangling:key")]
        assert edges("aws_key", "locks", rows, CODE) == []


def test_the_value_beside_a_reference_is_not_a_second_target() -> None:
    rows = [planned(KEY, "aws_key.k"), planned(LOCK, "aws_lock.l", key="id-k")]
    assert edges("aws_lock", "key", rows, CODE, [Edge(L, "key", K)]) == [(L, K, None)]


def test_a_list_that_is_partly_references_keeps_its_other_elements() -> None:
    rows = [
        planned(KEY, "aws_key.k"),
        planned(KEY, "aws_key.old", key_id="id-old", aliases=[]),
        planned(LOCK, "aws_lock.l", spares=["id-old", None, "id-gone"]),
    ]
    assert edges("aws_lock", "spares", rows, CODE, [Edge(L, "spares", K)]) == [
        (L, None, "dangling:spares"),
        (L, K, None),
        (L, "code:app:aws_key.old", None),
    ]


def test_a_reference_said_twice_is_one_target() -> None:
    rows = [planned(KEY, "aws_key.k"), planned(LOCK, "aws_lock.l", spares=None)]
    said = [Edge(L, "spares", K), Edge(L, "spares", K)]
    assert edges("aws_lock", "spares", rows, CODE, said) == [(L, K, None)]
    assert edges("aws_key", "rings", rows, CODE, said) == [(K, L, None)]


def test_a_literal_in_code_never_means_a_thing_that_is_not_made_yet() -> None:
    rows = [
        planned(KEY, "aws_key.k", _why={"key_id": "after_apply:aws_key.k.key_id"}),
        planned(LOCK, "aws_lock.l", key="id-of-another"),
    ]
    assert edges("aws_key", "locks", rows, CODE) == []


def test_an_account_outside_is_no_cause_in_code() -> None:
    rows = [planned(LOCK, "aws_lock.l", key=arn("k"))]
    assert edges("aws_lock", "key", rows, CODE) == [(L, None, "dangling:key")]
