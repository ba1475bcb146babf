"""Files that are whole or not there: written beside, synced, renamed, directory synced."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trueline.errors import ActionError

__all__ = [
    "WrittenFile",
    "checksum",
    "sync_directory",
    "sync_file",
    "write_json",
    "write_parquet",
    "writing",
]

_CHUNK = 1 << 20
_GROUP_ROWS = 65_536
_GROUP_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What was written: rows, bytes, and the CRC-32 of the whole file."""

    rows: int
    size: int
    crc32: int


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn a failing disk into the documented error; what stood before still stands."""
    try:
        yield
    except (OSError, duckdb.IOException) as error:
        raise ActionError(
            "lake-write-failed",
            f"cannot write {what}: {getattr(error, 'strerror', None) or error}",
            "free space or mend the disk, then run the scan again with --resume; "
            "the previous snapshot is unchanged",
        ) from error


def sync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_directory(path: Path) -> None:
    """Force a directory's entries to the disk, where the system allows to open one."""
    if os.name == "posix":
        sync_file(path)


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> WrittenFile:
    """Write batches as one zstd file under `path`, atomically; the directory is not yet synced."""
    beside = path.with_name(path.name + ".tmp")
    rows = 0
    try:
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            for group in _row_groups(schema, batches):
                rows += group.num_rows
                writer.write_table(group, row_group_size=group.num_rows)
        sync_file(beside)
        written = WrittenFile(rows, beside.stat().st_size, checksum(beside))
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return written


def _row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches joined to row groups worth their overhead; the memory held is bounded."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held, schema)


def write_json(path: Path, document: Any) -> None:
    """Write a JSON file atomically and sync its directory."""
    beside = path.with_name(path.name + ".tmp")
    try:
        with beside.open("w", encoding="utf-8") as handle:
            json.dump(document, handle, ensure_ascii=False, separators=(",", ":"))
            handle.flush()
            os.fsync(handle.fileno())
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def checksum(path: Path) -> int:
    """CRC-32 of a file, read in pieces."""
    value = 0
    with path.open("rb") as handle:
        while piece := handle.read(_CHUNK):
            value = zlib.crc32(piece, value)
    return value
