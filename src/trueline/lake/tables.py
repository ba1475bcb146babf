"""Tables: a DuckDB connection on which each resource type is a table of its name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from trueline.lake.connect import connect, quote
from trueline.lake.schema import arrow_schema, record_batches
from trueline.lake.views import owners_sql
from trueline.model import CoverageRow, Edge, ResourceType, Row, ScopeState

__all__ = ["MEMORY", "Stream", "Tables", "load"]

MEMORY = "1GB"

_SCOPES = pa.schema(
    [
        ("provider", pa.string()),
        ("account", pa.string()),
        ("region", pa.string()),
        ("type", pa.string()),
        ("complete", pa.bool_()),
        ("cause", pa.string()),
    ]
)
_REFERENCES = pa.schema(
    [
        ("from_uid", pa.string()),
        ("column_name", pa.string()),
        ("to_uid", pa.string()),
        ("cause", pa.string()),
    ]
)


class Tables:
    """One connection, each type of `types` a relation of its name, empty where nothing is known.
    Its last column `_row` numbers the rows: a shorter key than the uid, for this connection only.

    Beside them stand `_scopes(provider, account, region, type, complete, cause)` and
    `_references(from_uid, column_name, to_uid, cause)`. `scopes` are the states behind `_scopes`;
    `damage` holds a ledger row per scope whose stored rows could not be read; `referenced` says
    whether there is any of `_references`, `live` that no row is of code.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        types: Mapping[str, ResourceType],
        scopes: Sequence[ScopeState],
        damage: Sequence[CoverageRow] = (),
        *,
        few: bool = False,
        live: bool = False,
    ) -> None:
        self.con = con
        self.types = dict(types)
        self.scopes = tuple(scopes)
        self.damage = tuple(damage)
        self.few = few
        self.live = live
        self.referenced = False

    @classmethod
    def from_rows(
        cls,
        types: Mapping[str, ResourceType],
        rows: Mapping[str, Sequence[Row]],
        scopes: Sequence[ScopeState],
        edges: Sequence[Edge] = (),
        *,
        memory: str = MEMORY,
        threads: int | None = None,
        few: bool = False,
    ) -> Tables:
        """Rows in memory as tables; a uid that several scopes list becomes one row.

        `few` rows are judged as they come, by one thread: planning would cost more than it saves.
        """
        con = connect(memory=memory, threads=1 if few else threads, files=False, plain=few)
        for rtype in types.values():
            listed = rows.get(rtype.table, ())
            batches = record_batches(rtype, listed)
            if len({row["uid"] for row in listed}) == len(listed):
                load(con, rtype.table, arrow_schema(rtype), batches, numbered=True)
            else:
                _load_once_per_uid(con, rtype, batches)
        tables = cls(con, types, scopes, few=few)
        tables.load_scopes()
        tables.load_references(edges)
        return tables

    def load_scopes(self) -> None:
        """Make `_scopes` of the states."""
        load(self.con, "_scopes", _SCOPES, [_scope_batch(self.scopes)])

    def load_references(self, edges: Sequence[Edge]) -> None:
        """Make `_references` of the code's edges."""
        self.referenced = bool(edges)
        columns: list[list[Any]] = [
            [e.from_uid for e in edges],
            [e.column for e in edges],
            [e.to_uid for e in edges],
            [e.cause for e in edges],
        ]
        load(self.con, "_references", _REFERENCES, [_batch(columns, _REFERENCES)])

    def stream(self, sql: str, size: int = 50_000, *, held: bool) -> pa.RecordBatchReader:
        """The result of a SELECT, read while it is made, or `held` until it is read.

        DuckDB plans what it streams twice, first to describe it: few rows are cheaper to hold.
        """
        cursor = self.con.cursor()
        if not held:
            return cursor.sql(sql).to_arrow_reader(size)
        with warnings.catch_warnings():
            # It warns that the rows are copied: of few rows that costs nothing.
            warnings.simplefilter("ignore", UserWarning)
            return cursor.execute(sql).to_arrow_reader(size)

    def batches(self, sql: str, size: int = 50_000) -> Iterator[pa.RecordBatch]:
        """The result of a SELECT as a stream of record batches."""
        cursor = self.con.cursor()
        try:
            yield from cursor.sql(sql).to_arrow_reader(size)
        finally:
            cursor.close()

    def close(self) -> None:
        self.con.close()

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Stream:
    """Columns of a table as an Arrow stream: what another connection may read, several times,
    without any access to this one."""

    tables: Tables
    table: str
    columns: tuple[str, ...]
    batch_rows: int = 2_000

    def _sql(self) -> str:
        return f"SELECT {', '.join(map(quote, self.columns))} FROM {quote(self.table)}"

    def __arrow_c_schema__(self) -> object:
        empty = self.tables.con.cursor().sql(f"{self._sql()} LIMIT 0").to_arrow_table()
        return empty.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = self.tables.con.cursor().sql(self._sql()).to_arrow_reader(self.batch_rows)
        return reader.__arrow_c_stream__(requested_schema)


def load(
    con: duckdb.DuckDBPyConnection,
    name: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    numbered: bool = False,
) -> None:
    """Create a table of batches; `numbered` = with `_row`."""
    rows = pa.Table.from_batches(list(batches), schema)
    if numbered:
        rows = rows.append_column("_row", pa.array(range(len(rows)), pa.int64()))
    with _registered(con, rows) as source:
        con.execute(f"CREATE TABLE {quote(name)} AS SELECT * FROM {source}")


@contextmanager
def _registered(con: duckdb.DuckDBPyConnection, source: object) -> Iterator[str]:
    con.register("_incoming", source)
    try:
        yield "_incoming"
    finally:
        con.unregister("_incoming")


def _load_once_per_uid(
    con: duckdb.DuckDBPyConnection, rtype: ResourceType, batches: Iterable[pa.RecordBatch]
) -> None:
    """The same choice as over segments; a uid that one scope lists twice is one row as well."""
    listed, owners = quote("_listed_" + rtype.table), quote("_owners_" + rtype.table)
    load(con, "_listed_" + rtype.table, arrow_schema(rtype), batches, numbered=True)
    con.execute(f"CREATE TABLE {owners} AS {owners_sql(listed)}")
    columns = ", ".join(
        "coalesce(o.seen_from, r.seen_from) AS seen_from" if n == "seen_from" else f"r.{quote(n)}"
        for n in arrow_schema(rtype).names
    )
    con.execute(
        f"CREATE TABLE {quote(rtype.table)} AS SELECT DISTINCT ON (r.uid) {columns}, _row"
        f" FROM {listed} r LEFT JOIN {owners} o ON o.uid = r.uid WHERE o.uid IS NULL"
        " OR (o.scope_account = r.scope_account AND o.scope_region = r.scope_region)"
    )
    con.execute(f"DROP TABLE {listed}")
    con.execute(f"DROP TABLE {owners}")


def _scope_batch(scopes: Sequence[ScopeState]) -> pa.RecordBatch:
    columns: list[list[Any]] = [
        [s.scope.provider for s in scopes],
        [s.scope.account for s in scopes],
        [s.scope.region for s in scopes],
        [s.scope.type for s in scopes],
        [s.complete for s in scopes],
        [s.cause for s in scopes],
    ]
    return _batch(columns, _SCOPES)


def _batch(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
