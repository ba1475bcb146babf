"""Runs a user's SELECT over a snapshot on a connection that can reach nothing else (DESIGN §10).

Two databases in memory: one of ours reads the segments, the user's is given its rows as Arrow
streams and has no access to files, network, settings or Python.
"""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import duckdb
import pyarrow as pa

from trueline.errors import ConfigError
from trueline.lake.connect import connect
from trueline.lake.schema import arrow_schema
from trueline.lake.snapshot import Snapshot
from trueline.lake.statement import Reads, inspect, refused
from trueline.lake.store import Lake
from trueline.lake.tables import MEMORY, Stream, Tables
from trueline.model import CoverageRow, ResourceType

__all__ = ["QueryResult", "locked_connection", "query"]

SECONDS = 60.0
BATCH_ROWS = 2_000

_SCOPES = pa.schema(
    [
        *((n, pa.string()) for n in ("provider", "account", "region", "type")),
        ("complete", pa.bool_()),
        ("cause", pa.string()),
        *((n, pa.timestamp("us", tz="UTC")) for n in ("collected_at", "attempted_at")),
        ("stale_since", pa.timestamp("us", tz="UTC")),
        ("rows", pa.int64()),
    ]
)
_COVERAGE = pa.schema(
    [
        (f.name, pa.int64() if f.name in ("calls", "rows") else pa.string())
        for f in fields(CoverageRow)
    ]
)


class QueryResult:
    """A result as it streams: `columns`, then `batches` or `rows`, once.

    `damage` has a ledger row per scope whose stored rows could not be read. Use it as a context
    manager, or `close` it.
    """

    def __init__(self, reader: pa.RecordBatchReader, clock: _Clock, tables: Tables | None) -> None:
        self._reader, self._clock, self._tables = reader, clock, tables
        self.schema: pa.Schema = reader.schema
        self.columns: tuple[str, ...] = tuple(reader.schema.names)
        self.damage: tuple[CoverageRow, ...] = tables.damage if tables else ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as record batches; ConfigError when the statement fails on the way."""
        while True:
            with _told(self._clock, {}):
                try:
                    batch = self._reader.read_next_batch()
                except StopIteration:
                    return
            yield batch

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values: lists, dicts, datetimes in UTC; None is NULL."""
        for batch in self.batches():
            columns = [column.to_pylist(maps_as_pydicts="lossy") for column in batch.columns]
            yield from zip(*columns, strict=True)

    def close(self) -> None:
        self._clock.stop()
        if self._tables:
            self._tables.close()

    def __enter__(self) -> QueryResult:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def query(
    lake: Lake,
    sql: str,
    types: Mapping[str, ResourceType],
    *,
    snapshot: int | None = None,
    seconds: float = SECONDS,
    memory: str = MEMORY,
) -> QueryResult:
    """Run one SELECT over the tables of `types`, `coverage` and `scopes` of a snapshot.

    Only tables and columns that the statement names are read. ConfigError: `query-refused` (not
    a SELECT, an unknown table, a file …), `query-failed`, `query-timeout`, `query-too-large`,
    `no-snapshot`.
    """
    chosen = lake.snapshot(snapshot)
    if chosen is None:
        what = "no snapshot yet" if snapshot is None else f"no snapshot {snapshot}"
        raise ConfigError("no-snapshot", f"the lake has {what}", "run `trueline scan` first")
    clock = _Clock(locked_connection(memory), seconds)
    tables: Tables | None = None
    try:
        reads = inspect(clock.con, sql, {name.lower() for name in types} | {"coverage", "scopes"})
        named = {name: t for name, t in types.items() if name.lower() in reads.tables}
        tables = lake.tables(chosen, named) if named else None
        columns = _register(clock.con, chosen, tables, reads)
        with _told(clock, columns):
            reader = clock.con.sql(sql).to_arrow_reader(BATCH_ROWS)
    except BaseException:
        clock.stop()
        if tables:
            tables.close()
        raise
    return QueryResult(reader, clock, tables)


