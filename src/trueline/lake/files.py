"""Files that are whole or not there: written beside, synced, renamed, directory synced."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
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
    "read_part",
    "sync_directory",
    "sync_file",
    "write_json",
    "write_parquet",
    "write_part",
    "writing",
]

_CHUNK = 1 << 20
_GROUP_ROWS = 65_536
_GROUP_BYTES = 32 << 20
_WHOLE_BYTES = 4 << 20
"""Row groups are for who looks rows up; what is only read whole needs no more than is cheap."""


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


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; it becomes `path` once it is synced, or vanishes."""
    beside = path.with_name(path.name + ".tmp")
    try:
        yield beside
        sync_file(beside)
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_parquet(
    path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], *, statistics: bool = True
) -> WrittenFile:
    """Write batches as one zstd file under `path`, atomically; the directory is not yet synced.

    `statistics` = least and greatest of each column, for who looks rows up; without, row groups
    are smaller, and too small to compress other columns than texts.
    """
    rows = 0
    with _whole_file(path) as beside:
        compression = "zstd" if statistics else _of_texts(schema)
        with pq.ParquetWriter(
            beside, schema, compression=compression, write_statistics=statistics
        ) as writer:
            size = _GROUP_BYTES if statistics else _WHOLE_BYTES
            for group in _row_groups(schema, batches, size):
                rows += group.num_rows
                writer.write_table(group, row_group_size=group.num_rows)
                # What Arrow keeps for later would stand beside what DuckDB takes meanwhile.
                pa.default_memory_pool().release_unused()
        return WrittenFile(rows, beside.stat().st_size, checksum(beside))


def _of_texts(schema: pa.Schema) -> dict[str, str]:
    return {f.name: "zstd" if pa.types.is_string(f.type) else "none" for f in schema}


def _row_groups(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], most: int
) -> Iterator[pa.Table]:
    """Batches joined to row groups worth their overhead; the memory held is about `most` bytes."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        held.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP_ROWS or size >= most:
            yield pa.Table.from_batches(held, schema)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held, schema)


def write_json(path: Path, document: Any) -> None:
    """Write a JSON file atomically and sync its directory."""
    with _whole_file(path) as beside, beside.open("w", encoding="utf-8") as handle:
        # To write it piece by piece, as json.dump does, takes ten times as long.
        handle.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    sync_directory(path.parent)


def write_part(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a run's rows as an Arrow file: for few rows it costs half of what Parquet does."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with (
        _whole_file(path) as beside,
        pa.OSFile(str(beside), "wb") as sink,
        pa.ipc.new_file(sink, schema, options=options) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)


def read_part(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The batches of a part, of these columns or all; raises OSError or pa.ArrowException."""
    with pa.OSFile(str(path)) as source:
        file = pa.ipc.open_file(source)
        if columns is not None:
            wanted = [file.schema.get_field_index(c) for c in columns]
            file = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=wanted))
        for index in range(file.num_record_batches):
            yield file.get_batch(index)


def checksum(path: Path) -> int:
    """CRC-32 of a file, read in pieces."""
    value = 0
    with path.open("rb") as handle:
        while piece := handle.read(_CHUNK):
            value = zlib.crc32(piece, value)
    return value
