"""Where rows point: the attribute or block that says a column, and the calls that lead there."""

from __future__ import annotations

import json
from pathlib import Path

from iac.kit import block as planned
from iac.kit import rtype
from iac.source.kit import read, row, write
from trueline.iac.terraform import read_plan
from trueline.model import ABSENT, CodePart, CodeRows, Location, Place

TYPES = {
    t.table: t
    for t in [
        rtype(
            "aws_s3_bucket",
            "aws_s3_bucket",
            {
                "name": ("text", "bucket"),
                "versioning": ("text?", "versioned.versioning_configuration[0].status", ABSENT),
                "mfa": ("text?", "versioned.versioning_configuration[0].mfa_delete", ABSENT),
                "hosts": ("list<text>", "cors_rule[].host", []),
                "tags": ("map<text,text>", "tags_all", {}),
            },
            parts=[CodePart("versioned", ("aws_s3_bucket_versioning",), by="bucket")],
        )
    ]
}
MAIN = """# trueline:ignore some-policy reason="first"
resource "aws_s3_bucket" "b" {
  bucket = "b" # checkov:skip=CKV_AWS_1:second
  dynamic "cors_rule" {
    for_each = ["x", "y"]
    content {
      host = cors_rule.value
    }
  }
  tags = { a = "b" } # nothing of note
}

resource "aws_s3_bucket_versioning" "v" {
  bucket = aws_s3_bucket.b.id
  versioning_configuration {
    status = "Enabled"
  }
}

module "inner" {
  source = "./inner"
}
"""
INNER = 'module "deep" {\n  source = "../deep"\n  count  = 2\n}\n'
DEEP = 'resource "aws_s3_bucket" "d" {\n}\n'
FILES = {"stack/main.tf": MAIN, "stack/inner/main.tf": INNER, "stack/deep/main.tf": DEEP}


def place(found: CodeRows, address: str) -> Place:
    return found.places[str(row(found, address)["uid"])]


def test_a_block_is_told_by_its_header(tmp_path: Path) -> None:
    found = read(write(tmp_path, FILES), TYPES, "stack")
    at = place(found, "aws_s3_bucket.b")
    assert at.block == Location("main.tf", 2, 1, 2, 29)
    assert row(found, "aws_s3_bucket.b")["source_file"] == "main.tf"
    assert row(found, "aws_s3_bucket.b")["source_line"] == 2


def test_a_column_points_at_what_says_it(tmp_path: Path) -> None:
    columns = place(read(write(tmp_path, FILES), TYPES, "stack"), "aws_s3_bucket.b").columns
    assert columns["name"] == Location("main.tf", 3, 3, 3, 15)
    assert (columns["hosts"].line, columns["hosts"].end_line) == (7, 7)
    assert columns["tags"].line == 10


def test_a_column_of_a_joined_block_points_into_that_block(tmp_path: Path) -> None:
    columns = place(read(write(tmp_path, FILES), TYPES, "stack"), "aws_s3_bucket.b").columns
    assert columns["versioning"] == Location("main.tf", 16, 5, 16, 23)
    assert columns["mfa"].line == 15  # not written: the block that would say it


def test_the_calls_of_modules_lead_to_the_block_the_innermost_first(tmp_path: Path) -> None:
    found = read(write(tmp_path, FILES), TYPES, "stack")
    at = place(found, "module.inner.module.deep[1].aws_s3_bucket.d")
    assert at.block.file == "deep/main.tf"
    assert [(c.file, c.line) for c in at.calls] == [("inner/main.tf", 1), ("main.tf", 20)]


def test_files_are_told_from_what_is_judged_even_above_it(tmp_path: Path) -> None:
    files = {
        "examples/a/main.tf": 'module "d" {\n  source = "../../deep"\n}\n',
        "deep/main.tf": DEEP,
    }
    found = read(write(tmp_path, files), TYPES, "examples/a")
    at = place(found, "module.d.aws_s3_bucket.d")
    assert at.block.file == "../../deep/main.tf"
    assert row(found, "module.d.aws_s3_bucket.d")["uid"] == (
        "code:examples/a:module.d.aws_s3_bucket.d"
    )


