"""What becomes of source: instances, providers, dynamic blocks, joins, data sources, options."""

from __future__ import annotations

from pathlib import Path

import pytest

from iac.kit import rtype
from iac.source.kit import read, row, write
from trueline.iac.terraform.source import SourceOptions
from trueline.model import ABSENT, CodePart, CodeRows, Row

TYPES = {
    t.table: t
    for t in [
        rtype(
            "aws_s3_bucket",
            "aws_s3_bucket",
            {
                "name": ("text", "bucket"),
                "versioning": ("text?", "versioned.versioning_configuration[0].status", ABSENT),
                "tags": ("map<text,text>", "tags_all", {}),
            },
            parts=[CodePart("versioned", ("aws_s3_bucket_versioning",), by="bucket")],
        ),
        rtype(
            "aws_sqs_queue",
            "aws_sqs_queue",
            {
                "name": ("text", "name"),
                "kms_key_id": ("text?", "kms_master_key_id", ABSENT),
                "statements": (
                    "list<iam_statement>",
                    "iam_statements(policies[].policy)",
                    [],
                ),
            },
            parts=[CodePart("policies", ("aws_sqs_queue_policy",), by="queue_url", many=True)],
        ),
        rtype("aws_kms_key", "aws_kms_key", {"description": ("text", "description", "")}),
        rtype(
            "aws_security_group",
            "aws_security_group",
            {"ports": ("list<int>", "ingress[].from_port", [])},
        ),
        rtype("aws_lambda_function", "aws_lambda_function", {"role": ("text?", "role", ABSENT)}),
    ]
}


def one(tmp_path: Path, text: str, **more: str) -> CodeRows:
    files = {"main.tf": text, **{name.replace("__", "/") + ".tf": t for name, t in more.items()}}
    return read(write(tmp_path, files), TYPES)


def bucket(found: CodeRows, address: str = "aws_s3_bucket.b") -> Row:
    return row(found, address)


# --- how often a block exists ---


def test_a_block_that_may_exist_is_judged_as_one_that_does(tmp_path: Path) -> None:
    text = """
    variable "create" { type = bool }
    resource "aws_s3_bucket" "b" {
      count  = var.create ? 1 : 0
      bucket = "b"
    }
    resource "aws_s3_bucket_versioning" "v" {
      count  = var.create ? 1 : 0
      bucket = aws_s3_bucket.b[0].id
      versioning_configuration { status = "Enabled" }
    }
    resource "aws_sqs_queue" "q" { name = try(aws_s3_bucket.b[0].bucket, "none") }
    """
    found = one(tmp_path, text)
    assert bucket(found)["name"] == "b"
    assert bucket(found)["versioning"] == "Enabled"
    queue = row(found, "aws_sqs_queue.q")
    assert queue["name"] is None
    assert queue["_why"]["name"] == "unresolved:var.create"


def test_a_block_that_does_not_exist_has_no_row(tmp_path: Path) -> None:
    text = 'resource "aws_s3_bucket" "b" {\n  count = 0\n}\n'
    assert not one(tmp_path, text).rows


def test_keys_that_are_not_known_make_one_row_whose_key_is_unknown(tmp_path: Path) -> None:
    text = """
    variable "names" { type = set(string) }
    resource "aws_s3_bucket" "b" {
      for_each = var.names
      bucket   = each.key
      tags     = { fixed = "yes" }
    }
    """
    b = bucket(one(tmp_path, text))
    assert b["_why"]["name"] == "unresolved:var.names"
    assert b["tags"] == {"fixed": "yes"}


def test_a_module_that_may_exist_gives_its_blocks_but_nothing_that_is_sure(tmp_path: Path) -> None:
    text = """
    variable "create" {}
    module "m" {
      source = "./m"
      count  = var.create ? 1 : 0
    }
    resource "aws_s3_bucket_versioning" "v" {
      bucket = module.m[0].id
      versioning_configuration { status = "Enabled" }
    }
    resource "aws_sqs_queue" "q" { name = module.m[0].name }
    """
    inner = """
    resource "aws_s3_bucket" "b" { bucket = "b" }
    output "id" { value = aws_s3_bucket.b.id }
    output "name" { value = "known" }
    """
    found = one(tmp_path, text, m__main=inner)
    assert bucket(found, "module.m.aws_s3_bucket.b")["versioning"] == "Enabled"
    assert row(found, "aws_sqs_queue.q")["_why"]["name"] == "unresolved:var.create"


# --- roots ---


