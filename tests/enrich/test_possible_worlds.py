"""What is read of a world never contradicts it: each true edge is there, or may be.

A world is made whole, its edges worked out in Python; then rows, scopes, columns and elements are
hidden, and the edges of what is left are compared. Fixed seeds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from enrich.kit import ACCOUNT, LOCK, OTHER, TYPES, edges, key, lock, lost, scopes
from trueline.model import Row, Scope, ScopeState

ACCOUNTS, REGIONS = (ACCOUNT, OTHER), ("eu-west-1", "us-east-1")
FORWARD = {"key": "key", "spares": "spares", "account_key": "key", "any_key": "key"}
REVERSE = {"locks": "key", "rings": "spares", "account_locks": "key"}
World = dict[str, Row]


def whole_world(chance: random.Random) -> World:
    """Names are unique everywhere, so that a reference means one key under every range."""
    rows: list[Row] = []
    places = [(a, r) for a in ACCOUNTS for r in REGIONS]
    for number in range(5):
        account, region = chance.choice(places)
        rows.append(key(f"k{number}", account, region))
    keys = list(rows)
    for number in range(6):
        account, region = chance.choice(places)
        near = [k for k in keys if (k["scope_account"], k["scope_region"]) == (account, region)]

        def written(near: list[Row] = near) -> str:
            if near and chance.random() < 0.6:
                target = chance.choice(near)
                return chance.choice([target["uid"], target["key_id"], target["aliases"][0]])
            return chance.choice(keys)["uid"]

        one = written() if chance.random() < 0.7 else None
        several = [written() for _ in range(chance.randrange(3))]
        rows.append(lock(str(number), account, region, key=one, spares=several))
    return {row["uid"]: row for row in rows}


def truth(world: World) -> dict[str, set[tuple[str, str]]]:
    """(lock, key) pairs by column."""
    pairs: dict[str, set[tuple[str, str]]] = {"key": set(), "spares": set()}
    for uid, row in world.items():
        if row["type"] == LOCK.table:
            for column, values in (("key", [row["key"]]), ("spares", row["spares"])):
                for target in world.values():
                    names = {target["uid"], target.get("key_id"), *(target.get("aliases") or ())}
                    if target["type"] != LOCK.table and names & (set(values) - {None}):
                        pairs[column].add((uid, target["uid"]))
    return pairs


def hide(world: World, chance: random.Random) -> tuple[list[Row], list[ScopeState]]:
    """A part of the world: some scopes failed, some types never read, some columns denied."""
    states, unread = [], set()
    never = {(a, t) for a in ACCOUNTS for t in TYPES if chance.random() < 0.1}
    for state in scopes(accounts=ACCOUNTS, regions=REGIONS):
        where, luck = state.scope, chance.random()
        if (where.account, where.type) in never:
            unread.add(where)
        elif luck < 0.3:
            cause = "timeout" if luck < 0.2 else "not_collected"
            states.append(lost(where.type, where.account, where.region, cause))
            unread.add(where)
        else:
            states.append(state)
    kept = []
    for row in world.values():
        where = Scope("aws", row["scope_account"], row["scope_region"], row["type"])
        listed = any(s.scope == where for s in states)
        if where not in unread or (listed and chance.random() < 0.5):
            kept.append(with_gaps(row, chance))
    return kept, states


def with_gaps(row: Row, chance: random.Random) -> Row:
    out: dict[str, Any] = dict(row)
    for column in ("key", "spares", "key_id", "aliases"):
        if column in out and chance.random() < 0.2:
            value = out[column]
            if isinstance(value, list) and chance.random() < 0.5:
                out[column] = [v for v in value if chance.random() < 0.5] + [None]
            else:
                out |= {column: None, "_absent": [], "_why": {column: "denied"}}
    return out


def same_range(a: Row, b: Row, within: str) -> bool:
    columns = ("scope_account", "scope_region") if within == "scope" else ("scope_account",)
    return all(a[c] == b[c] for c in columns)


@pytest.mark.parametrize("seed", range(12))
def test_every_true_edge_is_shown_or_may_be_there(seed: int) -> None:
    chance = random.Random(seed)
    world = whole_world(chance)
    true = truth(world)
    rows, states = hide(world, chance)
    shown = {row["uid"] for row in rows}
    for table, relations in (("aws_lock", FORWARD), ("aws_key", REVERSE)):
        for name, column in relations.items():
            pairs = true[column]
            if table == "aws_key":
                within = TYPES[table].relations[name].within
                pairs = {(k, x) for x, k in pairs if same_range(world[x], world[k], within)}
            found: dict[str, set[str | None]] = defaultdict(set)
            for source, target, cause in edges(table, name, rows, states):
                found[source].add(target)
                assert (target is None) == (cause is not None)
                known = (source, target) if table == "aws_lock" else (target, source)
                assert target is None or known in true[column], (name, source, target)
            for source, target in pairs:
                if source in shown:
                    assert {target, None} & found[source], (name, source, target)


@pytest.mark.parametrize("seed", range(3))
def test_a_world_that_was_read_whole_has_no_unknown_edge(seed: int) -> None:
    world = whole_world(random.Random(seed))
    states = scopes(accounts=ACCOUNTS, regions=REGIONS)
    true = truth(world)
    for name, column in FORWARD.items():
        found = {(f, t) for f, t, _ in edges("aws_lock", name, world.values(), states)}
        assert found == true[column]
    for name, column in REVERSE.items():
        found = {(t, f) for f, t, _ in edges("aws_key", name, world.values(), states)}
        assert found == true[column]


def test_the_worlds_have_edges_to_lose() -> None:
    total = sum(len(p) for s in range(12) for p in truth(whole_world(random.Random(s))).values())
    assert total > 60
