"""CODEOWNERS: which line decides, what is passed over, and what a stranger's file cannot do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trueline.findings.codeowners import (
    LARGEST,
    LONGEST_PATH,
    MOST_SEARCHING,
    CodeOwner,
    CodePaths,
    read_codeowners,
)
from trueline.iac.trees import DiskTree

Read = Callable[..., CodePaths | None]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def read(tmp_path: Path, said: list[str]) -> Read:
    """Read a root with this CODEOWNERS; what is told goes to `said`."""

    def run(text: str | bytes, place: str = "CODEOWNERS") -> CodePaths | None:
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_codeowners(DiskTree(tmp_path), said.append)

    return run


def owner(paths: CodePaths | None, file: str) -> str | None:
    assert paths is not None
    return paths.owner(file).owner


def test_the_last_line_that_matches_decides(read: Read) -> None:
    paths = read("* @org/all\n/infra/ @org/infra\n/infra/net/ @org/net\n")
    assert owner(paths, "app/main.tf") == "@org/all"
    assert owner(paths, "infra/main.tf") == "@org/infra"
    assert paths is not None
    found = paths.owner("infra/net/a/b.tf")
    assert found == CodeOwner("@org/net", "CODEOWNERS:3 /infra/net/")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.tf", "a/b/c.tf", "a/b/c.tfvars"),
        ("/docs/*", "docs/a.tf", "docs/b/a.tf"),
        ("modules/", "x/modules/s3/a.tf", "x/modules.tf"),
        ("**/prod/**/*.tf", "a/prod/b/c/d.tf", "a/dev/b.tf"),
        ("/a/*/b.tf", "a/x/b.tf", "a/x/y/b.tf"),
        ("v?.tf", "v1.tf", "v10.tf"),
        (r"/my\ dir/", "my dir/a.tf", "my/a.tf"),
        ("/docs/*", "docs/a b.tf", "docs/a b/c.tf"),
        ("/env-*-prod/", "env-eu-prod/a.tf", "env-eu-dev/a.tf"),
    ],
)
def test_a_pattern_matches_as_in_gitignore(read: Read, pattern: str, yes: str, no: str) -> None:
    paths = read(f"{pattern} @a\n")
    assert owner(paths, yes) == "@a"
    assert owner(paths, no) is None


def test_several_owners_are_joined_and_a_comment_names_none(read: Read) -> None:
    paths = read("* @a @org/b c@example.com # ask @d\n")
    assert owner(paths, "x.tf") == "@a, @org/b, c@example.com"


def test_a_line_without_owners_names_nobody_on_purpose(read: Read, said: list[str]) -> None:
    paths = read("* @a\n/generated/\n")
    assert paths is not None
    assert paths.owner("generated/x.tf") == CodeOwner(None, "CODEOWNERS:2 /generated/")
    assert said == []


def test_each_section_of_gitlab_names_an_owner(read: Read) -> None:
    text = "* @all\n[Security] @sec\n*.tf\n/iam/ @iam\n^[docs][2]\n/iam/ @writers\n[SECURITY]\n"
    paths = read(text + "/kms/ @kms\n", ".gitlab/CODEOWNERS")
    assert owner(paths, "x.tf") == "@all, @sec"
    assert owner(paths, "iam/x.tf") == "@all, @iam, @writers"
    assert owner(paths, "kms/x.tf") == "@all, @kms"


def test_the_first_place_that_has_a_file_holds(read: Read) -> None:
    order = [".gitlab/CODEOWNERS", "docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"]
    for place in order:
        paths = read(f"* @{place.count('/')}\n", place)
        assert paths is not None
        assert paths.file == place


@pytest.mark.parametrize(
    "line",
    [
        "[a-z @x",
        "x[0-9].tf @x",
        "!keep.tf @x",
        "a.tf somebody",
        "a.tf\\ @x\\",
        "a" * 400 + " @x",
        "*a*a*a*a*a*a* @x",
        "**/a/**/b/**/c @x",
        "/" + "*/" * 40 + " @x",
    ],
)
def test_a_line_that_is_none_is_passed_over_and_named(
    read: Read, said: list[str], line: str
) -> None:
    paths = read(f"* @a\n\n{line}\n")
    assert owner(paths, "a/b/c.tf") == "@a"
    (told,) = said
    assert told.startswith("CODEOWNERS:3: ")
    assert told.endswith("; the line is passed over")


def test_many_lines_that_are_none_are_counted(read: Read, said: list[str]) -> None:
    read("!x @a\n" * 500)
    assert len(said) == 11
    assert said[-1] == "CODEOWNERS: 490 more lines are passed over"


@pytest.mark.parametrize("data", [b"* @a\n/x/ @\xff\n", b"* @a\n" * (LARGEST // 5 + 1)])
def test_a_file_that_cannot_be_read_is_passed_over_and_leaves_a_gap(
    read: Read, said: list[str], data: bytes
) -> None:
    paths = read(data)
    assert paths is not None
    assert paths.owner("x.tf") == CodeOwner(None, None, known=False)
    (told,) = said
    assert told.startswith("CODEOWNERS")
    assert "passed over" in told


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "elsewhere").write_text("* @stranger\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "CODEOWNERS").symlink_to(tmp_path / "elsewhere")
    assert read_codeowners(DiskTree(root), said.append) is None


def test_a_path_beyond_all_length_is_not_searched_for(read: Read) -> None:
    paths = read("* @a\n")
    assert paths is not None
    assert not paths.owner("a/" * LONGEST_PATH).known


def test_only_so_many_patterns_may_search(read: Read, said: list[str]) -> None:
    text = "".join(f"**/x/**/y{n} @a\n" for n in range(MOST_SEARCHING + 1))
    paths = read(text)
    assert owner(paths, f"x/y{MOST_SEARCHING - 1}") == "@a"
    assert owner(paths, f"x/y{MOST_SEARCHING}") is None
    assert len(said) == 1


HOSTILE = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from trueline.findings.codeowners import LONGEST_PATH, read_codeowners
from trueline.iac.trees import DiskTree
paths = read_codeowners(DiskTree(Path(sys.argv[1])))
flat, deep = "a" * LONGEST_PATH, "a/" * (LONGEST_PATH // 2)
for n in range(10):
    for path in (flat, deep, flat[:150] + "/" + flat[:140], "x/" * 145 + str(n)):
        paths.owner(path[: LONGEST_PATH - 3] + f"z{n}")
"""


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 90 + "b",
        "**/a/" * 30 + "b",
        "**/*a*a",
        "**/a/**/*b",
        "*a*a/*a*a/*a*a/*a*a/x",
        "/" + "a*/" * 14 + "b",
        "*" * 190,
        "?*" * 90,
        "(a+)+$",
        "[a]*" * 40,
    ],
)
def test_a_hostile_file_does_not_hang(tmp_path: Path, pattern: str) -> None:
    lines = (f"{pattern}{n} @a\n" for n in range(LARGEST // (len(pattern) + 9)))
    (tmp_path / "CODEOWNERS").write_text("".join(lines))
    done = subprocess.run([sys.executable, "-c", HOSTILE, str(tmp_path)], check=False)
    assert done.returncode == 0


def test_nothing_is_loaded_where_there_is_no_such_file(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from trueline.iac.trees import DiskTree\n"
        "from trueline.findings.codeowners import read_codeowners\n"
        "assert read_codeowners(DiskTree(Path(sys.argv[1]))) is None\n"
        "assert not {'codeowners', 'duckdb', 'sqlglot'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == 0
