"""The stored ledger: the newest attempt at every scope, and which scan made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import pyarrow as pa

from trueline.model import CoverageRow, Scope

__all__ = ["LEDGER", "Line", "batches", "lines"]

_COLUMNS = tuple(f.name for f in fields(CoverageRow))

LEDGER = pa.schema(
    [
        *((name, pa.int64() if name in ("calls", "rows") else pa.string()) for name in _COLUMNS),
        ("scan", pa.string()),
        ("of_account", pa.string()),
        ("of_region", pa.string()),
        ("of_type", pa.string()),
    ]
)
"""A ledger row, its scan, and the scope it was made for (NULL: for none in particular)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger row with the scan and the scope that made it."""

    row: CoverageRow
    scan: str
    scope: Scope | None


def batches(ledger: Sequence[Line]) -> Iterator[pa.RecordBatch]:
    """The ledger as one record batch."""
    columns = [[getattr(line.row, name) for line in ledger] for name in _COLUMNS]
    columns.append([line.scan for line in ledger])
    for part in ("account", "region", "type"):
        columns.append([getattr(line.scope, part) if line.scope else None for line in ledger])
    arrays = [pa.array(c, f.type) for c, f in zip(columns, LEDGER, strict=True)]
    yield pa.RecordBatch.from_arrays(arrays, schema=LEDGER)


def lines(stored: Iterable[pa.RecordBatch]) -> Iterator[Line]:
    """The ledger back from its batches."""
    for batch in stored:
        for raw in batch.to_pylist():
            yield _line(raw)


def _line(raw: Mapping[str, object]) -> Line:
    row = CoverageRow(**{name: raw[name] for name in _COLUMNS})  # type: ignore[arg-type]
    scope = None
    if raw["of_type"] is not None:
        of = [str(raw[f"of_{part}"]) for part in ("account", "region", "type")]
        scope = Scope(row.provider, *of)
    return Line(row, str(raw["scan"]), scope)
