"""Judges the tables: one statement per resource type, its result kept wide.

A wide row is a resource with one code per policy (2 fail, 1 unknown, 0 pass, NULL not
applicable), the evidence that its policies share, and the causes of what is unknown. `Layout`
says which column is which, so that wide rows can be stored and read back later.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from trueline.lake import Tables
from trueline.language import CompiledPolicy, PolicySettings, fuse
from trueline.model import ResourceType

__all__ = [
    "Counts",
    "Judged",
    "Layout",
    "PolicyLayout",
    "Tally",
    "judge",
    "only_scopes",
    "row_counts",
    "tally",
]

BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class PolicyLayout:
    """Which columns of a wide row belong to a policy."""

    policy: str
    code: str
    causes: str | None
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the wide rows of one resource type."""

    table: str
    policies: tuple[PolicyLayout, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "policies": [
                {"policy": p.policy, "code": p.code, "causes": p.causes, "evidence": p.evidence}
                for p in self.policies
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        return cls(
            data["table"],
            tuple(
                PolicyLayout(
                    p["policy"], p["code"], p["causes"], tuple((a, b) for a, b in p["evidence"])
                )
                for p in data["policies"]
            ),
        )


@dataclass(slots=True)
class Counts:
    """Pairs per (policy, account, region of the scope) that passed or did not apply."""

    passed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    not_applicable: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        return {
            "counts": [[*k, self.passed[k], self.not_applicable[k]] for k in self.passed],
            "rows": [[*k, n] for k, n in self.rows.items()],
        }

    def add(self, batch: pa.RecordBatch, layout: Layout) -> None:
        """Count a batch of wide rows; a stale row passes nothing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        fresh = pc.is_null(batch["stale_since"])
        # Grouping by two texts costs three times as much as by one number.
        accounts = batch["scope_account"].dictionary_encode()
        regions = batch["scope_region"].dictionary_encode()
        places = len(regions.dictionary)
        flags: dict[str, Any] = {
            "g": pc.add(pc.multiply(accounts.indices, places), regions.indices)
        }
        for index, policy in enumerate(layout.policies):
            code = batch[policy.code]
            flags[f"p{index}"] = pc.and_(pc.fill_null(pc.equal(code, 0), False), fresh)
            flags[f"n{index}"] = pc.is_null(code)
        sums = [(name, "sum") for name in flags if name != "g"]
        grouped = pa.table(flags).group_by(["g"], use_threads=False)
        for row in grouped.aggregate([*sums, ([], "count_all")]).to_pylist():
            account = accounts.dictionary[row["g"] // places].as_py()
            region = regions.dictionary[row["g"] % places].as_py()
            self.rows[account, region] += row["count_all"]
            for index, policy in enumerate(layout.policies):
                key = (policy.policy, account, region)
                self.passed[key] += row[f"p{index}_sum"]
                self.not_applicable[key] += row[f"n{index}_sum"]


@dataclass(slots=True)
class Judged:
    """The verdicts of one type as a stream of wide batches, to be read once.

    `counts` is made by `not_passing`, and complete when that is at its end.
    """

    layout: Layout
    reader: pa.RecordBatchReader
    counts: Counts = field(default_factory=Counts)

    @property
    def schema(self) -> pa.Schema:
        return self.reader.schema

    def all(self) -> Iterator[pa.RecordBatch]:
        """Every wide row."""
        yield from self.reader

    def not_passing(self) -> Iterator[pa.RecordBatch]:
        """Wide rows in which some policy fails or is unknown, or which are stale."""
        import pyarrow.compute as pc

        for batch in self.reader:
            self.counts.add(batch, self.layout)
            mask = pc.is_valid(batch["stale_since"])
            for policy in self.layout.policies:
                mask = pc.or_(mask, pc.fill_null(pc.greater(batch[policy.code], 0), False))
            kept = batch.filter(mask)
            if kept.num_rows:
                yield kept


def judge(
    tables: Tables,
    rtype: ResourceType,
    policies: Sequence[CompiledPolicy],
    settings: Sequence[PolicySettings],
    now: dt.datetime,
    evidence: Literal["all", "failing"] = "failing",
) -> Judged:
    """Judge every row of a type by its policies. `_edges` and environments must be there."""
    statement = fuse(rtype, policies, settings=settings, now=now, evidence=evidence)
    layout = Layout(
        rtype.table,
        tuple(
            PolicyLayout(
                p.id,
                statement.codes[p.id],
                statement.causes.get(p.id),
                tuple(statement.evidence.get(p.id, ())),
            )
            for p in policies
        ),
    )
    return Judged(layout, tables.stream(statement.sql, BATCH_ROWS))


def row_counts(tables: Tables, table: str) -> list[list[Any]]:
    """[account, region, rows] of each scope of a table that no policy judges."""
    sql = f'SELECT scope_account, scope_region, count(*) FROM "{table}" GROUP BY 1, 2'
    return [list(row) for row in tables.con.execute(sql).fetchall()]


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the scopes and policies that a report is about."""

    rows: int
    passed: int


def tally(
    metadata: Mapping[str, Any], scopes: Collection[tuple[str, str]], policies: Collection[str]
) -> Tally:
    """Add up what was counted when the verdicts were stored."""
    passed = sum(
        n
        for policy, account, region, n, _ in metadata.get("counts", ())
        if policy in policies and (account, region) in scopes
    )
    rows = sum(n for account, region, n in metadata["rows"] if (account, region) in scopes)
    return Tally(rows, passed)


def only_scopes(
    batches: Iterable[pa.RecordBatch], scopes: Collection[tuple[str, str]]
) -> Iterator[pa.RecordBatch]:
    """The rows of these (account, region) scopes."""
    import pyarrow.compute as pc

    keys = pa.array([f"{account}|{region}" for account, region in scopes], pa.string())
    for batch in batches:
        place = pc.binary_join_element_wise(batch["scope_account"], batch["scope_region"], "|")
        yield batch.filter(pc.is_in(place, value_set=keys))
