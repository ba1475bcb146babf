"""Finds the policies that one attribute decides, so that a report can say what to write there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from trueline.model import Policy, ResourceType

__all__ = ["attribute_fixes"]

_ONE_COLUMN = re.compile(r"\s*(NOT\s+)?([a-z_][a-z0-9_]*)\s*", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[a-z_][a-z0-9_]*")


def attribute_fixes(
    policies: Iterable[Policy], types: Mapping[str, ResourceType]
) -> dict[str, tuple[str, str]]:
    """By policy id, the Terraform attribute and the value that makes the policy pass.

    Only where the predicate is one boolean column, and that column is one attribute of the block.
    """
    found: dict[str, tuple[str, str]] = {}
    for policy in policies:
        said = _ONE_COLUMN.fullmatch(policy.fails_when)
        column = types[policy.resource].columns.get(said[2]) if said else None
        attribute = column.mappings.get("terraform", "") if column else ""
        if said and column and column.type.kind == "bool" and _ATTRIBUTE.fullmatch(attribute):
            found[policy.id] = attribute, "true" if said[1] else "false"
    return found
