"""Gives every row its environment: the first whose rule is true *or unknown* wins.

Environments stand strictest first, so that a row whose tags could not be read is held to the
strictest rule it may fall under.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from trueline.lake import Tables

__all__ = ["Overlap", "assign_environments", "overlaps"]


def assign_environments(tables: Tables, rules: Sequence[tuple[str, str]]) -> None:
    """Lay `environment` over every table, from (name, boolean SQL over alias `p`) pairs."""
    if not rules:
        return
    cases = " ".join(
        "WHEN ({}) IS DISTINCT FROM FALSE THEN '{}'".format(sql, name.replace("'", "''"))
        for name, sql in rules
    )
    views = {
        row[0] for row in tables.con.execute("SELECT view_name FROM duckdb_views()").fetchall()
    }
    for table in tables.types:
        kind, plain = ("VIEW" if table in views else "TABLE"), f"_plain_{table}"
        tables.con.execute(f'ALTER {kind} "{table}" RENAME TO "{plain}"')
        tables.con.execute(
            f'CREATE VIEW "{table}" AS '
            f'SELECT p.* REPLACE (CASE {cases} END AS environment) FROM "{plain}" p'
        )


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two environments whose rules are both true of `resources`, one of which is `example`.

    They belong to `first`, which stands before `second`.
    """

    first: str
    second: str
    resources: int
    example: str


def overlaps(tables: Tables, rules: Sequence[tuple[str, str]]) -> list[Overlap]:
    """Which environments share resources for certain, from pairs as `assign_environments` takes.

    It reads the plain tables: a rule does not see what another one would assign.
    """
    if len(rules) < 2:
        return []
    fits = ", ".join(f"coalesce(({sql}), FALSE)" for _, sql in rules)
    shared: dict[tuple[int, int], tuple[int, str]] = {}
    for table in tables.types:
        found = tables.con.execute(
            f'SELECT fits, count(*), min(uid) FROM (SELECT uid, [{fits}] AS fits FROM "{table}" p) '
            "WHERE len(list_filter(fits, lambda f: f)) > 1 GROUP BY fits"
        ).fetchall()
        for true, count, uid in found:
            for pair in combinations([i for i, fit in enumerate(true) if fit], 2):
                before, example = shared.get(pair, (0, uid))
                shared[pair] = (before + count, min(example, uid))
    return [
        Overlap(rules[i][0], rules[j][0], count, example)
        for (i, j), (count, example) in sorted(shared.items())
    ]
