"""The face of the program: its commands, help, extras and exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.conftest import Program
from trueline.cli.app import COMMANDS, LATER
from trueline.cli.app import program as group

GOAL = """demo scan check map coverage resource query diff finding exception owner baseline audit
compliance fix notify ticket policy permissions report serve lake state doctor explain config"""
PLAN = Path(__file__).parents[1] / "e2e" / "plan.json"


def test_the_program_has_exactly_the_commands_that_are_built() -> None:
    assert set(COMMANDS) | set(LATER) == set(GOAL.split())
    assert not set(COMMANDS) & set(LATER)


def test_every_command_can_be_loaded_and_has_help() -> None:
    for name in COMMANDS:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help, name


def test_help_imports_no_engine() -> None:
    script = (
        "import sys\n"
        "from trueline.cli.app import program\n"
        "program.main(['--help'], standalone_mode=False)\n"
        "heavy = {'duckdb', 'pyarrow', 'sqlglot', 'botocore', 'yaml', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_check_of_a_plan_loads_neither_parquet_nor_the_parser_of_source(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from trueline.pipeline import check_code, open_workspace\n"
        "from trueline.report import write_report\n"
        "report = check_code(open_workspace(sys.argv[1]), sys.argv[2])\n"
        "write_report(report, 'json', sys.stdout)\n"
        "heavy = {'pyarrow.parquet', 'pyarrow.compute', 'tree_sitter', 'filelock', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(PLAN)]
    # The first run may have to compile the catalog; what is loaded then is not what is meant.
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"verdicts"' in done.stdout


@pytest.mark.parametrize(
    ("blocked", "arguments", "extra"),
    [("botocore", ["scan", "aws"], "aws"), ("moto", ["demo"], "demo")],
)
def test_a_missing_extra_fails_with_the_line_that_installs_it(
    program: Program,
    blocked: str,
    arguments: list[str],
    extra: str,
) -> None:
    script = (
        "import sys\n"
        f"sys.modules[{blocked!r}] = None\n"
        f"sys.argv = ['trueline', *{arguments!r}]\n"
        "from trueline.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=program.env, cwd=program.directory,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert f'pip install "trueline[{extra}]"' in done.stderr


def test_fail_on_decides_the_exit_code(program: Program) -> None:
    assert program("check", str(PLAN)).code == 1
    assert program("check", str(PLAN), "--fail-on", "critical").code == 0
    assert program("check", str(PLAN), "--fail-on", "high").code == 1
    assert program("check", str(PLAN), "--fail-on", "never").code == 0
    assert program("check", str(PLAN), "--fail-on", "never", "--fail-on-unknown").code == 3
    assert program("check", str(PLAN), "--fail-on-unknown").code == 1


def test_a_plan_comes_through_standard_input(program: Program) -> None:
    outcome = program("check", "-", "--format", "json", stdin=PLAN.read_text())
    assert outcome.json()["summary"]["resources"] == 2


def test_outputs_silence_stdout_unless_a_format_is_asked_for(program: Program) -> None:
    quiet = program("check", str(PLAN), "-o", "a.json", "-o", "junit:b.txt", "-o", "c.csv")
    assert quiet.out == ""
    report = json.loads((program.directory / "a.json").read_text())
    assert report["schema"] == "trueline.report/1"
    assert (program.directory / "b.txt").read_text().startswith("<?xml")
    both = program("check", str(PLAN), "-o", "a.json", "--format", "jsonl")
    kinds = [json.loads(line)["kind"] for line in both.out.splitlines()]
    assert kinds[0] == "scan"
    assert kinds[-1] == "summary"


def test_status_filters_verdicts_and_not_the_summary(program: Program) -> None:
    whole = program("check", str(PLAN), "--format", "json").json()
    fails = program("check", str(PLAN), "--format", "json", "--status", "fail").json()
    assert {v["status"] for v in whole["verdicts"]} == {"fail", "pass", "unknown"}
    assert {v["status"] for v in fails["verdicts"]} == {"fail"}
    assert fails["summary"] == whole["summary"]
    assert program("check", str(PLAN), "--status", "nonsense").code == 2


def test_a_policy_glob_narrows_and_a_typo_is_corrected(program: Program) -> None:
    only = program("check", str(PLAN), "--policy", "aws-rds-*", "--format", "json").json()
    assert {v["policy"].partition("-rds-")[0] for v in only["verdicts"]} == {"aws"}
    wrong = program("check", str(PLAN), "--policy", "aws-rds-instance-unencryptd")
    assert wrong.code == 2
    assert "aws-rds-instance-unencrypted" in wrong.err


def test_colour_stays_out_of_pipes(program: Program) -> None:
    for arguments in (("check", str(PLAN)), ("policy", "list"), ("--help",), ("doctor",)):
        assert "\x1b" not in program(*arguments).out


def test_permissions_are_read_only_and_exact(program: Program) -> None:
    document = program("permissions", "aws", "--type", "aws_sqs_queue").json()
    actions = {a for s in document["Statement"] for a in s["Action"]}
    assert {"sqs:ListQueues", "sqs:GetQueueAttributes", "sqs:ListQueueTags"} <= actions
    assert {a.partition(":")[0] for a in actions} <= {"sqs", "ec2", "account"}
    whole = program("permissions", "aws", "--format", "list").out.split()
    reading = re.compile(r"[a-z0-9-]+:(BatchGet|GET|Get|List|Describe|Generate)")
    assert [action for action in whole if not reading.match(action)] == []


def test_explain_knows_policies_types_causes_and_other_tools_ids(program: Program) -> None:
    assert "Fix" in program("explain", "aws-rds-instance-unencrypted").out
    assert program("explain", "aws_sqs_queue").out.startswith("Amazon SQS")
    assert "permissions" in program("explain", "denied").out
    by_alias = program("explain", "rds_instance_storage_encrypted")
    assert by_alias.code == 0
    assert "aws-rds-instance-unencrypted" in by_alias.out


def test_a_new_policy_is_written_and_fails_its_tests_only_by_content(program: Program) -> None:
    made = program("policy", "new", "aws-sqs-queue-odd", "--resource", "aws_sqs_queue")
    assert made.code == 0, made
    path = program.directory / made.out.strip()
    assert path.exists()
    (program.directory / "trueline.toml").write_text('content = ["content"]\n')
    assert program("policy", "test", "aws-sqs-queue-odd").code == 0
    assert program("policy", "lint").code == 0
    again = program("policy", "new", "aws-sqs-queue-odd", "--resource", "aws_sqs_queue")
    assert again.code in (2, 5)
    typo = program("policy", "new", "aws-x", "--resource", "aws_sqs_queu")
    assert typo.code == 2
    assert "aws_sqs_queue" in typo.err


def test_doctor_and_config_show_what_holds(program: Program) -> None:
    (program.directory / "trueline.toml").write_text('[accounts]\nexpected = ["111122223333"]\n')
    shown = program("config", "show", "--format", "json").json()
    assert shown["expected_accounts"] == ["111122223333"]
    assert shown["home"] == str(program.home)
    looked = {f["subject"]: f["state"] for f in program("doctor", "--format", "json").json()}
    assert looked["trueline"] == "ok"
    assert "wrong" not in looked.values()
    (program.directory / "trueline.toml").write_text("[acounts]\n")
    broken = program("doctor")
    assert broken.code == 2
    assert "acounts" in broken.out


def test_config_shows_everything_that_holds_but_no_password(program: Program) -> None:
    (program.directory / "assets.toml").write_text("[[assets]]\nmatch = 'TRUE'\n")
    (program.directory / "trueline.toml").write_text(
        'state = "postgresql://me:hunter2@db.example.com/x?sslpassword=hunter3"\n'
        'approvers = {names = ["ada"]}\nwindows = {low = 365}\nrisk = {assets = "assets.toml"}\n'
        'owners = {rules = [{match = "TRUE", owner = "x"}]}\n'
        "[[environments]]\nname = 'e'\nmatch = 'TRUE'\nweight = 0.5\nwindows = {high = 1}\n"
    )
    for format_ in ("table", "json"):
        shown = program("config", "show", "--format", format_).out
        assert "hunter" not in shown
        assert "postgresql://me:***@db.example.com/x?sslpassword=***" in shown
    data = program("config", "show", "--format", "json").json()
    assert data["approvers"] == ["ada"]
    assert data["windows"] == {"critical": 7, "high": 30, "medium": 90, "low": 365}
    assert data["owners"]["rules"] == [{"match": "TRUE", "owner": "x"}]
    assert [a["match"] for a in data["risk"]["assets"]] == ["TRUE"]
    (environment,) = data["environments"]
    assert (environment["weight"], environment["inherits"]) == (0.5, None)
    assert environment["windows"] == {"critical": 7, "high": 1, "medium": 90, "low": 365}


def test_reading_an_empty_home_says_what_to_do_and_makes_nothing(program: Program) -> None:
    for arguments in (
        ("resource", "list"),
        ("query", "SELECT 1"),
        ("map",),
        ("coverage",),
        ("diff",),
    ):
        outcome = program(*arguments)
        assert outcome.code == 2, arguments
        assert "trueline scan" in outcome.err
    assert not program.home.exists()


def test_a_reader_that_goes_away_is_no_error(program: Program) -> None:
    command = f"{sys.executable} -m trueline policy list | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env=program.env, cwd=program.directory,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_no_color_is_honoured_on_a_terminal(program: Program) -> None:
    script = (
        "import os, pty, sys\n"
        "os.environ['NO_COLOR'] = '1'\n"
        "seen = []\n"
        "def read(fd):\n"
        "    data = os.read(fd, 65536)\n"
        "    seen.append(data)\n"
        "    return b''if not data else data\n"
        "pty.spawn([sys.executable, '-m', 'trueline', 'policy', 'list', 'aws-sqs-*'], read)\n"
        "assert b'\\x1b[' not in b''.join(seen), seen\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=program.env, cwd=program.directory,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "aws-sqs-queue" in done.stdout


def test_a_scan_that_keeps_nothing_cannot_be_resumed(program: Program) -> None:
    outcome = program("scan", "aws", "--no-record", "--resume")
    assert outcome.code == 2
    assert "--no-record" in outcome.err
