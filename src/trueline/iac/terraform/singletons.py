"""Tables without a block of their own: settings of an account or region, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueline.iac.terraform.blocks import Block, World
from trueline.iac.terraform.provider_facts import ProviderFacts
from trueline.iac.terraform.values import Documents
from trueline.mapping import Unknown, compile_condition, is_unknown
from trueline.model import CodePart, ResourceType

__all__ = ["Singleton", "find_singletons"]


@dataclass(frozen=True, slots=True)
class Singleton:
    """One row to be: what it is called in uids, where it lives, its first block, its document."""

    label: str
    account: str | None
    region: str | None
    address: str
    document: dict[str, Any]


def find_singletons(
    world: World, facts: ProviderFacts, documents: Documents, rtype: ResourceType
) -> list[Singleton]:
    """One row for each account (and region, for regional types) that has any of the blocks."""
    parts = rtype.readers["terraform"].singletons
    kinds = {kind for part in parts for kind in part.resource}
    regional = rtype.live is None or rtype.live.scope != "global"
    groups: dict[tuple[str, str], list[Block]] = {}
    for block in world.blocks.values():
        if block.type in kinds and not block.data:
            groups.setdefault(_group(facts, block, regional), []).append(block)
    out = []
    for (account, region), blocks in groups.items():
        mark = ",".join(m for m in (account if len(groups) > 1 else "", region) if m)
        first = blocks[0]
        out.append(
            Singleton(
                label=f"{rtype.table}[{mark}]" if mark else rtype.table,
                account=facts.account(first),
                region=facts.region(first),
                address=first.address,
                document={part.name: _setting(part, blocks, documents) for part in parts},
            )
        )
    return out


def _group(facts: ProviderFacts, block: Block, regional: bool) -> tuple[str, str]:
    """Where a setting applies; a provider configuration stands for what it does not tell."""
    account = facts.account(block) or ""
    region = (facts.region(block) or block.provider_key) if regional else ""
    return account, region


def _setting(part: CodePart, blocks: list[Block], documents: Documents) -> Any:
    """The document of the only block of a part (a list with `many`); Unknown when none is there."""
    where = compile_condition(part.where) if part.where else None
    found: list[Any] = []
    for block in blocks:
        if block.type in part.resource:
            document = documents.of(block)
            admitted = True if where is None else where(document)
            if is_unknown(admitted):
                found.append(Unknown(admitted.cause))
            elif admitted is True:
                found.append(document)
    # The code is silent, but the account may have the setting from elsewhere: no default applies.
    not_said = Unknown(f"missing:{part.resource[0]}")
    if part.many:
        return [*found, not_said]
    if len(found) > 1:
        named = next(b for b in blocks if b.type in part.resource)
        return Unknown(f"unresolved:{named.address}")
    return found[0] if found else not_said
