"""A Terraform plan in JSON form with as many resources as wanted, of the types that code has most.

Blocks have what a real plan shows: planned values with nulls, unknown leaves, references between
new resources, split resources. The same number gives the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

__all__ = ["make_plan"]

_Block = tuple[str, str, dict[str, Any], dict[str, Any], dict[str, list[str]]]
"""Type, name, planned values, unknown leaves, and references by argument."""


def make_plan(resources: int) -> dict[str, Any]:
    """A plan of this many blocks, as `terraform show -json` prints one."""
    blocks = list(islice(_blocks(), resources))
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": [_change(*block) for block in blocks],
        "configuration": {
            "provider_config": {
                "aws": {
                    "name": "aws",
                    "full_name": "registry.terraform.io/hashicorp/aws",
                    "expressions": {"region": {"constant_value": "eu-west-1"}},
                }
            },
            "root_module": {"resources": [_text(*block) for block in blocks]},
        },
    }


def _change(
    kind: str, name: str, after: dict[str, Any], unknown: dict[str, Any], refs: dict[str, list[str]]
) -> dict[str, Any]:
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": {**after, "tags_all": after.get("tags") or {}},
            "after_unknown": {"id": True, "arn": True, **unknown, **dict.fromkeys(refs, True)},
            "before_sensitive": False,
            "after_sensitive": {},
        },
    }


def _text(
    kind: str, name: str, after: dict[str, Any], _: dict[str, Any], refs: dict[str, list[str]]
) -> dict[str, Any]:
    said: dict[str, Any] = {k: {"constant_value": v} for k, v in after.items() if v is not None}
    for argument, targets in refs.items():
        parts = [p for t in targets for p in (t, t.rpartition(".")[0])]
        said[argument] = {"references": parts}
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_config_key": "aws",
        "expressions": said,
        "schema_version": 0,
    }


def _blocks() -> Iterator[_Block]:
    """One service after the other, good and bad by turns, without end."""
    for n in count():
        yield from _network(n)
        yield from _storage(n)
        yield from _compute(n)
        yield from _identity(n)


def _network(n: int) -> Iterator[_Block]:
    tags = {"env": "prod" if n % 2 else "dev"}
    yield "aws_vpc", f"v{n}", {"cidr_block": f"10.{n}.0.0/16", "tags": tags}, {}, {}
    yield (
        "aws_subnet", f"n{n}", {"cidr_block": f"10.{n}.1.0/24", "tags": tags}, {},
        {"vpc_id": [f"aws_vpc.v{n}.id"]},
    )  # fmt: skip
    rules = [
        {
            "cidr_blocks": ["0.0.0.0/0" if port == 22 and n % 2 == 0 else "10.0.0.0/8"],
            "description": "", "from_port": port, "to_port": port, "protocol": "tcp",
            "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": False,
        }
        for port in (22, 443, 5432)
    ]  # fmt: skip
    group = {"name": f"web-{n}", "description": "web", "ingress": rules, "tags": tags}
    refs = {"vpc_id": [f"aws_vpc.v{n}.id"]}
    yield "aws_security_group", f"g{n}", group, {"egress": True}, refs


def _storage(n: int) -> Iterator[_Block]:
    bucket = {"bucket": [f"aws_s3_bucket.b{n}.id"]}
    key = {"description": "data", "enable_key_rotation": n % 2 == 0, "tags": None}
    yield "aws_kms_key", f"k{n}", key, {"key_id": True, "policy": True}, {}
    yield "aws_s3_bucket", f"b{n}", {"bucket": f"data-{n}", "tags": None}, {}, {}
    block = dict.fromkeys(
        ("block_public_acls", "block_public_policy", "ignore_public_acls"), n % 2 == 0
    )
    yield "aws_s3_bucket_public_access_block", f"p{n}", block, {}, bucket
    versioning = {"versioning_configuration": [{"status": "Enabled", "mfa_delete": None}]}
    yield "aws_s3_bucket_versioning", f"w{n}", versioning, {}, bucket
    queue = {"name": f"jobs-{n}", "sqs_managed_sse_enabled": n % 2 == 0, "tags": None}
    refs = {} if n % 2 else {"kms_master_key_id": [f"aws_kms_key.k{n}.arn"]}
    yield "aws_sqs_queue", f"q{n}", queue, {"url": True}, refs
    volume = {"availability_zone": "eu-west-1a", "size": 20, "encrypted": n % 2 == 0}
    yield "aws_ebs_volume", f"e{n}", volume, {"kms_key_id": True}, {}


def _compute(n: int) -> Iterator[_Block]:
    groups = [f"aws_security_group.g{n}.id"]
    instance = {
        "ami": "ami-1", "instance_type": "t3.micro", "associate_public_ip_address": n % 2 == 0,
        "metadata_options": [{"http_endpoint": "enabled", "http_tokens": "optional"}],
        "tags": {"Name": f"web-{n}"},
    }  # fmt: skip
    placed = {"vpc_security_group_ids": groups, "subnet_id": [f"aws_subnet.n{n}.id"]}
    yield "aws_instance", f"i{n}", instance, {"public_ip": True}, placed
    database = {
        "identifier": f"db-{n}", "engine": "postgres", "instance_class": "db.t3.micro",
        "publicly_accessible": n % 2 == 0, "storage_encrypted": n % 2 == 1, "kms_key_id": None,
        "backup_retention_period": 7 * (n % 2), "deletion_protection": False, "tags": None,
    }  # fmt: skip
    attached = {"vpc_security_group_ids": groups}
    yield "aws_db_instance", f"d{n}", database, {"port": True}, attached
    function = {
        "function_name": f"f-{n}", "runtime": "python3.8", "package_type": "Zip", "tags": None,
        "environment": [{"variables": {"STAGE": "prod", "DB_PASSWORD": "made up"}}],
    }  # fmt: skip
    yield "aws_lambda_function", f"f{n}", function, {}, {"role": [f"aws_iam_role.r{n}.arn"]}
    cluster = {"name": f"c-{n}", "setting": [{"name": "containerInsights", "value": "disabled"}]}
    yield "aws_ecs_cluster", f"c{n}", cluster, {}, {}


_TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":'
    '"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)
_ADMIN = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def _identity(n: int) -> Iterator[_Block]:
    role = {"name": f"r-{n}", "assume_role_policy": _TRUST, "path": "/", "tags": None}
    yield "aws_iam_role", f"r{n}", role, {"managed_policy_arns": True}, {}
    policy = {"name": f"p-{n}", "policy": _ADMIN, "path": "/", "tags": None}
    yield "aws_iam_policy", f"a{n}", policy, {}, {}
    attached = {"role": [f"aws_iam_role.r{n}.name"], "policy_arn": [f"aws_iam_policy.a{n}.arn"]}
    yield "aws_iam_role_policy_attachment", f"t{n}", {}, {}, attached
