"""Planned values with what is not known marked: the document that a mapping reads.

Four states (FORMAT.md): a value; null; *unset*, where the text does not say it and the provider
decides; and *unknown*, with what would decide it. `dynamic` blocks are missing from a plan's
configuration, so a block that the text does not show is never taken for unset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trueline.iac.terraform.blocks import Block, World, marks
from trueline.iac.terraform.policy_document import POLICY_DOCUMENT, RENDERED, policy_document
from trueline.iac.terraform.provider_facts import BLOCKS_AS_ATTRIBUTES, NEVER_NULL, ProviderFacts
from trueline.iac.terraform.references import Resolver, Target, references_of
from trueline.mapping import Unknown, is_unknown

__all__ = ["Documents"]

_FLAT = {"references", "constant_value", "partial"}


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
        for label, mask in block.unknown.items():
            if marks(mask):
                document[label] = self._top(block, label, document.get(label), mask, said)
        for label, value in block.after.items():
            if isinstance(value, list) and label not in said and label in block.unknown:
                document[label] = _opened(f"{block.address}.{label}", document[label], 0)
        document = _hidden(document, block.sensitive)
        if marks(block.unknown.get("tags_all")):
            document["tags_all"] = self._all_tags(block, document)
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

    def _top(self, block: Block, label: str, value: Any, mask: Any, said: Mapping[str, Any]) -> Any:
        """The value of a top-level attribute or block of which something is unknown."""
        path = f"{block.address}.{label}"
        if label in said or mask is not True:
            return self._value(block, path, value, mask, said.get(label), seen=label in said)
        if label in NEVER_NULL:
            return Unknown(f"after_apply:{path}", present=True)
        if self._is_unset(block, label):
            return Unknown(f"provider_decides:{path}", unset=True)
        return Unknown(f"unresolved:{path}")

    def _is_unset(self, block: Block, label: str) -> bool:
        """Is it certain that no `dynamic` block of that label repeats over something unknown?

        The mask of sensitive values shows every list, set, map and block, so a label that it
        lacks is a scalar.
        """
        masked = block.sensitive if isinstance(block.sensitive, dict) else {}
        return (
            not self._world.reads_unknown
            or (bool(masked) and label not in masked)
            or label not in self._labels.get(block.type, ())
            or (block.type, label) in BLOCKS_AS_ATTRIBUTES
            or (block.type, label) in self._flat_labels
        )

    def _value(
        self, block: Block, path: str, value: Any, mask: Any, said: Any, *, seen: bool
    ) -> Any:
        """A value with a mask over it. `seen`: the text of this place is visible, `said` is it."""
        if mask is True:
            if not seen and self._world.reads_unknown:
                return Unknown(f"unresolved:{path}")
            if not seen:
                return _left_to_provider(path)
            return self._reference(block, path, said)
        if isinstance(mask, dict):
            return self._members(block, path, value, mask, said, seen=seen)
        if isinstance(mask, list):
            return self._list(block, path, value, mask, said, seen=seen)
        return value

    def _members(
        self, block: Block, path: str, value: Any, mask: Any, said: Any, *, seen: bool
    ) -> dict[str, Any]:
        out = dict(value) if isinstance(value, dict) else {}
        flat = _is_flat(said)
        for name, inner in mask.items():
            if not marks(inner):
                continue
            place = f"{path}.{name}"
            if flat or not seen or not isinstance(said, dict):
                out[name] = self._value(block, place, out.get(name), inner, said, seen=seen)
            elif name in said:
                out[name] = self._value(block, place, out.get(name), inner, said[name], seen=True)
            elif inner is True:
                out[name] = _left_to_provider(place)
            else:
                out[name] = self._value(block, place, out.get(name), inner, None, seen=False)
        return out

    def _list(
        self, block: Block, path: str, value: Any, mask: Any, said: Any, *, seen: bool
    ) -> list[Any]:
        """Elements of a list, set or repeated block; sets are re-ordered, so blocks are matched."""
        values = value if isinstance(value, list) else [None] * len(mask)
        masks = [*mask, *[False] * (len(values) - len(mask))][: len(values)]
        if isinstance(said, list):
            return self._repeated(block, path, values, masks, said)
        spread = self._spread(block, said, masks) if seen else None
        out = []
        for position, (element, inner) in enumerate(zip(values, masks, strict=True)):
            place = f"{path}[{position}]"
            if inner is True and spread:
                out.append(self._target_value(place, spread.pop(0), certain=True))
            elif marks(inner):
                out.append(self._value(block, place, element, inner, said, seen=seen))
            else:
                out.append(element)
        return out

    def _repeated(
        self,
        block: Block,
        path: str,
        values: Sequence[Any],
        masks: Sequence[Any],
        said: Sequence[Any],
    ) -> list[Any]:
        """Instances of blocks written one by one, and possibly of `dynamic` ones beside them."""
        written = [s for s in said if isinstance(s, dict)]
        whole = len(values) <= len(written)
        out = []
        for position, (element, mask) in enumerate(zip(values, masks, strict=True)):
            if not marks(mask):
                out.append(element)
                continue
            place = f"{path}[{position}]"
            fitting = [w for w in written if _fits(w, element, mask)] or (written if whole else [])
            text = _union(fitting, partial=not whole)
            hidden = not fitting or not whole
            made = self._members(block, place, element, mask, text, seen=bool(fitting))
            out.append(_doubted(made, text, place) if hidden and fitting else made)
        opened: list[Any] = _opened(path, out, len(written))
        return opened

    def _spread(self, block: Block, said: Any, masks: Sequence[Any]) -> list[Target] | None:
        """The blocks that the unknown elements of a list come from, if it is one for each."""
        wholly = sum(m is True for m in masks)
        if not wholly:
            return None
        found = self._resolver.resolve(block, references_of(said))
        targets = _undecided(found.targets)
        return targets if found.sure and len(targets) == wholly else None

    def _reference(self, block: Block, path: str, said: Any) -> Any:
        """What is known of an unknown value: what it comes from, and whether it will be set."""
        found = self._resolver.resolve(block, references_of(said))
        targets = _undecided(found.targets)
        if targets and self._all_policies(targets):
            documents = [self._policy(t.block, path) for t in targets]
            single = len(documents) == 1
            return documents[0] if single else [*documents, Unknown(f"unresolved:{path}")]
        partial = isinstance(said, dict) and said.get("partial")
        if len(targets) == 1 and found.sure:
            return self._target_value(path, targets[0], certain=not partial)
        if targets:
            definite = found.sure and not partial
            refs = tuple(dict.fromkeys(t.block.address for t in targets)) if definite else ()
            return Unknown(_cause(targets[0]), refs=refs)
        if found.blind:
            return Unknown(f"unresolved:{found.blind[0]}")
        return Unknown(f"after_apply:{path}")

    def _target_value(self, path: str, target: Target, *, certain: bool) -> Any:
        if self._all_policies([target]):
            return self._policy(target.block, path)
        present = certain and target.attribute in NEVER_NULL
        return Unknown(
            _cause(target), present=present, refs=(target.block.address,) if certain else ()
        )

    def _all_policies(self, targets: Sequence[Target]) -> bool:
        return all(
            t.block.data and t.block.type == POLICY_DOCUMENT and t.attribute in ("", *RENDERED)
            for t in targets
        )

    def _policy(self, block: Block, path: str) -> Any:
        if block.address in self._open:
            return Unknown(f"unresolved:{path}")
        self._open.add(block.address)
        try:
            return policy_document(self.of(block))
        finally:
            self._open.discard(block.address)


def _left_to_provider(path: str) -> Unknown:
    return Unknown(f"provider_decides:{path}", unset=True)


def _is_flat(said: Any) -> bool:
    """Is this one expression, rather than the inside of a block?"""
    return isinstance(said, dict) and said.keys() <= _FLAT


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


def _masked(value: Any, mask: Any) -> Any:
    """The value without what is sensitive; null and unknown values hold no secret."""
    if mask is True:
        return value if value is None or is_unknown(value) else Unknown("sensitive", present=True)
    if isinstance(mask, dict) and isinstance(value, dict):
        return {k: _masked(v, mask[k]) if k in mask else v for k, v in value.items()}
    if isinstance(mask, list) and isinstance(value, list):
        return [_masked(v, m) for v, m in zip(value, _stretched(mask, len(value)), strict=True)]
    return value


def _hidden(document: dict[str, Any], mask: Mapping[str, Any] | bool) -> dict[str, Any]:
    """A document without what is sensitive; a mask of `true` hides every member."""
    if isinstance(mask, bool):
        return {k: _masked(v, mask) for k, v in document.items()}
    return {k: _masked(v, mask[k]) if k in mask else v for k, v in document.items()}


def _stretched(mask: Sequence[Any], length: int) -> list[Any]:
    return [*mask, *[False] * (length - len(mask))][:length]


def _labels_written_flat(world: World) -> frozenset[tuple[str, str]]:
    """(type, label) that some block of the plan writes as one expression: not a nested block."""
    return frozenset(
        (str(resource.get("type")), label)
        for module in world.modules.values()
        for resource in module.resources.values()
        for label, said in _expressions(resource)
        if _is_flat(said)
    )


def _expressions(resource: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    said = resource.get("expressions")
    return iter(said.items() if isinstance(said, dict) else ())


def _fits(written: Mapping[str, Any], element: Any, mask: Any) -> bool:
    """May this block of the text have made this element? Its constants must be there."""
    if not isinstance(element, dict) or not isinstance(mask, dict):
        return True
    for name, said in written.items():
        if _is_flat(said) and "constant_value" in said:
            constant, value = said["constant_value"], element.get(name)
            if marks(mask.get(name)) and mask.get(name) is True:
                return False
            if _plain(constant) and _plain(value) and str(value).lower() != str(constant).lower():
                return False
    return True


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))


def _union(blocks: Sequence[Mapping[str, Any]], *, partial: bool) -> dict[str, Any]:
    """What any of several blocks says; `partial` marks what not all of them say alike."""
    out: dict[str, Any] = {}
    for name in dict.fromkeys(n for b in blocks for n in b):
        said = [b[name] for b in blocks if name in b]
        if len(said) == len(blocks) and all(s == said[0] for s in said) and not partial:
            out[name] = said[0]
        elif all(isinstance(s, list) for s in said):
            out[name] = [element for s in said for element in s]
        else:
            out[name] = {"references": list(references_of(said)), "partial": True}
    return out


def _doubted(made: dict[str, Any], text: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A `dynamic` block may have made this element: what no text shows is not unset."""
    return {
        name: Unknown(f"unresolved:{path}.{name}")
        if is_unknown(value) and value.unset and name not in text
        else value
        for name, value in made.items()
    }


def _opened(path: str, elements: Any, written: int) -> Any:
    """An open list where an element may stand for any number of them.

    A `dynamic` block that repeats an unknown number of times shows as exactly one element in
    which nothing is known.
    """
    if not isinstance(elements, list) or len(elements) <= written:
        return elements
    if any(isinstance(e, dict) and _nothing_known(e) for e in elements):
        return [*elements, Unknown(f"unresolved:{path}")]
    return elements


def _nothing_known(value: Any) -> bool:
    """Is every leaf unknown or a neutral value, and one at least unknown?"""
    leaves, stack = [], [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
        else:
            leaves.append(part)
    unknown = [is_unknown(leaf) for leaf in leaves]
    return any(unknown) and all(u or not leaf for u, leaf in zip(unknown, leaves, strict=True))
