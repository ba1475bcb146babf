"""The segments directory: immutable Parquet files, each checked before it is believed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from trueline.lake.files import checksum, write_parquet
from trueline.lake.manifest import Segment

__all__ = ["Segments"]


class Segments:
    """Writes segments, and tells what is wrong with one. A check is made once per process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._checked: dict[str, str | None] = {}

    def path(self, segment_id: str) -> Path:
        return self.directory / f"{segment_id}.parquet"

    def write(
        self,
        table: str,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        mappings: Mapping[str, str] | None = None,
        *,
        statistics: bool = True,
    ) -> Segment:
        """Write a new segment; raises OSError. The directory is synced by whoever commits."""
        segment_id = f"{uuid.uuid4().hex[:16]}-{table}"
        path = self.path(segment_id)
        written = write_parquet(path, schema, batches, statistics=statistics)
        return Segment(
            segment_id, table, written.rows, written.size, written.crc32, dict(mappings or {})
        )

    def fault(self, segment: Segment) -> str | None:
        """Why the segment cannot be believed, or None."""
        if segment.id not in self._checked:
            self._checked[segment.id] = self._find_fault(segment)
        return self._checked[segment.id]

    def schema(self, segment: Segment) -> pa.Schema:
        """The columns it was written with; only for a segment without a fault."""
        return pq.read_schema(self.path(segment.id))

    def batches(self, segment: Segment) -> Iterator[pa.RecordBatch]:
        """Its rows; only for a segment without a fault."""
        with pq.ParquetFile(self.path(segment.id)) as file:
            yield from file.iter_batches()

    def _find_fault(self, segment: Segment) -> str | None:
        path = self.path(segment.id)
        try:
            size = path.stat().st_size
            if size != segment.size:
                return f"{path.name} has {size} bytes, expected {segment.size}"
            if checksum(path) != segment.crc32:
                return f"{path.name} has another checksum than when it was written"
            rows = pq.read_metadata(path).num_rows
        except FileNotFoundError:
            return f"{path.name} is missing"
        except (OSError, pa.ArrowException) as error:
            return f"{path.name} cannot be read: {error}"
        return None if rows == segment.rows else f"{path.name} has {rows} rows, not {segment.rows}"
