"""Follows references of the configuration to the blocks they mean.

Through variables and outputs of modules, `each.value`, and instance keys: where both ends repeat,
the same key wins. Locals are not in a plan's configuration, so they end the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trueline.iac.terraform.addresses import (
    Reference,
    longest,
    parse_reference,
    split_module,
    without_keys,
)
from trueline.iac.terraform.blocks import Block, Module, World

__all__ = ["Resolution", "Resolver", "Target", "references_of"]

_DEEPEST = 40  # modules inside modules, or hostile input
_MOST = 512  # targets of one reference that are worth telling apart


@dataclass(frozen=True, slots=True)
class Target:
    """A block that a reference means, and which of its attributes; empty when not visible."""

    block: Block
    attribute: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """`sure`: each reference leads to exactly one known place. `blind`: those that end nowhere.

    `beside`: something other than these blocks is read too, which may choose null instead.
    """

    targets: tuple[Target, ...] = ()
    sure: bool = True
    blind: tuple[str, ...] = ()
    beside: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a reference is written: module instance, own key, and what the block repeats over."""

    module: str
    key: str
    each: tuple[str, ...]


def references_of(expression: Any) -> tuple[str, ...]:
    """Every reference inside an expression of the configuration, nested blocks included."""
    found: dict[str, None] = {}
    stack = [expression]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack.extend(reversed(part))
        elif isinstance(part, dict):
            said = part.get("references")
            if isinstance(said, list):
                found.update(dict.fromkeys(r for r in said if isinstance(r, str)))
            else:
                stack.extend(v for k, v in part.items() if k != "constant_value")
    return tuple(found)


def _joined(parts: Iterable[Resolution]) -> Resolution:
    targets: dict[tuple[str, str], Target] = {}
    sure, blind, beside = True, dict[str, None](), False
    for part in parts:
        targets |= {(t.block.address, t.attribute): t for t in part.targets}
        sure = sure and part.sure
        blind |= dict.fromkeys(part.blind)
        beside = beside or part.beside or not part.targets
    return Resolution(tuple(targets.values()), sure, tuple(blind), beside)


class Resolver:
    """Resolves references of one plan; answers are kept, each question is worked out once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[_Place, str, bool], Resolution] = {}
        self._open: set[tuple[_Place, str, bool]] = set()

    def resolve(self, block: Block, references: Iterable[str]) -> Resolution:
        """What references written in a block mean."""
        each = references_of(block.config.get("for_each_expression"))
        return self._all(_Place(block.module, block.key, each), references)

    def _all(self, place: _Place, references: Iterable[str]) -> Resolution:
        said = longest(references)
        keyed = any(_names_own_key(parse_reference(r)) for r in said)
        whole = _joined([self._one(place, r, keyed) for r in said])
        own = all(t.block.key == place.key for t in whole.targets)
        return replace(whole, beside=whole.beside and not (own and _picks_by_key(said)))

    def _one(self, place: _Place, text: str, keyed: bool) -> Resolution:
        question = (place, text, keyed)
        if question in self._known:
            return self._known[question]
        if question in self._open or len(self._open) >= _DEEPEST:
            return Resolution(sure=False, blind=(text,))
        self._open.add(question)
        try:
            answer = self._follow(place, parse_reference(text), text, keyed)
        finally:
            self._open.discard(question)
        self._known[question] = answer
        return answer

    def _follow(self, place: _Place, ref: Reference, text: str, keyed: bool) -> Resolution:
        if ref.kind == "resource":
            return self._resource(place, ref, text, keyed)
        if ref.kind == "module":
            return self._module(place, ref, text, keyed)
        if ref.kind == "var":
            return self._variable(place, ref, text)
        if ref.kind == "each" and ref.name == "value":
            return self._each_value(place, ref, text)
        if ref.kind in ("each", "count", "known"):
            return Resolution()
        return Resolution(sure=False, blind=(text,))

    def _resource(self, place: _Place, ref: Reference, text: str, keyed: bool) -> Resolution:
        found = self._world.instances.get((place.module, ref.name), [])
        wanted = ref.key or (place.key if keyed and len(found) > 1 else "")
        if wanted:
            beginning = f"{place.module}.{ref.name}" if place.module else ref.name
            one = self._world.blocks.get(beginning + wanted)
            found = [one] if one else [] if ref.key else found
        if len(found) > _MOST:
            return Resolution(sure=False, blind=(text,))
        targets = tuple(Target(b, ref.attribute) for b in found)
        return Resolution(targets, sure=len(found) <= 1)

    def _each_value(self, place: _Place, ref: Reference, text: str) -> Resolution:
        """`each.value.id` of a block that repeats over others means the one of the same key."""
        inner = _Place(place.module, place.key, ())
        whole = _joined([self._one(inner, r, True) for r in longest(place.each)])
        return _member(whole, ref, text)

    def _variable(self, place: _Place, ref: Reference, text: str) -> Resolution:
        if not place.module:
            return Resolution()  # variables of the root module are known when planning
        module = self._module_at(place.module)
        if module is None:
            return Resolution(sure=False, blind=(f"var.{ref.name}",))
        said = module.call.get("expressions")
        given = said.get(ref.name) if isinstance(said, dict) else None
        parent, _, key = split_module(place.module)
        each = references_of(module.call.get("for_each_expression"))
        whole = self._all(_Place(parent, key, each), references_of(given))
        return _member(whole, ref, text)

    def _module(self, place: _Place, ref: Reference, text: str, keyed: bool) -> Resolution:
        path = f"{place.module}.module.{ref.name}" if place.module else f"module.{ref.name}"
        module = self._module_at(path)
        if module is None:
            return Resolution(sure=False, blind=(text,))
        outputs = [module.outputs.get(ref.output)] if ref.output else list(module.outputs.values())
        references = references_of([o.get("expression") for o in outputs if isinstance(o, dict)])
        instances = self._world.module_instances.get((place.module, ref.name), {path: None})
        wanted = ref.key or (place.key if keyed and len(instances) > 1 else "")
        if ref.key or path + wanted in instances:
            instances = {path + wanted: None}
        if len(instances) > _MOST:
            return Resolution(sure=False, blind=(text,))
        whole = _joined([self._all(_Place(i, "", ()), references) for i in instances])
        if len(instances) > 1 or not ref.output:
            whole = replace(whole, sure=False)
        return _member(whole, ref, text)

    def _module_at(self, path: str) -> Module | None:
        return self._world.modules.get(without_keys(path))


def _names_own_key(ref: Reference) -> bool:
    """Can the expression pick an instance by the block's own key?"""
    if ref.kind == "each":
        return ref.name == "key" or (ref.name == "value" and not ref.attribute)
    return ref.kind == "count"


def _picks_by_key(said: Sequence[str]) -> bool:
    """Does an expression read one block, as `aws_subnet.s[count.index].id` does, and no more?"""
    parsed = [parse_reference(r) for r in said]
    read = [ref for ref in parsed if not _names_own_key(ref)]
    return len(read) == 1 and read[0].kind == "resource" and not (read[0].key or read[0].attribute)


def _member(whole: Resolution, ref: Reference, text: str) -> Resolution:
    """The member read from what was passed whole, a block for example.

    Of an object put together from more, a member may also be null.
    """
    built = any(t.attribute for t in whole.targets)
    if built and (ref.attribute or '["' in text.replace(ref.key, "", 1)):
        return replace(whole, beside=True)
    if not ref.attribute:
        return whole
    targets = tuple(t if t.attribute else Target(t.block, ref.attribute) for t in whole.targets)
    return replace(whole, targets=targets)
