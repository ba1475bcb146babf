"""The source beside a plan: where the resources that it shows are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from trueline.iac.terraform.addresses import without_keys
from trueline.iac.terraform.source.modules import Local, Module
from trueline.iac.terraform.source.places import Places, Spot
from trueline.iac.terraform.source.text import Texts
from trueline.iac.terraform.source.world import World
from trueline.iac.trees import Tree
from trueline.model import Place, ResourceType

__all__ = ["Beside"]

_STEP = re.compile(r"module\.([\w-]+)\.")


class Beside:
    """Spots by address, found without evaluating anything; `folder` is the root module's."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self._world = World(Texts(tree), folder, {}, "/")
        self._places = Places(folder, in_order=False)
        self._spot = cache(self._find_spot)
        self._module = cache(self._find_module)

    def line(self, address: str, plan: str) -> tuple[str, int | None]:
        """File and line of a block; the plan's own name where it is not found."""
        spot = self._spot(address)
        if spot is None:
            return plan, None
        return self._places.file(spot.declared.file), spot.declared.block.span.line

    def place(self, rtype: ResourceType, document: Mapping[str, Any]) -> Place | None:
        """The place of a row."""
        return self._places.row(rtype, document, self._spot)

    def _find_spot(self, address: Any) -> Spot | None:
        """Where the block of an address is written; None where it is not found."""
        if not isinstance(address, str):
            return None
        plain = without_keys(address)
        path, end = [], 0
        while (step := _STEP.match(plain, end)) is not None:
            path.append(step[1])
            end = step.end()
        module = self._module(tuple(path))
        declared = module.text.resources.get(plain[end:]) if module else None
        if module is None or declared is None:
            return None
        return Spot(declared, tuple(module.calls()))

    def _find_module(self, path: tuple[str, ...]) -> Module | None:
        if not path:
            return Module(self._world, self._world.texts.of(self._world.folder))
        above = self._module(path[:-1])
        declared = above.text.calls.get(path[-1]) if above else None
        if above is None or declared is None:
            return None
        folder, _ = self._world.source_of(above, path[-1], declared)
        if folder is None:
            return None
        text = self._world.texts.of(folder)
        address = above.address(f"module.{path[-1]}")
        return Module(self._world, text, address, declared, Local(above, declared.file))
