"""Shape functions: what mappings call by name to read the real shapes of clouds and code.

Every function takes a neutral shape, gives unknown for unknown and absent for absent, never raises
for what a document holds, and never keeps the value of a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trueline.mapping.shapes.arns import arn_account, customer_policies
from trueline.mapping.shapes.kubernetes import camel, k8s_containers
from trueline.mapping.shapes.networks import any_cidr, ip_rules, port_ranges
from trueline.mapping.shapes.plain import (
    any_true,
    as_list,
    concat,
    is_set,
    last_part,
    lookup,
    merged,
    set_or_empty,
    tags,
    unless,
)
from trueline.mapping.shapes.policies import iam_statements, lambda_permissions
from trueline.mapping.shapes.secrets import env_flags, text_has_secret
from trueline.mapping.shapes.texts import csv_rows, parse_json

__all__ = ["SHAPES"]

SHAPES: dict[str, Callable[..., Any]] = {
    "any_cidr": any_cidr,
    "any_true": any_true,
    "arn_account": arn_account,
    "as_list": as_list,
    "camel": camel,
    "concat": concat,
    "csv_rows": csv_rows,
    "customer_policies": customer_policies,
    "env_flags": env_flags,
    "iam_statements": iam_statements,
    "ip_rules": ip_rules,
    "is_set": is_set,
    "k8s_containers": k8s_containers,
    "lambda_permissions": lambda_permissions,
    "last_part": last_part,
    "lookup": lookup,
    "merged": merged,
    "parse_json": parse_json,
    "port_ranges": port_ranges,
    "set_or_empty": set_or_empty,
    "tags": tags,
    "text_has_secret": text_has_secret,
    "unless": unless,
}
