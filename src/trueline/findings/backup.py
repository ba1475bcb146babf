"""A copy of the whole store in a SQLite file, which can be used as a store at once."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path

from sqlalchemy import JSON, Connection, Text, cast, select

from trueline.errors import ActionError
from trueline.findings.schema import metadata
from trueline.findings.store import State, open_state, write_rows

__all__ = ["backup"]

_BATCH = 5_000


def backup(state: State, target: Path) -> int:
    """Write the store as of one moment to `target`; returns the rows copied.

    The file is whole or not there. ActionError where it cannot be written, or is there already.
    """
    if target.exists():
        raise ActionError(
            "backup-exists", f"{target} is there already", "give another name, or move it away"
        )
    if not target.parent.is_dir():
        raise _failed(target, "its directory does not exist")
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        rows = _copy(state, beside)
        with sqlite3.connect(beside) as single:
            # One file, without a log beside it.
            single.execute("PRAGMA journal_mode = DELETE")
        single.close()
        handle = os.open(beside, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        os.link(beside, target)
    except (OSError, sqlite3.Error) as error:
        raise _failed(target, error) from None
    finally:
        for left in beside.parent.glob(f"{beside.name}*"):
            left.unlink()
    return rows


def _failed(target: Path, why: object) -> ActionError:
    return ActionError(
        "backup-failed",
        f"the backup {target} could not be written: {why}",
        "check that its directory exists, is writable and has room",
    )


def _copy(state: State, target: Path) -> int:
    copy = open_state(f"sqlite:///{target.absolute()}")
    try:
        with state.reading() as source, copy.engine.begin() as out:
            out.exec_driver_sql("BEGIN IMMEDIATE")
            return sum(_copy_table(source, out, name) for name in _in_order())
    finally:
        copy.close()


def _in_order() -> list[str]:
    """Tables, each behind those that it refers to."""
    return [table.name for table in metadata.sorted_tables]


def _copy_table(source: Connection, out: Connection, name: str) -> int:
    table, count = metadata.tables[name], 0
    columns = [
        cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.columns
    ]
    rows = source.execute(select(*columns).execution_options(stream_results=True, yield_per=_BATCH))
    for part in rows.mappings().partitions():
        write_rows(out, table, [dict(row) for row in part])
        count += len(part)
    return count
