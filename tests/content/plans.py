"""Plan examples as real plans: all of them modules of one root, planned once, taken apart again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from terraform import plan_json

__all__ = ["alone", "plan_each", "shared_between_workers"]

_SHARED = ("format_version", "terraform_version", "timestamp", "applyable", "complete", "errored")


def plan_each(folder: Path, cases: Mapping[str, str]) -> dict[str, str]:
    """The plan of each case as if it had been a root module; names are Terraform identifiers."""
    files = {f"{name}/main.tf": hcl for name, hcl in cases.items()}
    root = "".join(f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in cases)
    whole = json.loads(plan_json(folder, root, files=files))
    return {name: json.dumps(alone(whole, name)) for name in cases}


def alone(plan: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The part of a plan that a module makes, its addresses counted from the module."""
    address = f"module.{name}"
    out: dict[str, Any] = {key: plan[key] for key in _SHARED if key in plan}
    out["planned_values"] = {"root_module": _child(plan["planned_values"], address)}
    if "prior_state" in plan:
        state = plan["prior_state"]
        values = {"root_module": _child(state.get("values", {}), address)}
        out["prior_state"] = {**state, "values": values}
    out["resource_changes"] = [
        _without_module(change, address)
        for change in plan.get("resource_changes", ())
        if change["address"].startswith(f"{address}.")
    ]
    out["relevant_attributes"] = [
        read
        for read in plan.get("relevant_attributes", ())
        if read["resource"].startswith(f"{address}.")
    ]
    configuration = plan["configuration"]
    module = configuration["root_module"]["module_calls"][name]["module"]
    out["configuration"] = {**configuration, "root_module": module}
    moved: dict[str, Any] = _moved(out, f"{address}.")
    return moved


def _child(values: Mapping[str, Any], address: str) -> dict[str, Any]:
    children = values.get("root_module", {}).get("child_modules", ())
    found = next((child for child in children if child["address"] == address), {})
    return {key: value for key, value in found.items() if key != "address"}


def _without_module(change: Mapping[str, Any], address: str) -> dict[str, Any]:
    own = change.get("module_address") == address
    return {key: v for key, v in change.items() if not (own and key == "module_address")}


def _moved(value: Any, prefix: str) -> Any:
    """The value with the prefix taken out of every text and key."""
    if isinstance(value, str):
        return value.replace(prefix, "")
    if isinstance(value, list):
        return [_moved(item, prefix) for item in value]
    if isinstance(value, dict):
        return {_moved(key, prefix): _moved(item, prefix) for key, item in value.items()}
    return value


def shared_between_workers(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], dict[str, str]]
) -> dict[str, str]:
    """What `make` gives, made by the first of several pytest workers that needs it."""
    base = factory.getbasetemp()
    file = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{file}.lock"):
        if not file.exists():
            file.write_text(json.dumps(make(factory.mktemp(file.stem))))
        made: dict[str, str] = json.loads(file.read_text())
    return made
