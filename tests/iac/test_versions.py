"""One estate as several releases of Terraform and OpenTofu write it, down to the same rows."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from iac.kit import by_address, edges, read, rtype
from trueline.errors import ConfigError
from trueline.model import ABSENT, CodePart, CodeRows

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))
TYPES = (
    rtype("aws_kms_key", "aws_kms_key", {"description": ("text", "description", "")}),
    rtype(
        "aws_sqs_queue",
        "aws_sqs_queue",
        {
            "name": ("text", "name"),
            "kms_key_id": ("text?", "kms_master_key_id", ABSENT),
            "delay": ("int", "delay_seconds", 0),
        },
    ),
    rtype(
        "aws_rds_instance",
        "aws_db_instance",
        {"name": ("text", "identifier"), "has_password": ("bool", "is_set(password)")},
        secrets=["password"],
        live_uid="arn",
    ),
    rtype(
        "aws_s3_bucket",
        "aws_s3_bucket",
        {"versioning": ("text?", "v.status", ABSENT), "key": ("text?", "e.key", ABSENT)},
        parts=[
            CodePart("v", ("aws_s3_bucket_versioning",), by="bucket"),
            CodePart("e", ("aws_s3_bucket_encryption",), by="bucket"),
        ],
    ),
)


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def found(request: pytest.FixtureRequest) -> CodeRows:
    return read(request.param.read_bytes(), *TYPES)


def test_the_same_resources_are_found(found: CodeRows) -> None:
    assert {address for table in found.rows for address in by_address(found, table)} == {
        "aws_kms_key.k",
        "aws_sqs_queue.q[0]",
        "aws_sqs_queue.q[1]",
        "aws_db_instance.d",
        'module.bucket["a"].aws_s3_bucket.b',
        'module.bucket["b"].aws_s3_bucket.b',
    }


def test_parts_are_joined_across_modules_and_instances(found: CodeRows) -> None:
    rows = by_address(found, "aws_s3_bucket")
    first, second = (
        rows['module.bucket["a"].aws_s3_bucket.b'],
        rows['module.bucket["b"].aws_s3_bucket.b'],
    )
    assert first["versioning"] == "Enabled"
    assert "versioning" in second["_absent"]
    assert first["_why"]["key"].startswith("after_apply:aws_kms_key.k")
    assert second["_why"]["key"].startswith("after_apply:aws_kms_key.k")


def test_references_reach_the_key_through_the_module(found: CodeRows) -> None:
    assert {(origin, target) for origin, _, target, _ in edges(found)} == {
        ("aws_sqs_queue.q[0]", "aws_kms_key.k"),
        ("aws_sqs_queue.q[1]", "aws_kms_key.k"),
        ('module.bucket["a"].aws_s3_bucket.b', "aws_kms_key.k"),
        ('module.bucket["b"].aws_s3_bucket.b', "aws_kms_key.k"),
    }


def test_every_row_has_its_region_and_no_secret(found: CodeRows) -> None:
    for rows in found.rows.values():
        for row in rows:
            assert row["region"] == "eu-west-1"
            assert "CANARY" not in repr(row)


def test_what_is_known_already_has_its_real_identity(found: CodeRows) -> None:
    row = by_address(found, "aws_rds_instance")["aws_db_instance.d"]
    assert row["live_uid"] == "arn:aws:rds:eu-west-1:111122223333:db:d"
    assert row["account"] == "111122223333"
    assert row["has_password"] is True


def test_a_reference_that_shows_its_attribute_tells_that_the_key_will_be_set() -> None:
    """Terraform 0.12 names only the block, so that the attribute may be any."""
    told = {
        path.stem: by_address(read(path.read_bytes(), *TYPES), "aws_sqs_queue")[
            "aws_sqs_queue.q[0]"
        ]["_set"]
        for path in FIXTURES
    }
    assert told.pop("terraform-0.12") == []
    assert set(map(tuple, told.values())) == {("kms_key_id",)}


def test_rows_are_dated_with_the_plan_where_it_has_a_date() -> None:
    dated = next(p for p in FIXTURES if p.stem == "terraform-1.11")
    rows = read(dated.read_bytes(), *TYPES).rows["aws_kms_key"]
    assert rows[0]["collected_at"] == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path] if path else []
    for key, inner in children:
        if isinstance(inner, (dict, list)):
            found.extend(_places(inner, (*path, key)))
        else:
            found.append((*path, key))
    return found


JUNK = (
    None,
    True,
    0,
    -1,
    "",
    "x",
    "module.a.b",
    "data.",
    [],
    [None],
    [[]],
    {},
    {"x": None},
    {"": []},
)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_plan_with_junk_anywhere_is_read_or_refused_but_never_crashes(path: Path) -> None:
    said = json.loads(path.read_text())
    places, chance = _places(said), random.Random(path.stem)
    read_whole = 0
    for _ in range(400):
        broken = copy.deepcopy(said)
        place = chance.choice(places)
        holder = broken
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = chance.choice(JUNK)
        try:
            read_whole += bool(read(broken, *TYPES).rows)
        except ConfigError:
            continue
    assert read_whole > 100
