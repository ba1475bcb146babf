"""A Terraform estate, planned and judged as code, applied, scanned and judged live."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from e2e.parity import Cell, compare, table_of
from trueline.demo import simulated_aws
from trueline.iac.terraform import read_plan
from trueline.lake import Lake
from trueline.pipeline import ScanOptions, Workspace, open_workspace, scan_aws

pytestmark = pytest.mark.needs("terraform")
HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "parity.md"

DECIDERS = re.compile(
    r"(after_apply|provider_decides|unresolved|open_list|missing|dangling):\S+|sensitive|unsupported"
)

_NEW_BUCKET = "moto makes buckets without the public access block that AWS has set since 2023"
_NEW_STREAM = "moto forgets the tags with which a stream is made"
SIMULATOR: dict[tuple[str, str], str] = {
    ("aws_ebs_snapshot.encrypted", "kms_key_id"): "moto keeps no key of a snapshot",
    ("aws_ecr_repository.good", "scans_on_push"): "moto says MANUAL of every repository",
    ("aws_kinesis_stream.keyed", "tags"): _NEW_STREAM,
    ("aws_kinesis_stream.plain", "tags"): _NEW_STREAM,
    ("aws_lb.front", "is_internet_facing"): "moto loses a scheme that is not asked for",
    ("aws_lb.front", "listeners"): "moto gives plain HTTP listeners a TLS policy; AWS does not",
    ("aws_s3_bucket.logs", "block_public_acls"): _NEW_BUCKET,
    ("aws_s3_bucket.logs", "ignore_public_acls"): _NEW_BUCKET,
    ("aws_s3_bucket.logs", "block_public_policy"): _NEW_BUCKET,
    ("aws_s3_bucket.logs", "restrict_public_buckets"): _NEW_BUCKET,
    ("aws_sqs_queue.keyed", "sse_sqs"): "moto leaves SSE-SQS on beside a KMS key; AWS does not",
}
"""(resource, column) in which the simulated AWS departs from AWS, and how."""

NOT_SIMULATED = {
    "aws_docdb_cluster": "moto makes clusters of RDS and Neptune only",
    "aws_elasticache_replication_group": "moto does not show the caches of a group",
    "aws_opensearch_domain": "moto never tells Terraform that a domain became available",
    "aws_redshift_cluster": "moto never tells Terraform that a cluster became available",
}
"""Types that cannot be applied to the simulated AWS, and why."""

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def parity(tmp_path_factory: pytest.TempPathFactory, tf_mirror: Path) -> Iterator[list[Cell]]:
    """Every comparable cell of the estate."""
    folder = tmp_path_factory.mktemp("parity")
    with pytest.MonkeyPatch.context() as patch:
        for name in [k for k in os.environ if k.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        with simulated_aws() as (endpoint, _):
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
            plan = _planned_and_applied(folder, endpoint, tf_mirror)
            room = open_workspace(str(folder / "home"), None, folder)
            code = read_plan(
                plan, "plan.json", room.catalog.types, judged_root=folder, path=folder / "plan.json"
            )
            scan_aws(room, ScanOptions(regions=("eu-west-1", "eu-central-1")))
            yield list(_cells(room, {t: [dict(r) for r in rows] for t, rows in code.rows.items()}))


def _planned_and_applied(folder: Path, endpoint: str, mirror: Path) -> bytes:
    import boto3

    image = boto3.client("ec2", endpoint_url=endpoint).register_image(
        Name="base", RootDeviceName="/dev/sda1"
    )["ImageId"]
    root = folder / "estate"
    shutil.copytree(HERE / "estate", root)
    with zipfile.ZipFile(root / "package.zip", "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    config = folder / "terraform.tfrc"
    config.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n'
    )
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TF_CLI_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": endpoint,
        # The account id stands in the host of s3control; a proxy needs no name to resolve.
        "AWS_ENDPOINT_URL_S3_CONTROL": "http://aws.test",
        "HTTP_PROXY": endpoint,
        "TF_VAR_image": image,
        "TF_VAR_package": str(root / "package.zip"),
    }

    def terraform(*arguments: str) -> bytes:
        ran = subprocess.run(
            ["terraform", *arguments], cwd=root, env=env, capture_output=True, check=False
        )
        assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()
        return ran.stdout

    terraform("init", "-input=false", "-no-color")
    terraform("plan", "-input=false", "-no-color", "-out=plan.out")
    plan = terraform("show", "-json", "plan.out")
    terraform("apply", "-input=false", "-no-color", "-auto-approve", "plan.out")
    return plan


def _cells(room: Workspace, planned: Rows) -> Iterator[Cell]:
    lake = Lake(room.home)
    snapshot = lake.snapshot()
    assert snapshot is not None
    with lake.tables(snapshot, room.catalog.types) as tables:
        for table, rows in sorted(planned.items()):
            live = [r for b in tables.batches(f'SELECT * FROM "{table}"') for r in b.to_pylist()]
            for row in live:
                for column in ("tags", "_why"):
                    row[column] = dict(row[column]) if row[column] is not None else None
            yield from compare(room.catalog.types[table], _pairs(table, rows, live))


def _pairs(
    table: str, planned: list[dict[str, Any]], live: list[dict[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Plan rows with the live row of the same name; every planned resource must be found."""
    pairs = []
    for row in planned:
        key = _key(table, row)
        found = [other for other in live if _key(table, other) == key]
        assert len(found) == 1, (table, row["address"], key, [_key(table, r) for r in live])
        pairs.append((row, found[0]))
    return pairs


def _key(table: str, row: Mapping[str, Any]) -> Any:
    if table == "aws_region":
        return row["region"]
    if table in ("aws_account", "aws_flow_log"):
        return table
    if table == "aws_kms_key":
        return row["description"]
    if table == "aws_ec2_subnet":
        return row["cidr_block"]
    return row["name"]


def test_no_planned_cell_contradicts_what_is_there_after_apply(parity: list[Cell]) -> None:
    wrong = [
        c for c in parity if c.kind == "contradiction" and (c.resource, c.column) not in SIMULATOR
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_unknown_of_the_plan_names_what_would_decide_it(parity: list[Cell]) -> None:
    unnamed = [
        c for c in parity if c.kind == "not known" and not DECIDERS.fullmatch(str(c.plan or ""))
    ]
    assert not unnamed, "\n".join(map(str, unnamed))


def test_every_type_is_compared(parity: list[Cell]) -> None:
    room = open_workspace()
    both = {n for n, t in room.catalog.types.items() if t.live and "terraform" in t.readers}
    assert {c.table for c in parity} == both - set(NOT_SIMULATED)


def test_a_departure_of_the_simulator_is_listed_only_where_it_still_departs(
    parity: list[Cell],
) -> None:
    departing = {(c.resource, c.column) for c in parity if c.kind == "contradiction"}
    assert set(SIMULATOR) <= departing


def test_the_documented_parity_table_is_the_measured_one(parity: list[Cell]) -> None:
    text = DOCS.read_text(encoding="utf-8")
    head, _, rest = text.partition("<!-- measured -->\n")
    _, _, tail = rest.partition("<!-- end -->\n")
    measured = f"{head}<!-- measured -->\n{table_of(parity)}\n<!-- end -->\n{tail}"
    if os.environ.get("TRUELINE_WRITE_DOCS"):
        DOCS.write_text(measured, encoding="utf-8")
    assert DOCS.read_text(encoding="utf-8") == measured
