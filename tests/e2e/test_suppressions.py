"""Comments in real code, through the whole check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import trueline
from trueline.report import Report, counts_against

PUBLIC = "aws-s3-bucket-public-by-acl"
OPEN = "aws-ec2-security-group-ssh-open-to-internet"
BUCKET = """\
resource "aws_s3_bucket" "b" {
  bucket = "b"
  acl    = "public-read"
}
"""
GROUP = """\
resource "aws_security_group" "g" {
  name = "g"
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""


def judged(folder: Path, files: Mapping[str, str], policy: str = PUBLIC) -> Report:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return trueline.check(folder, policies=[policy])


def excuses(report: Report) -> dict[str, Any]:
    """The exception of each fail, by address."""
    return {
        v["resource"]["address"]: v["exception"]
        for v in report.to_dict()["verdicts"]
        if v["status"] == "fail"
    }


@pytest.mark.parametrize(
    "text",
    [
        f"# trueline:ignore {PUBLIC}\n{BUCKET}",
        BUCKET.replace("  acl", f"  # trueline:ignore {PUBLIC}\n  acl"),
        BUCKET.replace('"public-read"', f'"public-read" // trueline:ignore {PUBLIC}'),
        BUCKET.replace("  bucket", "  #checkov:skip=CKV_AWS_20:a site\n  bucket"),
    ],
)
def test_a_suppressed_fail_stays_a_fail_and_does_not_count(tmp_path: Path, text: str) -> None:
    report = judged(tmp_path, {"main.tf": text})
    (exception,) = excuses(report).values()
    assert exception["kind"] == "suppression"
    assert exception["id"].startswith("main.tf:")
    assert exception["approved_by"] is None
    assert report.summary.failed == report.summary.excepted == 1
    assert counts_against(report, "low") == 0
    assert [s.status for s in report.suppressions] == ["used"]


@pytest.mark.parametrize(
    "comment",
    [
        "#tfsec:ignore:aws-s3-enable-versioning",
        "#trivy:ignore:AVD-AWS-0090",
        "#trivy:ignore:aws-0090",
        "#checkov:skip=CKV_AWS_21:not needed",
    ],
)
def test_comments_of_other_tools_hold_for_the_policy_of_the_same_meaning(
    tmp_path: Path, comment: str
) -> None:
    report = judged(
        tmp_path, {"main.tf": f"{comment}\n{BUCKET}"}, "aws-s3-bucket-without-versioning"
    )
    (exception,) = excuses(report).values()
    assert exception is not None
    assert exception["until"] is None
    assert [s.tool for s in report.suppressions] == [comment[1:].partition(":")[0]]


def test_an_expired_suppression_lets_the_fail_count_again(tmp_path: Path) -> None:
    report = judged(tmp_path, {"main.tf": f"# trueline:ignore {PUBLIC} until=2020-01-01\n{BUCKET}"})
    assert list(excuses(report).values()) == [None]
    assert counts_against(report, "low") == 1
    assert [(s.status, s.until) for s in report.suppressions] == [("expired", "2020-01-01")]


def test_a_suppression_that_means_nothing_is_listed(tmp_path: Path) -> None:
    text = f"# trueline:ignore aws-s3-bucket-public-by-alc\n{BUCKET}#checkov:skip=CKV_AWS_9999:x\n"
    report = judged(tmp_path, {"main.tf": text})
    assert [s.status for s in report.suppressions] == ["unknown_policy", "unknown_policy"]
    assert counts_against(report, "low") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"# trueline:ignore {OPEN}\n{GROUP}",
        GROUP.replace("  ingress", f"  # trueline:ignore {OPEN}\n  ingress"),
        GROUP.replace('["0.0.0.0/0"]', f'["0.0.0.0/0"] # trueline:ignore {OPEN}'),
    ],
)
def test_a_suppression_stands_on_the_nested_block_that_decides(tmp_path: Path, text: str) -> None:
    report = judged(tmp_path, {"main.tf": text}, OPEN)
    (exception,) = excuses(report).values()
    assert exception is not None


def test_a_suppression_on_another_attribute_leaves_the_fail(tmp_path: Path) -> None:
    text = BUCKET.replace('"b"\n', f'"b" # trueline:ignore {PUBLIC}\n')
    report = judged(tmp_path, {"main.tf": text})
    assert list(excuses(report).values()) == [None]
    (listed,) = report.suppressions
    assert listed.status == "unused"
    assert "above the whole block" in (listed.note or "")


def test_a_suppression_on_a_call_silences_what_that_call_makes(tmp_path: Path) -> None:
    inner = 'module "deep" {\n  source = "../deep"\n}\n'
    files = {
        "main.tf": f'# trueline:ignore {PUBLIC}\nmodule "a" {{\n  source = "./m"\n}}\n'
        'module "b" {\n  source = "./m"\n}\n',
        "m/main.tf": inner,
        "deep/main.tf": BUCKET,
    }
    found = excuses(judged(tmp_path, files))
    assert found["module.a.module.deep.aws_s3_bucket.b"]["id"] == "main.tf:1"
    assert found["module.b.module.deep.aws_s3_bucket.b"] is None


def test_a_suppression_inside_a_module_silences_it_for_every_caller(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "a" {\n  source = "./m"\n  count = 2\n}\n',
        "m/main.tf": f'# trueline:ignore {PUBLIC} reason="a site"\n{BUCKET}',
    }
    report = judged(tmp_path, files)
    assert {e["id"] for e in excuses(report).values()} == {"m/main.tf:1"}
    (listed,) = report.suppressions
    assert (listed.silenced, listed.reason) == (2, "a site")


def test_a_suppression_on_a_joined_block_holds_for_what_it_decides(tmp_path: Path) -> None:
    text = (
        'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
        f"# trueline:ignore {PUBLIC}\n"
        'resource "aws_s3_bucket_acl" "b" {\n  bucket = aws_s3_bucket.b.id\n'
        '  acl = "public-read"\n}\n'
    )
    report = judged(tmp_path, {"main.tf": text})
    assert excuses(report)["aws_s3_bucket.b"]["id"] == "main.tf:4"


def test_comments_are_told_relative_to_the_judged_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    files = {
        "live/main.tf": 'module "m" {\n  source = "../m"\n}\n',
        "m/main.tf": f"# trueline:ignore {PUBLIC}\n{BUCKET}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    report = trueline.check(tmp_path / "live", policies=[PUBLIC])
    assert [s.id for s in report.suppressions] == ["../m/main.tf:1"]
    assert report.summary.excepted == 1
