"""Broken and hostile source: the file is named with line and reason, and the rest is judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from iac.kit import rtype
from iac.source.kit import read, row, write
from trueline.iac.terraform.source import SourceOptions
from trueline.model import ABSENT, CodePart, CodeRows

TYPES = {
    t.table: t
    for t in (
        rtype(
            "aws_s3_bucket",
            "aws_s3_bucket",
            {
                "name": ("text", "bucket"),
                "versioning": ("text?", "versioned.status", ABSENT),
                "tags": ("map<text,text>", "tags_all", {}),
            },
            parts=[CodePart("versioned", ("aws_s3_bucket_versioning",), by="bucket")],
        ),
        rtype(
            "aws_sqs_queue",
            "aws_sqs_queue",
            {"name": ("text", "name"), "kms_key_id": ("text?", "kms_master_key_id", ABSENT)},
        ),
    )
}
GOOD = 'resource "aws_sqs_queue" "good" {\n  name = "good"\n}\n'


def problems(found: CodeRows) -> dict[str | None, str]:
    """File -> message of each ledger row that is an error."""
    return {c.file: c.message or "" for c in found.coverage if c.status == "error"}


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        pytest.param('resource "aws_sqs_queue" "b" {\n  name = "b\n', "line", id="truncated"),
        pytest.param(b'locals {\n  a = "\xff\xfe"\n}\n', "line 2", id="not UTF-8"),
        pytest.param(b"\x00\x01\x02binary\x00" * 100, "", id="binary"),
        pytest.param("# x\n" * (5 << 20), "", id="20 MB"),
        pytest.param("locals {\n  a = " + "[" * 5000 + "]" * 5000 + "\n}\n", "line", id="deep"),
        pytest.param("locals {\n  a = " + "(" * 100_000, "line", id="deeper"),
        pytest.param('resource "aws_sqs_queue" {\n', "line 1", id="no name"),
        pytest.param("locals {\n  a = 1\n  a = 2\n}\n", "line 3", id="an attribute twice"),
        pytest.param(GOOD, "line 1", id="a resource twice"),
        pytest.param("}}}}\n]]]]\n", "line 1", id="nonsense"),
    ],
)
def test_a_bad_file_is_named_and_the_others_are_read(
    tmp_path: Path, bad: str | bytes, line: str
) -> None:
    found = read(write(tmp_path, {"a.tf": GOOD, "bad.tf": bad}), TYPES)
    assert row(found, "aws_sqs_queue.good")["name"] == "good"
    assert line in problems(found)["bad.tf"]


def test_bad_json_is_named_with_its_line(tmp_path: Path) -> None:
    found = read(write(tmp_path, {"a.tf": GOOD, "b.tf.json": '{\n "locals": [}\n'}), TYPES)
    assert row(found, "aws_sqs_queue.good")
    assert "line 2" in problems(found)["b.tf.json"]


def test_an_empty_file_is_no_problem(tmp_path: Path) -> None:
    found = read(write(tmp_path, {"a.tf": GOOD, "empty.tf": ""}), TYPES)
    assert row(found, "aws_sqs_queue.good")
    assert not problems(found)


def test_what_a_damaged_file_may_hide_is_not_known(tmp_path: Path) -> None:
    bucket = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
    whole = read(write(tmp_path / "whole", {"a.tf": bucket}), TYPES)
    assert "versioning" in row(whole, "aws_s3_bucket.b")["_absent"]
    broken = {"a.tf": bucket, "b.tf": 'resource "aws_s3_bucket_versioning" "v" {\n  bucket = "\n'}
    found = read(write(tmp_path / "broken", broken), TYPES)
    b = row(found, "aws_s3_bucket.b")
    assert b["versioning"] is None
    cause = b["_why"]["versioning"]
    assert cause.startswith(("malformed:b.tf", "unresolved:aws_s3_bucket_versioning.v"))

    lost = read(write(tmp_path / "lost", {"a.tf": bucket, "b.tf": b"\x00"}), TYPES)
    assert row(lost, "aws_s3_bucket.b")["_why"]["versioning"].startswith("malformed:b.tf")
    assert {(s.complete, s.cause) for s in lost.scopes} == {(False, "malformed:b.tf:1")}


def test_an_attribute_that_a_damaged_block_may_say_is_not_absent(tmp_path: Path) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n  kms_master_key_id = = 1\n}\n'
    q = row(read(write(tmp_path, {"a.tf": text}), TYPES), "aws_sqs_queue.q")
    assert q["name"] == "q"
    assert q["_why"]["kms_key_id"].startswith("malformed:a.tf:")


def test_locals_in_a_circle_are_unknown_and_say_so(tmp_path: Path) -> None:
    text = """
    locals {
      a = local.b
      b = local.c
      c = "${local.a}-x"
      fine = "fine"
    }
    resource "aws_sqs_queue" "q" { name = local.a }
    resource "aws_sqs_queue" "f" { name = local.fine }
    """
    found = read(write(tmp_path, {"main.tf": text}), TYPES)
    assert "(cycle)" in row(found, "aws_sqs_queue.q")["_why"]["name"]
    assert row(found, "aws_sqs_queue.f")["name"] == "fine"


def test_a_longer_chain_than_people_write_ends_in_unknown(tmp_path: Path) -> None:
    chain = "\n".join(f"l{i} = local.l{i + 1}" for i in range(5000))
    text = f'locals {{\n{chain}\nl5000 = "end"\n}}\n'
    text += 'resource "aws_sqs_queue" "q" {\n  name = local.l0\n}\n' + GOOD
    found = read(write(tmp_path, {"main.tf": text}), TYPES)
    assert row(found, "aws_sqs_queue.q")["_why"]["name"].startswith("unresolved:")
    assert row(found, "aws_sqs_queue.good")["name"] == "good"


@pytest.mark.parametrize("source", ["./", ".", "../self", "./inner"])
def test_a_module_that_includes_itself_is_stopped_and_named(tmp_path: Path, source: str) -> None:
    call = f'module "again" {{\n  source = "{source}"\n}}\n'
    files = {"self/main.tf": GOOD + call, "self/inner/main.tf": 'module "up" {\n source = "../"\n}'}
    found = read(write(tmp_path, files), TYPES)
    assert {r["name"] for r in found.rows["aws_sqs_queue"]} == {"good"}
    assert any("includes itself" in message for message in problems(found).values())


def test_links_in_a_circle_and_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "root", {"main.tf": GOOD, "sub/main.tf": GOOD})
    write(tmp_path / "outside", {"main.tf": 'resource "aws_sqs_queue" "out" {\n}\n'})
    (root / "sub" / "up").symlink_to(root)
    (root / "loop.tf").symlink_to("loop.tf")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "stolen.tf").symlink_to(tmp_path / "outside" / "main.tf")
    found = read(root, TYPES)
    addresses = [r["uid"] for rows in found.rows.values() for r in rows]
    assert sorted(addresses) == ["code:.:aws_sqs_queue.good", "code:sub:aws_sqs_queue.good"]
    said = problems(found)
    assert "itself" in said["loop.tf"]
    assert "outside the judged root" in said["stolen.tf"]


@pytest.mark.parametrize(
    "expression",
    [
        'file("/etc/passwd")',
        'file("../../../../../../etc/passwd")',
        'file("link")',
        'file("${path.root}/../secret")',
        'templatefile("/etc/passwd", {})',
        'filebase64("/etc/passwd")',
        'file(".git/config")',
    ],
)
def test_no_file_outside_the_root_is_read(tmp_path: Path, expression: str) -> None:
    (tmp_path / "secret").write_text("outside")
    text = f'resource "aws_sqs_queue" "q" {{\n  name = {expression}\n}}\n'
    root = write(tmp_path / "root", {"main.tf": text, ".git/config": "outside"})
    (root / "link").symlink_to("/etc/passwd")
    q = row(read(root, TYPES), "aws_sqs_queue.q")
    assert q["name"] is None
    assert q["_why"]["name"].startswith("unresolved:")
    assert "outside" not in repr(q)


def test_whether_a_file_outside_is_there_is_not_told(tmp_path: Path) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  name = fileexists("/etc/passwd") ? "a" : "b"\n}\n'
    q = row(read(write(tmp_path, {"main.tf": text}), TYPES), "aws_sqs_queue.q")
    assert q["name"] is None


def test_a_missing_variable_is_named(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "x" {}\nmodule "m" {\n  source = "./m"\n}\n'
        'resource "aws_sqs_queue" "q" {\n  name = "q-${var.x}"\n}\n',
        "m/main.tf": 'variable "y" {}\nresource "aws_sqs_queue" "q" {\n  name = var.y\n}\n',
    }
    found = read(write(tmp_path, files), TYPES)
    assert row(found, "aws_sqs_queue.q")["_why"]["name"] == "unresolved:var.x"
    inner = row(found, "module.m.aws_sqs_queue.q")
    assert inner["_why"]["name"] == "unresolved:module.m.var.y"
    given = read(tmp_path, TYPES, options=SourceOptions({"x": "given"}))
    assert row(given, "aws_sqs_queue.q")["name"] == "q-given"


def test_a_module_that_is_not_installed_is_named_and_hides_what_is_passed_to_it(
    tmp_path: Path,
) -> None:
    text = """
    module "far" {
      source = "registry.example/far/aws"
      bucket = aws_s3_bucket.passed.id
    }
    locals { named = aws_s3_bucket.named.bucket }
    module "farther" {
      source = "git::https://example.com/x.git"
      names  = [local.named]
    }
    resource "aws_s3_bucket" "passed" {}
    resource "aws_s3_bucket" "named" { bucket = "named" }
    resource "aws_s3_bucket" "own" { bucket = "own" }
    resource "aws_sqs_queue" "q" { name = module.far.name }
    """
    found = read(write(tmp_path, {"main.tf": text}), TYPES)
    assert row(found, "aws_s3_bucket.passed")["_why"]["versioning"] == "unresolved:module.far"
    assert row(found, "aws_s3_bucket.named")["_why"]["versioning"] == "unresolved:module.farther"
    assert "versioning" in row(found, "aws_s3_bucket.own")["_absent"]
    assert row(found, "aws_sqs_queue.q")["_why"]["name"] == "unresolved:module.far"
    messages = [c.message or "" for c in found.coverage if c.code == "module-unread"]
    assert any("registry.example/far/aws" in m for m in messages)


def test_an_installed_module_is_read_from_where_terraform_put_it(tmp_path: Path) -> None:
    manifest = (
        '{"Modules": [{"Key": "", "Source": "", "Dir": "."},'
        ' {"Key": "far", "Source": "x/far/aws", "Dir": ".terraform/modules/far/sub"},'
        ' {"Key": "far.deep", "Source": "x/deep/aws", "Dir": ".terraform/modules/deep"}]}'
    )
    files = {
        "main.tf": 'module "far" {\n  source = "x/far/aws"\n}\n',
        ".terraform/modules/modules.json": manifest,
        ".terraform/modules/far/sub/main.tf": GOOD + 'module "deep" {\n source = "x/deep/aws"\n}\n',
        ".terraform/modules/deep/main.tf": GOOD,
    }
    found = read(write(tmp_path, files), TYPES)
    assert row(found, "module.far.aws_sqs_queue.good")
    assert row(found, "module.far.module.deep.aws_sqs_queue.good")
    assert {r["scope_account"] for r in found.rows["aws_sqs_queue"]} == {"code:."}


def test_a_manifest_may_not_lead_out_of_the_root(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"main.tf": GOOD})
    manifest = '{"Modules": [{"Key": "far", "Source": "x", "Dir": "../outside"}]}'
    files = {
        "main.tf": 'module "far" {\n  source = "x/far/aws"\n}\n',
        ".terraform/modules/modules.json": manifest,
    }
    found = read(write(tmp_path / "root", files), TYPES)
    assert not found.rows
    assert any("outside the judged root" in m for m in problems(found).values())


@pytest.mark.parametrize("text", ["[]", "{", '{"Modules": 3}', '{"Modules": [1, {"Key": 2}]}'])
def test_a_broken_manifest_is_as_none(tmp_path: Path, text: str) -> None:
    files = {
        "main.tf": GOOD + 'module "far" {\n  source = "x/far/aws"\n}\n',
        ".terraform/modules/modules.json": text,
    }
    found = read(write(tmp_path, files), TYPES)
    assert row(found, "aws_sqs_queue.good")
    assert any("not installed" in m for m in problems(found).values())


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    root = write(tmp_path, {"a/main.tf": GOOD, "b/main.tf": GOOD})
    (root / "b").chmod(0)
    try:
        found = read(root, TYPES)
    finally:
        (root / "b").chmod(0o700)
    assert row(found, "aws_sqs_queue.good")
    assert "permission denied" in problems(found)["b"]


def test_a_block_that_repeats_beyond_all_measure_is_one_that_may_repeat(tmp_path: Path) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  count = 1000000000\n  name  = "q"\n}\n'
    assert row(read(write(tmp_path, {"main.tf": text}), TYPES), "aws_sqs_queue.q")["name"] == "q"


def test_modules_that_multiply_without_end_are_stopped(tmp_path: Path) -> None:
    call = 'module "next" {\n  source = "../m%d"\n  count = 30\n}\n'
    files = {f"m{i}/main.tf": GOOD + call % (i + 1) for i in range(8)}
    files["m8/main.tf"] = GOOD
    found = read(write(tmp_path, files), TYPES, "m0")
    assert any("stopped" in message for message in problems(found).values())


def test_damaged_values_of_variables_are_not_their_defaults(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "x" { default = "d" }\n'
        'resource "aws_sqs_queue" "q" {\n  name = var.x\n}\n',
        "terraform.tfvars": 'y = 1\nx = "\n',
    }
    q = row(read(write(tmp_path, files), TYPES), "aws_sqs_queue.q")
    assert q["name"] is None
    assert q["_why"]["name"].startswith("malformed:terraform.tfvars")
