"""Tells the flags of rows: what the internet reaches, and what holds power over the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa

from trueline.lake import Tables
from trueline.language import CompiledPolicy, PolicySettings, fuse
from trueline.model import FLAGS, ResourceType

__all__ = ["flag_rows", "flag_statement"]

BATCH_ROWS = 10_000


def flag_rows(
    tables: Tables, rtype: ResourceType, flags: Sequence[CompiledPolicy], now: dt.datetime
) -> Iterator[pa.RecordBatch]:
    """(uid, exposed, privileged) of each row of a type, as a stream of batches.

    A flag is a TINYINT: 2 yes, 1 not known, 0 no, NULL where the type does not give it.
    """
    yield from tables.batches(flag_statement(rtype, flags, now), BATCH_ROWS)


def flag_statement(rtype: ResourceType, flags: Sequence[CompiledPolicy], now: dt.datetime) -> str:
    """The SELECT of `flag_rows`, over the table of the type alone.

    A stale row may have changed since, so that nothing is known of it but what holds for every
    resource of its type.
    """
    judged = fuse(rtype, flags, settings=[PolicySettings()], now=now, evidence="failing")
    given = {compiled.id.removeprefix("flag:"): compiled for compiled in flags}
    columns = []
    for name in FLAGS:
        value = "NULL"
        if name in given:
            value = judged.codes[given[name].id]
            if given[name].columns:
                value = f"CASE WHEN stale_since IS NULL THEN {value} ELSE 1 END"
        columns.append(f"CAST({value} AS TINYINT) AS {name}")
    return f"SELECT uid, {', '.join(columns)} FROM ({judged.sql})"
