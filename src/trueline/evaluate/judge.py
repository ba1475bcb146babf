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
from itertools import chain, pairwise
from typing import Any, Literal

import pyarrow as pa

from trueline.lake import Tables
from trueline.language import CompiledPolicy, Part, PolicySettings, Reasons, Statement, fuse
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
HELD_ROWS = 35_000
"""Of how few rows the result is held."""
PART_ROWS = 100_000
"""How many rows are judged at once where others are related to them."""
TOLD_EDGES = 80_000
"""Along how few edges related rows tell at once whatever they may have to tell."""
_LIVE = {"plane": "live", "address": None, "source_file": None, "source_line": None}
"""What every live resource says of where it is written."""


@dataclass(frozen=True, slots=True)
class PolicyLayout:
    """Which columns of a wide row belong to a policy."""

    policy: str
    code: str
    evidence: tuple[tuple[str, str], ...]
    reasons: Reasons

    def to_json(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "code": self.code,
            "evidence": self.evidence,
            "reasons": self.reasons.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PolicyLayout:
        evidence = tuple((label, column) for label, column in data["evidence"])
        reasons = Reasons.from_json(data["reasons"])
        return cls(data["policy"], data["code"], evidence, reasons)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the wide rows of one resource type.

    The columns of `json` hold JSON as text; those of `constant` are the same in every row, and
    stand here instead of there.
    """

    table: str
    policies: tuple[PolicyLayout, ...]
    json: frozenset[str]
    constant: Mapping[str, str | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "policies": [p.to_json() for p in self.policies],
            "json": sorted(self.json),
            "constant": dict(self.constant),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Layout:
        return cls(
            data["table"],
            tuple(map(PolicyLayout.from_json, data["policies"])),
            frozenset(data["json"]),
            data["constant"],
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
        import pyarrow.compute as pc

        accounts, regions = batch["scope_account"], batch["scope_region"]
        fresh = pc.is_null(batch["stale_since"]) if _any_stale(batch) else None
        flags = []
        for policy in layout.policies:
            code = batch[policy.code]
            passed = pc.equal(code, 0)
            flags.append((policy.policy, passed if fresh is None else pc.and_(passed, fresh), code))
        # The rows of a scope stand together: to count run by run costs a third of grouping them.
        ends = {end for column in (accounts, regions) for end in _run_ends(column)}
        for start, end in pairwise([0, *sorted(ends)]):
            place, rows = (accounts[start].as_py(), regions[start].as_py()), end - start
            self.rows[place] += rows
            for name, passed, code in flags:
                self.passed[name, *place] += passed.slice(start, rows).true_count
                if code.null_count:
                    self.not_applicable[name, *place] += code.slice(start, rows).null_count


def _run_ends(column: pa.Array) -> list[int]:
    """Where each run of equal values ends."""
    import pyarrow.compute as pc

    ends: list[int] = pc.run_end_encode(column).run_ends.to_pylist()
    return ends


@dataclass(slots=True)
class Judged:
    """The verdicts of one type as a stream of wide batches, to be read once.

    `counts` is made by `not_passing`, and complete when that is at its end.
    """

    layout: Layout
    batches: Iterator[pa.RecordBatch]
    counts: Counts = field(default_factory=Counts)

    def all(self) -> Iterator[pa.RecordBatch]:
        """Every wide row."""
        yield from self.batches

    def not_passing(self) -> Iterator[pa.RecordBatch]:
        """Wide rows in which some policy fails or is unknown, or which are stale."""
        import pyarrow.compute as pc

        for batch in self.batches:
            self.counts.add(batch, self.layout)
            worst = pc.max_element_wise(*(batch[p.code] for p in self.layout.policies))
            mask = pc.fill_null(pc.greater(worst, 0), False)
            if _any_stale(batch):
                mask = pc.or_(mask, pc.is_valid(batch["stale_since"]))
            kept = batch.filter(mask)
            if kept.num_rows:
                yield kept


def _any_stale(batch: pa.RecordBatch) -> bool:
    return bool(batch["stale_since"].null_count < batch.num_rows)


def judge(
    tables: Tables,
    rtype: ResourceType,
    policies: Sequence[CompiledPolicy],
    settings: Sequence[PolicySettings],
    now: dt.datetime,
    evidence: Literal["all", "failing"] = "failing",
    part_rows: int = PART_ROWS,
    told_edges: int = TOLD_EDGES,
) -> Judged:
    """Judge every row of a type by its policies. `_edges` and environments must be there.

    What related rows tell is held while those that lead to them are judged. So that this does not
    grow with the estate, more than `told_edges` edges tell only what is needed, and a type of more
    than twice `part_rows` rows is judged in parts of whole accounts.
    """
    related = {r.relation: r.target for policy in policies for r in policy.relations}
    rows = 0 if tables.few else _count(tables, rtype.table)
    constant = {"type": rtype.table, "provider": rtype.provider} | (_LIVE if tables.live else {})
    apart = bool(related) and not tables.few and _count(tables, "_edges") > told_edges

    def fused(part: Part | None) -> Statement:
        return fuse(
            rtype,
            policies,
            settings=settings,
            now=now,
            evidence=evidence,
            part=part,
            apart=apart,
            without=constant,
        )

    statement = fused(None)
    layout = Layout(
        rtype.table,
        tuple(
            PolicyLayout(p.id, statement.codes[p.id], statement.evidence[p.id], p.reasons)
            for p in policies
        ),
        statement.json,
        constant,
    )
    if not related or rows <= 2 * part_rows:
        return Judged(layout, _stream(tables, statement.sql, held=rows <= HELD_ROWS))
    parts = _parts(tables, rtype.table, related, part_rows)
    # Held, the result of a part would stand beside its related rows.
    streams = (_stream(tables, fused(part).sql, held=False) for part in parts)
    return Judged(layout, chain.from_iterable(streams))


def _stream(tables: Tables, sql: str, *, held: bool) -> Iterator[pa.RecordBatch]:
    return iter(tables.stream(sql, BATCH_ROWS, held=held))


def _count(tables: Tables, table: str) -> int:
    return int(tables.con.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0])


def _parts(tables: Tables, table: str, related: Mapping[str, str], most: int) -> Iterator[Part]:
    """Accounts in order, as many at once as have `most` rows; one may have more."""
    sql = f'SELECT scope_account, count(*) FROM "{table}" GROUP BY 1 ORDER BY 1'
    first, held = "", 0
    counted = tables.con.execute(sql).fetchall()
    for (account, rows), following in zip(counted, [*counted[1:], None], strict=True):
        first, held = first if held else account, held + rows
        if following is None or held + following[1] > most:
            accounts = (first, account)
            reach = {r: _reach(tables, table, accounts, r, related[r]) for r in related}
            yield Part(accounts, {r: found for r, found in reach.items() if found})
            held = 0


def _reach(
    tables: Tables, table: str, accounts: tuple[str, str], relation: str, target: str
) -> tuple[str, str] | None:
    """The first and the last account of the rows to which a relation leads; None = to no row."""
    led = (
        "SELECT e.to_row FROM _edges e WHERE e.type = ? AND e.relation = ? AND e.from_row IN "
        f'(SELECT _row FROM "{table}" WHERE scope_account BETWEEN ? AND ?)'
    )
    sql = f'SELECT min(scope_account), max(scope_account) FROM "{target}" WHERE _row IN ({led})'
    first, last = tables.con.execute(sql, [table, relation, *accounts]).fetchall()[0]
    return None if first is None else (first, last)


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
