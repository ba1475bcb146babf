"""Terraform attribute paths of resource files against `terraform providers schema -json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trueline.catalog.problems import Problem, closest
from trueline.catalog.walk import Members, MissingMemberError, Shape, follow
from trueline.errors import Where
from trueline.model import CodePart, ResourceType

__all__ = ["Schemas", "check_terraform", "read_schemas", "unchecked_resources"]

Schemas = Mapping[str, Sequence[Mapping[str, Any]]]
"""By resource name, its block in each provider version at hand."""


def read_schemas(documents: Iterable[Mapping[str, Any]]) -> Schemas:
    """Collect the resources of `terraform providers schema -json` documents, one per version."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for document in documents:
        for provider in document.get("provider_schemas", {}).values():
            for name, schema in provider.get("resource_schemas", {}).items():
                out.setdefault(name, []).append(schema["block"])
    return out


@dataclass(frozen=True)
class _Block:
    """A block or object; a name counts when any of the versions knows it."""

    owner: str
    versions: tuple[Mapping[str, Any], ...]
    is_list: bool = False

    def member(self, name: str) -> Shape | None:
        if self.is_list:
            raise MissingMemberError(f"{self.owner}, a list,", ())
        for block in self.versions:
            if name in block.get("block_types", {}):
                inner = block["block_types"][name]
                repeated = inner.get("nesting_mode") != "single"
                return _Block(f"{self.owner}.{name}", (inner["block"],), repeated)
            if name in block.get("attributes", {}):
                return _attribute(f"{self.owner}.{name}", block["attributes"][name])
        raise MissingMemberError(self.owner, self.names())

    def names(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for block in self.versions:
            found |= dict.fromkeys((*block.get("attributes", {}), *block.get("block_types", {})))
        return tuple(found)

    def element(self) -> Shape | None:
        return _Block(self.owner, self.versions) if self.is_list else None


@dataclass(frozen=True)
class _Values:
    """A list of plain values: it has elements, and no members."""

    owner: str

    def member(self, name: str) -> Shape | None:
        raise MissingMemberError(f"{self.owner}, a list,", ())

    def element(self) -> Shape | None:
        return None


def _attribute(owner: str, attribute: Mapping[str, Any]) -> Shape | None:
    nested = attribute.get("nested_type")
    if nested:
        return _Block(owner, (nested,), nested.get("nesting_mode") in ("list", "set"))
    return _typed(owner, attribute.get("type"))


def _typed(owner: str, kind: Any) -> Shape | None:
    if not isinstance(kind, list):
        return None
    if kind[0] in ("list", "set"):
        inner = _typed(owner, kind[1])
        return _Block(owner, inner.versions, True) if isinstance(inner, _Block) else _Values(owner)
    if kind[0] == "object":
        return _Block(owner, ({"attributes": {k: {"type": v} for k, v in kind[1].items()}},))
    return None


@dataclass
class _Check:
    rtype: ResourceType
    schemas: Schemas
    problems: list[Problem] = field(default_factory=list)

    def error(self, message: str, where: Where | None, hint: str | None = None) -> None:
        place = where or self.rtype.where or Where(self.rtype.table)
        self.problems.append(Problem("terraform", message, place, hint))

    def block(self, names: Sequence[str], where: Where | None) -> _Block | None:
        """The block of one of several resource names; None, told, when a name is not known."""
        versions: list[Mapping[str, Any]] = []
        for name in names:
            if _is_unchecked(name, self.schemas):
                return None
            if name not in self.schemas:
                hint = closest(name, self.schemas)
                self.error(f"no provider at hand has the resource {name!r}", where, hint)
            versions += self.schemas.get(name, ())
        return _Block(" or ".join(names), tuple(versions)) if versions else None

    def follow(self, text: str, root: Shape | None, where: Where | None, what: str) -> Shape | None:
        def tell(name: str, missing: MissingMemberError) -> None:
            self.error(
                f"{what}: {missing.owner} has no {name!r}", where, closest(name, missing.known)
            )

        return follow(text, root, tell)

    def part(self, part: CodePart, own: _Block | None) -> Shape | None:
        what = f"{self.rtype.table}, part {part.name}"
        theirs = self.block(part.resource, self.rtype.where)
        for text, root in ((part.by, theirs), (part.where, theirs), (part.via, own)):
            if text:
                self.follow(text, root, self.rtype.where, what)
        if own is not None and part.name in own.names():
            self.error(f"{what} hides an attribute of {own.owner}", self.rtype.where)
        if theirs is None or not part.many:
            return theirs
        return _Block(theirs.owner, theirs.versions, is_list=True)

    def run(self) -> None:
        reader = self.rtype.readers["terraform"]
        own = self.block(reader.resource, self.rtype.where) if reader.resource else None
        is_open = bool(reader.resource) and own is None
        pieces: dict[str, Shape | None] = {"written": None}
        for part in (*reader.parts, *reader.singletons):
            pieces[part.name] = self.part(part, own)
        for name, text in self.rtype.let.get("terraform", ()):
            root = None if is_open else _Root(own, Members("the document", dict(pieces)))
            pieces[name] = self.follow(text, root, self.rtype.where, f"let {name}")
        root = None if is_open else _Root(own, Members("the document", pieces))
        for column in self.rtype.columns.values():
            if "terraform" in column.mappings:
                what = f"{self.rtype.table}.{column.name}"
                self.follow(column.mappings["terraform"], root, column.where, what)
        for text in (*reader.secrets, *([reader.live_uid] if reader.live_uid else ())):
            self.follow(text, root, self.rtype.where, self.rtype.table)


@dataclass(frozen=True)
class _Root:
    """The document of a block: its parts and lets, and its own attributes."""

    own: _Block | None
    pieces: Members

    def member(self, name: str) -> Shape | None:
        if name in self.pieces.pieces:
            return self.pieces.pieces[name]
        if self.own is None:
            raise MissingMemberError(self.pieces.owner, tuple(self.pieces.pieces))
        return self.own.member(name)

    def element(self) -> Shape | None:
        return None


def unchecked_resources(rtype: ResourceType, schemas: Schemas) -> list[str]:
    """Resource names of a type that belong to providers whose schema is not at hand."""
    reader = rtype.readers.get("terraform")
    if reader is None:
        return []
    parts = (*reader.parts, *reader.singletons)
    names = {*reader.resource, *(name for part in parts for name in part.resource)}
    return sorted(name for name in names if _is_unchecked(name, schemas))


def _is_unchecked(name: str, schemas: Schemas) -> bool:
    provider = name.partition("_")[0]
    return not any(known.partition("_")[0] == provider for known in schemas)


def check_terraform(rtype: ResourceType, schemas: Schemas) -> list[Problem]:
    """Problems of a type's Terraform paths: resources, attributes and blocks that do not exist.

    What belongs to a provider whose schema is not at hand is not checked.
    """
    check = _Check(rtype, schemas)
    if "terraform" in rtype.readers:
        check.run()
    return check.problems
