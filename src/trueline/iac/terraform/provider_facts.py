"""What a plan tells of its providers: region, account and default tags of each configuration.

Beside it stand the few facts about providers that a plan does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from trueline.iac.terraform.blocks import Block, World
from trueline.iac.terraform.references import references_of
from trueline.mapping import Unknown, is_unknown

__all__ = [
    "BLOCKS_AS_ATTRIBUTES",
    "IDENTITIES",
    "NESTED_LISTS",
    "NEVER_NULL",
    "ProviderFacts",
    "arn_account",
    "is_account",
    "is_always_set",
    "is_region",
]

IDENTITIES = (
    "id", "arn", "name", "bucket", "url", "key_id", "function_name", "identifier",
    "cluster_identifier", "allocation_id", "qualified_arn", "alias", "domain_name",
)  # fmt: skip
"""Attributes by whose value one block names another."""

NEVER_NULL = frozenset(
    {
        "allocation_id", "arn", "bucket", "cluster_identifier", "default_network_acl_id",
        "default_route_table_id", "default_security_group_id", "dns_name", "function_name", "id",
        "identifier", "invoke_arn", "key_id", "main_route_table_id", "name", "owner_id",
        "qualified_arn", "repository_url", "unique_id", "url",
    }
)  # fmt: skip
"""Attributes that a cloud always fills: once applied, they are set."""

_OWN_ONLY = {
    "allocation_id": ("aws_eip",),
    "cluster_identifier": ("_cluster",),
    "key_id": ("_key",),
}
"""Some name the thing itself only in types whose names end so; elsewhere they point."""

BLOCKS_AS_ATTRIBUTES = frozenset(
    {
        ("aws_default_route_table", "route"),
        ("aws_default_security_group", "egress"),
        ("aws_default_security_group", "ingress"),
        ("aws_network_acl", "egress"),
        ("aws_network_acl", "ingress"),
        ("aws_route_table", "route"),
        ("aws_security_group", "egress"),
        ("aws_security_group", "ingress"),
    }
)
"""Computed attributes that may be written as blocks. For these, unlike real blocks, a `dynamic`
one always shows as elements, so that an unknown whole means that nothing is written.
Source: `terraform providers schema -json` of hashicorp/aws 5.100, sets of objects."""

NESTED_LISTS = frozenset({("aws_eks_cluster", "public_access_cidrs")})
"""Computed lists of text inside blocks, of those that mappings read. A block cannot stand in their
place, so that unknown ones that code does not write are left to the provider.
Source: as above, attributes that are optional and computed."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}")
_ACCOUNT = re.compile(r"\d{12}")
_NO_MAP: Mapping[str, Any] = {}


