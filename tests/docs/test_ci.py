"""The pages for CI systems, the action and the hook do what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from trueline.cli.app import program

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "ci").glob("*.md"))
OPEN_BUCKET = """
resource "aws_security_group" "web" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""


def check_commands(text: str) -> list[list[str]]:
    """The words of every `trueline check` in a text, lines joined where they go on."""
    joined = re.sub(r"\\\n\s*|\n\s+(?=--)", " ", text)
    return [shlex.split(m[1]) for m in re.finditer(r"trueline check ([^\n`]*)", joined)]


def check_options() -> set[str]:
    command = program.get_command(click.Context(program), "check")
    assert command is not None
    return {o for p in command.params for o in p.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_option_on_a_page_exists(page: Path) -> None:
    known = check_options()
    used = {w for words in check_commands(page.read_text()) for w in words if w.startswith("--")}
    assert used <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_piece_of_yaml_on_a_page_is_yaml(page: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        assert yaml.safe_load(block)


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def test_no_input_of_the_action_is_pasted_into_a_script() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def run_judge(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the action's script as a runner would, with this Trueline in the path."""
    (step,) = [s for s in action()["runs"]["steps"] if s.get("name") == "Judge"]
    defaults = {"JUDGED": ".", "BASE": "", "FAIL_ON": "low", "ENVIRONMENT": "", "SARIF": "t.sarif"}
    env = {
        **os.environ,
        **defaults,
        **inputs,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUNNER_TEMP": str(folder),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "TRUELINE_HOME": str(folder / "home"),
    }
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder / "work", env=env, capture_output=True, text=True,
    )  # fmt: skip


def test_the_action_annotates_sums_up_and_fails(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.tf").write_text(OPEN_BUCKET)
    done = run_judge(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "::error file=main.tf,line=" in done.stdout
    assert (tmp_path / "summary.md").read_text().startswith("<!-- trueline -->")
    assert '"version": "2.1.0"' in (work / "t.sarif").read_text()


def test_the_action_takes_no_input_for_a_command(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "main.tf").write_text(OPEN_BUCKET)
    done = run_judge(tmp_path, ENVIRONMENT="$(touch harmed)", SARIF="")
    assert done.returncode == 2
    assert not (work / "harmed").exists()


def test_the_hook_runs_a_command_that_exists() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    words = shlex.split(hook["entry"])
    assert words[:2] == ["trueline", "check"]
    assert hook["pass_filenames"] is False
    pattern = re.compile(hook["files"])
    assert all(pattern.search(n) for n in ("a/main.tf", "x.tf.json", "p.auto.tfvars"))
