"""Judging source a second time recalls the first, until anything that was looked at changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trueline.pipeline import check_code, open_workspace
from trueline.report import Report

VOLUME = """
variable "encrypted" { default = false }
resource "aws_ebs_volume" "v" {
  availability_zone = "eu-west-1a"
  size              = 8
  encrypted         = var.encrypted
}
locals { notes = fileexists("notes.txt") }
"""
POLICY = "aws-ebs-volume-unencrypted"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Report]:
    """Judge the folder `code`; the cache is the test's own."""
    monkeypatch.setenv("TRUELINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.tf").write_text(VOLUME)

    def run(**values: object) -> Report:
        room = open_workspace(str(tmp_path / "home"))
        return check_code(room, str(tmp_path / "code"), policies=[POLICY], **values)  # type: ignore[arg-type]

    return run


def status(report: Report) -> str:
    (verdict,) = report.verdicts
    return verdict.status


def remembered(tmp_path: Path) -> set[str]:
    return {p.name for p in (tmp_path / "cache").glob("code-*")}


def test_the_second_report_says_the_same(check: Callable[..., Report], tmp_path: Path) -> None:
    first = check().to_dict()
    kept = remembered(tmp_path)
    second = check().to_dict()
    assert len(kept) == 1
    assert remembered(tmp_path) == kept
    assert {**first, "scan": None} == {**second, "scan": None}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("main.tf", VOLUME.replace("false", "true")),
        ("terraform.tfvars", "encrypted = true"),
        ("z.auto.tfvars", "encrypted = true"),
        ("override.tf", 'resource "aws_ebs_volume" "v" { encrypted = true }'),
    ],
)
def test_a_file_that_changes_or_appears_is_noticed(
    check: Callable[..., Report], tmp_path: Path, file: str, text: str
) -> None:
    assert status(check()) == "fail"
    (tmp_path / "code" / file).write_text(text)
    assert status(check()) == "pass"


def test_options_are_part_of_the_question(check: Callable[..., Report]) -> None:
    assert status(check()) == "fail"
    assert status(check(variables={"encrypted": "true"})) == "pass"
    assert status(check()) == "fail"


def test_configuration_is_part_of_the_question(
    check: Callable[..., Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check().verdicts[0].severity == "medium"
    monkeypatch.chdir(tmp_path / "code")
    (tmp_path / "code" / "trueline.toml").write_text(
        '[[environments]]\nname = "e"\nmatch = "TRUE"\n'
        f'[environments.policies."{POLICY}"]\nseverity = "low"\n'
    )
    assert check().verdicts[0].severity == "low"


def test_what_others_could_write_is_not_believed(
    check: Callable[..., Report], tmp_path: Path
) -> None:
    check()
    (kept,) = (tmp_path / "cache").glob("code-*")
    (tmp_path / "code" / "main.tf").write_text(VOLUME.replace("false", "true"))
    check()
    kept.chmod(0o666)
    assert status(check()) == "pass"


def test_nothing_of_the_code_but_what_reports_show_is_kept(
    check: Callable[..., Report], tmp_path: Path
) -> None:
    code = tmp_path / "code" / "main.tf"
    code.write_text(VOLUME + 'resource "aws_db_instance" "d" { password = "CANARY-1f9" }\n')
    check()
    for file in (tmp_path / "cache").iterdir():
        assert b"CANARY-1f9" not in file.read_bytes()
