"""Plan JSON -> the world of its blocks and modules, indexed by address, type and place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from trueline.errors import ConfigError, Where
from trueline.iac.terraform.addresses import split_module, without_keys
from trueline.iac.terraform.blocks import Block, Module, World, as_list, as_map
from trueline.iac.terraform.gaps import incomplete, reads_unknown

__all__ = ["read_world"]

Key = TypeVar("Key")


def read_world(plan: Mapping[str, Any], where: Where) -> World:
    """Index the parts of a plan. Raises ConfigError where a part has another form than a plan's."""
    configuration = as_map(plan.get("configuration"))
    root = as_map(configuration.get("root_module"))
    modules: dict[str, Module] = {}
    _add_modules(modules, "", {}, root)
    blocks = {b.address: b for b in _prior_data(plan, modules)}
    changes = plan.get("resource_changes", [])
    if not isinstance(changes, list):
        _malformed("resource_changes is not a list", where)
    for position, change in enumerate(changes):
        block = _planned(change, modules, f"resource_changes[{position}]", where)
        if block is not None:
            blocks[block.address] = block
    variables = {k: as_map(v).get("default") for k, v in as_map(root.get("variables")).items()}
    variables |= {k: as_map(v).get("value") for k, v in as_map(plan.get("variables")).items()}
    return World(
        modules=modules,
        blocks=blocks,
        types=_grouped(blocks, lambda block: block.type),
        instances=_grouped(blocks, lambda block: (block.module, block.name)),
        module_instances=_module_instances(blocks),
        providers=as_map(configuration.get("provider_config")),
        variables=variables,
        incomplete=incomplete(plan, modules, changes),
        reads_unknown=reads_unknown(plan, blocks.values()),
    )


def _malformed(seen: str, where: Where) -> NoReturn:
    hint = "write it again with: terraform show -json plan.out > plan.json"
    raise ConfigError("plan-malformed", f"a Terraform plan was expected, but {seen}", hint, where)


def _add_modules(
    modules: dict[str, Module], path: str, call: Mapping[str, Any], text: Mapping[str, Any]
) -> None:
    named = (as_map(r) for r in as_list(text.get("resources")))
    by_address = {str(r.get("address")): r for r in named}
    modules[path] = Module(call, as_map(text.get("outputs")), by_address)
    for name, inner in as_map(text.get("module_calls")).items():
        child = f"{path}.module.{name}" if path else f"module.{name}"
        _add_modules(modules, child, as_map(inner), as_map(as_map(inner).get("module")))


def _planned(change: Any, modules: Mapping[str, Module], place: str, where: Where) -> Block | None:
    """The block after a change; None when nothing remains of it."""
    if not isinstance(change, dict) or not isinstance(change.get("change"), dict):
        _malformed(f"{place} is not a change", where)
    if not all(isinstance(change.get(k), str) for k in ("address", "type", "name")):
        _malformed(f"{place} lacks an address, type or name", where)
    inner = change["change"]
    actions = inner.get("actions")
    if not isinstance(actions, list) or not actions:
        _malformed(f"{place}.change.actions is not a list of actions", where)
    if "deposed" in change or all(action in ("delete", "forget") for action in actions):
        return None
    after, unknown = inner.get("after") or {}, inner.get("after_unknown") or {}
    if not isinstance(after, dict) or not isinstance(unknown, dict):
        _malformed(f"{place}.change.after is not an object", where)
    return _block(change, modules, after, unknown, inner.get("after_sensitive"))


def _prior_data(plan: Mapping[str, Any], modules: Mapping[str, Module]) -> Iterator[Block]:
    """Data sources that were read while planning: they stand in the prior state only."""
    state = as_map(as_map(plan.get("prior_state")).get("values"))
    open_modules = [as_map(state.get("root_module"))]
    while open_modules:
        module = open_modules.pop()
        for resource in as_list(module.get("resources")):
            if as_map(resource).get("mode") == "data" and isinstance(resource.get("address"), str):
                yield _block(
                    {"module_address": module.get("address", ""), **resource},
                    modules,
                    as_map(resource.get("values")),
                    {},
                    resource.get("sensitive_values") or {},
                )
        open_modules.extend(as_map(m) for m in as_list(module.get("child_modules")))


def _block(
    said: Mapping[str, Any],
    modules: Mapping[str, Module],
    after: Mapping[str, Any],
    unknown: Mapping[str, Any],
    sensitive: Any,
) -> Block:
    module = said.get("module_address")
    module = module if isinstance(module, str) else ""
    data = said.get("mode") == "data"
    name = f"{'data.' if data else ''}{said.get('type')}.{said.get('name')}"
    address = said["address"]
    beginning = f"{module}.{name}" if module else name
    text = modules.get(without_keys(module))
    return Block(
        address=address,
        type=str(said.get("type")),
        name=name,
        module=module,
        key=address[len(beginning) :] if address.startswith(beginning) else "",
        data=data,
        provider=str(said.get("provider_name") or ""),
        config=text.resources.get(name, {}) if text else {},
        after=after,
        unknown=unknown,
        sensitive=sensitive if isinstance(sensitive, dict) else bool(sensitive),
    )


def _grouped(blocks: Mapping[str, Block], key: Callable[[Block], Key]) -> dict[Key, list[Block]]:
    found: dict[Key, list[Block]] = {}
    for block in blocks.values():
        found.setdefault(key(block), []).append(block)
    return found


def _module_instances(blocks: Mapping[str, Block]) -> dict[tuple[str, str], dict[str, None]]:
    """(path of the parent, module's name) -> paths of its instances that hold any block, a set."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    paths = {b.module for b in blocks.values()}
    while paths:
        parents = set()
        for path in sorted(paths - {""}):
            parent, name, _ = split_module(path)
            found.setdefault((parent, name), {})[path] = None
            parents.add(parent)
        paths = parents
    return found
