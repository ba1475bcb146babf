"""Rows in the formats that every listing command has: table, json, jsonl, csv, markdown."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TextIO

from trueline.report.escape import csv_cell, markdown
from trueline.report.rows import write_table_rows

__all__ = ["write_list"]

Rows = Iterable[Mapping[str, Any]]


def write_list(rows: Rows, columns: Sequence[str], format_: str, out: TextIO) -> int:
    """Write rows as they come; returns how many there were.

    `columns` are those of a table, of CSV and of Markdown; JSON shows everything a row has.
    """
    if format_ == "table":
        return write_table_rows(rows, columns, out)
    return _WRITERS[format_](rows, columns, out)


def _json(rows: Rows, columns: Sequence[str], out: TextIO) -> int:
    count = 0
    for row in rows:
        out.write(("[\n" if not count else ",\n") + _encoded(row))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _jsonl(rows: Rows, columns: Sequence[str], out: TextIO) -> int:
    count = 0
    for row in rows:
        out.write(_encoded(row) + "\n")
        count += 1
    return count


def _csv(rows: Rows, columns: Sequence[str], out: TextIO) -> int:
    writer, count = csv.writer(out, lineterminator="\n"), 0
    writer.writerow(columns)
    for row in rows:
        writer.writerow([csv_cell(_flat(row.get(c))) for c in columns])
        count += 1
    return count


def _markdown(rows: Rows, columns: Sequence[str], out: TextIO) -> int:
    count = 0
    out.write("| " + " | ".join(map(markdown, columns)) + " |\n")
    out.write("|" + " --- |" * len(columns) + "\n")
    for row in rows:
        cells = ["" if row.get(c) is None else markdown(_flat(row[c])) for c in columns]
        out.write("| " + " | ".join(cells) + " |\n")
        count += 1
    return count


_WRITERS: dict[str, Callable[[Rows, Sequence[str], TextIO], int]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "markdown": _markdown,
}


def _encoded(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)


def _flat(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value
