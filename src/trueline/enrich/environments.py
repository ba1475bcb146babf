"""Gives every row its environment: the first whose rule is true *or unknown* wins.

Environments stand strictest first, so that a row whose tags could not be read is held to the
strictest rule it may fall under.
"""

from __future__ import annotations

from collections.abc import Sequence

from trueline.lake import Tables

__all__ = ["assign_environments"]


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
