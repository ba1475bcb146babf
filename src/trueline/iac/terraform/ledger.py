"""The ledger of code: what was read of the input, and which resources no table holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from trueline.iac.terraform.code import Code
from trueline.model import CoverageRow, ResourceType

__all__ = ["NO_CLOUD", "ledger"]

_PROVIDERS = {
    "aws": "aws",
    "awscc": "aws",
    "azuread": "azure",
    "azurerm": "azure",
    "azapi": "azure",
    "google": "gcp",
    "google-beta": "gcp",
    "kubernetes": "kubernetes",
    "helm": "kubernetes",
}
NO_CLOUD = frozenset(
    {
        "archive",
        "cloudinit",
        "external",
        "http",
        "local",
        "null",
        "random",
        "template",
        "terraform",
        "time",
        "tls",
    }
)
"""Providers whose resources exist only in the state: nothing of them could be judged."""


def ledger(
    code: Code,
    types: Mapping[str, ResourceType],
    rows: Mapping[str, Sequence[Any]],
    account: str,
    file: str,
    call: str,
) -> tuple[CoverageRow, ...]:
    """One row for the input, one for each table it fills, and one for each type that none reads."""
    count = sum(len(r) for r in rows.values())
    said = {"account": account, "region": "", "call": call, "file": file}
    status = "ok" if code.incomplete is None else "truncated"
    whole = CoverageRow(
        provider="terraform",
        type="",
        status=status,
        rows=count,
        message=code.incomplete,
        **said,  # type: ignore[arg-type]
    )
    filled = [
        CoverageRow(
            provider=types[table].provider,
            type=table,
            status=status,
            rows=len(rows[table]),
            **said,  # type: ignore[arg-type]
        )
        for table in sorted(types)
        if rows.get(table)
    ]
    read = {kind for rtype in types.values() for kind in _read_types(rtype)}
    unread: Counter[tuple[str, str]] = Counter()
    for block in code.blocks.values():
        provider = block.provider.rpartition("/")[2] or block.type.partition("_")[0]
        if not block.data and block.type not in read and provider not in NO_CLOUD:
            unread[_PROVIDERS.get(provider, provider), block.type] += 1
    unsupported = [
        CoverageRow(
            provider=provider,
            type=kind,
            status="unsupported",
            message=f"{number} in the {call.rpartition('.')[2]}; no table holds this type",
            **said,  # type: ignore[arg-type]
        )
        for (provider, kind), number in sorted(unread.items())
    ]
    return (whole, *filled, *unsupported)


def _read_types(rtype: ResourceType) -> set[str]:
    reader = rtype.readers["terraform"]
    parts = (*reader.parts, *reader.singletons)
    return {*reader.resource, *(kind for part in parts for kind in part.resource)}