def test_folders_that_others_call_are_judged_through_their_callers(tmp_path: Path) -> None:
    module = 'variable "name" {}\nresource "aws_s3_bucket" "b" {\n  bucket = var.name\n}\n'
    call = 'module "b" {\n  source = "../../"\n  name = "%s"\n}\n'
    files = {
        "main.tf": module,
        "examples/one/main.tf": call % "one",
        "examples/two/main.tf": call % "two",
        ".hidden/main.tf": module,
    }
    found = read(write(tmp_path, files), TYPES)
    assert {(r["scope_account"], r["name"]) for r in found.rows["aws_s3_bucket"]} == {
        ("code:examples/one", "one"),
        ("code:examples/two", "two"),
    }


def test_a_module_that_only_others_outside_the_path_call_is_a_root(tmp_path: Path) -> None:
    files = {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n',
        "m/main.tf": 'resource "aws_s3_bucket" "b" {\n}\n',
    }
    found = read(write(tmp_path, files), TYPES, "m")
    assert bucket(found)["uid"] == "code:m:aws_s3_bucket.b"


def test_each_root_module_is_a_world_of_its_own(tmp_path: Path) -> None:
    text = 'resource "aws_s3_bucket" "b" {\n}\n'
    found = read(write(tmp_path, {"a/main.tf": text, "b/main.tf": text}), TYPES)
    assert {s.scope.account for s in found.scopes} == {"code:a", "code:b"}
    assert all(s.complete for s in found.scopes)


# --- providers ---


def test_default_tags_regions_and_accounts_come_from_the_provider_in_use(tmp_path: Path) -> None:
    text = """
    provider "aws" {
      region = "eu-west-1"
      default_tags { tags = { owner = "platform", kind = "default" } }
    }
    provider "aws" {
      alias  = "far"
      region = var.far
      assume_role { role_arn = "arn:aws:iam::111122223333:role/x" }
    }
    variable "far" { default = "us-west-2" }
    resource "aws_s3_bucket" "b" { tags = { kind = "own" } }
    resource "aws_s3_bucket" "far" { provider = aws.far }
    module "m" {
      source    = "./m"
      providers = { aws = aws.far }
    }
    module "inherits" { source = "./m" }
    """
    found = one(tmp_path, text, m__main='resource "aws_s3_bucket" "b" {\n}\n')
    assert bucket(found)["tags"] == {"owner": "platform", "kind": "own"}
    assert bucket(found)["region"] == "eu-west-1"
    far = bucket(found, "aws_s3_bucket.far")
    assert (far["region"], far["account"], far["tags"]) == ("us-west-2", "111122223333", {})
    assert bucket(found, "module.m.aws_s3_bucket.b")["region"] == "us-west-2"
    inherited = bucket(found, "module.inherits.aws_s3_bucket.b")
    assert inherited["tags"] == {"owner": "platform", "kind": "default"}


def test_a_region_that_is_not_known_is_none(tmp_path: Path) -> None:
    text = """
    variable "r" {}
    provider "aws" { region = var.r }
    resource "aws_s3_bucket" "b" {}
    """
    assert bucket(one(tmp_path, text))["region"] is None


def test_what_data_sources_tell_of_the_provider_is_known(tmp_path: Path) -> None:
    text = """
    provider "aws" {
      region              = "cn-north-1"
      allowed_account_ids = ["111122223333"]
    }
    data "aws_region" "r" {}
    data "aws_partition" "p" {}
    data "aws_caller_identity" "c" {}
    locals { account = data.aws_caller_identity.c.account_id }
    data "aws_ami" "a" {}
    resource "aws_s3_bucket" "b" {
      bucket = join("-", [
        data.aws_region.r.name, data.aws_partition.p.partition, local.account
      ])
    }
    resource "aws_s3_bucket" "c" { bucket = data.aws_ami.a.id }
    """
    found = one(tmp_path, text)
    assert bucket(found)["name"] == "cn-north-1-aws-cn-111122223333"
    assert bucket(found, "aws_s3_bucket.c")["_why"]["name"] == "unresolved:data.aws_ami.a.id"


# --- blocks ---


def test_dynamic_blocks_repeat_in_their_place(tmp_path: Path) -> None:
    text = """
    locals { ports = { web = 80, ssh = 22 } }
    resource "aws_security_group" "g" {
      ingress { from_port = 1 }
      dynamic "ingress" {
        for_each = local.ports
        iterator = each_port
        content { from_port = each_port.value }
      }
      dynamic "ingress" {
        for_each = []
        content { from_port = 9 }
      }
      ingress { from_port = 2 }
    }
    """
    assert row(one(tmp_path, text), "aws_security_group.g")["ports"] == [1, 22, 80, 2]


def test_a_dynamic_block_that_repeats_over_something_unknown_leaves_the_list_open(
    tmp_path: Path,
) -> None:
    text = """
    variable "ports" {}
    resource "aws_security_group" "g" {
      ingress { from_port = 1 }
      dynamic "ingress" {
        for_each = var.ports
        content { from_port = ingress.value }
      }
    }
    """
    group = row(one(tmp_path, text), "aws_security_group.g")
    assert group["ports"] == [1, None]
    assert group["_why"]["ports[]"] == "unresolved:var.ports"


