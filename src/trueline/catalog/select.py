"""Which policies and types a command means, and which tables a policy reads."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trueline.catalog.catalog import Catalog
from trueline.errors import ConfigError
from trueline.model import Policy, ResourceType

if TYPE_CHECKING:
    from trueline.language import CompiledPolicy, Related

__all__ = ["columns_read", "relations_used", "select_policies", "select_types", "tables_named"]


def select_policies(catalog: Catalog, globs: Sequence[str]) -> dict[str, Policy]:
    """Policies whose id (or a former one) fits a glob; all without globs."""
    names = {p.id: p.id for p in catalog.policies.values()}
    names |= {old: p.id for p in catalog.policies.values() for old in p.formerly}
    chosen = _matching("policy", names, globs)
    return {i: p for i, p in catalog.policies.items() if not globs or i in chosen}


def select_types(
    catalog: Catalog, provider: str, globs: Sequence[str], policies: Iterable[str] | None
) -> dict[str, ResourceType]:
    """What a scan reads: the types named; else those the policies need; else all of a provider."""
    types = {n: t for n, t in catalog.types.items() if t.provider == provider and t.live}
    if globs:
        chosen = _matching("resource type", {n: n for n in types}, globs)
        return {n: t for n, t in types.items() if n in chosen}
    if policies is None:
        return types
    needed = tables_named(catalog.compiled[name] for name in policies)
    return {n: t for n, t in types.items() if n in needed}


def tables_named(policies: Iterable[CompiledPolicy]) -> set[str]:
    """Tables that statements of these policies read."""
    return {table for policy in policies for table, _ in columns_read(policy)}


def relations_used(policy: CompiledPolicy) -> set[tuple[str, str]]:
    """(table, relation name) of every relation a policy follows."""
    return {(r.table, r.relation) for r in _followed(policy.relations)}


def columns_read(policy: CompiledPolicy) -> list[tuple[str, tuple[str, ...]]]:
    """(table, columns) of the policy's own table first, then of every table it follows to."""
    related = [(r.target, r.columns) for r in _followed(policy.relations)]
    return [(policy.table, policy.columns), *related]


def _followed(relations: Iterable[Related]) -> Iterator[Related]:
    for relation in relations:
        yield relation
        yield from _followed(relation.related)


def _matching(kind: str, names: Mapping[str, str], globs: Sequence[str]) -> set[str]:
    chosen: set[str] = set()
    for glob in globs:
        found = {names[n] for n in fnmatch.filter(names, glob)}
        if not found:
            near = difflib.get_close_matches(glob, list(names), 1)
            raise ConfigError(
                "usage",
                f"no {kind} is called {glob!r}",
                f"did you mean {near[0]!r}?" if near else None,
            )
        chosen |= found
    return chosen
