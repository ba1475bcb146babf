"""Verdicts as rows of the subject, so that rules can be asked of them without a lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.findings.subject import SUBJECT
from trueline.model import CodeRows, Type, Verdict

__all__ = ["MARKED", "UNREAD", "Known", "ask", "known_of"]

_NAMES = Type("list", item=Type("text"))

MARKED: Mapping[str, Type] = {**SUBJECT, "_absent": _NAMES, "_set": _NAMES}
"""The subject on code: what is not in `_absent` and NULL is not known."""

_MARKS = ("name", "region")


@dataclass(frozen=True, slots=True)
class Known:
    """What a verdict does not say of its resource: `tags` None = not known, `absent` the columns
    that are known to be nothing."""

    tags: Mapping[str, str | None] | None = None
    absent: tuple[str, ...] = ()


UNREAD = Known()
"""Of a resource that no row was kept of."""


def known_of(code: CodeRows) -> dict[str, Known]:
    """What rules may want of the rows of code, by uid."""
    return {
        row["uid"]: Known(row["tags"], tuple(n for n in _MARKS if n in row["_absent"]))
        for rows in code.rows.values()
        for row in rows
    }


def ask(
    verdicts: Sequence[Verdict], known: Mapping[str, Known], expressions: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The values of SQL expressions over alias `p`, of each verdict in turn."""
    import pyarrow as pa

    from trueline.lake import arrow_type
    from trueline.lake.connect import connect
    from trueline.lake.tables import MEMORY, load

    if not verdicts or not expressions:
        return [() for _ in verdicts]
    fields = [("_at", pa.int64()), *((name, arrow_type(t)) for name, t in MARKED.items())]
    schema = pa.schema(fields)
    rows = [
        {"_at": at, **_row(verdict, known.get(verdict.resource.uid, UNREAD))}
        for at, verdict in enumerate(verdicts)
    ]
    con = connect(memory=MEMORY, threads=1, files=False)
    try:
        load(con, "subjects", schema, [pa.RecordBatch.from_pylist(rows, schema)])
        asked = ", ".join(expressions)
        return con.execute(f"SELECT {asked} FROM subjects p ORDER BY p._at").fetchall()
    finally:
        con.close()


def _row(verdict: Verdict, known: Known) -> dict[str, Any]:
    resource = verdict.resource
    absent = [*known.absent]
    # Both are for Trueline itself to say: where it says none, there is none.
    absent += [n for n in ("environment", "owner") if getattr(verdict, n) is None]
    return {
        "uid": resource.uid,
        "type": resource.type,
        "plane": resource.plane,
        "provider": resource.provider,
        "account": resource.account,
        "account_path": None,
        "region": resource.region,
        "name": resource.name,
        "tags": None if known.tags is None else list(known.tags.items()),
        "environment": verdict.environment,
        "owner": verdict.owner,
        "severity": verdict.severity,
        "policy": verdict.policy,
        "_absent": absent,
        "_set": [],
    }
