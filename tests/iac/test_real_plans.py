"""Plans that Terraform itself makes hold what the hand-written ones model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iac.kit import by_address, edges, rtype
from terraform import plan_json
from trueline.iac.terraform import read_plan
from trueline.model import ABSENT, CodePart, CodeRows

pytestmark = pytest.mark.needs("terraform")

CANARY = "CANARY-c0ffee"
HCL = """
variable "region" { default = "eu-west-1" }
variable "secret" {
  default   = "%s"
  sensitive = true
}
locals {
  group = aws_security_group.plain.id
}
provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "%s"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  default_tags {
    tags = { owner = "platform" }
  }
}
provider "aws" {
  alias                       = "west"
  region                      = "us-west-2"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
resource "aws_kms_key" "k" {}
module "bucket" {
  source   = "./bucket"
  for_each = toset(["a.b", "c"])
  name     = each.key
  key_arn  = aws_kms_key.k.arn
}
module "far" {
  source    = "./bucket"
  providers = { aws = aws.west }
  name      = "far"
  key_arn   = "arn:aws:kms:us-west-2:111122223333:key/x"
}
resource "aws_s3_bucket_versioning" "v" {
  for_each = module.bucket
  bucket   = each.value.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_security_group" "plain" { name = "plain" }
resource "aws_security_group" "inline" {
  name = "inline"
  ingress {
    from_port       = 22
    to_port         = 22
    protocol        = "tcp"
    security_groups = [aws_security_group.plain.id]
  }
  ingress {
    from_port   = 23
    to_port     = 23
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_security_group" "dynamic" {
  name = "dynamic"
  dynamic "ingress" {
    for_each = aws_kms_key.k.key_id == "x" ? [1] : []
    content {
      from_port   = 1
      to_port     = 1
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}
resource "aws_security_group_rule" "split" {
  type              = "ingress"
  security_group_id = aws_security_group.inline.id
  from_port         = 80
  to_port           = 80
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
}
resource "aws_vpc_security_group_ingress_rule" "hidden" {
  security_group_id = local.group
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
resource "aws_launch_template" "t" {
  instance_type = "t3.micro"
  metadata_options { http_tokens = "required" }
}
resource "aws_instance" "i" {
  ami                    = "ami-1"
  vpc_security_group_ids = [aws_security_group.plain.id, aws_security_group.inline.id]
  tags                   = { Name = "web", key = aws_kms_key.k.key_id }
  user_data              = "password=%s"
  launch_template {
    id      = aws_launch_template.t.id
    version = "$Latest"
  }
  dynamic "root_block_device" {
    for_each = aws_kms_key.k.key_id == "x" ? [1] : []
    content { encrypted = true }
  }
}
resource "aws_db_instance" "d" {
  instance_class    = "db.t3.micro"
  engine            = "mysql"
  allocated_storage = 5
  username          = "u"
  password          = "%s"
  kms_key_id        = aws_kms_key.k.arn
  provider          = aws.west
}
resource "aws_lambda_function" "f" {
  function_name = "f"
  role          = "arn:aws:iam::111122223333:role/x"
  handler       = "x"
  runtime       = "python3.12"
  s3_bucket     = "x"
  s3_key        = "y"
  environment { variables = { TOKEN = var.secret, MODE = "x" } }
}
resource "aws_sqs_queue" "q" {
  count             = 2
  name              = "q${count.index}"
  kms_master_key_id = count.index == 0 ? aws_kms_key.k.id : null
}
resource "aws_sqs_queue_policy" "p" {
  count     = 2
  queue_url = aws_sqs_queue.q[count.index].url
  policy    = jsonencode({ Statement = [{ Action = "*", Resource = aws_sqs_queue.q[0].arn }] })
}
""".replace("%s", CANARY)
MODULE = """
variable "name" {}
variable "key_arn" {}
resource "aws_s3_bucket" "b" { bucket_prefix = var.name }
resource "aws_s3_bucket_server_side_encryption_configuration" "e" {
  bucket = aws_s3_bucket.b.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.key_arn
    }
  }
}
data "aws_iam_policy_document" "d" {
  statement {
    sid       = "open"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.b.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.b.id
  policy = data.aws_iam_policy_document.d.json
}
output "id" { value = aws_s3_bucket.b.id }
"""
PORTS = "from: from_port, to: to_port"
RULES = f"{{protocol: protocol, {PORTS}, cidrs: cidr_blocks, groups: security_groups}}"
SPLIT = f"{{protocol: ip_protocol, {PORTS}, cidrs: cidr_ipv4}}"
ENCRYPTION = "encryption.rule[0].apply_server_side_encryption_by_default[0]"
TAGS = ("map<text,text>", "tags_all", {})
TYPES = (
    rtype("aws_kms_key", "aws_kms_key", {"arn": ("text", "arn"), "tags": TAGS}),
    rtype(
        "aws_s3_bucket",
        "aws_s3_bucket",
        {
            "versioning": ("text?", "versions.versioning_configuration[0].status", ABSENT),
            "kms_key_id": ("text?", f"{ENCRYPTION}.kms_master_key_id", ABSENT),
            "statements": ("list<iam_statement>", "iam_statements(policy_block.policy)", []),
        },
        parts=[
            CodePart("versions", ("aws_s3_bucket_versioning",), by="bucket"),
            CodePart(
                "encryption", ("aws_s3_bucket_server_side_encryption_configuration",), by="bucket"
            ),
            CodePart("policy_block", ("aws_s3_bucket_policy",), by="bucket"),
        ],
    ),
    rtype(
        "aws_ec2_security_group",
        "aws_security_group",
        {
            "rules": (
                "list<ip_rule>",
                f"ip_rules('in', concat(set_or_empty(ingress)[].{RULES}, "
                f"old[].{RULES}, new[].{SPLIT}))",
            )
        },
        parts=[
            CodePart(
                "old",
                ("aws_security_group_rule",),
                by="security_group_id",
                many=True,
                where="type == 'ingress'",
            ),
            CodePart(
                "new", ("aws_vpc_security_group_ingress_rule",), by="security_group_id", many=True
            ),
        ],
    ),
    rtype(
        "aws_ec2_instance",
        "aws_instance",
        {
            "instance_type": ("text", "not_null(instance_type, template.instance_type)"),
            "groups": ("list<text>", "vpc_security_group_ids", []),
            "encrypted": ("bool", "root_block_device[0].encrypted", False),
            "has_secret": (
                "bool",
                "text_has_secret(not_null(written.user_data, user_data))",
                False,
            ),
            "tags": TAGS,
        },
        parts=[CodePart("template", ("aws_launch_template",), via="launch_template[0].id")],
        secrets=["user_data"],
    ),
    rtype(
        "aws_rds_instance",
        "aws_db_instance",
        {"kms_key_id": ("text?", "kms_key_id", ABSENT), "password": ("text?", "password")},
    ),
    rtype(
        "aws_lambda_function",
        "aws_lambda_function",
        {"variables": ("list<env_var>", "env_flags(environment[0].variables)", [])},
        secrets=["environment[].variables"],
    ),
    rtype(
        "aws_sqs_queue",
        "aws_sqs_queue",
        {
            "kms_key_id": ("text?", "kms_master_key_id", ABSENT),
            "statements": ("list<iam_statement>", "iam_statements(policies[].policy)", []),
        },
        parts=[CodePart("policies", ("aws_sqs_queue_policy",), by="queue_url", many=True)],
    ),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, tf_mirror: Path) -> CodeRows:
    assert tf_mirror.is_dir()
    folder = tmp_path_factory.mktemp("estate")
    data = plan_json(folder, HCL, files={"bucket/main.tf": MODULE})
    types = {t.table: t for t in TYPES}
    return read_plan(data, "plan.json", types, judged_root=folder, path=folder / "plan.json")


def row(found: CodeRows, table: str, address: str) -> Any:
    return by_address(found, table)[address]


@pytest.mark.parametrize("key", ["a.b", "c"])
def test_buckets_of_a_repeated_module_have_their_own_parts(found: CodeRows, key: str) -> None:
    bucket = row(found, "aws_s3_bucket", f'module.bucket["{key}"].aws_s3_bucket.b')
    assert bucket["versioning"] == "Enabled"
    assert "kms_key_id" in bucket["_set"]
    assert bucket["_why"]["kms_key_id"] == "after_apply:aws_kms_key.k.arn"
    assert [s["sid"] for s in bucket["statements"]] == ["open"]
    assert bucket["statements"][0]["principal_is_anyone"] is True
    assert bucket["statements"][0]["resources"] == [None]
    assert bucket["region"] == "eu-west-1"


def test_a_module_with_a_provider_of_its_own_lives_in_its_region(found: CodeRows) -> None:
    bucket = row(found, "aws_s3_bucket", "module.far.aws_s3_bucket.b")
    assert bucket["region"] == "us-west-2"
    assert bucket["kms_key_id"] == "arn:aws:kms:us-west-2:111122223333:key/x"
    assert "versioning" in bucket["_absent"]


def test_rules_in_every_style_are_found_and_hidden_ones_leave_the_list_open(
    found: CodeRows,
) -> None:
    rules = row(found, "aws_ec2_security_group", "aws_security_group.inline")["rules"]
    seen = {(r["from_port"], r["source_kind"], r["source"]) for r in rules if r}
    assert seen == {(22, "group", None), (23, "cidr", "0.0.0.0/0"), (80, "cidr", "10.0.0.0/8")}
    assert None in rules  # the rule that goes through a local may belong to any group


def test_a_dynamic_block_that_may_repeat_leaves_the_list_open(found: CodeRows) -> None:
    group = row(found, "aws_ec2_security_group", "aws_security_group.dynamic")
    assert set(group["rules"]) == {None}
    assert group["_why"]["rules[]"].startswith("unresolved:aws_security_group.dynamic.ingress")


def test_an_instance_inherits_from_its_launch_template(found: CodeRows) -> None:
    instance = row(found, "aws_ec2_instance", "aws_instance.i")
    assert instance["instance_type"] == "t3.micro"


def test_a_block_that_may_be_dynamic_is_not_taken_for_unset(found: CodeRows) -> None:
    instance = row(found, "aws_ec2_instance", "aws_instance.i")
    assert instance["encrypted"] is None
    assert instance["_why"]["encrypted"] == "unresolved:aws_instance.i.root_block_device"


def test_default_tags_join_the_own_ones(found: CodeRows) -> None:
    assert row(found, "aws_kms_key", "aws_kms_key.k")["tags"] == {"owner": "platform"}


def test_groups_of_an_instance_are_edges_with_an_open_end(found: CodeRows) -> None:
    assert {e[1:] for e in edges(found) if e[0] == "aws_instance.i"} == {
        ("groups", "aws_security_group.plain", None),
        ("groups", "aws_security_group.inline", None),
        ("groups", None, "open_list:groups"),
    }


def test_the_other_region_is_that_of_the_alias(found: CodeRows) -> None:
    database = row(found, "aws_rds_instance", "aws_db_instance.d")
    assert database["region"] == "us-west-2"
    assert "kms_key_id" in database["_set"]


def test_counted_blocks_are_matched_by_index(found: CodeRows) -> None:
    first, second = (row(found, "aws_sqs_queue", f"aws_sqs_queue.q[{i}]") for i in (0, 1))
    assert "kms_key_id" in first["_set"]
    assert "kms_key_id" in second["_absent"]
    assert first["statements"] == [None]
    assert second["statements"] == [None]


def test_secrets_of_every_kind_stay_out(found: CodeRows) -> None:
    assert CANARY not in repr(found)
    assert row(found, "aws_rds_instance", "aws_db_instance.d")["_why"]["password"] == "sensitive"
    variables = row(found, "aws_lambda_function", "aws_lambda_function.f")["variables"]
    assert {v["name"] for v in variables} == {"MODE", "TOKEN"}
    assert row(found, "aws_ec2_instance", "aws_instance.i")["has_secret"] is True


def test_every_cause_says_what_would_decide(found: CodeRows) -> None:
    causes = {cause for rows in found.rows.values() for r in rows for cause in r["_why"].values()}
    kinds = {cause.partition(":")[0] for cause in causes}
    assert kinds <= {"after_apply", "provider_decides", "sensitive", "unresolved"}


def test_a_plan_that_reads_nothing_unknown_can_hide_no_block(
    tmp_path: Path, tf_mirror: Path
) -> None:
    assert tf_mirror.is_dir()
    data = plan_json(
        tmp_path,
        """
        resource "aws_instance" "i" {
          ami           = "ami-1"
          instance_type = "t3.micro"
        }
        """,
    )
    types = {t.table: t for t in TYPES}
    plain = read_plan(data, "p", types, judged_root=tmp_path, path=tmp_path / "p")
    assert row(plain, "aws_ec2_instance", "aws_instance.i")["encrypted"] is False


FILLED = """
variable "on" { type = bool }
resource "aws_iam_role" "r" { assume_role_policy = jsonencode({}) }
resource "aws_iam_instance_profile" "p" { role = aws_iam_role.r.name }
resource "aws_security_group" "g" {}
resource "aws_subnet" "s" {
  count      = 2
  vpc_id     = "vpc-1"
  cidr_block = "10.0.${count.index}.0/24"
}
resource "aws_kms_key" "k" {}
resource "aws_instance" "direct" {
  ami                    = "ami-1"
  instance_type          = "t3.micro"
  iam_instance_profile   = var.on ? aws_iam_instance_profile.p.name : null
  vpc_security_group_ids = var.on ? [aws_security_group.g.id] : null
  subnet_id              = var.on ? aws_subnet.s[0].id : null
}
resource "aws_instance" "plain" {
  count                  = 2
  ami                    = "ami-1"
  instance_type          = "t3.micro"
  iam_instance_profile   = aws_iam_instance_profile.p.id
  vpc_security_group_ids = [aws_security_group.g.id]
  subnet_id              = aws_subnet.s[count.index].id
}
resource "aws_eip" "e" { instance = var.on ? aws_instance.direct.id : null }
resource "aws_sqs_queue" "q" { kms_master_key_id = var.on ? aws_kms_key.k.id : null }
module "steered" {
  source  = "./one"
  profile = var.on ? aws_iam_instance_profile.p.id : null
}
module "passed" {
  source  = "./one"
  profile = aws_iam_instance_profile.p.id
}
module "member" {
  source = "./two"
  cfg    = { first = aws_iam_instance_profile.p.id, second = null }
}
"""
FILES = {
    "one/main.tf": """
variable "profile" {}
resource "aws_instance" "i" {
  ami                  = "ami-1"
  instance_type        = "t3.micro"
  iam_instance_profile = var.profile
}
""",
    "two/main.tf": """
variable "cfg" {}
resource "aws_instance" "i" {
  ami                  = "ami-1"
  instance_type        = "t3.micro"
  iam_instance_profile = var.cfg.second
}
""",
}
FILLED_TYPES = (
    rtype(
        "aws_ec2_instance",
        "aws_instance",
        {
            "profile": ("text?", "iam_instance_profile", ABSENT),
            "groups": ("list<text>", "vpc_security_group_ids", []),
            "subnet_id": ("text?", "subnet_id", ABSENT),
            "cidr": ("text?", "subnet.cidr_block", ABSENT),
            "addresses": ("list<text>", "elastic[].domain", []),
        },
        parts=[
            CodePart("subnet", ("aws_subnet",), via="subnet_id"),
            CodePart("elastic", ("aws_eip",), by="instance", many=True),
        ],
    ),
    rtype("aws_sqs_queue", "aws_sqs_queue", {"key": ("text?", "kms_master_key_id", ABSENT)}),
    rtype("aws_iam_instance_profile", "aws_iam_instance_profile", {"id": ("text", "id")}),
    rtype("aws_ec2_security_group", "aws_security_group", {"id": ("text", "id")}),
)


@pytest.fixture(scope="module", params=[True, False], ids=["on", "off"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tf_mirror: Path
) -> tuple[bool, CodeRows]:
    assert tf_mirror.is_dir()
    folder = tmp_path_factory.mktemp("filled")
    said = {**FILES, "terraform.tfvars": f"on = {str(request.param).lower()}\n"}
    data = plan_json(folder, FILLED, files=said)
    types = {t.table: t for t in FILLED_TYPES}
    path = folder / "plan.json"
    return request.param, read_plan(data, path.name, types, judged_root=folder, path=path)


@pytest.mark.parametrize(
    "address",
    ["aws_instance.direct", "module.steered.aws_instance.i", "module.member.aws_instance.i"],
)
def test_what_the_provider_fills_is_not_called_set_where_the_text_may_choose_null(
    filled: tuple[bool, CodeRows], address: str
) -> None:
    instance = row(filled[1], "aws_ec2_instance", address)
    assert instance["profile"] is None
    assert "profile" in instance["_why"]
    assert not {"profile", "groups", "subnet_id"}.intersection(instance["_set"])
    assert not [e for e in edges(filled[1]) if e[0] == address and e[2]]


def test_no_part_is_joined_for_sure_where_the_text_may_choose_null(
    filled: tuple[bool, CodeRows],
) -> None:
    instance = row(filled[1], "aws_ec2_instance", "aws_instance.direct")
    assert instance["cidr"] is None
    assert "cidr" in instance["_why"]
    assert instance["_why"]["addresses[]"] == "unresolved:aws_eip.e.instance"


@pytest.mark.parametrize("address", ["aws_instance.plain[1]", "module.passed.aws_instance.i"])
def test_what_only_refers_is_set_though_the_provider_fills_it(
    filled: tuple[bool, CodeRows], address: str
) -> None:
    assert "profile" in row(filled[1], "aws_ec2_instance", address)["_set"]
    to = "aws_iam_instance_profile.p"
    assert (address, "profile", to, None) in edges(filled[1])


def test_an_index_of_the_own_key_alone_chooses_no_null(filled: tuple[bool, CodeRows]) -> None:
    found = [row(filled[1], "aws_ec2_instance", f"aws_instance.plain[{i}]") for i in (0, 1)]
    assert [r["cidr"] for r in found] == ["10.0.0.0/24", "10.0.1.0/24"]


def test_an_unknown_value_that_the_provider_does_not_fill_is_set(
    filled: tuple[bool, CodeRows],
) -> None:
    on, found = filled
    queue = row(found, "aws_sqs_queue", "aws_sqs_queue.q")
    assert "key" in queue["_set" if on else "_absent"]
