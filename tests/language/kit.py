"""Small types, rows written as a policy's author would, and a judge that runs the real SQL."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from trueline.language import CAUSES, PolicySettings, Statement, causes_of, compile_policy, fuse
from trueline.language.compiler import compile_guarded
from trueline.language.guards import ALL_GUARDS, Guard
from trueline.model import COMMON, Column, Param, Policy, Relation, ResourceType, Type, parse_type

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
VERDICTS = {2: "fail", 1: "unknown", 0: "pass", None: "not_applicable"}


def rtype(
    table: str, columns: Mapping[str, str], relations: Mapping[str, Relation] | None = None
) -> ResourceType:
    own = {name: Column(name, parse_type(kind), "about") for name, kind in columns.items()}
    return ResourceType(table, table, "aws", own, relations=relations or {})


def to(name: str, target: str) -> Relation:
    return Relation(name, target, None, by=f"{name}_id")


TYPES = {
    t.table: t
    for t in (
        rtype(
            "box",
            {
                "size": "int",
                "ratio": "float",
                "locked": "bool",
                "label": "text",
                "owner": "text?",
                "limit": "int?",
                "used_at": "time?",
                "made_at": "time",
                "words": "list<text>",
                "extras": "list<text>?",
                "lid": "struct<shut:bool,color:text>",
                "rules": "list<struct<port:int,open:bool,names:list<text>>>",
                "statements": "list<iam_statement>",
            },
            {"keys": to("keys", "key"), "shelf": to("shelf", "shelf")},
        ),
        rtype(
            "key",
            {
                "strong": "bool",
                "age": "int",
                "alias": "text?",
                "uses": "list<struct<kind:text,deep:bool>>",
            },
            {"maker": to("maker", "shelf")},
        ),
        rtype("shelf", {"high": "bool", "room": "text?"}),
    )
}


def policy(
    fails_when: str,
    applies_when: str | None = None,
    params: Mapping[str, Param] | None = None,
    name: str = "p",
    resource: str = "box",
) -> Policy:
    return Policy(name, "t", "high", resource, fails_when, "why", applies_when, params=params or {})


def param(name: str, kind: str, default: Any = None, *, required: bool = False) -> dict[str, Param]:
    return {name: Param(name, kind, "about", default, not required)}


def arrow(kind: Type) -> pa.DataType:
    if kind.kind == "list":
        assert kind.item is not None
        return pa.list_(arrow(kind.item))
    if kind.kind == "struct":
        return pa.struct([pa.field(f.name, arrow(f.type)) for f in kind.fields])
    return {
        "bool": pa.bool_(),
        "int": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "time": pa.timestamp("us", tz="UTC"),
        "map": pa.map_(pa.string(), pa.string()),
    }[kind.kind]


def full(table: ResourceType, row: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
    """A whole row: a missing key is unknown; `_absent`, `_set` and `_why` are as given."""
    common: dict[str, Any] = dict.fromkeys([*table.columns, *COMMON])
    common |= {"uid": f"{table.table}-{number}", "type": table.table, "provider": "aws"}
    common |= {"plane": "live", "_absent": [], "_set": [], "_defaulted": [], "_why": {}}
    return common | dict(row)


class Estate:
    """Tables in a fresh database; relations are given as (type, relation, from, to, cause), rows
    by uid."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        edges: Sequence[tuple[str, str, str, str | None, str | None]] = (),
        types: Mapping[str, ResourceType] = TYPES,
    ) -> None:
        self.types = types
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("SET TimeZone = 'UTC'")
        numbers: dict[str | None, int] = {}
        for table, kind in types.items():
            names = {**COMMON, **{c: column.type for c, column in kind.columns.items()}}
            schema = pa.schema([(name, arrow(t)) for name, t in names.items()])
            whole = [full(kind, row, i) for i, row in enumerate(rows.get(table, ()))]
            rows_of = [numbers.setdefault(row["uid"], len(numbers)) for row in whole]
            data = pa.Table.from_pylist(whole, schema)
            self._table(table, data.append_column("_row", pa.array(rows_of, pa.int64())))
        by_row = [(t, r, numbers.get(f), numbers.get(to), cause) for t, r, f, to, cause in edges]
        self._table(
            "_edges",
            pa.Table.from_pylist([dict(zip(EDGE.names, e, strict=True)) for e in by_row], EDGE),
        )

    def _table(self, name: str, data: pa.Table) -> None:
        self.con.register("_loaded", data)
        self.con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM _loaded')
        self.con.unregister("_loaded")

    def fused(
        self,
        policies: Sequence[Policy],
        settings: Sequence[PolicySettings] = (PolicySettings(),),
        evidence: str = "all",
        guards: frozenset[Guard] = ALL_GUARDS,
        apart: bool = False,
    ) -> tuple[Statement, list[dict[str, Any]]]:
        """The statement and its rows, ordered by uid, with what is JSON read."""
        compiled = [
            compile_policy(p, self.types)
            if guards == ALL_GUARDS
            else compile_guarded(p, self.types, guards)
            for p in policies
        ]
        table = self.types[policies[0].resource]
        statement = fuse(
            table, compiled, settings=settings, now=NOW, evidence=evidence, apart=apart
        )  # type: ignore[arg-type]
        found = self.con.sql(f"SELECT * FROM ({statement.sql}) ORDER BY uid").to_arrow_table()
        rows = found.to_pylist()
        for row in rows:
            row |= {c: json.loads(row[c]) for c in (CAUSES, *statement.json) if row[c] is not None}
        return statement, rows

    def verdicts(self, judged: Policy, **more: Any) -> list[str]:
        """The verdict of one policy on each row, ordered by uid."""
        statement, rows = self.fused([judged], **more)
        return [VERDICTS[row[statement.codes[judged.id]]] for row in rows]


