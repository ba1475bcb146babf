"""The worked examples of CONTRIBUTING.md, applied to a copy of the project and run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from markdown_blocks import commands, marked_blocks

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("src", "tests/content", "tests/conftest.py", "tests/terraform.py", "pyproject.toml")


def test_the_examples_add_a_column_a_policy_and_a_type(tmp_path: Path) -> None:
    _copy(tmp_path)
    blocks = marked_blocks(ROOT / "CONTRIBUTING.md")
    assert [b.verb for b in blocks].count("run") >= 5
    for block in blocks:
        if block.verb == "file":
            path = tmp_path / block.what
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        elif block.verb == "insert":
            _insert(tmp_path, block.what, block.text)
        else:
            assert block.verb == "run", block
            for command, expected in commands(block.text):
                _run(tmp_path, command, expected)


def _copy(target: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


def _insert(directory: Path, what: str, text: str) -> None:
    found = re.fullmatch(r'(.+), before "(.+)"', what)
    assert found, what
    path = directory / found[1]
    lines = path.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith(found[2]))
    path.write_text("".join((*lines[:at], text, *lines[at:])))


def _run(directory: Path, command: str, expected: list[str]) -> None:
    """Run a command in the copy, with the copy's package and a cache of its own."""
    words = shlex.split(command)
    module = {"trueline": ["trueline"], "pytest": ["pytest", "-p", "no:xdist"]}[words[0]]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "TRUELINE_REQUIRE"))}
    env |= {"PYTHONPATH": str(directory / "src"), "TRUELINE_HOME": str(directory / "home")}
    env["TRUELINE_CACHE"] = str(directory / "cache")
    done = subprocess.run(
        [sys.executable, "-m", *module, *words[1:]],
        cwd=directory, env=env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    for line in expected:
        assert line in done.stdout.splitlines(), f"{command} does not print {line!r}\n{done.stdout}"
