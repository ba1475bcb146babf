"""Rows to draw from: for each type a few thousand plausible sets of values, some not known.

Shares are chosen so that about 27 % of all pairs of policy and resource do not pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

__all__ = ["DENIED", "NOW", "sampled"]

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Values = dict[str, Any]
"""Own columns of a row. None in an optional column = absent."""

DENIED: dict[str, tuple[str, ...]] = {
    "aws_ec2_instance": ("user_data_has_secret",),
    "aws_s3_bucket": ("statements",),
    "aws_sqs_queue": ("kms_key_id", "sse_sqs", "statements"),
    "aws_iam_role": ("inline_statements", "policy_arns"),
    "aws_kms_key": ("rotates", "statements"),
    "aws_lambda_function": ("statements",),
    "aws_rds_instance": ("deletion_protection",),
}
"""Columns that one detail call fills: on a few rows of each type it was denied."""


def _ago(random: Random, days: int) -> dt.datetime:
    return NOW - dt.timedelta(days=random.randrange(days), seconds=random.randrange(86_400))


def _statement(random: Random, *, open_share: float = 0.1, admin_share: float = 0.1) -> Values:
    anyone, admin = random.random() < open_share, random.random() < admin_share
    account = f"{random.randrange(10**12):012d}"
    actions = ["*"] if admin else random.sample(_ACTIONS, random.randint(1, 4))
    return {
        "sid": random.choice(("", "Stmt1", "AllowRead")),
        "effect": "Deny" if random.random() < 0.15 else "Allow",
        "actions": actions,
        "not_actions": [],
        "resources": ["*"] if random.random() < 0.3 else [f"arn:aws:s3:::data-{account}/*"],
        "not_resources": [],
        "principals": ["*"] if anyone else [f"AWS:arn:aws:iam::{account}:root"],
        "not_principals": [],
        "principal_accounts": [] if anyone else [account],
        "principal_is_anyone": anyone,
        "condition_keys": ["aws:sourcearn"] if random.random() < 0.2 else [],
        "is_narrowed": random.random() < 0.2,
        "all_actions": admin,
        "all_resources": random.random() < 0.3,
        "grants_privileges": admin or "iam:passrole" in actions,
        "denies_plain_http": random.random() < 0.4,
    }


_ACTIONS = (
    "s3:getobject", "s3:putobject", "sqs:sendmessage", "kms:decrypt", "iam:passrole",
    "ec2:describe*", "logs:putlogevents", "dynamodb:query", "sns:publish", "lambda:invokefunction",
)  # fmt: skip


def _rule(random: Random, direction: str) -> Values:
    anyone = random.random() < 0.17
    first = random.choice((22, 80, 443, 3306, 3389, 5432, 8080, 0))
    prefix = 0 if anyone else random.choice((8, 16, 24, 32))
    base = 0 if anyone else (10 << 24 | random.randrange(1 << 24)) & ~((1 << 32 - prefix) - 1)
    return {
        "direction": direction,
        "protocol": "tcp" if first else "all",
        "from_port": first,
        "to_port": first or 65_535,
        "source_kind": "cidr",
        "source": f"{base >> 24}.{base >> 16 & 255}.{base >> 8 & 255}.{base & 255}/{prefix}",
        "family": 4,
        "prefix_len": prefix,
        "first": f"{base:032x}",
        "last": f"{base + (1 << 32 - prefix) - 1:032x}",
        "is_any": anyone,
    }


def _instance(random: Random) -> Values:
    return {
        "name": f"web-{random.randrange(400)}",
        "state": random.choice(("running", "running", "running", "stopped")),
        "instance_type": random.choice(("t3.micro", "t3.large", "m6i.large", "x2gd.metal")),
        "image_id": f"ami-{random.randrange(64):017x}",
        "launched_at": _ago(random, 700),
        "http_tokens": random.choice(("required", "optional")),
        "http_endpoint": "enabled",
        "monitoring": random.random() < 0.5,
        "subnet_id": f"subnet-{random.randrange(4096):017x}",
        "has_public_ip": random.random() < 0.3,
        "instance_profile": None if random.random() < 0.35 else "arn:aws:iam::1:instance-profile/x",
        "user_data_has_secret": random.random() < 0.1,
        "volume_ids": [f"vol-{random.randrange(1 << 40):017x}"],
    }


def _group(random: Random) -> Values:
    return {
        "name": f"group-{random.randrange(400)}",
        "description": "managed by terraform",
        "is_default": random.random() < 0.15,
        "ingress": [_rule(random, "in") for _ in range(random.randint(0, 8))],
        "egress": [_rule(random, "out") for _ in range(random.randint(1, 2))],
    }


def _volume(random: Random) -> Values:
    return {
        "name": None,
        "state": "in-use",
        "size_gib": random.choice((8, 20, 100)),
        "volume_type": random.choice(("gp2", "gp3")),
        "encrypted": random.random() < 0.5,
        "snapshot_id": None,
        "instance_ids": [f"i-{random.randrange(1 << 40):017x}"],
        "multi_attach": False,
        "created_at": _ago(random, 900),
    }


def _snapshot(random: Random) -> Values:
    return {
        "name": None,
        "description": "created by policy",
        "is_public": random.random() < 0.05,
        "encrypted": random.random() < 0.5,
        "volume_id": f"vol-{random.randrange(1 << 40):017x}",
        "size_gib": random.choice((8, 20, 100)),
        "state": "completed",
        "storage_tier": "standard",
        "started_at": _ago(random, 900),
    }


def _bucket(random: Random) -> Values:
    blocked = random.random() < 0.7
    return {
        "block_public_acls": blocked,
        "ignore_public_acls": blocked,
        "block_public_policy": blocked,
        "restrict_public_buckets": blocked,
        "acls_disabled": random.random() < 0.8,
        "public_acl": [] if random.random() < 0.9 else ["READ"],
        "statements": [_statement(random) for _ in range(random.randint(0, 4))],
        "versioning": random.random() < 0.5,
        "mfa_delete": random.random() < 0.1,
        "encryption": random.choice(("AES256", "aws:kms", "aws:kms")),
        "log_bucket": None if random.random() < 0.5 else "logs",
        "created_at": _ago(random, 2000),
    }


def _queue(random: Random) -> Values:
    return {
        "name": f"queue-{random.randrange(400)}",
        "url": "https://sqs.eu-west-1.amazonaws.com/111122223333/queue",
        "sse_sqs": random.random() < 0.6,
        "retention_seconds": 345_600,
        "dead_letter_arn": None,
        "statements": [_statement(random) for _ in range(random.randint(0, 3))],
        "created_at": _ago(random, 900),
    }


def _role(random: Random) -> Values:
    return {
        "name": f"role-{random.randrange(400)}",
        "path": "/",
        "is_service_linked": random.random() < 0.1,
        "trust": [_statement(random, open_share=0.05)],
        "inline_statements": [_statement(random) for _ in range(random.randint(0, 3))],
        "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "boundary_arn": None if random.random() < 0.8 else "arn:aws:iam::1:policy/boundary",
        "instance_profiles": [],
        "last_used_at": _ago(random, 400),
        "created_at": _ago(random, 2000),
    }


def _policy(random: Random) -> Values:
    return {
        "name": f"policy-{random.randrange(400)}",
        "path": "/",
        "statements": [_statement(random) for _ in range(random.randint(1, 5))],
        "attachments": random.randrange(4),
        "boundary_uses": 0,
        "versions": 1,
        "created_at": _ago(random, 2000),
        "updated_at": _ago(random, 900),
    }


def _key(random: Random) -> Values:
    return {
        "name": None,
        "aliases": [],
        "description": "",
        "manager": random.choice(("CUSTOMER", "CUSTOMER", "AWS")),
        "state": "Enabled" if random.random() < 0.9 else "PendingDeletion",
        "spec": "SYMMETRIC_DEFAULT",
        "can_rotate": True,
        "rotates": random.random() < 0.6,
        "is_multi_region": False,
        "statements": [_statement(random) for _ in range(random.randint(1, 4))],
        "deletion_at": None,
        "created_at": _ago(random, 2000),
    }


def _function(random: Random) -> Values:
    return {
        "name": f"function-{random.randrange(400)}",
        "runtime": random.choice(("python3.12", "nodejs20.x", "python3.7")),
        "package_type": "Zip",
        "role_arn": "arn:aws:iam::111122223333:role/f",
        "variables": [
            {"name": f"KEY_{i}", "looks_like_secret": random.random() < 0.05}
            for i in range(random.randint(0, 6))
        ],
        "url_auth": None if random.random() < 0.8 else random.choice(("NONE", "AWS_IAM")),
        "statements": [_statement(random) for _ in range(random.randint(0, 2))],
        "subnet_ids": [],
        "tracing": "PassThrough",
        "dead_letter_arn": None,
    }


def _database(random: Random) -> Values:
    return {
        "name": f"db-{random.randrange(400)}",
        "engine": random.choice(("postgres", "mysql")),
        "engine_version": "16.3",
        "cluster_id": None,
        "replica_source": None,
        "port": 5432,
        "is_public": random.random() < 0.2,
        "encrypted": random.random() < 0.7,
        "backup_days": random.choice((0, 7, 14, 30)),
        "deletion_protection": random.random() < 0.6,
        "multi_az": random.random() < 0.5,
        "minor_upgrades": random.random() < 0.8,
        "iam_authentication": False,
    }


def _vpc(random: Random) -> Values:
    return {
        "name": "main",
        "cidr_block": "10.0.0.0/16",
        "is_default": random.random() < 0.2,
        "tenancy": "default",
    }


def _flow_log(random: Random) -> Values:
    return {
        "name": None,
        "traffic_type": "ALL",
        "status": "ACTIVE",
        "delivery_status": None if random.random() < 0.8 else random.choice(("SUCCESS", "FAILED")),
        "destination_type": "s3",
        "destination": "arn:aws:s3:::logs",
        "interval_seconds": 600,
        "created_at": _ago(random, 900),
    }


_SAMPLES: dict[str, Callable[[Random], Values]] = {
    "aws_ebs_snapshot": _snapshot,
    "aws_ebs_volume": _volume,
    "aws_ec2_instance": _instance,
    "aws_ec2_security_group": _group,
    "aws_flow_log": _flow_log,
    "aws_iam_policy": _policy,
    "aws_iam_role": _role,
    "aws_kms_key": _key,
    "aws_lambda_function": _function,
    "aws_rds_instance": _database,
    "aws_s3_bucket": _bucket,
    "aws_sqs_queue": _queue,
    "aws_vpc": _vpc,
}


def sampled(table: str, count: int, random: Random) -> Sequence[Values]:
    """This many rows of a type."""
    return [_SAMPLES[table](random) for _ in range(count)]
