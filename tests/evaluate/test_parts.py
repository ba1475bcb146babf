"""A type of many rows is judged in parts, tells only what is needed, and nothing shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from enrich.kit import KEY, LOCK, TARGETS, arn, key, lock, lost, scopes
from lake.support import NOW
from trueline.enrich import assign_environments, relate
from trueline.evaluate import judge
from trueline.lake import Tables
from trueline.language import compile_policy
from trueline.model import Policy, Relation

ACCOUNTS = ("111111111111", "222222222222", "333333333333", "444444444444")
SPARES = Relation("spare_keys", "aws_key", None, "spares", TARGETS, "account")
HOLDER = replace(LOCK, relations={**LOCK.relations, "spare_keys": SPARES})
TYPES = {"aws_key": KEY, "aws_lock": HOLDER}
POLICIES = [
    Policy("key", "t", "high", "aws_lock", "any_of(any_key, k -> k.key_id = 'id-1')", "w"),
    Policy("spare", "t", "high", "aws_lock", "any_of(spare_keys, k -> is_set(k.boss_id))", "w"),
    Policy("many", "t", "high", "aws_lock", "all_of(spare_keys, k -> k.key_id <> 'id-0')", "w"),
]


def judged(part_rows: int, evidence: Literal["all", "failing"]) -> tuple[list[Any], dict[str, Any]]:
    """Wide rows and counts of an estate in which locks have keys of their own and other accounts,
    of none, and of one whose listing failed."""
    keys = [
        key(f"{n}", account, boss_id=None if n else "b") for account in ACCOUNTS for n in range(3)
    ]
    locks = [
        lock(
            f"{account}-{n}",
            account,
            key=arn(str(n % 4), ACCOUNTS[(place + n) % len(ACCOUNTS)]),
            spares=[f"id-{n % 3}", arn("0", ACCOUNTS[n % len(ACCOUNTS)]), "id-lost"][: n % 4],
        )
        for place, account in enumerate(ACCOUNTS)
        for n in range(5 + place)
    ]
    states = scopes(lost("aws_key", ACCOUNTS[1]), accounts=ACCOUNTS)
    compiled = [compile_policy(p, TYPES) for p in POLICIES]
    given = {"aws_key": keys, "aws_lock": locks}
    with Tables.from_rows(TYPES, given, states, threads=1) as tables:
        assign_environments(tables, [])
        relate(tables, TYPES, [("aws_lock", "any_key"), ("aws_lock", "spare_keys")])
        found = judge(tables, HOLDER, compiled, (), NOW, evidence, part_rows, told_edges=part_rows)
        batches = list(found.all() if evidence == "all" else found.not_passing())
    rows = sorted((r for b in batches for r in b.to_pylist()), key=lambda row: str(row["uid"]))
    return rows, found.counts.to_json()


@pytest.mark.parametrize("evidence", ["all", "failing"])
@pytest.mark.parametrize("part_rows", [1, 7, 12, 20])
def test_parts_give_the_verdicts_evidence_and_counts_of_the_whole(
    part_rows: int, evidence: Literal["all", "failing"]
) -> None:
    rows, counts = judged(1_000, evidence)
    assert {row["_k0"] for row in rows} >= {1, 2}
    found, counted = judged(part_rows, evidence)
    assert found == rows
    assert {k: sorted(v) for k, v in counted.items()} == {k: sorted(v) for k, v in counts.items()}
