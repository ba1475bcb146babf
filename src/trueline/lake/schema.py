"""Column types as Arrow types, and rows as record batches.

NULL is the only way to say *unknown*; a value that does not fit its column is a fault of ours and
raises, naming table and column, because a silent cast would turn it into a wrong verdict.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from trueline.errors import TruelineError
from trueline.model import COMMON, UNSAID, ResourceType, Row, Type

__all__ = ["arrow_schema", "arrow_type", "column_types", "mapping_hashes", "record_batches"]

BATCH_ROWS = 4096

_SCALARS: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "map": pa.map_(pa.string(), pa.string()),
}

_PYTHON: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "text": (str,),
    "time": (dt.datetime,),
    "map": (dict,),
    "list": (list, tuple),
    "struct": (dict,),
}
"""What a cell of a kind may be. Arrow itself would cut 1.5 to 1 and split text into letters."""


def arrow_type(kind: Type) -> pa.DataType:
    """The Arrow type of a column type; `time` is microseconds in UTC."""
    if kind.kind == "list":
        assert kind.item is not None
        return pa.list_(arrow_type(kind.item))
    if kind.kind == "struct":
        return pa.struct([pa.field(f.name, arrow_type(f.type)) for f in kind.fields])
    return _SCALARS[kind.kind]


def column_types(rtype: ResourceType) -> dict[str, Type]:
    """Every column of the table by name: its own ones, then the common ones it does not refine."""
    own = {name: column.type for name, column in rtype.columns.items()}
    return own | {name: kind for name, kind in COMMON.items() if name not in own}


def arrow_schema(rtype: ResourceType) -> pa.Schema:
    """The table's schema: own columns in the order of the file, then the common ones."""
    return pa.schema([(name, arrow_type(kind)) for name, kind in column_types(rtype).items()])


def record_batches(
    rtype: ResourceType, rows: Sequence[Row], size: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Rows as record batches of at most `size` rows."""
    schema, kinds = arrow_schema(rtype), column_types(rtype)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        arrays = [
            _array(rtype.table, name, kinds[name], schema.field(name).type, part) for name in kinds
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(table: str, name: str, kind: Type, target: pa.DataType, rows: Sequence[Row]) -> pa.Array:
    try:
        values = [row[name] for row in rows]
    except KeyError:
        raise _misfit(table, name, "a row without this column") from None
    strange = sorted(t.__name__ for t in {type(v) for v in values} if not _fits(t, kind.kind))
    if strange:
        raise _misfit(table, name, f"expected {kind}, seen a value of type {', '.join(strange)}")
    try:
        return pa.array(values, type=target)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError) as error:
        raise _misfit(table, name, f"expected {kind}: {error}") from error


def _fits(kind: type, column: str) -> bool:
    if kind is type(None) or kind is bool:  # a bool is an int to Python, not to a policy
        return kind is type(None) or column == "bool"
    return issubclass(kind, _PYTHON[column])


def _misfit(table: str, column: str, seen: str) -> TruelineError:
    return TruelineError(
        "row-does-not-fit",
        f"table {table}, column {column}: {seen}",
        "this is a fault of Trueline: please report it with the resource file's name",
    )


def mapping_hashes(rtype: ResourceType) -> dict[str, str]:
    """A digest per own column of all that decides its live value: type, mapping, calls.

    Two rows are comparable in a column only where both were made by the same digest.
    """
    calls = repr([_call_key(c) for c in rtype.live.calls()]) if rtype.live else ""
    common = json.dumps([calls, rtype.let.get("live", ())])
    return {
        name: _digest(
            common,
            str(column.type),
            column.mappings.get("live", ""),
            "" if column.omitted is UNSAID else repr(column.omitted),
        )
        for name, column in rtype.columns.items()
    }


def _call_key(call: Any) -> tuple[Any, ...]:
    """Everything of a call but its place in the file: moving a line changes no meaning."""
    names = [n for n in call.__slots__ if n not in ("where", "first")]
    return (*(getattr(call, n) for n in names), *(_call_key(c) for c in call.first))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
