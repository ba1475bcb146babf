"""Reads a plan: every planned resource becomes the row that a scan would give after applying it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueline.errors import ConfigError, Where
from trueline.iac.terraform.blocks import Block, World
from trueline.iac.terraform.code import Aim
from trueline.iac.terraform.decode import decode
from trueline.iac.terraform.ledger import ledger
from trueline.iac.terraform.provider_facts import ProviderFacts
from trueline.iac.terraform.references import Resolver, references_of
from trueline.iac.terraform.rows import READER, Origin, RowMaker, block_types
from trueline.iac.terraform.values import Documents
from trueline.iac.terraform.world import read_world
from trueline.mapping import expression_paths, is_unknown
from trueline.model import CodeRows, Place, ResourceType, Row, Scope, ScopeState

if TYPE_CHECKING:
    from trueline.iac.terraform.source.beside import Beside

__all__ = ["read_plan"]


def read_plan(
    data: bytes,
    name: str,
    types: Mapping[str, ResourceType],
    *,
    judged_root: Path,
    path: Path | None,
) -> CodeRows:
    """The rows, references, ledger and scopes of one plan in JSON form.

    `name` is what errors call the input; `path` is its file, None for standard input.
    Raises ConfigError where the input is no plan that this reader can take.
    """
    try:
        return _read(data, name, types, judged_root, path)
    except RecursionError:
        message = "a plan was expected, this JSON is nested deeper than any plan"
        raise ConfigError("plan-too-deep", message, where=Where(name)) from None


def _read(
    data: bytes,
    name: str,
    types: Mapping[str, ResourceType],
    judged_root: Path,
    path: Path | None,
) -> CodeRows:
    plan = decode(data, name)
    world = read_world(plan, Where(name))
    collected_at = _planned_at(plan.get("timestamp"))
    del plan
    mapped = {t: rtype for t, rtype in types.items() if READER in rtype.readers}
    folder = _folder(judged_root, path)
    file = path.name if path else name
    code = _Planned(world, mapped.values())
    locate = _beside(judged_root, folder)
    origin = Origin("plan", folder, collected_at, lambda b: locate.line(b.address, file))
    maker = RowMaker(code, mapped, origin)
    rows: dict[str, list[Row]] = {}
    found: dict[str, Place] = {}
    for table, rtype in mapped.items():
        for _, row, document in maker.rows(rtype):
            rows.setdefault(table, []).append(row)
            place = locate.place(rtype, document)
            if place is not None:
                found[row["uid"]] = place
    cause = None if world.incomplete is None else "truncated"
    scopes = (
        ScopeState(Scope(r.provider, f"code:{folder}", "", table), not cause, collected_at, cause)
        for table, r in mapped.items()
    )
    return CodeRows(
        rows=rows,
        edges=tuple(maker.edges),
        coverage=ledger(code, mapped, rows, f"code:{folder}", file, "terraform.plan"),
        scopes=tuple(scopes),
        places=found,
    )


class _Nowhere:
    """Stands for the source of a plan that lies alone."""

    def line(self, address: str, plan: str) -> tuple[str, int | None]:
        return plan, None

    def place(self, rtype: ResourceType, document: Mapping[str, Any]) -> Place | None:
        return None


def _beside(judged_root: Path, folder: str) -> _Nowhere | Beside:
    """The source that lies in the plan's own folder, if any does."""
    place = judged_root / folder
    if folder.startswith("..") or not any(place.glob("*.tf*")):
        return _Nowhere()
    # Most plans lie alone; what reads source is not loaded for them.
    from trueline.iac.terraform.source.beside import Beside
    from trueline.iac.trees import DiskTree

    return Beside(DiskTree(judged_root), "" if folder == "." else folder)


def _folder(judged_root: Path, path: Path | None) -> str:
    """Where the plan lies, as uids name it: relative to the judged root, with `/`."""
    folder = Path.cwd() if path is None else path.resolve().parent
    return Path(os.path.relpath(folder, judged_root.resolve())).as_posix()


def _planned_at(timestamp: Any) -> dt.datetime:
    """When the plan was made, else now; UTC."""
    try:
        made = dt.datetime.fromisoformat(timestamp)
    except (TypeError, ValueError):
        made = dt.datetime.now(dt.UTC)
    return made.astimezone(dt.UTC)


def _labels(types: Iterable[ResourceType]) -> dict[str, frozenset[str]]:
    """By Terraform type, the labels under which a mapping reads members."""
    found: dict[str, set[str]] = {}
    for rtype in types:
        reader = rtype.readers[READER]
        own = {p.name: p.resource for p in (*reader.parts, *reader.singletons)}
        for text in _mappings(rtype):
            for path in expression_paths(text):
                kinds = own.get(path[0], reader.resource) if path else ()
                inside = path[1:] if path and path[0] in own else path
                if len(inside) > 1:
                    for kind in kinds:
                        found.setdefault(kind, set()).add(inside[0])
    return {kind: frozenset(labels) for kind, labels in found.items()}


def _mappings(rtype: ResourceType) -> Iterator[str]:
    reader = rtype.readers[READER]
    yield from (text for _, text in rtype.let.get(READER, ()))
    yield from (c.mappings[READER] for c in rtype.columns.values() if READER in c.mappings)
    yield from (p.via for p in reader.parts if p.via)


class _Planned:
    """The `Code` of a plan."""

    def __init__(self, world: World, types: Iterable[ResourceType]) -> None:
        self.blocks, self.types, self.incomplete = world.blocks, world.types, world.incomplete
        present = world.types.keys()
        shown = [t for t in types if not present.isdisjoint(block_types(t.readers[READER]))]
        self._resolver, self._facts = Resolver(world), ProviderFacts(world)
        self._documents = Documents(world, self._resolver, self._facts, _labels(shown))

    def document(self, address: str) -> dict[str, Any]:
        return self._documents.of(self.blocks[address])

    def account(self, address: str) -> str | None:
        return self._facts.account(self.blocks[address])

    def region(self, address: str) -> str | None:
        return self._facts.region(self.blocks[address])

    def aim(
        self, address: str, labels: Sequence[str], value: Any, wanted: Callable[[Block], bool]
    ) -> Aim:
        """Whom the configuration's references in some attributes mean."""
        block = self.blocks[address]
        said = [block.expressions.get(label) for label in labels]
        found = self._resolver.resolve(block, references_of(said))
        meant = dict.fromkeys(t.block.address for t in found.targets if wanted(t.block))
        many = isinstance(value, list) or _is_list(block, labels)
        certain = found.sure if many else len(meant) == 1 and not found.blind
        certain = certain and not (found.beside and _may_be_filled(block, labels))
        anyone = bool(found.blind) or not meant
        return Aim(
            sure=tuple(meant) if certain else (),
            possible=() if certain else tuple(meant),
            anyone=anyone,
            named=many and is_unknown(value) and not anyone,
        )

    def lacking(self, address: str, beside: str) -> None:
        """Nothing: what a plan shows will exist."""

    def hidden(self, address: str, names: Collection[str]) -> None:
        """A plan shows every block that it makes."""


def _may_be_filled(block: Block, labels: Sequence[str]) -> bool:
    """May the provider fill one of some attributes where the text says null?"""
    from trueline.iac.terraform.source.silence import is_filled

    return any(is_filled(block.type, label) for label in labels)


def _is_list(block: Block, labels: Sequence[str]) -> bool:
    """Is an attribute a list or set? Its mask of sensitive values tells, though it is unknown."""
    masks = block.sensitive if isinstance(block.sensitive, dict) else {}
    return any(isinstance(masks.get(label), list) for label in labels)
