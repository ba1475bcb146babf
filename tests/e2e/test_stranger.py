"""What somebody meets who uses the program for the first time, in surroundings not made for it."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import REGION, Program

GITHUB = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"


def plan(*blocks: tuple[str, dict[str, Any]]) -> str:
    """A plan that creates these blocks, written as Terraform writes it."""
    changes, texts = [], []
    for address, after in blocks:
        kind, _, name = address.partition(".")
        said = {"address": address, "mode": "managed", "type": kind, "name": name}
        changes.append(
            said
            | {
                "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": after,
                    "after_unknown": {},
                    "before_sensitive": False,
                    "after_sensitive": {},
                },
            }
        )
        expressions = {key: {"constant_value": value} for key, value in after.items()}
        texts.append(said | {"provider_config_key": "aws", "expressions": expressions})
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "resource_changes": changes,
            "configuration": {"root_module": {"resources": texts}},
        }
    )


def role(subject: str) -> tuple[str, dict[str, Any]]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": GITHUB},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": subject}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return "aws_iam_role.deploy", {"name": "deploy", "assume_role_policy": text}


@pytest.mark.parametrize(
    ("subject", "status"),
    [("repo:*", "fail"), ("repo:acme*", "fail"), ("*", "fail"), ("repo:acme/*", "pass")],
)
def test_a_subject_that_everybody_has_does_not_narrow_a_role(
    program: Program, subject: str, status: str
) -> None:
    report = program("check", "-", "--format", "json", stdin=plan(role(subject))).json()
    found = {v["policy"]: v["status"] for v in report["verdicts"]}
    assert found["aws-iam-role-trusts-any-github-repository"] == status


def test_a_plan_is_read_as_far_as_its_types_have_tables(program: Program) -> None:
    text = plan(role("repo:acme/*"), ("aws_sqs_queue.q", {"name": "q"}), ("aws_elb.e", {}))
    report = program("check", "-", "--format", "json", stdin=text).json()
    assert [(c["type"], c["status"]) for c in report["coverage"]] == [
        ("", "ok"),
        ("aws_iam_role", "ok"),
        ("aws_sqs_queue", "ok"),
        ("aws_elb", "unsupported"),
    ]
    assert report["summary"]["share_read"] == 0.75


def test_a_locale_without_utf8_changes_no_name(program: Program) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    text = plan(("aws_sqs_queue.q", {"name": "Rechnungen-für-Zoë"}))
    outcome = program("check", "-", "--format", "json", stdin=text, **ascii_only)
    assert outcome.code == 0, outcome.err
    assert "Rechnungen-für-Zoë" in {v["resource"]["name"] for v in outcome.json()["verdicts"]}
    assert "·" in program("check", "-", stdin=text, **ascii_only).out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("scna",), ("'scna'", "did you mean scan?", "trueline --help")),
        (("diff", "1", "x"), ("'x'", "trueline diff --help")),
        (("check",), ("PATH", "trueline check --help")),
        (("check", "-", "--format", "xml"), ("'xml'", "junit")),
        (("scan", "aws", "--regoin", "x"), ("--regoin", "--region")),
    ],
)
def test_a_slip_of_the_fingers_is_answered_like_every_other_error(
    program: Program, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    outcome = program(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error[usage]: ")
    for part in ("  help: ", *parts):
        assert part in outcome.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--output", "nowhere/report.json"), 5),
        (("--output", "report.odt"), 2),
        (("--status", "failed"), 2),
    ],
)
def test_a_report_that_cannot_be_written_is_said_before_anything_is_read(
    live: Program, arguments: tuple[str, ...], code: int
) -> None:
    outcome = live.scan(*arguments)
    assert outcome.code == code, outcome
    assert not live.home.exists()


def test_a_scan_that_never_began_leaves_no_run_to_resume(live: Program) -> None:
    assert live("scan", "aws", "--account", "999999999999", "--region", REGION, "-q").code == 2
    assert "unfinished" not in live("lake", "info").out


def test_a_new_policy_says_how_it_becomes_part_of_the_content(program: Program) -> None:
    made = program("policy", "new", "aws-sqs-queue-mine", "--resource", "aws_sqs_queue")
    hint = 'content = ["content"]'
    assert hint in made.err
    assert Path(program.directory, made.out.strip()).is_file()
    (program.directory / "trueline.toml").write_text(hint + "\n")
    assert program("policy", "test", "aws-sqs-queue-mine").code == 0


def test_a_narrow_terminal_cuts_no_name_and_hangs_what_it_wraps(program: Program) -> None:
    name = "aws_ebs_volume.the_volume_that_holds_the_orders_of_last_year"
    changed = json.loads(plan((name, {"size": 1}), role("repo:*")))
    changed["resource_changes"][0]["change"]["after_unknown"] = {"encrypted": True}
    (program.directory / "plan.json").write_text(json.dumps(changed))
    shown = _on_a_terminal(program, "check", "plan.json", columns=60)
    known, _, unknown = shown.partition("Not known")
    first_column = "".join(re.findall(r"^  (\S+)", unknown, re.MULTILINE))
    assert f"provider_decides:{name}.encrypted" in first_column
    head, _, after = known.partition("aws-iam-role-trusts-any-github-repository")
    assert head.splitlines()[-1] == "  critical "
    assert after.splitlines()[1].startswith(" " * 11)


def _on_a_terminal(program: Program, *arguments: str, columns: int) -> str:
    """What a terminal of that width shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "trueline", *arguments],
        cwd=program.directory,
        env=program.env | {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ):
        os.close(theirs)
        chunks = []
        # Linux ends a terminal that nobody writes to any more with an error.
        with suppress(OSError):
            while chunk := os.read(ours, 65536):
                chunks.append(chunk)
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", b"".join(chunks).decode()).replace("\r\n", "\n")
