"""What is missing here is skipped and listed, and fails where it is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = """
import pytest

@pytest.mark.needs("no-such-program")
def test_of_a_program():
    raise AssertionError("was run")

@pytest.mark.needs("sh")
def test_of_a_program_that_is_there():
    pass

def test_of_material(recorded):
    assert recorded.is_dir()
"""


def run(tmp_path: Path, **environment: str) -> tuple[int, str]:
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_cases.py").write_text(CASES)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  needs(program): x\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRUELINE_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        env={**kept, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_is_missing_is_skipped_and_listed_at_the_end(tmp_path: Path) -> None:
    code, output = run(tmp_path)
    assert code == 0
    listed = output.partition("not tested here")[2]
    assert "needs no-such-program" in listed
    assert "needs TRUELINE_RECORDED" in listed
    assert "1 passed, 2 skipped" in output


@pytest.mark.parametrize("name", ["no-such-program", "TRUELINE_RECORDED"])
def test_what_is_required_fails_when_it_is_missing(tmp_path: Path, name: str) -> None:
    code, output = run(tmp_path, TRUELINE_REQUIRE=f"other, {name}")
    assert code == 1
    assert f"{name} is required by TRUELINE_REQUIRE" in output
    assert "1 skipped" in output


def test_material_that_is_there_is_used(tmp_path: Path) -> None:
    _, output = run(tmp_path, TRUELINE_RECORDED=str(tmp_path))
    assert "2 passed, 1 skipped" in output


def test_material_that_is_no_folder_fails(tmp_path: Path) -> None:
    code, output = run(tmp_path, TRUELINE_RECORDED=str(tmp_path / "missing"))
    assert code == 1
    assert "TRUELINE_RECORDED is no folder" in output
