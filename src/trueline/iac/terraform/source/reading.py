"""Reads Terraform source: every root module below a path becomes rows, as a plan of it would."""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from trueline.iac.comments import may_suppress
from trueline.iac.terraform.code import CodeBlock
from trueline.iac.terraform.ledger import ledger
from trueline.iac.terraform.rows import READER, Origin, RowMaker
from trueline.iac.terraform.source.blocks import SourceBlock
from trueline.iac.terraform.source.bodies import Labels
from trueline.iac.terraform.source.code import Written
from trueline.iac.terraform.source.inputs import SourceOptions, root_inputs
from trueline.iac.terraform.source.labels import label_trees
from trueline.iac.terraform.source.modules import Module
from trueline.iac.terraform.source.moves import moves
from trueline.iac.terraform.source.places import Places
from trueline.iac.terraform.source.roots import find_roots
from trueline.iac.terraform.source.text import Fault, Texts
from trueline.iac.terraform.source.world import World, deep_calls
from trueline.iac.trees import Tree
from trueline.mapping import Mapper, Unknown
from trueline.model import (
    CodeComment,
    CodeRows,
    CoverageRow,
    Edge,
    Place,
    ResourceType,
    Row,
    Scope,
    ScopeState,
)

__all__ = ["read_source"]

CALL = "terraform.source"


def read_source(
    tree: Tree,
    path: str,
    types: Mapping[str, ResourceType],
    options: SourceOptions | None = None,
    *,
    top: str = "/",
) -> CodeRows:
    """The rows, references, ledger, scopes, places and comments of the source below a folder.

    `path` is relative to the tree's root, and files are told relative to it; `top` is where that
    root stands on this machine. What cannot be read becomes ledger rows and unknowns.
    """
    mapped = {t: rtype for t, rtype in types.items() if READER in rtype.readers}
    reading = _Reading(tree, path, mapped, options or SourceOptions(), top)
    with deep_calls():
        for folder in find_roots(reading.texts, path, reading.faults):
            reading.add(folder)
        return reading.result()


@dataclass(slots=True)
class _Reading:
    """Source on its way to rows; root modules are added one after another."""

    tree: Tree
    path: str
    types: Mapping[str, ResourceType]
    options: SourceOptions
    top: str
    faults: list[Fault] = field(default_factory=list)
    texts: Texts = field(init=False)
    places: Places = field(init=False)
    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    rows: dict[str, list[Row]] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    coverage: list[CoverageRow] = field(default_factory=list)
    scopes: list[ScopeState] = field(default_factory=list)
    found: dict[str, Place] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    _labels: dict[str, Labels] = field(init=False)
    _mappers: dict[str, Mapper] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.texts, self.places = Texts(self.tree), Places(self.path)
        self._labels = label_trees(self.types.values())

    def add(self, folder: str) -> None:
        """Evaluate one root module and make its rows."""
        text = self.texts.of(folder)
        self.declared |= text.variables.keys()
        inputs, faults = root_inputs(self.tree, text, self.options)
        self.faults.extend(faults)
        world = World(self.texts, text.folder, inputs, self.top)
        code = Written(Module(world, text), self._labels)
        origin = Origin("source", folder or ".", self.at, self._place)
        maker = RowMaker(code, self.types, origin, self._mappers)
        made: dict[str, list[Row]] = {}
        for table, rtype in self.types.items():
            for _, row, document in maker.rows(rtype):
                made.setdefault(table, []).append(row)
                mapper = self._mappers.get(table)
                place = self.places.row(rtype, document, code.spot, mapper)
                if place is not None:
                    self.found[row["uid"]] = place
        for table, rows in made.items():
            self.rows.setdefault(table, []).extend(rows)
        self.edges.extend(maker.edges)
        account = f"code:{origin.folder}"
        self.coverage.extend(
            ledger(code, self.types, made, account, self.places.file(folder), CALL)
        )
        self.coverage.extend(self._unread(world, account))
        self.scopes.extend(self._states(code, account))
        self.moved.extend((origin.uid(a), origin.uid(b)) for m in code.modules for a, b in moves(m))

    def _place(self, block: CodeBlock) -> tuple[str, int]:
        assert isinstance(block, SourceBlock)
        return self.places.file(block.declared.file), block.declared.block.span.line

    def _unread(self, world: World, account: str) -> Iterator[CoverageRow]:
        for address, problem in world.unread.items():
            yield CoverageRow(
                provider="terraform",
                account=account,
                region="",
                type="",
                call=CALL,
                status="error",
                file=self.places.file(world.callers[address]),
                code="module-unread",
                message=f"{address} cannot be read: {problem}; what it makes is not seen",
            )

    def _states(self, code: Written, account: str) -> Iterator[ScopeState]:
        """Every table is whole unless blocks of it may stand where nothing could be read."""
        lost = next((m.text.lost.cause for m in code.modules if m.text.lost), None)
        exposed = {
            code.blocks[a].type: doubt for a, doubt in code.exposed.items() if a in code.blocks
        }
        for table, rtype in self.types.items():
            cause = lost or self._hiding(table, exposed)
            scope = Scope(rtype.provider, account, "", table)
            yield ScopeState(scope, cause is None, self.at, cause)

    def _hiding(self, table: str, exposed: Mapping[str, Unknown]) -> str | None:
        """Why rows of a table may exist unseen that point at rows which are seen."""
        for rtype in self.types.values():
            if any(relation.from_ == table for relation in rtype.relations.values()):
                for kind in rtype.readers[READER].resource:
                    if kind in exposed:
                        return exposed[kind].cause
        return None

    def result(self) -> CodeRows:
        """All of it, with what could not be read of each file."""
        faults = [*self.faults, *(f for text in self.texts.known() for f in text.problems())]
        return CodeRows(
            rows=self.rows,
            edges=tuple(self.edges),
            coverage=(
                *self.coverage,
                *(self._fault(f) for f in dict.fromkeys(faults)),
                *(self._unused(v) for v in self.options.variables if v not in self.declared),
            ),
            scopes=tuple(self.scopes),
            places=self.found,
            comments=tuple(self._comments()),
            moved=tuple(dict.fromkeys(self.moved)),
        )

    def _unused(self, variable: str) -> CoverageRow:
        return CoverageRow(
            provider="terraform",
            account=f"code:{self.path or '.'}",
            region="",
            type="",
            call=CALL,
            status="skipped",
            code="variable-undeclared",
            message=f"no root module declares the variable {variable}; its value is not used",
        )

    def _fault(self, fault: Fault) -> CoverageRow:
        file = self.places.file(fault.file)
        where = f"line {fault.line}: " if fault.line else ""
        return CoverageRow(
            provider="terraform",
            account=f"code:{posixpath.dirname(fault.file) or '.'}",
            region="",
            type="",
            call=CALL,
            status="error",
            file=file,
            code="source-malformed",
            message=f"{where}{fault.message}; what stands there is not known",
        )

    def _comments(self) -> Iterator[CodeComment]:
        for text in self.texts.known():
            for file in text.files:
                name = self.places.file(file.name)
                for c in file.comments:
                    if may_suppress(c.text):
                        yield CodeComment(name, c.line, c.end_line, c.text, c.alone)