def test_comments_that_can_silence_are_handed_over_and_others_are_not(tmp_path: Path) -> None:
    found = read(write(tmp_path, FILES), TYPES, "stack")
    assert [(c.file, c.line, c.alone) for c in found.comments] == [
        ("main.tf", 1, True),
        ("main.tf", 3, False),
    ]


def test_moved_blocks_are_told_as_whole_addresses(tmp_path: Path) -> None:
    text = """
    moved {
      from = aws_s3_bucket.a["x"]
      to   = module.m.aws_s3_bucket.b[0]
    }
    moved {
      from = module.old
      to   = module.new
    }
    module "inner" { source = "./inner" }
    """
    inner = "moved {\n  from = aws_s3_bucket.c\n  to = aws_s3_bucket.d\n}\n"
    found = read(write(tmp_path, {"s/main.tf": text, "s/inner/main.tf": inner}), TYPES)
    assert set(found.moved) == {
        ('code:s:aws_s3_bucket.a["x"]', "code:s:module.m.aws_s3_bucket.b[0]"),
        ("code:s:module.old", "code:s:module.new"),
        ("code:s:module.inner.aws_s3_bucket.c", "code:s:module.inner.aws_s3_bucket.d"),
    }


def plan_beside(folder: Path) -> CodeRows:
    changes = [
        planned(address, {"bucket": "b"})["change"]
        for address in (
            "aws_s3_bucket.b",
            'module.inner.module.deep["0"].aws_s3_bucket.d',
            "aws_s3_bucket.gone",
        )
    ]
    data = json.dumps({"format_version": "1.2", "resource_changes": changes}).encode()
    return read_plan(data, "plan.json", TYPES, judged_root=folder, path=folder / "stack/plan.json")


def test_resources_of_a_plan_stand_where_the_source_beside_it_says_them(tmp_path: Path) -> None:
    found = plan_beside(write(tmp_path, FILES))
    assert row(found, "aws_s3_bucket.b")["source_file"] == "main.tf"
    assert row(found, "aws_s3_bucket.b")["source_line"] == 2
    assert place(found, "aws_s3_bucket.b").columns["name"].line == 3
    deep = place(found, 'module.inner.module.deep["0"].aws_s3_bucket.d')
    assert deep.block.file == "deep/main.tf"
    assert [c.file for c in deep.calls] == ["inner/main.tf", "main.tf"]


def test_a_resource_of_a_plan_that_the_source_lacks_stands_in_the_plan(tmp_path: Path) -> None:
    found = plan_beside(write(tmp_path, FILES))
    gone = row(found, "aws_s3_bucket.gone")
    assert (gone["source_file"], gone["source_line"]) == ("plan.json", None)
    assert gone["uid"] not in found.places


def test_a_plan_alone_stands_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    found = plan_beside(tmp_path)
    assert row(found, "aws_s3_bucket.b")["source_file"] == "plan.json"
    assert not found.places


def test_of_several_nested_blocks_each_says_its_own_elements(tmp_path: Path) -> None:
    text = """resource "aws_s3_bucket" "b" {
  cors_rule {
    host = "x"
  }
  cors_rule {
    age  = 1
    host = "y"
  }
}
"""
    write(tmp_path, {"main.tf": text})
    said = place(read(tmp_path, TYPES), "aws_s3_bucket.b").elements["hosts"]
    assert [(at.line, elements) for at, elements in said] == [(3, ("x",)), (7, ("y",))]


def test_dynamic_blocks_say_their_elements_together(tmp_path: Path) -> None:
    found = place(read(write(tmp_path, FILES), TYPES, "stack"), "aws_s3_bucket.b")
    assert found.elements == {}
    assert found.columns["hosts"].line == 7
