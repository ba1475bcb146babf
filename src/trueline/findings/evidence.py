"""Evidence as text: JSON to show, and a mark that tells whether it has changed.

What only time changes, a date of last use say, is shown but has no part in the mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Piece", "json_sql", "mark_sql"]

_TIME = r'"\d{4}-\d\d-\d\dT[\d:.]+Z"'


@dataclass(frozen=True, slots=True)
class Piece:
    """A column of stored verdicts: SQL, its type, and whether its text is JSON."""

    sql: str
    kind: pa.DataType
    is_json: bool

    @property
    def is_time(self) -> bool:
        return bool(pa.types.is_timestamp(self.kind))

    def shown(self) -> str:
        """The value as a member of a JSON object; times are RFC 3339 in UTC."""
        if self.is_json:
            return f"CAST({self.sql} AS JSON)"
        if not self.is_time:
            return self.sql
        written = f"strftime(timezone('UTC', {self.sql}), '%Y-%m-%dT%H:%M:%S.%f')"
        return f"replace({written}, '.000000', '') || 'Z'"

    def lasting(self) -> str:
        """The same with every time alike."""
        if not self.is_json:
            return self.sql
        return (
            f"CASE WHEN contains({self.sql}, 'Z\"') "
            f"THEN regexp_replace({self.sql}, '{_TIME}', '\"\"', 'g') ELSE {self.sql} END"
        )


def json_sql(pieces: Mapping[str, Piece]) -> str:
    """A text of JSON made of pieces by label."""
    return _object({label: piece.shown() for label, piece in pieces.items()})


def mark_sql(pieces: Mapping[str, Piece]) -> str:
    """A short digest of the same without times."""
    lasting = {label: p.lasting() for label, p in pieces.items() if not p.is_time}
    return f"substr(md5({_object(lasting)}), 1, 16)"


def _object(members: Mapping[str, str]) -> str:
    if not members:
        return "'{}'"
    said = ", ".join(f"{_text(label)}: {sql}" for label, sql in members.items())
    return f"CAST(to_json({{{said}}}) AS VARCHAR)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
