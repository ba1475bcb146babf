"""Tables without a block of their own: settings of an account or region, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trueline.iac.terraform.code import ADDRESS, Code, CodeBlock
from trueline.mapping import Unknown, compile_condition, is_unknown
from trueline.model import CodePart, ResourceType

__all__ = ["Singleton", "find_singletons"]


@dataclass(frozen=True, slots=True)
class Singleton:
    """One row to be: what it is called in uids, where it lives, its first block, its document."""

    label: str
    account: str | None
    region: str | None
    block: CodeBlock
    document: dict[str, Any]


def find_singletons(code: Code, rtype: ResourceType) -> list[Singleton]:
    """One row for each account (and region, for regional types) that has any of the blocks."""
    parts = rtype.readers["terraform"].singletons
    kinds = {kind for part in parts for kind in part.resource}
    regional = rtype.live is None or rtype.live.scope != "global"
    groups: dict[tuple[str, str], list[CodeBlock]] = {}
    for block in code.blocks.values():
        if block.type in kinds and not block.data:
            groups.setdefault(_group(code, block, regional), []).append(block)
    out = []
    for (account, region), blocks in groups.items():
        mark = ",".join(m for m in (account if len(groups) > 1 else "", region) if m)
        first = min(blocks, key=lambda block: block.address)
        out.append(
            Singleton(
                label=f"{rtype.table}[{mark}]" if mark else rtype.table,
                account=code.account(first.address),
                region=code.region(first.address),
                block=first,
                document={
                    ADDRESS: first.address,
                    **{part.name: _setting(part, blocks, code) for part in parts},
                },
            )
        )
    return out


def _group(code: Code, block: CodeBlock, regional: bool) -> tuple[str, str]:
    """Where a setting applies; a provider configuration stands for what it does not tell."""
    account = code.account(block.address) or ""
    region = (code.region(block.address) or block.provider_key) if regional else ""
    return account, region


def _setting(part: CodePart, blocks: list[CodeBlock], code: Code) -> Any:
    """The document of the only block of a part (a list with `many`); Unknown when none is there."""
    where = compile_condition(part.where) if part.where else None
    found: list[Any] = []
    for block in blocks:
        if block.type in part.resource:
            document = code.document(block.address)
            admitted = True if where is None else where(document)
            lacking = code.lacking(block.address, "")
            if admitted is not False and lacking is not None:
                found.append(lacking)
            elif is_unknown(admitted):
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
