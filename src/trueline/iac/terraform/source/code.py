"""A root module that is written: the `Code` that rows are made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from trueline.iac.terraform.code import Aim, CodeBlock
from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.values import Value, unknowns_in
from trueline.iac.terraform.source.blocks import SourceBlock, blocks_by_type
from trueline.iac.terraform.source.bodies import Labels
from trueline.iac.terraform.source.mentions import Mentions
from trueline.iac.terraform.source.modules import Call, Module
from trueline.iac.terraform.source.places import Spot
from trueline.mapping import Unknown, is_unknown

__all__ = ["Written"]


class Written:
    """The blocks of a root module and of the modules below it; `modules` are all instances."""

    def __init__(self, root: Module, labels: dict[str, Labels]) -> None:
        self._labels = labels
        self.root = root
        self.blocks: dict[str, SourceBlock] = root.world.blocks
        self.modules = list(root.walk())
        for module in self.modules:
            for name in module.text.resources:
                group = module.group(name)
                for block in group.members.values() if group else ():
                    self.blocks[block.address] = block
        self.types = blocks_by_type(self.blocks)
        self._documents: dict[str, dict[str, Any]] = {}
        self._mentions = Mentions()

    @property
    def incomplete(self) -> str | None:
        """Why not every block is seen, as a sentence; None when every one is."""
        lost = next((m.text.lost for m in self.modules if m.text.lost), None)
        return None if lost is None else f"{lost.place}: {lost.message}"

    def document(self, address: str) -> dict[str, Any]:
        """What a mapping reads of a block."""
        if address not in self._documents:
            block = self.blocks[address]
            self._documents[address] = block.document(self._labels.get(block.type, {}))
        return self._documents[address]

    def spot(self, address: Any) -> Spot | None:
        """Where a block stands in the text."""
        block = self.blocks.get(address)
        return None if block is None else Spot(block.declared, tuple(block.module.calls()))

    def account(self, address: str) -> str | None:
        return self.blocks[address].settings.account

    def region(self, address: str) -> str | None:
        """Where a block's provider works, or the block's own region where it names one."""
        return self.blocks[address].region

    def aim(
        self,
        address: str,
        labels: Sequence[str],
        value: Any,
        wanted: Callable[[CodeBlock], bool],
    ) -> Aim:
        """Whom values that are not known come from, else whom the text mentions."""
        unknown = [v for v in (value if isinstance(value, list) else [value]) if is_unknown(v)]
        if not unknown:
            return Aim(possible=tuple(self._mentioned(address, labels, wanted)))
        sure: dict[str, None] = {}
        possible: dict[str, None] = {}
        anyone = False
        for one in unknown:
            if one.unset:
                continue
            ours = [a for a in one.refs if a in self.blocks and wanted(self.blocks[a])]
            (sure if len(one.refs) == 1 else possible).update(dict.fromkeys(ours))
            anyone = anyone or (not ours and not self._is_elsewhere(one))
        return Aim(tuple(sure), tuple(possible), anyone=anyone)

    def _mentioned(
        self, address: str, labels: Sequence[str], wanted: Callable[[CodeBlock], bool]
    ) -> Iterator[str]:
        block = self.blocks[address]
        for label in labels:
            attribute = block.declared.body.attributes.get(label)
            if attribute is not None:
                for found in self._mentions.of(block.module, attribute.expr).values():
                    if wanted(found):
                        yield found.address

    def _is_elsewhere(self, value: Unknown) -> bool:
        """Does a value surely come from something that this code reads and does not make?"""
        return bool(value.refs) and all(
            a in self.blocks and self.blocks[a].data and self._stands_alone(self.blocks[a])
            for a in value.refs
        )

    def _stands_alone(self, data: SourceBlock) -> bool:
        """Does a data source look for what it looks for without naming any block?"""
        expressions = [a.expr for a in data.declared.body.attributes.values()]
        return not any(self._mentions.of(data.module, e) for e in expressions)

    def lacking(self, address: str, beside: str) -> Unknown | None:
        """Why a block may not exist although another one does."""
        shared = self.blocks[beside].doubts() if beside else {}
        doubts = self.blocks[address].doubts().items()
        return next((Unknown(cause) for key, cause in doubts if key not in shared), None)

    def hidden(self, address: str, names: Collection[str]) -> Unknown | None:
        """Why blocks may exist that are not seen and point at this one."""
        for doubt, known, texts, prefix in self._exposures:
            if address in known or not texts.isdisjoint(names):
                return doubt
            if prefix is not None and address.startswith(prefix):
                return doubt
        return None

    @property
    def exposed(self) -> dict[str, Unknown]:
        """Blocks that something unseen may point at, and why; by address."""
        return {a: doubt for doubt, known, _, _ in self._exposures for a in known}

    @cached_property
    def _exposures(self) -> list[tuple[Unknown, set[str], set[str], str | None]]:
        """For each part that is not seen: addresses and names passed to it, its own beginning."""
        found: list[tuple[Unknown, set[str], set[str], str | None]] = []
        for module in self.modules:
            if module.text.lost is not None:
                doubt = Unknown(module.text.lost.cause)
                known, texts = self._passed(module)
                prefix = f"{module.path}." if module.path else ""
                found.append((doubt, known, texts, prefix))
            for name in module.text.calls:
                call = module.called(name)
                if call is not None and call.reason is not None:
                    known, texts = self._arguments(module, call)
                    found.append((call.reason, known, texts, None))
        return found

    def _passed(self, module: Module) -> tuple[set[str], set[str]]:
        if module.call is None or module.parent is None:
            return set(), set()
        call = module.parent.called(module.call.block.labels[0])
        return self._arguments(module.parent, call) if call else (set(), set())

    def _arguments(self, module: Module, call: Call) -> tuple[set[str], set[str]]:
        """Addresses and texts that a call's arguments hold."""
        known: set[str] = set()
        texts: set[str] = set()
        for label, attribute in call.declared.body.attributes.items():
            if label in ("source", "version", "providers"):
                continue
            value = evaluate(attribute.expr, module.at(call.declared.file_of(label)))
            known.update(a for u in unknowns_in(value) for a in u.refs)
            known.update(self._mentions.of(module, attribute.expr))
            texts.update(_texts(value))
        return known, texts


def _texts(value: Value) -> Iterator[str]:
    left: list[Value] = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, (list, dict)):
            left.extend(one.values() if isinstance(one, dict) else one)