def _register(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, tables: Tables | None, reads: Reads
) -> dict[str, tuple[str, ...]]:
    """Give the connection what the statement reads; returns the columns there are, by table."""
    columns = {}
    if tables is not None:
        for rtype in tables.types.values():
            con.register(rtype.table, Stream(tables, rtype.table, _columns(rtype, reads)))
            columns[rtype.table] = tuple(arrow_schema(rtype).names)
    for name, make in (("scopes", _scopes), ("coverage", _coverage)):
        if name in reads.tables:
            table = make(snapshot)
            con.register(name, table)
            columns[name] = tuple(table.schema.names)
    return columns


def locked_connection(memory: str) -> duckdb.DuckDBPyConnection:
    """A connection whose settings can no longer be changed, with access to nothing outside."""
    con = connect(memory=memory, threads=None, files=False)
    con.execute("SET preserve_insertion_order = true")
    con.execute("SET lock_configuration = true")
    return con


def _columns(rtype: ResourceType, reads: Reads) -> tuple[str, ...]:
    """The columns that are used; one where only the rows are counted."""
    names = arrow_schema(rtype).names
    if reads.columns is not None:
        names = [n for n in names if n.lower() in reads.columns] or ["uid"]
    return tuple(names)


class _Clock:
    """Interrupts a connection when its time is over."""

    def __init__(self, con: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self.con, self.seconds, self.rang = con, seconds, False
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True
        self._timer.start()

    def _ring(self) -> None:
        self.rang = True
        self.con.interrupt()

    def stop(self) -> None:
        self._timer.cancel()
        self.con.close()


@contextmanager
def _told(clock: _Clock, columns: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """Say in our words why a statement failed; Arrow wraps DuckDB's errors on the way."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        seen = str(error)
        if clock.rang or isinstance(error, duckdb.InterruptException):
            raise ConfigError(
                "query-timeout",
                f"the query took more than {clock.seconds:g} seconds",
                "narrow it with WHERE, or select fewer columns",
            ) from error
        if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in seen:
            raise ConfigError(
                "query-too-large",
                "the query needs more memory than it is given",
                "narrow it with WHERE, or select fewer columns",
            ) from error
        raise _failure(seen, columns) from error


def _failure(seen: str, columns: Mapping[str, tuple[str, ...]]) -> ConfigError:
    missing = re.search(r'column "([^"]+)"', seen, re.IGNORECASE)
    every = sorted({c for names in columns.values() for c in names})
    if (missing and "not found" in seen.lower()) or (missing and "does not" in seen.lower()):
        near = difflib.get_close_matches(missing[1].rpartition(".")[2], every, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"columns: {', '.join(every)}"
        return refused(f"there is no column {missing[1]}", hint)
    first = next((line.strip() for line in seen.splitlines() if line.strip()), seen)
    return ConfigError("query-failed", first, "`trueline resource types` lists tables and columns")


def _scopes(snapshot: Snapshot) -> pa.Table:
    damaged = {(d.provider, d.account, d.region, d.type) for d in snapshot.damage()}
    rows = []
    for entry in snapshot.scopes:
        scope, state = entry.scope, entry.state
        lost = (scope.provider, scope.account, scope.region, scope.type) in damaged
        rows.append(
            {
                "provider": scope.provider,
                "account": scope.account,
                "region": scope.region,
                "type": scope.type,
                "complete": state.complete and not lost,
                "cause": "error" if lost else state.cause,
                "collected_at": state.collected_at,
                "attempted_at": entry.attempted_at,
                "stale_since": state.stale_since,
                "rows": 0 if lost else entry.rows,
            }
        )
    return pa.Table.from_pylist(rows, schema=_SCOPES)


def _coverage(snapshot: Snapshot) -> pa.Table:
    rows = [{name: getattr(row, name) for name in _COVERAGE.names} for row in snapshot.coverage()]
    return pa.Table.from_pylist(rows, schema=_COVERAGE)
