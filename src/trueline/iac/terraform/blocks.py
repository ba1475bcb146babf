"""What a plan says of each block: planned values, and what its configuration says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Block", "Module", "World", "as_list", "as_map"]

_NO_MAP: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One instance of a resource or data source that will exist.

    `module` is the path of its module instance, `name` its `type.name` there, `key` its own
    instance key as written. `unknown` and `sensitive` are masks laid over `after`.
    """

    address: str
    type: str
    name: str
    module: str
    key: str
    data: bool
    provider: str
    config: Mapping[str, Any]
    after: Mapping[str, Any]
    unknown: Mapping[str, Any]
    sensitive: Mapping[str, Any] | bool

    @property
    def expressions(self) -> Mapping[str, Any]:
        """What the text says, by attribute or block label; `dynamic` blocks are not in it."""
        return as_map(self.config.get("expressions"))

    @property
    def provider_key(self) -> str:
        key = self.config.get("provider_config_key")
        return key if isinstance(key, str) else ""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A module of the configuration: the call that makes it (none for the root) and its text."""

    call: Mapping[str, Any]
    outputs: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class World:
    """A whole plan: modules by path without keys, blocks by address, and both by place."""

    modules: Mapping[str, Module]
    blocks: Mapping[str, Block]
    types: Mapping[str, list[Block]]
    instances: Mapping[tuple[str, str], list[Block]]
    module_instances: Mapping[tuple[str, str], Mapping[str, None]]
    providers: Mapping[str, Any]
    variables: Mapping[str, Any]
    incomplete: str | None
    reads_unknown: bool
    """May any block read a value that is not known yet? A `dynamic` block could repeat over it."""


def as_map(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NO_MAP


def as_list(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
