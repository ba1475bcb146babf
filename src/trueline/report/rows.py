"""Rows as a plain table for terminals and pipes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from trueline.report.escape import terminal

__all__ = ["write_table_rows"]

SAMPLE = 200
WIDEST = 60
_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}


def write_table_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], out: TextIO, most: int | None = None
) -> int:
    """Write rows in columns, streaming; returns how many there were.

    Widths come from the first rows; the last column is never cut.
    """
    iterator = iter(rows)
    sample = [row for row, _ in zip(iterator, range(SAMPLE), strict=False)]
    used = [c for c in columns if any(r.get(c) is not None for r in sample)] or list(columns)
    widths = {
        c: min(max([len(c), *(len(_text(r.get(c))) for r in sample)]), WIDEST) for c in used[:-1]
    }
    count = 0

    coloured = out.isatty() and not os.environ.get("NO_COLOR")

    def line(values: Mapping[str, Any]) -> None:
        cells = [_cut(_text(values.get(c)), widths[c]).ljust(widths[c]) for c in used[:-1]]
        said = "  ".join([*cells, _text(values.get(used[-1]))]).rstrip()
        if coloured:
            said = _painted(said, values.get("severity"))
        out.write(said + "\n")

    if sample:
        line({c: c for c in used})
    for source in (sample, iterator):
        for row in source:
            count += 1
            if most is None or count <= most:
                line(row)
    return count


def _painted(line: str, severity: Any) -> str:
    """The line with its severity in colour."""
    code = _COLOURS.get(severity)
    return line if code is None else line.replace(severity, f"\x1b[{code}m{severity}\x1b[0m", 1)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, dict, list)):
        return terminal(json.dumps(value, ensure_ascii=False, default=str))
    return terminal(value)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
