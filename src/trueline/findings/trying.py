"""Tries rules on what is recorded: does anything fit them at all?

A column that resources do not have, `policy` say, is not known here. What then cannot be decided
is told as such: a rule is never called useless for what was not read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trueline.errors import Where
from trueline.findings.subject import SUBJECT, unowned
from trueline.lake import Tables
from trueline.lake.connect import quote, text
from trueline.model import COMMON, Type

__all__ = ["Tried", "named_by_tag", "try_on_policies", "try_rules"]

_MARKED: dict[str, Type] = {
    **unowned(SUBJECT),
    "_absent": COMMON["_absent"],
    "_set": COMMON["_set"],
}


@dataclass(frozen=True, slots=True)
class Tried:
    """Is a rule true of anything, and is there anything of which it could not be decided?"""

    fits: bool
    undecided: bool


def try_rules(tables: Tables, rules: Sequence[tuple[str, Where | None]]) -> list[Tried]:
    """Try rules of owners on all resources of these tables."""
    conditions = _compiled(rules)
    sources = [f"(SELECT {_resource()} FROM {quote(table)} r)" for table in tables.types]
    return _tried(tables, conditions, sources)


def try_on_policies(
    tables: Tables,
    rules: Sequence[tuple[str, Where | None]],
    policies: Collection[tuple[str | None, str, str, str]],
) -> list[Tried]:
    """Try rules on policies alone, as (environment, policy, severity, resource type).

    Of the resource nothing but its type is known.
    """
    conditions = _compiled(rules)
    values = ", ".join(
        f"({'NULL' if name is None else text(name)}, {text(policy)}, {text(severity)}, "
        f"{text(table)})"
        for name, policy, severity, table in policies
    )
    if not values:
        return [Tried(False, False) for _ in conditions]
    known = ("environment", "policy", "severity", "type")
    columns = [n if n in known else f"{_nothing(SUBJECT[n])} AS {n}" for n in SUBJECT]
    absent = "CASE WHEN environment IS NULL THEN ['environment'] ELSE [] END AS _absent"
    source = (
        f"(SELECT {', '.join(columns)}, {absent}, []::VARCHAR[] AS _set "
        f"FROM (VALUES {values}) v({', '.join(known)}))"
    )
    return _tried(tables, conditions, [source])


def named_by_tag(tables: Tables, key: str, names: Collection[str]) -> set[str]:
    """Those of `names` that the tag `key` of some resource says."""
    among = ", ".join(text(name) for name in sorted(names))
    found: set[str] = set()
    for table in tables.types if among else ():
        value = f"trim(tags[{text(key)}])"
        sql = f"SELECT DISTINCT {value} FROM {quote(table)} WHERE {value} IN ({among})"
        found |= {row[0] for row in tables.con.execute(sql).fetchall()}
    return found


def _compiled(rules: Sequence[tuple[str, Where | None]]) -> list[str]:
    if not rules:
        return []
    from trueline.language import compile_rule

    return [compile_rule(rule, _MARKED, where) for rule, where in rules]


def _resource() -> str:
    """A resource as the subject of a rule; an environment that it lacks is known to be none."""
    columns = [f"r.{n}" if n in COMMON else f"{_nothing(SUBJECT[n])} AS {n}" for n in SUBJECT]
    absent = "CASE WHEN r.environment IS NULL THEN ['environment'] ELSE [] END"
    return f"{', '.join(columns)}, list_concat(r._absent, {absent}) AS _absent, r._set"


def _nothing(kind: Type) -> str:
    return "NULL::MAP(VARCHAR, VARCHAR)" if kind.kind == "map" else "NULL::VARCHAR"


def _tried(tables: Tables, conditions: Sequence[str], sources: Sequence[str]) -> list[Tried]:
    if not conditions:
        return []
    asked = ", ".join(f"bool_or({c}), bool_or(({c}) IS NULL)" for c in conditions)
    fits, undecided = [False] * len(conditions), [False] * len(conditions)
    for source in sources:
        row = tables.con.execute(f"SELECT {asked} FROM {source} p").fetchone() or ()
        for i in range(len(row) // 2):
            fits[i] |= bool(row[2 * i])
            undecided[i] |= bool(row[2 * i + 1])
    return [Tried(*pair) for pair in zip(fits, undecided, strict=True)]
