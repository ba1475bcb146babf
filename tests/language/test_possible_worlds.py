"""No verdict may be contradicted by any row that the partial data could really be."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from kit import NOW, VERDICTS, Estate, policy, rtype, to
from worlds import (
    ABSENT,
    MORE,
    RELATIONS,
    SET,
    TABLES,
    UNREAD,
    Data,
    Expr,
    Predicates,
    Related,
    completions,
    holds,
    names,
    text,
)

from trueline.language.guards import ALL_GUARDS, Guard

SEED, ROWS, PREDICATES, BATCH, MOST_WORLDS = 20261123, 60, 320, 20, 4000

STRUCT, NESTED = "struct<p:int,q:bool>", "struct<p:int,w:list<int>>"
KINDS = {
    "a": "int",
    "b": "bool",
    "t": "text",
    "o": "text?",
    "d": "time",
    "s": STRUCT,
    "ns": "list<int>",
    "es": "list<int>?",
    "ss": f"list<{STRUCT}>",
    "ws": f"list<{NESTED}>",
    "z": "int",
    "w": "bool",
    "n": "text?",
    "us": "list<int>",
    "h": "bool",
}
TYPES = {
    table: rtype(
        table,
        {name: KINDS[name] for name in columns if name != "k"},
        {name: to(name, target) for name, target in RELATIONS[table].items()},
    )
    for table, columns in TABLES.items()
}


def stored(value: Any) -> Any:
    """A partial value as a table holds it: unknown is NULL, an unread element a NULL element."""
    if value in (UNREAD, ABSENT, SET, MORE):
        return None
    if isinstance(value, dict):
        return {k: stored(v) for k, v in value.items()}
    return [stored(v) for v in value] if isinstance(value, list) else value


def table_row(table: str, row: dict[str, Any]) -> dict[str, Any]:
    marked = {m: [n for n, v in row.items() if v is m and n != "k"] for m in (ABSENT, SET)}
    out = {n: stored(v) for n, v in row.items() if n != "k"}
    if isinstance(out.get("d"), int):
        out["d"] = NOW - dt.timedelta(days=out["d"], hours=1)
    if "k" in row:
        tags = {ABSENT: [], SET: [("k", None)], UNREAD: None}
        out["tags"] = tags[row["k"]] if row["k"] in tags else [("k", row["k"])]
    return {**out, "_absent": marked[ABSENT], "_set": marked[SET]}


@dataclass
class Case:
    """A box with what hangs on it."""

    row: dict[str, Any]
    relations: dict[str, list[Any]]


def estate(cases: list[Case]) -> Estate:
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    edges: list[tuple[str, str, str, str | None, str | None]] = []

    def place(table: str, uid: str, case: Case, stale: bool, missing: bool) -> None:
        if not missing:
            since = NOW if stale else None
            rows[table].append({**table_row(table, case.row), "uid": uid, "stale_since": since})
        for name, items in case.relations.items():
            for item in items:
                reached = item.uid if isinstance(item, Related) else None
                edges.append((table, name, uid, reached, None if reached else "denied"))
                if isinstance(item, Related):
                    inner = Case(item.row, item.relations)
                    place(RELATIONS[table][name], item.uid, inner, item.stale, item.missing)

    for i, case in enumerate(cases):
        place("box", f"box-{i:03}", case, stale=False, missing=False)
    return Estate(rows, edges, TYPES)


def outcomes(applies: Expr | None, fails: Expr, case: Case) -> set[str] | None:
    """The verdicts of all worlds, or None when there are too many to try."""
    used = names(fails) | (names(applies) if applies else set())
    found: set[str] = set()
    for i, world in enumerate(completions(case.row, case.relations, used)):
        if i >= MOST_WORLDS:
            return None
        if applies is not None and not holds(applies, world):
            found.add("not_applicable")
        else:
            found.add("fail" if holds(fails, world) else "pass")
    return found


class Trial:
    """The data, the predicates, and what each may be; made once, as guards change neither."""

    def __init__(self) -> None:
        rng = random.Random(SEED)
        cases = []
        for i in range(ROWS):
            data = Data(rng, 0.1 if i % 2 else 0.25)
            data.count = i * 1000
            cases.append(Case(data.row("box"), data.relations("box")))
        self.cases, self.estate = cases, estate(cases)
        made = Predicates(rng)
        self.predicates: list[tuple[Expr | None, Expr]] = []
        for i in range(PREDICATES):
            fails = made.condition("box", "", (), 2)
            applies = made.condition("box", "", (), 1) if i % 4 == 0 else None
            self.predicates.append((applies, fails))
        self.known: dict[tuple[int, int], set[str] | None] = {}

    def possible(self, predicate: int, row: int) -> set[str] | None:
        key = (predicate, row)
        if key not in self.known:
            self.known[key] = outcomes(*self.predicates[predicate], self.cases[row])
        return self.known[key]

    def judged(self, guards: frozenset[Guard]) -> Iterator[tuple[int, int, str]]:
        """(predicate, row, verdict), batch by batch."""
        for start in range(0, PREDICATES, BATCH):
            batch = self.predicates[start : start + BATCH]
            policies = [
                policy(text(fails), text(applies) if applies else None, name=f"p{i}")
                for i, (applies, fails) in enumerate(batch)
            ]
            statement, rows = self.estate.fused(policies, guards=guards)
            for i in range(len(batch)):
                for j, row in enumerate(rows):
                    yield start + i, j, VERDICTS[row[statement.codes[f"p{i}"]]]

    def contradictions(self, guards: frozenset[Guard]) -> Iterator[str]:
        for i, j, verdict in self.judged(guards):
            possible = self.possible(i, j)
            if verdict != "unknown" and possible is not None and possible != {verdict}:
                applies, fails = self.predicates[i]
                written = text(fails) + (f" [applies: {text(applies)}]" if applies else "")
                yield f"{written}: {verdict}, possible {possible}: {self.cases[j]}"


@pytest.fixture(scope="module")
def trial() -> Trial:
    return Trial()


def test_no_verdict_is_contradicted_by_a_possible_world(trial: Trial) -> None:
    assert list(trial.contradictions(ALL_GUARDS)) == []


def test_a_verdict_is_unknown_only_where_worlds_differ_but_for_a_few(trial: Trial) -> None:
    counts: Counter[str] = Counter()
    for i, j, verdict in trial.judged(ALL_GUARDS):
        possible = trial.possible(i, j)
        if possible is None:
            continue
        needless = verdict == "unknown" and len(possible) == 1
        counts["needless" if needless else verdict] += 1
    decided = counts["pass"] + counts["fail"] + counts["not_applicable"]
    assert min(counts["pass"], counts["fail"], counts["unknown"]) > 500
    assert counts["needless"] / (decided + counts["needless"]) < 0.04


@pytest.mark.parametrize("guard", sorted(Guard), ids=lambda guard: guard.name.lower())
def test_without_this_guard_some_verdict_is_contradicted(trial: Trial, guard: Guard) -> None:
    assert next(trial.contradictions(ALL_GUARDS - {guard}), None) is not None