class ProviderFacts:
    """Region, account and default tags by provider configuration; None where not told."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._regions: dict[str, str | None] = {}
        self._accounts: dict[str, str | None] = {}
        self._tags: dict[str, Any] = {}
        self._by_key: dict[str, list[Block]] = {}
        for block in world.blocks.values():
            self._by_key.setdefault(block.provider_key, []).append(block)

    def region(self, block: Block) -> str | None:
        """The region where a block's provider works, or the block's own where it names one."""
        own = block.after.get("region")
        if is_region(own):
            return own
        key = block.provider_key
        if key not in self._regions:
            self._regions[key] = self._find_region(key)
        return self._regions[key]

    def account(self, block: Block) -> str | None:
        """The account of a block: its own ARN's, else that of its provider configuration."""
        own = arn_account(block.after.get("arn"))
        if own:
            return own
        key = block.provider_key
        if key not in self._accounts:
            self._accounts[key] = self._find_account(key)
        return self._accounts[key]

    def all_tags(self, block: Block, tags: Any) -> Any:
        """A block's own tags over the provider's default ones, where the plan lacks the sum."""
        if is_unknown(tags):
            return Unknown(tags.cause)
        key = block.provider_key
        if key not in self._tags:
            self._tags[key] = self._default_tags(key)
        defaults = self._tags[key]
        if is_unknown(defaults):
            return defaults
        return {**defaults, **(tags if isinstance(tags, dict) else {})}

    def _configurations(self, key: str) -> Iterator[Mapping[str, Any]]:
        """The configuration of a provider, or the one that it inherits from an outer module."""
        path, colon, name = key.rpartition(":")
        while True:
            found = self._world.providers.get(f"{path}{colon}{name}")
            if isinstance(found, dict):
                expressions = found.get("expressions")
                yield expressions if isinstance(expressions, dict) else _NO_MAP
                return
            if not path:
                return
            path = path.rpartition(".module.")[0]
            colon = ":" if path else ""

    def _find_region(self, key: str) -> str | None:
        for said in self._configurations(key):
            region = self._told(said.get("region"))
            if is_region(region):
                return region
        for block in self._by_key.get(key, ()):
            if block.name.startswith("data.aws_region."):
                for label in ("region", "name", "id"):
                    region = block.after.get(label)
                    if is_region(region):
                        return region
        return None

    def _find_account(self, key: str) -> str | None:
        found = {a for said in self._configurations(key) for a in self._told_accounts(said)}
        for block in self._by_key.get(key, ()):
            if block.data and block.type == "aws_caller_identity":
                found.add(str(block.after.get("account_id") or ""))
        found = {a for a in found if is_account(a)}
        if not found:
            found = {
                account
                for block in self._by_key.get(key, ())
                if not block.data and (account := arn_account(block.after.get("arn")))
            }
        return found.pop() if len(found) == 1 else None

    def _told_accounts(self, said: Mapping[str, Any]) -> Iterator[str]:
        roles = said.get("assume_role")
        for role in roles if isinstance(roles, list) else [roles]:
            if isinstance(role, dict):
                yield arn_account(self._told(role.get("role_arn"))) or ""
        allowed = said.get("allowed_account_ids")
        constant = allowed.get("constant_value") if isinstance(allowed, dict) else None
        if isinstance(constant, list) and len(constant) == 1:
            yield str(constant[0])

    def _told(self, said: Any) -> str | None:
        """A constant, or the value of the one variable of the root module that it reads."""
        if not isinstance(said, dict):
            return None
        value = said.get("constant_value")
        if value is None:
            references = references_of(said)
            if len(references) == 1 and references[0].startswith("var."):
                value = self._world.variables.get(references[0].removeprefix("var."))
        return value if isinstance(value, str) else None

    def _default_tags(self, key: str) -> Any:
        """From a block without tags of its own; else as written in the provider's configuration."""
        for block in self._by_key.get(key, ()):
            every = block.after.get("tags_all")
            if isinstance(every, dict) and not block.after.get("tags") and _tags_are_plain(block):
                return every
        for said in self._configurations(key):
            written = said.get("default_tags")
            if not written:
                return {}
            first = written[0] if isinstance(written, list) else written
            tags = first.get("tags") if isinstance(first, dict) else None
            constant = tags.get("constant_value") if isinstance(tags, dict) else None
            if isinstance(constant, dict):
                return {k: v for k, v in constant.items() if isinstance(v, str)}
            return Unknown(f"unresolved:provider.{key}.default_tags")
        return {}


def is_always_set(kind: str, label: str) -> bool:
    """Does the cloud fill this attribute of a Terraform type where code does not?"""
    return label in NEVER_NULL and kind.endswith(_OWN_ONLY.get(label, ""))


def is_region(value: Any) -> TypeGuard[str]:
    """Is it the name of an AWS region?"""
    return isinstance(value, str) and _REGION.fullmatch(value) is not None


def is_account(value: Any) -> TypeGuard[str]:
    """Is it the id of an AWS account?"""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def arn_account(arn: Any) -> str | None:
    """The account that an ARN names."""
    parts = arn.split(":", 5) if isinstance(arn, str) and arn.startswith("arn:") else []
    return parts[4] if len(parts) == 6 and is_account(parts[4]) else None


def _tags_are_plain(block: Block) -> bool:
    """Is nothing of a block's tags unknown or sensitive?"""
    masks = (block.unknown, block.sensitive)
    return not any(m if isinstance(m, bool) else m.get("tags") or m.get("tags_all") for m in masks)