def test_nested_blocks_of_json_are_blocks(tmp_path: Path) -> None:
    text = """{"resource": {"aws_security_group": {"g": {
      "ingress": [{"from_port": 22}, {"from_port": "${20 + 3}"}],
      "dynamic": {"ingress": {"for_each": [80], "content": {"from_port": "${ingress.value}"}}}
    }}}}"""
    found = read(write(tmp_path, {"main.tf.json": text}), TYPES)
    assert row(found, "aws_security_group.g")["ports"] == [22, 23, 80]


def test_attributes_that_stand_for_blocks_are_read_alike(tmp_path: Path) -> None:
    text = 'resource "aws_security_group" "g" {\n  ingress = [{ from_port = 22 }]\n}\n'
    assert row(one(tmp_path, text), "aws_security_group.g")["ports"] == [22]


def test_a_null_attribute_is_as_if_it_were_not_written(tmp_path: Path) -> None:
    text = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n  kms_master_key_id = null\n}\n'
    assert "kms_key_id" in row(one(tmp_path, text), "aws_sqs_queue.q")["_absent"]


def test_a_reference_to_a_key_is_set_and_leads_to_its_row(tmp_path: Path) -> None:
    text = """
    resource "aws_kms_key" "k" {}
    locals { key = coalesce(null, aws_kms_key.k.arn) }
    resource "aws_sqs_queue" "q" {
      name              = "q"
      kms_master_key_id = local.key
    }
    """
    found = one(tmp_path, text)
    assert "kms_key_id" in row(found, "aws_sqs_queue.q")["_set"]
    assert ("code:.:aws_sqs_queue.q", "kms_key_id", "code:.:aws_kms_key.k") in {
        (e.from_uid, e.column, e.to_uid) for e in found.edges
    }


# --- joins ---


@pytest.mark.parametrize(
    "reference",
    [
        "aws_s3_bucket.b.id",
        "aws_s3_bucket.b.bucket",
        "local.id",
        '"${aws_s3_bucket.b.id}"',
        'try(aws_s3_bucket.none[0].id, aws_s3_bucket.b.id, "")',
        "[for b in [aws_s3_bucket.b] : b.id][0]",
        "module.echo.value",
        'element(concat(aws_s3_bucket.b.*.id, [""]), 0)',
        "one(toset([aws_s3_bucket.b.id]))",
        "{ a = aws_s3_bucket.b }.a.id",
    ],
)
@pytest.mark.parametrize("name", ['"b"', "null", "random_id.r.hex", "var.unknown"])
def test_a_part_is_found_however_it_is_pointed(tmp_path: Path, reference: str, name: str) -> None:
    text = f"""
    variable "unknown" {{}}
    resource "random_id" "r" {{ byte_length = 4 }}
    locals {{ id = aws_s3_bucket.b.id }}
    module "echo" {{
      source = "./echo"
      value  = aws_s3_bucket.b.id
    }}
    resource "aws_s3_bucket" "none" {{ count = 0 }}
    resource "aws_s3_bucket" "other" {{ bucket = "other" }}
    resource "aws_s3_bucket" "b" {{ bucket = {name} }}
    resource "aws_s3_bucket_versioning" "v" {{
      bucket = {reference}
      versioning_configuration {{ status = "Enabled" }}
    }}
    """
    echo = 'variable "value" {}\noutput "value" { value = var.value }\n'
    found = one(tmp_path, text, echo__main=echo)
    assert bucket(found)["versioning"] == "Enabled"
    assert "versioning" in bucket(found, "aws_s3_bucket.other")["_absent"]


def test_a_part_that_points_at_one_of_several_is_possible_on_each(tmp_path: Path) -> None:
    text = """
    variable "first" {}
    resource "aws_s3_bucket" "b" {}
    resource "aws_s3_bucket" "c" {}
    resource "aws_s3_bucket" "d" {}
    resource "aws_s3_bucket_versioning" "v" {
      bucket = element([aws_s3_bucket.b.id, aws_s3_bucket.c.id], 1)
      versioning_configuration { status = "Enabled" }
    }
    resource "aws_s3_bucket_versioning" "w" {
      bucket = aws_s3_bucket_versioning.v.bucket
    }
    """
    found = one(tmp_path, text)
    assert bucket(found, "aws_s3_bucket.c")["versioning"] is None  # v and w both point at it
    assert "versioning" in bucket(found, "aws_s3_bucket.d")["_absent"]


def test_a_part_that_points_at_something_unknown_may_belong_to_any(tmp_path: Path) -> None:
    text = """
    variable "name" {}
    resource "aws_s3_bucket" "b" {}
    resource "aws_s3_bucket_versioning" "v" { bucket = var.name }
    """
    b = bucket(one(tmp_path, text))
    assert b["_why"]["versioning"] == "unresolved:aws_s3_bucket_versioning.v.bucket"


