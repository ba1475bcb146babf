"""DuckDB connections that touch nothing they were not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

__all__ = ["connect", "quote", "text"]


def connect(
    *, memory: str, threads: int | None, spill: str = "", files: bool, plain: bool = False
) -> duckdb.DuckDBPyConnection:
    """An in-memory database in UTC, without extensions from outside or Python variables as tables.

    `memory` is DuckDB's text (`1GB`), `spill` the directory for what does not fit (none: an
    error), `files` whether SQL may read files, `plain` whether statements run as they are written.
    """
    settings: Mapping[str, Any] = {
        "memory_limit": memory,
        "temp_directory": spill,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "python_scan_all_frames": False,
        "preserve_insertion_order": False,
        "enable_optimizer": not plain,
        # What one statement was done with would stand beside what the next one takes.
        "allocator_flush_threshold": "16MB",
        **({"threads": threads} if threads else {}),
    }
    con = duckdb.connect(":memory:", config=dict(settings))
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # for cursors too
    if files:
        # Every statement reads the same files, and they never change.
        con.execute("SET GLOBAL parquet_metadata_cache = true")
    else:
        con.execute("SET enable_external_access = false")
    return con


def quote(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """An SQL text literal."""
    return "'" + value.replace("'", "''") + "'"
