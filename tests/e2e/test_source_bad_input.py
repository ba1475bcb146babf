"""Broken and hostile source through the command line: named with its line, the rest is judged.

The program runs with the limits that it promises: 20 s, 1 GB, no network, no other program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import Program

GUARD = """
import ctypes, os, resource, sys

SECONDS, BYTES = 20, 1 << 30
resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
if os.geteuid() == 0:
    # The root user of a container reads what it may not, unless it gives its capabilities away.
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none):
        os._exit(96)

REFUSED = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
    "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system",
)

def guard(event, arguments):
    if event in REFUSED:
        os.write(2, f"guard: {event}".encode())
        os._exit(97)

sys.addaudithook(guard)
"""

GOOD = 'resource "aws_kms_key" "good" {\n  enable_key_rotation = false\n}\n'
SECOND = 'resource "aws_kms_key" "k" {\n}\n' * 2
SELF = 'module "again" {\n  source = "../self"\n}\n'
Setup = Callable[[Path], None]


@pytest.fixture
def guarded(program: Program) -> Program:
    """The program under its limits, which end it with 97 or by a signal."""
    folder = program.directory / "guard"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(GUARD)
    program.env |= {"PYTHONPATH": str(folder), "PATH": ""}
    return program


def judged(program: Program, files: dict[str, str | bytes], *arguments: str) -> dict[str, Any]:
    """The report on the files, and on a good one beside them."""
    code = program.directory / "code"
    for name, content in {"good.tf": GOOD, **files}.items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        (code / name).write_bytes(data)
    return report(program, *arguments)


def report(program: Program, *arguments: str) -> dict[str, Any]:
    options = ("--format", "json", "--fail-on", "never", "--quiet")
    outcome = program("check", "code", *arguments, *options)
    assert outcome.code == 0, outcome
    found: dict[str, Any] = outcome.json()
    good = verdict(found, "aws-kms-key-not-rotated", "aws_kms_key.good")
    assert good["status"] == "fail"
    return found


def verdict(found: dict[str, Any], policy: str, address: str) -> dict[str, Any]:
    """The one verdict of a policy on a resource, in the judged folder itself."""
    uid = f"code:.:{address}"
    (one,) = (v for v in found["verdicts"] if v["policy"] == policy and v["resource"]["uid"] == uid)
    assert isinstance(one, dict)
    return one


def problems(found: dict[str, Any]) -> dict[str, str]:
    """What could not be read, by file."""
    said: dict[str, str] = {}
    for row in found["coverage"]:
        if row["status"] == "error":
            said[row["file"]] = f"{said.get(row['file'], '')} {row['message']}".strip()
    return said


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.fork()",
        "print(len(b'x' * (1 << 31)))",
        "open('sealed')",
    ],
)
def test_the_limits_hold(guarded: Program, attempt: str) -> None:
    (guarded.directory / "sealed").touch(mode=0)
    ran = subprocess.run(
        [sys.executable, "-c", attempt],
        cwd=guarded.directory,
        env=guarded.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (1, 97), ran
    assert any(sign in ran.stderr for sign in ("guard:", "MemoryError", "PermissionError"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param('resource "aws_kms_key" "b" {\n  policy = "x\n', "line 2", id="truncated"),
        pytest.param('resource "aws_kms_key" "b" {\n  policy = "x"\n', "line 1", id="not closed"),
        pytest.param("locals {\n  a = <<EOT\n  text\n}\n", "line 2", id="heredoc without end"),
        pytest.param(b'locals {\n  a = "\xff\xfe"\n}\n', "line 2", id="not UTF-8"),
        pytest.param(b"\xff\xfel\x00o\x00c\x00a\x00l\x00s\x00", "line 1", id="UTF-16"),
        pytest.param(bytes(range(256)) * 4000, "binary", id="binary"),
        pytest.param(b"#" * (20 << 20), "at most", id="20 MB on a line"),
        pytest.param(b"a = 1\n" * (4 << 20), "at most", id="20 MB of lines"),
        pytest.param("locals {\n  a = " + "[" * 9999 + "]" * 9999 + "\n}\n", "line", id="lists"),
        pytest.param("locals {\n  a = " + "(" * 200_000, "line", id="open parentheses"),
        pytest.param("a {\n" * 9999 + "}\n" * 9999, "line", id="blocks"),
        pytest.param("locals {\n  a = " + "!" * 99_999 + "true\n}\n", "line", id="operators"),
        pytest.param('locals {\n  a = "' + "${" * 9999 + "\n}\n", "line 2", id="templates"),
        pytest.param("locals {\n  a = 1\n  a = 2\n}\n", "line 3", id="an attribute twice"),
        pytest.param("\n" + SECOND, "line 4", id="a resource twice"),
        pytest.param("}}}}\n]]]]\n", "line 1", id="brackets"),
        pytest.param("\0", "binary", id="a zero byte"),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason(
    guarded: Program, content: str | bytes, said: str
) -> None:
    assert said in problems(judged(guarded, {"bad.tf": content}))["bad.tf"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param('{"locals": {"a": 1', "line 1", id="truncated"),
        pytest.param('{\n "locals": [}\n', "line 2", id="a wrong bracket"),
        pytest.param('{\n "locals": {"a": 1,\n "a": 2}}', "line 3", id="a key twice"),
        pytest.param('{"locals": ' + "[" * 99_999, "line 1", id="deep"),
        pytest.param("[1]", "line 1", id="no object"),
        pytest.param(b'{"locals": {"a": "\xff"}}', "line 1", id="not UTF-8"),
    ],
)
def test_a_bad_json_file_is_named_with_line_and_reason(
    guarded: Program, content: str | bytes, said: str
) -> None:
    assert said in problems(judged(guarded, {"bad.tf.json": content}))["bad.tf.json"]


@pytest.mark.parametrize("name", ["empty.tf", "empty.auto.tfvars", "none/empty.tf"])
def test_an_empty_file_is_no_problem(guarded: Program, name: str) -> None:
    assert problems(judged(guarded, {name: ""})) == {}


def test_a_folder_with_nothing_but_a_broken_file_is_named(guarded: Program) -> None:
    found = judged(guarded, {"broken/main.tf": 'resource "aws_kms_key" {'})
    assert "line 1" in problems(found)["broken/main.tf"]


def test_locals_in_a_circle_are_unknown_and_named(guarded: Program) -> None:
    text = (
        "locals {\n  a = local.b\n  b = !local.a\n}\n"
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = local.a\n}\n'
    )
    found = judged(guarded, {"main.tf": text})
    one = verdict(found, "aws-kms-key-not-rotated", "aws_kms_key.k")
    assert one["status"] == "unknown"
    (cause,) = {u["cause"] for u in one["unknown"]}
    assert cause.startswith("unresolved:local.")
    assert "(cycle)" in cause


def test_resources_in_a_circle_are_judged(guarded: Program) -> None:
    text = "".join(
        f'resource "aws_kms_key" "{one}" {{\n'
        f"  enable_key_rotation = aws_kms_key.{other}.enable_key_rotation\n}}\n"
        for one, other in ("ab", "ba")
    )
    found = judged(guarded, {"main.tf": text})
    assert verdict(found, "aws-kms-key-not-rotated", "aws_kms_key.a")["status"] == "unknown"


def test_a_module_that_includes_itself_is_named(guarded: Program) -> None:
    call = 'module "self" {\n  source = "./self"\n}\n'
    found = judged(guarded, {"main.tf": call, "self/main.tf": GOOD + SELF})
    assert "includes itself" in problems(found)["self/main.tf"]
    assert verdict(found, "aws-kms-key-not-rotated", "module.self.aws_kms_key.good")


def test_modules_that_multiply_beyond_measure_are_stopped(guarded: Program) -> None:
    call = 'module "next" {\n  source = "../m%d"\n  count  = 40\n}\n'
    files: dict[str, str | bytes] = {f"m{n}/main.tf": GOOD + call % (n + 1) for n in range(7)}
    found = judged(guarded, {**files, "m7/main.tf": GOOD})
    assert any("stopped" in message for message in problems(found).values())


def _loop(code: Path) -> None:
    (code / "loop.tf").symlink_to("loop.tf")
    (code / "up").symlink_to(code)


def _leave(code: Path) -> None:
    outside = code.parent / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text('resource "aws_kms_key" "outside" {}\n')
    (code / "stolen.tf").symlink_to(outside / "main.tf")
    (code / "away").symlink_to(outside)


def _dangle(code: Path) -> None:
    (code / "gone.tf").symlink_to("nowhere.tf")


def _seal(code: Path) -> None:
    (code / "sealed").mkdir()
    (code / "sealed" / "main.tf").write_text(GOOD)
    (code / "sealed").chmod(0)


def _seal_file(code: Path) -> None:
    (code / "sealed.tf").write_text(GOOD)
    (code / "sealed.tf").chmod(0)


def _pipe(code: Path) -> None:
    os.mkfifo(code / "pipe.tf")


@pytest.mark.parametrize(
    ("setup", "file", "said"),
    [
        (_loop, "loop.tf", "itself"),
        (_leave, "stolen.tf", "outside the judged root"),
        (_dangle, "gone.tf", "does not exist"),
        (_seal, "sealed", "permission denied"),
        (_seal_file, "sealed.tf", "permission denied"),
        (_pipe, "pipe.tf", "not a file"),
    ],
)
def test_what_cannot_be_opened_is_named(
    guarded: Program, setup: Setup, file: str, said: str
) -> None:
    code = guarded.directory / "code"
    code.mkdir()
    (code / "good.tf").write_text(GOOD)
    setup(code)
    try:
        found = report(guarded)
    finally:
        if (code / "sealed").is_dir():
            (code / "sealed").chmod(0o700)
    assert said in problems(found)[file].lower()
    assert "outside" not in {v["resource"]["name"] for v in found["verdicts"]}
    assert "aws_kms_key.outside" not in json.dumps(found["verdicts"])


@pytest.mark.parametrize(
    "expression",
    [
        'file("/etc/passwd")',
        'file("${path.module}/../../../../../../../etc/passwd")',
        'file("link")',
        'templatefile("/etc/passwd", {})',
        'base64decode(filebase64("/etc/passwd"))',
        'join("", [for f in fileset("/etc", "pass*") : f])',
        'fileexists("/etc/passwd") ? "root:" : ""',
        'file("/dev/zero")',
        'file("/proc/self/environ")',
    ],
)
def test_no_file_outside_the_judged_root_is_read(guarded: Program, expression: str) -> None:
    code = guarded.directory / "code"
    code.mkdir()
    (code / "link").symlink_to("/etc/passwd")
    text = (
        'resource "aws_instance" "i" {\n  tags      = { Said = %s }\n  user_data = %s\n}\n'
        'resource "aws_db_instance" "d" {\n  storage_encrypted = startswith(%s, "root:")\n}\n'
    )
    found = judged(guarded, {"main.tf": text % (expression, expression, expression)})
    one = verdict(found, "aws-rds-instance-unencrypted", "aws_db_instance.d")
    assert one["status"] == "unknown"
    assert all(u["cause"].startswith("unresolved:") for u in one["unknown"])
    assert "root:x" not in json.dumps(found)


def test_a_missing_variable_is_named(guarded: Program) -> None:
    text = (
        'variable "rotate" {\n  type = bool\n}\n'
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = var.rotate\n}\n'
        'resource "aws_kms_key" "never" {\n  enable_key_rotation = var.undeclared\n}\n'
    )
    found = judged(guarded, {"main.tf": text})
    for key, name in (("k", "rotate"), ("never", "undeclared")):
        one = verdict(found, "aws-kms-key-not-rotated", f"aws_kms_key.{key}")
        assert one["status"] == "unknown"
        assert {u["cause"].split(" ")[0] for u in one["unknown"]} == {f"unresolved:var.{name}"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("rotate = \n", "line 1"),
        (b"\x00\x01", "binary"),
        ("rotate = true\nrotate = false\n", "line 2"),
        (b"#" * (20 << 20), "at most"),
    ],
)
def test_a_bad_file_of_variables_is_named_and_decides_nothing(
    guarded: Program, content: str | bytes, said: str
) -> None:
    text = (
        'variable "rotate" {\n  default = true\n}\n'
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = var.rotate\n}\n'
    )
    found = judged(guarded, {"main.tf": text, "terraform.tfvars": content})
    assert said in problems(found)["terraform.tfvars"]
    one = verdict(found, "aws-kms-key-not-rotated", "aws_kms_key.k")
    assert one["status"] == "unknown"


def test_variables_that_cannot_be_read_are_not_their_defaults(guarded: Program) -> None:
    text = (
        'variable "rotate" {\n  default = true\n}\n'
        'resource "aws_kms_key" "k" {\n  enable_key_rotation = var.rotate\n}\n'
    )
    code = guarded.directory / "code"
    code.mkdir()
    (code / "terraform.tfvars").write_text("rotate = false\n")
    (code / "terraform.tfvars").chmod(0)
    found = judged(guarded, {"main.tf": text})
    assert "denied" in problems(found)["terraform.tfvars"].lower()
    one = verdict(found, "aws-kms-key-not-rotated", "aws_kms_key.k")
    assert one["status"] == "unknown"
    assert [u["cause"] for u in one["unknown"]] == ["malformed:terraform.tfvars"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--var-file", "none.tfvars"), "none.tfvars"),
        (("--var-file", "code"), "code"),
        (("--var", "rotate"), "NAME=VALUE"),
        (("--base", "main"), "git"),
    ],
)
def test_a_wrong_option_is_refused_with_its_name(
    guarded: Program, arguments: tuple[str, ...], said: str
) -> None:
    (guarded.directory / "code").mkdir()
    (guarded.directory / "code" / "good.tf").write_text(GOOD)
    outcome = guarded("check", "code", *arguments)
    assert outcome.code == 2, outcome
    assert said in outcome.err


def test_a_folder_without_source_is_refused(guarded: Program) -> None:
    (guarded.directory / "code").mkdir()
    outcome = guarded("check", "code")
    assert outcome.code == 2, outcome
    assert ".tf" in outcome.err
