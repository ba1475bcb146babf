"""What the provider makes of silence, from its schema and from what plans show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trueline.errors import Where
from trueline.iac.terraform.blocks import Block
from trueline.iac.terraform.source.labels import label_trees
from trueline.iac.terraform.source.silence import DECIDES, UNSEEN
from trueline.iac.terraform.world import read_world
from trueline.model import ResourceType

__all__ = ["silence_facts"]

Path = tuple[str, ...]
Seen = dict[tuple[str, Path], list[Any]]


def silence_facts(
    types: Iterable[ResourceType], schemas: Mapping[str, Any], plans: Iterable[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """By Terraform type and path, the value of what is not written, for all that mappings read."""
    seen = _defaults(plans)
    resources = {
        kind: schema["block"]
        for provider in schemas["provider_schemas"].values()
        for kind, schema in provider.get("resource_schemas", {}).items()
    }
    facts = {}
    for kind, tree in label_trees(types).items():
        if kind in resources:
            found: dict[str, Any] = {}
            _walk(kind, (), tree, resources[kind], seen, found)
            facts[kind] = dict(sorted(found.items()))
    return dict(sorted(facts.items()))


def _walk(
    kind: str,
    path: Path,
    tree: Mapping[str, Any],
    block: Mapping[str, Any],
    seen: Seen,
    found: dict[str, Any],
) -> None:
    for label, inner in tree.items():
        here = (*path, label)
        attribute = block.get("attributes", {}).get(label)
        nested = block.get("block_types", {}).get(label)
        if attribute is not None:
            if not attribute.get("required"):
                found[".".join(here)] = _of_attribute(attribute, seen.get((kind, here)))
        elif nested is not None:
            found[".".join(here)] = [] if nested["nesting_mode"] in ("list", "set") else None
            _walk(kind, here, inner, nested["block"], seen, found)
        else:
            found[".".join(here)] = None


def _of_attribute(attribute: Mapping[str, Any], seen: list[Any] | None) -> Any:
    """What silence means."""
    if attribute.get("computed"):
        return DECIDES
    if not seen or any(value != seen[0] for value in seen):
        return UNSEEN
    return seen[0]


def _defaults(plans: Iterable[dict[str, Any]]) -> Seen:
    """The values that plans show where the configuration says nothing."""
    seen: Seen = {}
    for plan in plans:
        for block in read_world(plan, Where("plan")).blocks.values():
            if not block.data:
                _gather(block, seen)
    return seen


def _gather(block: Block, seen: Seen) -> None:
    for label, value in block.after.items():
        said = block.expressions.get(label)
        if said is None:
            if not block.unknown.get(label):
                seen.setdefault((block.type, (label,)), []).append(value)
        elif isinstance(said, list) and isinstance(value, list) and len(said) == len(value):
            _gather_nested(block.type, (label,), said, value, seen)


def _gather_nested(kind: str, path: Path, said: list[Any], values: list[Any], seen: Seen) -> None:
    written = {name for one in said if isinstance(one, dict) for name in one}
    for value in values:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name not in written:
                    seen.setdefault((kind, (*path, name)), []).append(inner)
    if len(said) == 1 and isinstance(said[0], dict) and isinstance(values[0], dict):
        for name, inner in said[0].items():
            below = values[0].get(name)
            if isinstance(inner, list) and isinstance(below, list) and len(inner) == len(below):
                _gather_nested(kind, (*path, name), inner, below, seen)
