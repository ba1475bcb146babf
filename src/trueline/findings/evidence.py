"""Evidence as text: JSON to show, and a mark that tells whether it has changed.

What only time changes, a date of last use say, is shown but has no part in the mark.
"""

from __future__ import annotations

import pyarrow as pa

__all__ = ["json_sql", "mark_sql"]


def json_sql(values: dict[str, tuple[str, pa.DataType]]) -> str:
    """A text of JSON made of label → (SQL, type); times are RFC 3339 in UTC."""
    return _object({label: _shown(sql, kind) for label, (sql, kind) in values.items()})


def mark_sql(values: dict[str, tuple[str, pa.DataType]]) -> str:
    """A short digest of the same without times."""
    lasting = {
        label: _lasting(sql, kind) for label, (sql, kind) in values.items() if not _is_time(kind)
    }
    return f"substr(md5({_object(lasting)}), 1, 16)"


def _object(members: dict[str, str]) -> str:
    if not members:
        return "'{}'"
    said = ", ".join(f"{_text(label)}: {sql}" for label, sql in members.items())
    return f"CAST(to_json({{{said}}}) AS VARCHAR)"


def _shown(sql: str, kind: pa.DataType, depth: int = 0) -> str:
    if _is_time(kind):
        written = f"strftime(timezone('UTC', {sql}), '%Y-%m-%dT%H:%M:%S.%f')"
        return f"replace({written}, '.000000', '') || 'Z'"
    return _rebuilt(sql, kind, depth, keep_times=True)


def _lasting(sql: str, kind: pa.DataType, depth: int = 0) -> str:
    return _rebuilt(sql, kind, depth, keep_times=False)


def _rebuilt(sql: str, kind: pa.DataType, depth: int, *, keep_times: bool) -> str:
    """The value with times inside it as text, or without them."""
    if not _holds_time(kind):
        return sql
    inner = _shown if keep_times else _lasting
    if pa.types.is_list(kind):
        if _is_time(kind.value_type) and not keep_times:
            return f"len({sql})"
        each = f"_x{depth}"
        return f"list_transform({sql}, lambda {each}: {inner(each, kind.value_type, depth + 1)})"
    if pa.types.is_struct(kind):
        fields = [f for f in kind if keep_times or not _is_time(f.type)]
        if not fields:
            return "TRUE"
        made = ", ".join(
            f"{_text(f.name)}: {inner(f'({sql}).{_name(f.name)}', f.type, depth + 1)}"
            for f in fields
        )
        return f"CASE WHEN {sql} IS NOT NULL THEN {{{made}}} END"
    return sql


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))


def _holds_time(kind: pa.DataType) -> bool:
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return _is_time(kind) or any(map(_holds_time, inner))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