EDGE = pa.schema(
    [
        ("type", pa.string()),
        ("relation", pa.string()),
        ("from_row", pa.int64()),
        ("to_row", pa.int64()),
        ("cause", pa.string()),
    ]
)


class Written:
    """Rows in the notation of `verdicts.yaml`, as tables and edges."""

    def __init__(self, boxes: Sequence[Mapping[str, Any]]) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table: [] for table in TYPES}
        self.edges: list[tuple[str, str, str, str | None, str | None]] = []
        for box in boxes:
            self.place("box", box)

    def estate(self) -> Estate:
        return Estate(self.rows, self.edges)

    def place(self, table: str, written: Mapping[str, Any]) -> str:
        kind, row = TYPES[table], dict(written)
        uid = f"{table}-{len(self.rows[table]):03}"
        placed: dict[str, Any] = {"uid": uid, "_set": row.pop("_set", [])}
        placed["_why"] = list(row.pop("_why", {}).items())
        placed["stale_since"] = NOW if row.pop("_stale", False) else None
        self.rows[table].append(placed)
        for name in kind.relations.keys() & row.keys():
            for related in row.pop(name):
                self.lead(table, name, uid, related)
        for name, value in row.items():
            column = kind.column_type(name)
            assert column is not None, f"{table} has no column {name}"
            placed[name] = cell(value, column)
        optional = [n for n, v in row.items() if v is None]
        placed["_absent"] = optional
        return uid

    def lead(self, table: str, name: str, uid: str, related: Any) -> None:
        if related == "...":
            self.edges.append((table, name, uid, None, "denied"))
            return
        target = self.place(TYPES[table].relations[name].target, related)
        self.edges.append((table, name, uid, target, None))


def cell(value: Any, kind: Type) -> Any:
    if kind.kind == "list" and isinstance(value, list):
        assert kind.item is not None
        return [None if item == "..." else cell(item, kind.item) for item in value]
    if kind.kind == "struct" and isinstance(value, dict):
        return {f.name: cell(value.get(f.name), f.type) for f in kind.fields}
    if kind.kind == "map" and isinstance(value, dict):
        return list(value.items())
    if kind.kind == "time" and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return value


def judged_row(fails_when: str, row: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Verdict, evidence and causes of one predicate on one box in the written notation."""
    judged = policy(fails_when)
    statement, rows = Written([row]).estate().fused([judged], **more)
    (only,) = rows
    return {
        "verdict": VERDICTS[only[statement.codes["p"]]],
        "evidence": {label: only[column] for label, column in statement.evidence["p"]},
        "causes": causes(judged, statement, only),
    }


def causes(judged: Policy, statement: Statement, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(column, cause) of a row that the policy could not decide, else nothing."""
    code = statement.codes[judged.id]
    if row[code] != 1:
        return []
    return causes_of(row[CAUSES], compile_policy(judged, TYPES).reasons, code)
