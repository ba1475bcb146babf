"""Planned values with what is not known marked: the document that a mapping reads.

Four states (FORMAT.md): a value; null; *unset*, where the text does not say it and the provider
decides; and *unknown*, with what would decide it. `dynamic` blocks are missing from a plan's
configuration, so a block that the text does not show is never taken for unset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.iac.terraform.addresses import without_keys
from trueline.iac.terraform.blocks import Block, World
from trueline.iac.terraform.code import ADDRESS
from trueline.iac.terraform.masks import marks, stretched, without_secrets
from trueline.iac.terraform.policy_document import POLICY_DOCUMENT, RENDERED, policy_document
from trueline.iac.terraform.provider_facts import (
    BLOCKS_AS_ATTRIBUTES,
    NESTED_LISTS,
    ProviderFacts,
    is_always_set,
)
from trueline.iac.terraform.references import Resolver, Target, references_of
from trueline.iac.terraform.text import doubted, fits, is_flat, opened, union
from trueline.mapping import Unknown, is_unknown

__all__ = ["Documents"]

_NO_SHAPE = object()
"""Stands for the form of a value that the plan does not tell."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in a block: its path for causes, its mask of unknown values, and its form.

    `shape` is the mask of sensitive values: it shows every list, set, map and block, so that what
    it leaves out is a scalar.
    """

    block: Block
    path: str
    mask: Any
    shape: Any

    @property
    def holds_no_block(self) -> bool:
        """Is it certain that no block can stand here?"""
        label = self.path.rpartition(".")[2]
        flat = self.shape is None or isinstance(self.shape, bool)
        return flat or (self.block.type, label) in NESTED_LISTS

    @property
    def is_list(self) -> bool:
        return isinstance(self.shape, list)

    @property
    def is_filled(self) -> bool:
        """Does the provider fill what is null here, so that unknown does not prove it set?"""
        # Loaded where it is asked: most plans need nothing of what reads source.
        from trueline.iac.terraform.source.silence import is_filled

        path = self.path.removeprefix(f"{self.block.address}.")
        return not path.endswith("]") and is_filled(self.block.type, without_keys(path))

    def member(self, name: str) -> _Spot:
        return _Spot(self.block, f"{self.path}.{name}", self.mask[name], _shape(self.shape, name))

    def elements(self, length: int) -> list[_Spot]:
        shapes = self.shape if isinstance(self.shape, list) else []
        shapes = [*shapes, *[_NO_SHAPE] * (length - len(shapes))]
        return [
            _Spot(self.block, f"{self.path}[{i}]", mask, shapes[i])
            for i, mask in enumerate(stretched(self.mask, length))
        ]

    def unresolved(self) -> Unknown:
        return Unknown(f"unresolved:{self.path}")

    def left_to_provider(self) -> Unknown:
        return Unknown(f"provider_decides:{self.path}", unset=True)


def _shape(shape: Any, name: str) -> Any:
    """The form of a member; None for a scalar."""
    return shape.get(name) if isinstance(shape, dict) else _NO_SHAPE


class Documents:
    """Documents of a plan's blocks by address; each is made once, when it is asked for.

    `labels`: by Terraform type, the labels under which a mapping reads members; they may be
    blocks.
    """

    def __init__(
        self,
        world: World,
        resolver: Resolver,
        facts: ProviderFacts,
        labels: Mapping[str, frozenset[str]],
    ) -> None:
        self._world, self._resolver, self._facts, self._labels = world, resolver, facts, labels
        self._flat_labels = _labels_written_flat(world)
        self._made: dict[str, dict[str, Any]] = {}
        self._open: set[str] = set()

    def of(self, block: Block) -> dict[str, Any]:
        """The document of a block: planned values, `written` constants, unknown where unknown."""
        if block.address not in self._made:
            self._made[block.address] = self._make(block)
        return self._made[block.address]

    def _make(self, block: Block) -> dict[str, Any]:
        document = dict(block.after)
        said = block.expressions
        shape = block.sensitive or _NO_SHAPE  # old versions have no such mask at all
        for label, mask in block.unknown.items():
            if marks(mask):
                spot = _Spot(block, f"{block.address}.{label}", mask, _shape(shape, label))
                document[label] = self._top(spot, document.get(label), said, label)
        for label, value in block.after.items():
            if isinstance(value, list) and label not in said and label in block.unknown:
                document[label] = opened(f"{block.address}.{label}", document[label], 0)
        document = without_secrets(document, block.sensitive)
        if marks(block.unknown.get("tags_all")):
            document["tags_all"] = self._all_tags(block, document)
        document[ADDRESS] = block.address
        document["written"] = {
            label: expression["constant_value"]
            for label, expression in said.items()
            if isinstance(expression, dict)
            and "constant_value" in expression
            and not is_unknown(document.get(label))
        }
        return document

    def _all_tags(self, block: Block, document: Mapping[str, Any]) -> Any:
        """Tags with the provider's default ones: no text says them, but what makes them does."""
        own, every = document.get("tags"), document.get("tags_all")
        if not isinstance(every, dict):
            return self._facts.all_tags(block, own)
        tags = own if isinstance(own, dict) else {}
        return {k: tags.get(k, v) if is_unknown(v) else v for k, v in every.items()}

    def _top(self, spot: _Spot, value: Any, said: Mapping[str, Any], label: str) -> Any:
        """The value of a top-level attribute or block of which something is unknown."""
        if label in said or spot.mask is not True:
            return self._value(spot, value, said.get(label), seen=label in said)
        if is_always_set(spot.block.type, label):
            return Unknown(f"after_apply:{spot.path}", present=True)
        if (
            label not in self._labels.get(spot.block.type, ())
            or (spot.block.type, label) in BLOCKS_AS_ATTRIBUTES
            or (spot.block.type, label) in self._flat_labels
        ):
            return spot.left_to_provider()
        return self._unsaid(spot)

    def _unsaid(self, spot: _Spot) -> Unknown:
        """An unknown value that no text shows: unset, unless a `dynamic` block may stand there."""
        if spot.holds_no_block or not self._world.reads_unknown:
            return spot.left_to_provider()
        return spot.unresolved()

    def _value(self, spot: _Spot, value: Any, said: Any, *, seen: bool) -> Any:
        """A value with a mask over it. `seen`: the text of this place is visible, `said` is it."""
        if spot.mask is True:
            if seen:
                return self._reference(spot, said)
            return spot.unresolved() if self._world.reads_unknown else spot.left_to_provider()
        if isinstance(spot.mask, dict):
            return self._members(spot, value, said, seen=seen)
        if isinstance(spot.mask, list):
            return self._list(spot, value, said, seen=seen)
        return value

    def _members(self, spot: _Spot, value: Any, said: Any, *, seen: bool) -> dict[str, Any]:
        out = dict(value) if isinstance(value, dict) else {}
        flat = is_flat(said)
        for name, inner in spot.mask.items():
            if not marks(inner):
                continue
            member = spot.member(name)
            if flat or not seen or not isinstance(said, dict):
                out[name] = self._value(member, out.get(name), said, seen=seen)
            elif name in said:
                out[name] = self._value(member, out.get(name), said[name], seen=True)
            elif inner is True:
                out[name] = self._unsaid(member)
            else:
                out[name] = self._value(member, out.get(name), None, seen=False)
        return out

    def _list(self, spot: _Spot, value: Any, said: Any, *, seen: bool) -> list[Any]:
        """Elements of a list, set or repeated block; sets are re-ordered, so blocks are matched."""
        values = value if isinstance(value, list) else [None] * len(spot.mask)
        spots = spot.elements(len(values))
        if isinstance(said, list):
            return self._repeated(spot, spots, values, said)
        spread = self._spread(spots, said) if seen else []
        out = []
        for element, inner in zip(spots, values, strict=True):
            if element.mask is True and spread:
                out.append(self._target_value(element, spread.pop(0), certain=True))
            elif marks(element.mask):
                out.append(self._value(element, inner, said, seen=seen))
            else:
                out.append(inner)
        return out

    def _repeated(
        self, spot: _Spot, spots: Sequence[_Spot], values: Sequence[Any], said: Sequence[Any]
    ) -> list[Any]:
        """Instances of blocks written one by one, and possibly of `dynamic` ones beside them."""
        written = [s for s in said if isinstance(s, dict)]
        whole = len(values) <= len(written)
        out: list[Any] = []
        for element, value in zip(spots, values, strict=True):
            if not isinstance(element.mask, dict) or not marks(element.mask):
                out.append(element.unresolved() if marks(element.mask) else value)
                continue
            fitting = [w for w in written if fits(w, value, element.mask)]
            fitting = fitting or (written if whole else [])
            text = union(fitting, partial=not whole)
            made = self._members(element, value, text, seen=bool(fitting))
            out.append(doubted(made, text, element.path) if fitting and not whole else made)
        elements: list[Any] = opened(spot.path, out, len(written))
        return elements

    def _spread(self, spots: Sequence[_Spot], said: Any) -> list[Target]:
        """The blocks that the unknown elements of a list come from, if it is one for each."""
        wholly = [spot for spot in spots if spot.mask is True]
        if not wholly:
            return []
        found = self._resolver.resolve(wholly[0].block, references_of(said))
        targets = _undecided(found.targets)
        return targets if found.sure and len(targets) == len(wholly) else []

    def _reference(self, spot: _Spot, said: Any) -> Any:
        """What is known of an unknown value: what it comes from, and whether it will be set."""
        found = self._resolver.resolve(spot.block, references_of(said))
        targets = _undecided(found.targets)
        beside = found.beside or len(targets) < len(found.targets)
        sure = found.sure and not (beside and spot.is_filled)
        definite = sure and not (isinstance(said, dict) and said.get("partial"))
        if len(targets) == 1 and sure:
            return self._target_value(spot, targets[0], certain=definite)
        if targets and definite and spot.is_list and self._all_policies(targets):
            # Of a list the references are known, but not whether it holds more than them.
            return [*(self._policy(t.block, spot) for t in targets), spot.unresolved()]
        if targets:
            refs = tuple(dict.fromkeys(t.block.address for t in targets)) if definite else ()
            return Unknown(_cause(targets[0]), refs=refs)
        if found.blind:
            return Unknown(f"unresolved:{found.blind[0]}")
        return Unknown(f"after_apply:{spot.path}")

    def _target_value(self, spot: _Spot, target: Target, *, certain: bool) -> Any:
        if self._all_policies([target]):
            policy = self._policy(target.block, spot)
            return [policy, spot.unresolved()] if spot.is_list else policy
        present = certain and is_always_set(target.block.type, target.attribute)
        refs = (target.block.address,) if certain else ()
        return Unknown(_cause(target), present=present, refs=refs, named=present)

    def _all_policies(self, targets: Sequence[Target]) -> bool:
        return all(
            t.block.data and t.block.type == POLICY_DOCUMENT and t.attribute in ("", *RENDERED)
            for t in targets
        )

    def _policy(self, block: Block, spot: _Spot) -> Any:
        if block.address in self._open:
            return spot.unresolved()
        self._open.add(block.address)
        try:
            return policy_document(self.of(block))
        finally:
            self._open.discard(block.address)


def _cause(target: Target) -> str:
    if not target.attribute:
        return f"after_apply:{target.block.address}"
    return f"after_apply:{target.block.address}.{target.attribute}"


def _undecided(targets: Sequence[Target]) -> list[Target]:
    """The targets whose attribute is not known yet: one that is known decides nothing."""
    return [
        t
        for t in targets
        if marks(t.block.unknown.get(t.attribute) if t.attribute else t.block.unknown)
    ]


def _labels_written_flat(world: World) -> frozenset[tuple[str, str]]:
    """(type, label) that some block of the plan writes as one expression: not a nested block."""
    return frozenset(
        (str(resource.get("type")), label)
        for module in world.modules.values()
        for resource in module.resources.values()
        for label, said in _expressions(resource)
        if is_flat(said)
    )


def _expressions(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    said = resource.get("expressions")
    return iter(said.items() if isinstance(said, dict) else ())
