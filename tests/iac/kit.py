"""Small resource types and plans, written by hand, for the tests of the Terraform reader."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trueline.iac.terraform import read_plan
from trueline.model import (
    UNSAID,
    CodePart,
    CodeReader,
    CodeRows,
    Column,
    Live,
    ResourceType,
    parse_type,
)

ROOT = Path("/judged")
_ADDRESS = re.compile(
    r'((?:module\.\w+(?:\["[^"]*"\])?\.)*)((?:data\.)?(\w+)\.(\w+))(?:\[("[^"]*"|\d+)\])?'
)


def rtype(
    table: str,
    resource: str | Sequence[str],
    columns: Mapping[str, tuple[Any, ...]],
    *,
    parts: Sequence[CodePart] = (),
    singletons: Sequence[CodePart] = (),
    secrets: Sequence[str] = (),
    live_uid: str | None = None,
    scope: str | None = None,
) -> ResourceType:
    """A type with a Terraform reader; columns are name -> (type, mapping[, default])."""
    return ResourceType(
        table=table,
        title=table,
        provider="aws",
        columns={
            name: Column(
                name,
                parse_type(kind),
                "a column",
                {"terraform": mapping},
                defaults={"terraform": rest[0]} if rest else {"terraform": UNSAID},
            )
            for name, (kind, mapping, *rest) in columns.items()
        },
        live=Live(scope, None, (), "x") if scope else None,
        readers={
            "terraform": CodeReader(
                (resource,) if isinstance(resource, str) else tuple(resource),
                tuple(parts),
                tuple(singletons),
                tuple(secrets),
                live_uid,
            )
        },
    )


def ref(*references: str) -> dict[str, Any]:
    """An expression as a plan shows it: each reference, then what it begins with."""
    out: list[str] = []
    for text in references:
        out.append(text)
        pieces = re.match(r"((?:data\.)?[\w-]+\.[\w-]+)((?:\[[^\]]*\])?)(\..+)?", text)
        if pieces and (pieces[2] or pieces[3]):
            out.extend(dict.fromkeys([pieces[1] + pieces[2], pieces[1]]))
    return {"references": out}


def const(value: Any) -> dict[str, Any]:
    return {"constant_value": value}


def block(
    address: str,
    after: Mapping[str, Any] | None = None,
    unknown: Mapping[str, Any] | None = None,
    *,
    says: Mapping[str, Any] | None = None,
    sensitive: Any = None,
    actions: Sequence[str] = ("create",),
    for_each: Mapping[str, Any] | None = None,
    provider_key: str = "aws",
    **more: Any,
) -> dict[str, Any]:
    """One block: its planned change, and what the configuration says of it."""
    found = _ADDRESS.fullmatch(address)
    assert found, address
    data = found[2].startswith("data.")
    change = {
        "address": address,
        "mode": "data" if data else "managed",
        "type": found[3],
        "name": found[4],
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": list(actions),
            "before": None,
            "after": dict(after or {}),
            "after_unknown": dict(unknown or {}),
            "after_sensitive": sensitive or {},
        },
        **more,
    }
    if found[1]:
        change["module_address"] = found[1].removesuffix(".")
    if found[5]:
        change["index"] = json.loads(found[5])
    text = {
        "address": found[2],
        "mode": change["mode"],
        "type": found[3],
        "name": found[4],
        "provider_config_key": provider_key,
        "expressions": dict(says or {}),
    }
    if for_each:
        text["for_each_expression"] = dict(for_each)
    return {"change": change, "text": text}


def plan(
    *blocks: dict[str, Any],
    calls: Mapping[str, Mapping[str, Any]] | None = None,
    providers: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A plan of format 1.2. `calls`: by module path (`module.a.module.b`) its `expressions`,
    `outputs` (name -> expression) and `for_each`."""
    root: dict[str, Any] = {"resources": [], "module_calls": {}}
    for path, said in (calls or {}).items():
        call = _call(root, path)
        call["expressions"] = dict(said.get("expressions", {}))
        if "for_each" in said:
            call["for_each_expression"] = dict(said["for_each"])
        outputs = said.get("outputs", {})
        call["module"]["outputs"] = {k: {"expression": v} for k, v in outputs.items()}
    for one in blocks:
        path = re.sub(r"\[[^\]]*\]", "", one["change"].get("module_address", ""))
        module = _call(root, path)["module"] if path else root
        if one["text"] not in module["resources"]:
            module["resources"].append(one["text"])
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": [one["change"] for one in blocks],
        # What a real plan lists here decides only whether dynamic blocks may hide.
        "relevant_attributes": [
            {"resource": one["change"]["address"], "attribute": []} for one in blocks
        ],
        "configuration": {
            "provider_config": providers or {"aws": {"name": "aws", "expressions": {}}},
            "root_module": root,
        },
        **more,
    }


def _call(root: dict[str, Any], path: str) -> dict[str, Any]:
    module, call = root, root
    for name in re.findall(r"module\.(\w+)", path):
        fresh = {"expressions": {}, "module": {"resources": [], "module_calls": {}}}
        call = module["module_calls"].setdefault(name, fresh)
        module = call["module"]
    return call


def read(
    said: Mapping[str, Any] | bytes, *types: ResourceType, path: str = "plan.json"
) -> CodeRows:
    """Read a plan that lies in the judged root."""
    data = said if isinstance(said, bytes) else json.dumps(said).encode()
    file = ROOT / path
    return read_plan(data, file.name, {t.table: t for t in types}, judged_root=ROOT, path=file)


def by_address(found: CodeRows, table: str) -> dict[str, Any]:
    """The rows of a table by the address of their block."""
    return {row["address"]: row for row in found.rows.get(table, ())}


def edges(found: CodeRows) -> set[tuple[str, str, str | None, str | None]]:
    """References without what uids begin with."""
    return {
        (
            e.from_uid.removeprefix("code:.:"),
            e.column,
            e.to_uid.removeprefix("code:.:") if e.to_uid else None,
            e.cause,
        )
        for e in found.edges
    }
