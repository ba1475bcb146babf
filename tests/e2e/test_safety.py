"""Secrets never leave, hostile names stay text, and a stranger gets along with YAML alone."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import boto3
import pytest

import trueline
from e2e.conftest import REGION, ROLE, Estate, Program

CANARY = "canary-7f3e9b51-do-not-store"
HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "-2+3",
    "\u001b]0;owned\u0007\u001b[2Jred",
    "line\nbreak\rreturn\ttab",
    "right\u202eto-left",
    "'; rm -rf / #",
    "$(touch /tmp/owned)",
    "`id`",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "{{7*7}} ${7*7}",
    "]]>&xxe;",
    "nul\u0000byte",
    "a" * 3000,
)


def client(estate: Estate, service: str, region: str = REGION) -> Any:
    account = ROLE.split(":")[4]
    sts = boto3.client(
        "sts", endpoint_url=estate.endpoint, region_name=region,
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    got = sts.assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    assert account in ROLE
    return boto3.client(
        service,
        endpoint_url=estate.endpoint,
        region_name=region,
        aws_access_key_id=got["AccessKeyId"],
        aws_secret_access_key=got["SecretAccessKey"],
        aws_session_token=got["SessionToken"],
    )


def test_secrets_of_a_live_account_are_found_nowhere(live: Program, estate: Estate) -> None:
    functions, ec2 = client(estate, "lambda"), client(estate, "ec2")
    functions.update_function_configuration(
        FunctionName="resize-image",
        Environment={"Variables": {"DB_PASSWORD": CANARY, "PLAIN": f"x{CANARY}"}},
    )
    instance = ec2.describe_instances()["Reservations"][0]["Instances"][0]["InstanceId"]
    secret = base64.b64encode(f"export TOKEN={CANARY}".encode())
    ec2.modify_instance_attribute(InstanceId=instance, UserData={"Value": secret})
    formats = ("json", "jsonl", "csv", "junit", "html", "table")
    outputs = [a for f in formats for a in ("--output", f"{f}:report.{f}")]
    outcome = live.scan(*outputs)
    assert outcome.code == 0, outcome
    report = json.loads((live.directory / "report.json").read_text())
    flagged = [v for v in report["verdicts"] if v["policy"].endswith("secret-in-environment")]
    assert any("DB_PASSWORD" in json.dumps(v["evidence"]) for v in flagged)
    holders = [p for p in live.directory.rglob("*") if p.is_file() and CANARY in _contents(p)]
    assert holders == []
    assert CANARY not in outcome.out + outcome.err


def test_secrets_of_a_plan_are_found_nowhere(program: Program) -> None:
    plan = json.loads((Path(__file__).parent / "plan.json").read_text())
    plan["resource_changes"][0]["change"]["after"]["password"] = CANARY
    plan["resource_changes"][1]["change"]["after"]["environment"][0]["variables"] = {"K": CANARY}
    (program.directory / "plan.json").write_text(json.dumps(plan))
    formats = ("json", "jsonl", "csv", "junit", "html", "table")
    outputs = [a for f in formats for a in ("--output", f"{f}:report.{f}")]
    outcome = program("check", "plan.json", "--fail-on", "never", *outputs)
    assert outcome.code == 0, outcome
    (program.directory / "plan.json").unlink()
    holders = [p for p in program.directory.rglob("*") if p.is_file() and CANARY in _contents(p)]
    assert holders == []


def _contents(path: Path) -> str:
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return json.dumps(pq.read_table(path).to_pylist(), default=str)
    return path.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def hostile(program: Program) -> Program:
    """A plan in which every name is an attack; its report in every format."""
    plan = json.loads((Path(__file__).parent / "plan.json").read_text())
    database = plan["resource_changes"][0]
    changes = []
    for index, name in enumerate(HOSTILE):
        change = json.loads(json.dumps(database))
        change["address"] = f'aws_db_instance.d["{name}"]'
        change["index"] = name
        change["change"]["after"]["identifier"] = name
        change["change"]["after"]["tags_all"] = {name: name}
        changes.append(change | {"name": f"d{index}"})
    plan["resource_changes"] = changes
    (program.directory / "plan.json").write_text(json.dumps(plan))
    formats = ("json", "jsonl", "csv", "junit", "html", "table")
    outputs = [a for f in formats for a in ("--output", f"{f}:report.{f}")]
    outcome = program("check", "plan.json", "--fail-on", "never", *outputs)
    assert outcome.code == 0, outcome
    return program


def text_of(program: Program, name: str) -> str:
    return (program.directory / name).read_text(encoding="utf-8")


def test_hostile_names_cannot_leave_their_place_in_html(hostile: Program) -> None:
    page = text_of(hostile, "report.html")
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "<img" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]


def test_hostile_names_are_no_formulas_in_csv(hostile: Program) -> None:
    rows = list(csv.reader(io.StringIO(text_of(hostile, "report.csv"))))
    assert len(rows) > len(HOSTILE)
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_hostile_names_do_nothing_to_a_terminal(hostile: Program) -> None:
    shown = text_of(hostile, "report.table")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


def test_hostile_names_leave_xml_and_json_readable(hostile: Program) -> None:
    ElementTree.fromstring(text_of(hostile, "report.junit"))
    assert json.loads(text_of(hostile, "report.json"))["summary"]["fail"] > 0
    for line in text_of(hostile, "report.jsonl").splitlines():
        json.loads(line)


def test_hostile_names_are_one_word_in_a_suggested_command(hostile: Program) -> None:
    import shlex

    page = text_of(hostile, "report.html")
    found = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert found is not None
    data = json.loads(found[1])
    words: dict[str, set[int]] = {}
    for verdict in data["verdicts"]:
        if verdict.get("command"):
            words.setdefault(verdict["policy"], set()).add(len(shlex.split(verdict["command"])))
    assert words
    assert {policy: len(counts) for policy, counts in words.items()} == dict.fromkeys(words, 1)


def test_a_stranger_adds_a_column_and_a_policy_by_yaml_alone(program: Program) -> None:
    shipped = Path(trueline.__file__).parent / "content" / "resources" / "aws"
    mine = program.directory / "mine"
    (mine / "resources" / "aws").mkdir(parents=True)
    (mine / "policies" / "aws" / "sqs").mkdir(parents=True)
    (program.directory / "trueline.toml").write_text('content = ["mine"]\n')
    queue = mine / "resources" / "aws" / "aws_sqs_queue.yaml"
    shutil.copy(shipped / "aws_sqs_queue.yaml", queue)
    column = (
        "columns:\n"
        "  fifo:\n"
        "    type: bool\n"
        "    about: Delivers in order and exactly once\n"
        "    omitted: false\n"
        "    default: false\n"
        "    live: attributes.FifoQueue\n"
        "    terraform: fifo_queue\n"
    )
    queue.write_text(queue.read_text().replace("columns:\n", column, 1))
    policy = mine / "policies" / "aws" / "sqs" / "aws-sqs-queue-without-order.yaml"
    text = (
        "id: aws-sqs-queue-without-order\n"
        "title: SQS queue does not keep the order\n"
        "severity: low\n"
        "resource: aws_sqs_queue\n"
        "fails_when: NOT fifo\n"
        "why: Our bookings must be handled in order.\n"
        "fix: {steps: [Make a FIFO queue and move the producers to it.]}\n"
        "verify: The queue's name ends with .fifo.\n"
        "fixed_by: application\n"
        "automation: never\n"
        "tests:\n"
        "  - {name: no order, expect: fail, row: {fifo: false}}\n"
        "  - {name: in order, expect: pass, row: {fifo: true}}\n"
        "  - {name: not read, expect: unknown, row: {}}\n"
    )
    policy.write_text(text)
    right = program("policy", "test", "aws-sqs-queue-without-order")
    assert right.code == 0, right
    policy.write_text(text.replace("fails_when: NOT fifo", "fails_when: fifo"))
    wrong = program("policy", "test", "aws-sqs-queue-without-order")
    assert wrong.code == 5
    assert "expected fail, seen pass" in wrong.out
    policy.write_text(text.replace("NOT fifo", "NOT fif0"))
    typo = program("policy", "test", "aws-sqs-queue-without-order")
    assert typo.code == 2
    assert "fifo" in typo.err
    assert "aws-sqs-queue-without-order.yaml:5" in typo.err


def test_the_median_type_costs_at_most_100_lines_of_yaml() -> None:
    shipped = Path(trueline.__file__).parent / "content" / "resources"
    lengths = sorted(
        len(p.read_text().splitlines())
        for p in shipped.rglob("*.yaml")
        if not p.name.endswith(".examples.yaml")
    )
    assert lengths[len(lengths) // 2] <= 100
