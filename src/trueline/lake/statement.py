"""Looks at a user's SQL before it runs: one SELECT, over known tables, with harmless functions.

The connection it runs on can reach no file and no network whatever it is asked (`query`); this
check is the second wall, and says in plain words what is refused.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from trueline.errors import ConfigError

__all__ = ["Reads", "inspect", "refused"]

MAX_CHARACTERS = 200_000
MAX_LAMBDAS = 4
"""Lambdas in lambdas: binding time doubles with each level and cannot be interrupted."""

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series", "json_each", "json_tree"})
_UNBOUNDED = frozenset(
    {"array_resize", "bar", "format", "generate_series", "list_resize", "lpad", "printf"}
    | {"range", "repeat", "rpad"}
)
"""One call of these can take any amount of memory, outside of the limit and uninterrupted."""
_OF_THE_ENGINE = frozenset(
    {"current_setting", "getvariable", "in_search_path", "json_deserialize_sql"}
    | {"json_execute_serialized_sql", "json_serialize_plan", "json_serialize_sql", "nextval"}
    | {"currval", "setval", "pg_sleep", "query", "query_table", "sleep_ms", "write_log"}
)
"""These look at the engine, change it or make it wait, instead of reading tables."""


@dataclass(frozen=True, slots=True)
class Reads:
    """The tables a statement names, and the columns it may touch (None = all of them)."""

    tables: frozenset[str]
    columns: frozenset[str] | None


def refused(message: str, hint: str | None = None) -> ConfigError:
    return ConfigError("query-refused", message, hint or "write one SELECT over Trueline's tables")


def inspect(con: duckdb.DuckDBPyConnection, sql: str, known: Collection[str]) -> Reads:
    """What the statement reads; ConfigError `query-refused` when it is more than a SELECT.

    `known` are the names of the tables there are, in lower case.
    """
    if len(sql) > MAX_CHARACTERS:
        raise refused(f"the statement has more than {MAX_CHARACTERS} characters")
    tree = _parse(con, sql)
    names: set[str] = set()
    columns: set[str] = set()
    aliases: set[str] = set()
    defined: set[str] = set()
    every = False
    for node in _nodes(tree):
        _check(node)
        kind = node.get("type")
        aliases.add(str(node.get("alias") or "").lower())
        if kind == "BASE_TABLE":
            names.add(_table_name(node))
        elif kind == "COLUMN_REF":
            columns.add("\0".join(node["column_names"]).lower())
        every = every or _needs_every_column(node)
        columns.update(str(c).lower() for c in node.get("using_columns") or ())
        if isinstance(node.get("cte_map"), dict):
            defined.update(str(entry["key"]).lower() for entry in node["cte_map"].get("map", ()))
    unknown = sorted(names - defined - set(known))
    if unknown:
        raise _unknown_table(unknown[0], known)
    whole_rows = any(c in aliases or c in names for c in columns)
    parts = frozenset(part for c in columns for part in c.split("\0"))
    return Reads(frozenset(names & set(known)), None if every or whole_rows else parts)


def _parse(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    try:
        sql.encode()
        statements = con.extract_statements(sql)
        if len(statements) != 1:
            raise refused(f"expected one statement, seen {len(statements)}")
        if statements[0].type != duckdb.StatementType.SELECT:
            seen = str(statements[0].type).rpartition(".")[2]
            raise refused(f"only SELECT is allowed, seen {seen}")
        tree = json.loads(con.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0])
    except (duckdb.Error, UnicodeEncodeError) as error:
        raise refused(_first_lines(error), "check the SQL near the place named") from error
    except RecursionError:
        raise refused("the statement is nested too deeply") from None
    if tree.get("error") or len(tree.get("statements", ())) != 1:
        raise refused("only SELECT is allowed")
    return tree["statements"][0]


def _first_lines(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " / ".join(line.strip() for line in lines[:2])


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the parsed statement; `_lambdas` counts the lambdas around it."""
    stack: list[tuple[Any, int]] = [(tree, 0)]
    while stack:
        item, lambdas = stack.pop()
        if isinstance(item, list):
            stack.extend((child, lambdas) for child in item)
        elif isinstance(item, dict):
            inside = lambdas + (item.get("type") == "LAMBDA")
            if inside > MAX_LAMBDAS:
                raise refused(f"lambdas may be nested {MAX_LAMBDAS} deep")
            if item.get("type") == "TABLE_FUNCTION":
                yield {
                    "type": "TABLE_FUNCTION",
                    "function": item["function"],
                    "alias": item["alias"],
                }
                stack.extend((child, inside) for child in item["function"].values())
                continue
            yield item
            stack.extend((child, inside) for child in item.values())


def _check(node: dict[str, Any]) -> None:
    kind = str(node.get("type", ""))
    if kind.endswith("_NODE") and kind not in _NODES:
        raise refused("only SELECT is allowed, also inside WITH")
    if kind == "SHOW_REF":
        raise refused(
            "DESCRIBE, SHOW and SUMMARIZE are not available",
            "`trueline resource types` lists tables and columns",
        )
    if kind == "VALUE_PARAMETER":
        raise refused("parameters have no value here", "write the value into the statement")
    if kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        if name not in _TABLE_FUNCTIONS or _is_qualified(node["function"]):
            raise refused(
                f"the table function {name} is not available",
                f"available: {', '.join(sorted(_TABLE_FUNCTIONS))}",
            )
    if (
        kind == "FUNCTION"
        and str(node.get("function_name", "")).lower() in _UNBOUNDED | _OF_THE_ENGINE
    ):
        raise refused(f"the function {node['function_name']} is not available")


def _is_qualified(node: dict[str, Any]) -> bool:
    path = (node.get("qualified_name") or {}).get("path") or [""]
    return len(path) > 1 or bool(node.get("schema") or node.get("catalog"))


def _table_name(node: dict[str, Any]) -> str:
    path = (node.get("qualified_name") or {}).get("path") or [node.get("table_name", "")]
    if len(path) != 1 or node.get("schema_name") or node.get("catalog_name"):
        raise refused(f"{'.'.join(path)}: tables are named without a schema")
    return str(path[0]).lower()


def _needs_every_column(node: dict[str, Any]) -> bool:
    """A star, or a place where columns count without being named."""
    return (
        node.get("type") in ("STAR", "PIVOT")
        or node.get("ref_type") == "NATURAL"
        or bool(node.get("column_name_alias"))
    )


def _unknown_table(name: str, known: Collection[str]) -> ConfigError:
    near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "`trueline resource types` lists them"
    return refused(f"there is no table {name}", hint)
