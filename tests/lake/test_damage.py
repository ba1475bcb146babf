"""Segments and manifests that were lost or changed on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trueline.errors import ActionError, ConfigError
from trueline.lake import Lake, Tables, TypeVerdicts, query

from .test_commit import (
    HERE,
    SELECTION,
    THERE,
    TYPES,
    fail,
    lake,
    read,
    record,
    scan_info,
    select,
    things,
    uids,
)

__all__ = ["lake"]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda p: p.unlink(),
    "one byte": flip,
    "cut": lambda p: p.write_bytes(p.read_bytes()[:-100]),
    "empty": lambda p: p.write_bytes(b""),
    "zeros": lambda p: p.write_bytes(bytes(p.stat().st_size)),
}


def damage(lake: Lake, kind: str, table: str) -> Lake:
    """Hurt the newest segment of a table; returns the lake as a new process sees it."""
    files = [p for p in lake.segments.directory.iterdir() if p.stem[17:] == table]
    DAMAGE[kind](max(files, key=lambda p: p.stat().st_mtime_ns))
    return Lake(lake.home)


@pytest.mark.parametrize("kind", DAMAGE)
def test_the_scopes_of_a_damaged_segment_are_unknown(lake: Lake, kind: str) -> None:
    record(lake, {THERE: things("b", where=THERE)})
    record(lake, {HERE: things("a")})
    hurt = damage(lake, kind, "aws_thing")
    snapshot = hurt.snapshot()
    assert snapshot is not None
    assert uids(hurt) == ["b"]
    assert select(hurt, "SELECT region, complete, cause FROM _scopes ORDER BY region") == [
        {"region": "eu-west-1", "complete": False, "cause": "error"},
        {"region": "us-east-1", "complete": True, "cause": None},
    ]
    ledger = [(c.region, c.status, c.code) for c in snapshot.coverage() if c.status == "error"]
    assert ledger == [("eu-west-1", "error", "segment-damaged")]
    with query(hurt, "SELECT uid FROM aws_thing", TYPES) as result:
        assert list(result.rows()) == [("b",)]
        assert [d.region for d in result.damage] == ["eu-west-1"]
    with query(hurt, "SELECT region FROM scopes WHERE NOT complete", TYPES) as result:
        assert list(result.rows()) == [("eu-west-1",)]


def test_a_later_scan_of_other_scopes_records_the_loss(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    hurt = damage(lake, "missing", "aws_thing")
    snapshot = record(hurt, {THERE: things("b", where=THERE)})
    assert [(s.scope.region, s.complete, s.cause) for s in snapshot.states] == [
        ("eu-west-1", False, "error"),
        ("us-east-1", True, None),
    ]
    assert uids(hurt) == ["b"]
    failed_again = fail(hurt, HERE)
    assert [s.stale_since for s in failed_again.states] == [None, None]
    assert uids(record(hurt, {HERE: things("a")}) and hurt) == ["a", "b"]


def test_the_other_listing_of_a_resource_stands_in_for_a_damaged_one(lake: Lake) -> None:
    record(lake, {THERE: things("trail", where=THERE, region="eu-west-1", name="shadow")})
    record(lake, {HERE: things("trail", region="eu-west-1", name="home")})
    hurt = damage(lake, "one byte", "aws_thing")
    assert select(hurt, "SELECT name FROM aws_thing") == [{"name": "shadow"}]


def test_a_lost_choice_of_owners_is_made_again(lake: Lake) -> None:
    record(
        lake,
        {
            THERE: things("trail", where=THERE, region="eu-west-1", name="shadow"),
            HERE: things("trail", region="eu-west-1", name="home"),
        },
    )
    hurt = damage(lake, "cut", "owners-aws_thing")
    assert select(hurt, "SELECT name, seen_from FROM aws_thing") == [
        {"name": "home", "seen_from": ["111122223333/us-east-1"]}
    ]


def test_a_lost_ledger_is_said_and_nothing_else_is_lost(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    hurt = damage(lake, "cut", "coverage")
    snapshot = hurt.snapshot()
    assert snapshot is not None
    assert [(c.call, c.status, c.region) for c in snapshot.coverage()] == [
        ("lake.coverage", "error", "eu-west-1")
    ]
    assert uids(hurt) == ["a"]
    record(hurt, {THERE: []})


def test_lost_verdicts_are_an_error_that_says_what_to_do(lake: Lake) -> None:
    import pyarrow as pa

    def judge(_: Tables) -> list[TypeVerdicts]:
        batch = pa.RecordBatch.from_pydict({"code": [2]})
        return [TypeVerdicts("aws_thing", [batch], {})]

    run = lake.begin(SELECTION)
    read(run, HERE, things("a"))
    lake.commit(run, scan_info(run), judge)
    hurt = damage(lake, "one byte", "verdicts-aws_thing").snapshot()
    assert hurt is not None
    assert "checksum" in (hurt.verdict_fault("aws_thing") or "")
    with pytest.raises(ActionError) as caught:
        list(hurt.verdict_batches("aws_thing"))
    assert caught.value.code == "segment-damaged"


def test_a_manifest_that_cannot_be_read_is_an_error_with_a_remedy(lake: Lake) -> None:
    record(lake, {HERE: things("a")})
    record(lake, {HERE: things("b")})
    newest = lake.manifest_path(2)
    newest.write_text("{")
    with pytest.raises(ConfigError) as caught:
        lake.snapshot()
    assert caught.value.code == "snapshot-damaged"
    newest.unlink()
    assert uids(lake) == ["a"]


@pytest.mark.parametrize("name", ["lake.json", "snapshots/1.json"])
def test_a_lake_of_a_newer_format_is_refused(lake: Lake, name: str) -> None:
    record(lake, {HERE: things("a")})
    path = lake.root / name
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(ConfigError) as caught:
        Lake(lake.home).snapshot()
    assert caught.value.code == "lake-too-new"
    assert caught.value.exit_code == 2
