"""`trueline check DIR`: source without a plan, credentials or network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import Program

QUEUE = """
variable "retention" { type = number }
variable "tags" {
  type    = map(string)
  default = {}
}
resource "aws_sqs_queue" "q" {
  name                      = "orders"
  message_retention_seconds = var.retention
  sqs_managed_sse_enabled   = false
  tags                      = var.tags
}
"""


def judged(program: Program, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = program("check", *arguments, "--format", "json", "--quiet")
    assert done.out, done.err
    return done.code, json.loads(done.out)


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "main.tf").write_text(QUEUE)
    return folder


def test_a_folder_of_source_is_judged_and_fails_stop_the_build(
    program: Program, queue: Path
) -> None:
    code, report = judged(program, str(queue))
    assert code == 1
    assert report["scan"]["planes"] == ["source"]
    (fail,) = [v for v in report["verdicts"] if v["policy"] == "aws-sqs-queue-unencrypted"]
    resource = fail["resource"]
    assert (resource["plane"], resource["file"], resource["line"]) == ("source", "main.tf", 7)
    assert resource["address"] == "aws_sqs_queue.q"
    assert not list((program.home).glob("lake/*"))


def test_a_file_stands_for_its_folder(program: Program, queue: Path) -> None:
    assert judged(program, str(queue / "main.tf"))[1]["summary"]["resources"] == 1


def test_variables_come_from_options(program: Program, queue: Path) -> None:
    (queue / "prod.tfvars").write_text('tags = { env = "prod" }\nretention = 60\n')
    given = ["--var-file", str(queue / "prod.tfvars"), "--var", "retention=70", "--var", "none=1"]
    _, report = judged(program, str(queue), *given)
    assert report["summary"]["resources"] == 1
    skipped = [c for c in report["coverage"] if c["status"] == "skipped"]
    assert ["none" in c["message"] for c in skipped] == [True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["empty"], "no file that ends in .tf"),
        (["nowhere"], "could not be read"),
        (["stack", "--var", "retention"], "NAME=VALUE"),
        (["stack", "--var-file", "none.tfvars"], "none.tfvars"),
        (["stack", "--var-file", "outside.tfvars"], "outside.tfvars"),
    ],
)
def test_input_that_cannot_be_used_is_exit_2(
    program: Program, queue: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "outside.tfvars").write_text("a = 1\n")
    done = program("check", *arguments)
    assert done.code == 2
    assert said in done.err


def test_the_same_tree_gives_the_same_verdicts_again_and_a_changed_one_others(
    program: Program, queue: Path
) -> None:
    first = judged(program, str(queue))[1]["verdicts"]
    assert judged(program, str(queue))[1]["verdicts"] == first
    (queue / "main.tf").write_text(QUEUE.replace("= false", "= true"))
    assert judged(program, str(queue))[1]["verdicts"] != first


def test_a_file_that_is_read_by_a_function_is_part_of_the_tree(
    program: Program, queue: Path
) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  sqs_managed_sse_enabled = file("on") == "yes"\n}\n'
    (queue / "main.tf").write_text(text)
    (queue / "on").write_text("yes")
    assert judged(program, str(queue))[1]["summary"]["fail"] == 0
    (queue / "on").write_text("no")
    assert judged(program, str(queue))[1]["summary"]["fail"] > 0
