"""What a plan says of each block: planned values, and what its configuration says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from trueline.errors import ConfigError, Where
from trueline.iac.terraform.addresses import split_module, without_keys

__all__ = ["Block", "Module", "World", "marks", "read_world"]

Key = TypeVar("Key")
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
        return _map(self.config.get("expressions"))

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

    def of_type(self, kind: str) -> Iterator[Block]:
        """The resources of a Terraform type, without data sources."""
        return (b for b in self.types.get(kind, ()) if not b.data)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NO_MAP


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def read_world(plan: Mapping[str, Any], where: Where) -> World:
    """Index the parts of a plan. Raises ConfigError where a part has another form than a plan's."""
    configuration = _map(plan.get("configuration"))
    root = _map(configuration.get("root_module"))
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
    variables = {k: _map(v).get("default") for k, v in _map(root.get("variables")).items()}
    variables |= {k: _map(v).get("value") for k, v in _map(plan.get("variables")).items()}
    return World(
        modules=modules,
        blocks=blocks,
        types=_grouped(blocks, lambda block: block.type),
        instances=_grouped(blocks, lambda block: (block.module, block.name)),
        module_instances=_module_instances(blocks),
        providers=_map(configuration.get("provider_config")),
        variables=variables,
        incomplete=_incomplete(plan),
        reads_unknown=_reads_unknown(plan, blocks.values()),
    )


def _malformed(seen: str, where: Where) -> NoReturn:
    hint = "write it again with: terraform show -json plan.out > plan.json"
    raise ConfigError("plan-malformed", f"a Terraform plan was expected, but {seen}", hint, where)


def _add_modules(
    modules: dict[str, Module], path: str, call: Mapping[str, Any], text: Mapping[str, Any]
) -> None:
    named = (_map(r) for r in _list(text.get("resources")))
    by_address = {str(r.get("address")): r for r in named}
    modules[path] = Module(call, _map(text.get("outputs")), by_address)
    for name, inner in _map(text.get("module_calls")).items():
        child = f"{path}.module.{name}" if path else f"module.{name}"
        _add_modules(modules, child, _map(inner), _map(_map(inner).get("module")))


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
    state = _map(_map(plan.get("prior_state")).get("values"))
    open_modules = [_map(state.get("root_module"))]
    while open_modules:
        module = open_modules.pop()
        for resource in _list(module.get("resources")):
            if _map(resource).get("mode") == "data" and isinstance(resource.get("address"), str):
                yield _block(
                    {"module_address": module.get("address", ""), **resource},
                    modules,
                    _map(resource.get("values")),
                    {},
                    resource.get("sensitive_values") or {},
                )
        open_modules.extend(_map(m) for m in _list(module.get("child_modules")))


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
        config=text.resources.get(name, _NO_MAP) if text else _NO_MAP,
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


def _incomplete(plan: Mapping[str, Any]) -> str | None:
    """Why the plan does not show the whole root module; None when it does."""
    if plan.get("errored") is True:
        return "planning failed; the plan shows only what came before the error"
    if deferred := _list(plan.get("deferred_changes")):
        return f"{len(deferred)} changes are deferred to a later plan"
    if plan.get("complete") is False:
        return "the plan is not complete: it was limited to targets, or parts are deferred"
    return None


def _reads_unknown(plan: Mapping[str, Any], blocks: Iterable[Block]) -> bool:
    """Does the configuration read an attribute that is not known when planning?

    `relevant_attributes` lists every attribute that planned changes read, through locals, modules
    and `dynamic` blocks; it is left out when empty. Versions before 1.1 do not have it.
    """
    minor = str(plan.get("format_version")).removeprefix("1.")
    if minor in ("0", plan.get("format_version")) or plan.get("errored"):
        return True
    unknown: dict[str, list[Mapping[str, Any]]] = {}
    for block in blocks:
        if block.unknown:
            unknown.setdefault(without_keys(block.address), []).append(block.unknown)
    read = plan.get("relevant_attributes") or []
    if not isinstance(read, list):
        return True
    for entry in read:
        path = _map(entry).get("attribute")
        first = path[0] if isinstance(path, list) and path else None
        for mask in unknown.get(without_keys(str(_map(entry).get("resource"))), ()):
            if not isinstance(first, str) or marks(mask.get(first)):
                return True
    return False


def marks(mask: Any) -> bool:
    """Does a mask mark anything?"""
    if isinstance(mask, dict):
        return any(map(marks, mask.values()))
    if isinstance(mask, list):
        return any(map(marks, mask))
    return mask is True
