"""Functions of files find what Terraform finds, through their context only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.iac.expressions import kit

from trueline.iac.terraform import functions
from trueline.iac.terraform.evaluate.values import FunctionError, TfSet, Value
from trueline.iac.terraform.functions.files import glob_pattern
from trueline.mapping import Unknown

NAMES = (
    *("x.tf", "y.json", ".dot", "a/x.tf", "a/b/y.tf", "a/b/c/z.tf", ".hid/h.tf"),
    *("d/1.txt", "d/2.txt", "d/[x].txt", "d/ab.txt", "d/b-c.txt", "d/a{b}.txt"),
)
EVERY = " ".join(sorted(NAMES))
FOUND = dict(
    [
        # Recorded from Terraform; the last test asks it again.
        *((deep, EVERY) for deep in ("**", "**/*", "**/")),
        ("*", ".dot x.tf y.json"),
        ("*.tf", "x.tf"),
        ("**/*.tf", ".hid/h.tf a/b/c/z.tf a/b/y.tf a/x.tf x.tf"),
        ("a/**", "a/b/c/z.tf a/b/y.tf a/x.tf"),
        ("a/**/*.tf", "a/b/c/z.tf a/b/y.tf a/x.tf"),
        ("a/*/*.tf", "a/b/y.tf"),
        ("**/b/**", "a/b/c/z.tf a/b/y.tf"),
        ("{x,y}.*", "x.tf y.json"),
        ("*.{tf,json}", "x.tf y.json"),
        ("d/[0-9].txt", "d/1.txt d/2.txt"),
        ("d/[^0-9].txt", ""),
        ("d/[!0-9].txt", "d/1.txt d/2.txt"),
        ("d/?.txt", "d/1.txt d/2.txt"),
        ("d/\\[x].txt", "d/[x].txt"),
        ("d/[x].txt", ""),
        ("./x.tf", "x.tf"),
        ("a/../x.tf", "x.tf"),
        ("**.tf", "x.tf"),
        ("a**/*.tf", "a/x.tf"),
        ("*/", ".dot x.tf y.json"),
        ("d/{a,b}*", "d/ab.txt d/a{b}.txt d/b-c.txt"),
        ("a}", ""),
        (".*", ".dot"),
        ("", ""),
        ("a/b", ""),
        ("**/c/*", "a/b/c/z.tf"),
        ("d/{ab,b-c}.txt", "d/ab.txt d/b-c.txt"),
        ("**/z.tf", "a/b/c/z.tf"),
        ("nosuch/*", ""),
    ]
)


class Listing(kit.Files):
    """The files of `NAMES` under every directory, and one file outside the judged root."""

    def read(self, path: str) -> bytes | Unknown:
        if path == "/etc/passwd":
            return Unknown(f"unresolved:{path}")
        return b"\xff" if path == "binary" else super().read(path)

    def glob(self, path: str, pattern: str) -> list[str] | Unknown:
        if path == "..":
            return Unknown("unresolved:..")
        return [name for name in NAMES if glob_pattern(pattern).fullmatch(name)]


def call(name: str, *args: Value) -> Value:
    return functions.call(name, list(args), Listing())


@pytest.mark.parametrize(("pattern", "names"), FOUND.items())
def test_fileset_finds_what_terraform_finds(pattern: str, names: str) -> None:
    found = call("fileset", "t", pattern)
    assert isinstance(found, TfSet)
    assert " ".join(found) == names


@pytest.mark.parametrize("pattern", ["../*", "**/**/x.tf", "{a,{b,d}}/*", "d/[a-]*", "d/[]x]*"])
def test_a_glob_of_an_odd_form_is_unknown(pattern: str) -> None:
    found = call("fileset", "t", pattern)
    assert isinstance(found, Unknown)
    assert found.cause == "unresolved:fileset()"


def test_a_glob_that_does_not_close_is_refused() -> None:
    for pattern in ("d/[a", "{a,b", "a\\"):
        with pytest.raises(FunctionError, match="malformed"):
            call("fileset", "t", pattern)


@pytest.mark.parametrize("name", ["file", "filebase64", "filemd5", "filebase64sha512"])
def test_a_file_outside_the_judged_root_is_unknown(name: str) -> None:
    assert call(name, "/etc/passwd").cause == "unresolved:/etc/passwd"


def test_a_template_outside_the_judged_root_is_unknown() -> None:
    assert call("templatefile", "/etc/passwd", {}).cause == "unresolved:/etc/passwd"
    assert call("fileset", "..", "*").cause == "unresolved:.."


def test_a_file_that_is_no_text_is_refused_as_text_only() -> None:
    with pytest.raises(FunctionError, match="UTF-8"):
        call("file", "binary")
    assert call("filebase64", "binary") == "/w=="


def test_a_template_is_filled_with_what_is_known() -> None:
    filled = call("templatestring", "Hello ${name}", {"name": "x"})
    assert filled == "Hello x"
    unknown = Unknown("after_apply:aws_a.a.id", refs=("aws_a.a",))
    assert call("templatestring", "Hello ${name}", {"name": unknown}).refs == ("aws_a.a",)
    assert call("templatestring", unknown, {}).cause == unknown.cause


@pytest.mark.needs("terraform")
def test_terraform_still_finds_what_was_recorded(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).touch()
    asked = ", ".join(f'join(" ", fileset("t", {json.dumps(p)}))' for p in FOUND)
    done = subprocess.run(
        ["terraform", f"-chdir={tmp_path}", "console"],
        input=f"base64encode(jsonencode([{asked}]))",
        capture_output=True,
        text=True,
        check=True,
    )
    said = functions.call("base64decode", [json.loads(done.stdout)], kit.Files())
    assert json.loads(said) == list(FOUND.values())