def test_a_part_of_something_that_is_only_read_belongs_to_none(tmp_path: Path) -> None:
    text = """
    data "aws_s3_bucket" "old" { bucket = "old" }
    resource "aws_s3_bucket" "b" {}
    resource "aws_s3_bucket_versioning" "v" { bucket = data.aws_s3_bucket.old.id }
    """
    assert "versioning" in bucket(one(tmp_path, text))["_absent"]


# --- policies ---


def test_policies_keep_their_known_parts(tmp_path: Path) -> None:
    text = """
    resource "aws_sqs_queue" "q" { name = "q" }
    data "aws_iam_policy_document" "base" {
      statement {
        sid       = "base"
        actions   = ["sqs:SendMessage"]
        resources = [aws_sqs_queue.q.arn]
        principals {
          type        = "*"
          identifiers = ["*"]
        }
      }
    }
    data "aws_iam_policy_document" "all" {
      source_policy_documents = [data.aws_iam_policy_document.base.json]
      statement {
        sid     = "own"
        effect  = "Deny"
        actions = ["*"]
      }
    }
    resource "aws_sqs_queue_policy" "one" {
      queue_url = aws_sqs_queue.q.id
      policy    = data.aws_iam_policy_document.all.json
    }
    resource "aws_sqs_queue_policy" "two" {
      queue_url = aws_sqs_queue.q.id
      policy = jsonencode({
        Statement = [{
          Sid       = "json"
          Effect    = "Allow"
          Action    = "*"
          Resource  = aws_sqs_queue.q.arn
          Principal = "*"
        }]
      })
    }
    """
    statements = row(one(tmp_path, text), "aws_sqs_queue.q")["statements"]
    assert [s["sid"] for s in statements] == ["base", "own", "json"]
    assert [s["principal_is_anyone"] for s in statements] == [True, False, True]
    assert statements[0]["resources"] == [None]


# --- secrets and options ---


def test_a_sensitive_variable_never_shows(tmp_path: Path) -> None:
    text = """
    variable "secret" {
      sensitive = true
      default   = "canary-7"
    }
    resource "aws_sqs_queue" "q" {
      name              = "q"
      kms_master_key_id = var.secret
    }
    """
    found = one(tmp_path, text)
    assert "canary-7" not in repr(found)
    queue = row(found, "aws_sqs_queue.q")
    assert queue["_why"]["kms_key_id"] == "sensitive"
    assert "kms_key_id" in queue["_set"]


def test_options_win_over_files_and_are_read_as_the_type_says(tmp_path: Path) -> None:
    text = """
    variable "name" { type = string }
    variable "tags" { type = map(string) }
    resource "aws_s3_bucket" "b" {
      bucket = var.name
      tags   = var.tags
    }
    """
    files = {
        "main.tf": text,
        "terraform.tfvars": 'name = "auto"\ntags = { a = "auto" }\n',
        "vars/prod.tfvars": 'name = "file"\n',
    }
    options = SourceOptions({"tags": '{ a = "option" }'}, ["vars/prod.tfvars"])
    b = bucket(read(write(tmp_path, files), TYPES, options=options))
    assert (b["name"], b["tags"]) == ("file", {"a": "option"})


def test_a_file_of_values_that_is_not_there_is_named(tmp_path: Path) -> None:
    files = {"main.tf": 'resource "aws_s3_bucket" "b" {\n}\n'}
    found = read(write(tmp_path, files), TYPES, options=SourceOptions({}, ["none.tfvars"]))
    assert [c.file for c in found.coverage if c.status == "error"] == ["none.tfvars"]


def test_a_text_around_a_name_is_no_wildcard_but_other_unknown_text_may_be(tmp_path: Path) -> None:
    text = """
    variable "who" {}
    resource "aws_kms_key" "k" {}
    resource "random_password" "p" { length = 8 }
    data "aws_caller_identity" "me" {}
    resource "aws_sqs_queue" "q" { name = "q" }
    resource "aws_sqs_queue_policy" "p" {
      queue_url = aws_sqs_queue.q.id
      policy = jsonencode({ Statement = [for i, p in [
        "${aws_kms_key.k.arn}:root",
        "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root",
        data.aws_caller_identity.me.account_id,
        "${var.who}",
        "${random_password.p.result}x",
        replace(aws_kms_key.k.arn, "/.*/", "*"),
      ] : { Sid = i, Effect = "Allow", Action = "*", Resource = "*", Principal = { AWS = p } }] })
    }
    """
    statements = row(one(tmp_path, text), "aws_sqs_queue.q")["statements"]
    anyone = [s["principal_is_anyone"] for s in statements]
    assert anyone == [False, False, False, None, None, None]
