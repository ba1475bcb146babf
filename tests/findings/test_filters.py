"""Filters over stored findings mean what the same rule means everywhere else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import select

from trueline.errors import TruelineError
from trueline.findings.filters import columns, condition, may_be_unknown
from trueline.findings.schema import findings
from trueline.findings.store import micros
from trueline.findings.subject import FINDING
from trueline.lake.connect import connect
from trueline.language import compile_rule, expand_filter

from .kit import HERE, T0, THERE, Clock, Estate, public, queue

RULES = [
    "severity:high",
    "severity:high region:eu-west-1",
    "env:production",
    "environment = ''",
    "is_absent(environment)",
    "is_set(owner)",
    "owner = 'web' OR owner = ''",
    "owner <> 'web'",
    "NOT owner = 'web'",
    "tag('team') = 'web'",
    "tag('team') <> 'web'",
    "is_set(tag('team'))",
    "is_absent(tag('team')) AND severity = 'high'",
    "coalesce(tag('team'), 'none') = 'none'",
    "tag('odd key.1') = 'x'",
    "starts_with(name, 'b')",
    "starts_with(name, 'B')",
    "name LIKE 'b%'",
    "name LIKE 'B%'",
    "name LIKE '_d'",
    "upper(name) = 'A'",
    "lower(name) IN ('a', 'bd')",
    "len(name) > 1",
    "regexp_matches(name, '^[ab]d?$')",
    "risk BETWEEN 10 AND 60",
    "risk + 1 > 2 * 20",
    "- risk < -30",
    "age:>3d",
    "age:<=3d",
    "days_since(due) > -20",
    "due < TIMESTAMP '2026-02-10 00:00:00'",
    "state = 'open' AND NOT overdue",
    "overdue",
    "state:resolved",
    "account_path = 'x' OR severity = 'high'",
    "account_path = 'x' AND severity = 'high'",
    "policy = 'aws-sqs-queue-unencrypted' AND plane = 'live' AND type = 'aws_sqs_queue'",
    "name = 'it''s'",
    "TRUE",
    "NOT (severity = 'high' AND tag('team') = 'web')",
]


def test_the_store_answers_as_the_language_does(estate: Estate, clock: Clock) -> None:
    estate.scan(
        {
            HERE: [
                public("a", tags={"team": "web", "odd key.1": "x"}),
                public("bd", tags=None, _why={"tags": "denied"}),
                queue("it's", sse_sqs=False, tags={"team": ""}),
                queue("gone", sse_sqs=False),
            ],
            THERE: [public("B", THERE)],
        }
    )
    estate.sync()
    clock.shift(4 * 86_400)
    estate.scan({HERE: [public("a", tags={"team": "web", "odd key.1": "x"})]}, {THERE: "denied"})
    rows = estate.sync()
    assert len(rows) == 5
    now = micros(T0) + 4 * 86_400_000_000
    state = estate.state()
    with state.reading() as conn:
        stored = {
            rule: {
                i: None if holds is None else bool(holds)
                for i, holds in conn.execute(select(findings.c.id, condition(rule, now)))
            }
            for rule in RULES
        }
        shown = columns(now)
        subjects = [
            dict(row)
            for row in conn.execute(
                select(findings.c.id, *(shown[n].label(n) for n in FINDING))
            ).mappings()
        ]
    state.close()
    for rule in RULES:
        assert stored[rule] == _asked(rule, subjects), rule


def _asked(rule: str, subjects: list[dict[str, Any]]) -> dict[str, bool | None]:
    """The same rule as everywhere else: over a table of DuckDB."""
    kinds = {
        "text": pa.string(), "int": pa.int64(), "bool": pa.bool_(),
        "time": pa.timestamp("us", "UTC"), "map": pa.map_(pa.string(), pa.string()),
    }  # fmt: skip
    schema = pa.schema([("id", pa.string()), *((n, kinds[k.kind]) for n, k in FINDING.items())])
    table = [
        {
            **row,
            "tags": None if row["tags"] is None else list(row["tags"].items()),
            "overdue": bool(row["overdue"]),
        }
        for row in subjects
    ]
    moment = T0 + dt.timedelta(days=4)
    sql = compile_rule(expand_filter(rule), FINDING, None, now=moment)
    with connect(memory="100MB", threads=1, files=False) as con:
        con.register("subjects", pa.Table.from_pylist(table, schema))
        return dict(con.execute(f"SELECT id, {sql} FROM subjects p").fetchall())


def test_only_tags_and_places_in_a_tree_may_leave_a_filter_open(tmp_path: Path) -> None:
    assert may_be_unknown("tag('a') = 'b'")
    assert may_be_unknown("account_path = 'x'")
    assert not may_be_unknown("severity:high owner:web age:>3d")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("severty:high", "severity"),
        ("age:old", "age"),
        ("severity = ", ""),
        ("risk > 'high'", ""),
        ("owner IS NULL", "is_absent"),
        ("len(tags) > 1", ""),
        ("name = (SELECT 1)", ""),
    ],
)
def test_a_broken_filter_is_refused_with_a_remedy(rule: str, said: str) -> None:
    with pytest.raises(TruelineError) as caught:
        condition(rule, 0)
    assert said in caught.value.render()
    assert caught.value.exit_code == 2
