"""Reads a plan: every planned resource becomes the row that a scan would give after applying it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trueline.errors import ConfigError, Where
from trueline.iac.terraform.blocks import World
from trueline.iac.terraform.decode import decode
from trueline.iac.terraform.joins import Joins
from trueline.iac.terraform.ledger import plan_ledger
from trueline.iac.terraform.provider_facts import ProviderFacts
from trueline.iac.terraform.references import Resolver
from trueline.iac.terraform.singletons import Singleton, find_singletons
from trueline.iac.terraform.values import Documents
from trueline.iac.terraform.world import read_world
from trueline.mapping import Mapper, compile_expression, expression_paths, finish_row
from trueline.model import CodeReader, CodeRows, Edge, ResourceType, Row, Scope, ScopeState

__all__ = ["read_plan"]

READER = "terraform"


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
    reading = _Reading(world, mapped, folder, file, collected_at)
    rows = {table: found for table in mapped if (found := reading.rows(table))}
    cause = None if world.incomplete is None else "truncated"
    scopes = (
        ScopeState(Scope(r.provider, f"code:{folder}", "", table), not cause, collected_at, cause)
        for table, r in mapped.items()
    )
    return CodeRows(
        rows=rows,
        edges=tuple(reading.edges),
        coverage=plan_ledger(world, mapped, rows, f"code:{folder}", file),
        scopes=tuple(scopes),
    )


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


class _Reading:
    """One plan on its way to rows; `edges` grow as the tables are read."""

    def __init__(
        self,
        world: World,
        types: Mapping[str, ResourceType],
        folder: str,
        file: str,
        collected_at: dt.datetime,
    ) -> None:
        self._world, self._folder, self._file, self._at = world, folder, file, collected_at
        present = world.types.keys()
        self._types = {
            table: rtype
            for table, rtype in types.items()
            if not present.isdisjoint(_block_types(rtype.readers[READER]))
        }
        self._resolver, self._facts = Resolver(world), ProviderFacts(world)
        labels = _labels(self._types.values())
        self._documents = Documents(world, self._resolver, self._facts, labels)
        tabled = {kind for t in types.values() for kind in t.readers[READER].resource}
        self._uids = {
            b.address: f"code:{folder}:{b.address}"
            for b in world.blocks.values()
            if b.type in tabled and not b.data
        }
        self.edges: list[Edge] = []

    def rows(self, table: str) -> list[Row]:
        """The rows of a table."""
        rtype = self._types.get(table)
        if rtype is None:
            return []
        reader, mapper = rtype.readers[READER], Mapper(rtype, READER)
        if not reader.resource:
            made = find_singletons(self._world, self._facts, self._documents, rtype)
            return [self._singleton_row(rtype, mapper, one) for one in made]
        blocks = [b for kind in reader.resource for b in self._world.of_type(kind)]
        if not blocks:
            return []
        joins = Joins(self._world, self._resolver, self._documents, reader.resource, reader.parts)
        live_uid = compile_expression(reader.live_uid) if reader.live_uid else None
        rows: list[Row] = []
        for block in blocks:
            document = self._documents.of(block)
            document = {**document, **joins.parts(block, document)}
            columns = mapper.row(document)
            uid, real = self._uids[block.address], live_uid(document) if live_uid else None
            self._refer(uid, rtype, columns)
            rows.append(
                finish_row(
                    columns,
                    rtype,
                    uid=uid,
                    live_uid=real if isinstance(real, str) else None,
                    account=self._facts.account(block),
                    region=_region(rtype, self._facts.region(block)),
                    config=mapper.config(document),
                    address=block.address,
                    **self._common(),
                )
            )
        return rows

    def _singleton_row(self, rtype: ResourceType, mapper: Mapper, one: Singleton) -> Row:
        uid, columns = f"code:{self._folder}:{one.label}", mapper.row(one.document)
        self._refer(uid, rtype, columns)
        return finish_row(
            columns,
            rtype,
            uid=uid,
            account=one.account,
            region=_region(rtype, one.region),
            config=mapper.config(one.document),
            address=one.address,
            **self._common(),
        )

    def _common(self) -> dict[str, Any]:
        return {
            "plane": "plan",
            "scope_account": f"code:{self._folder}",
            "scope_region": "",
            "collected_at": self._at,
            "source_file": self._file,
        }

    def _refer(self, uid: str, rtype: ResourceType, columns: Mapping[str, Any]) -> None:
        """Note what the unknown values of a row refer to, and that there may be more."""
        for name, addresses in columns["_refs"].items():
            column, value = rtype.columns.get(name), columns.get(name)
            if column is None:
                continue
            unknown = value.count(None) if isinstance(value, list) else 0
            if value is not None and not unknown:
                continue
            cause = columns["_why"].get(name, columns["_why"].get(f"{name}[]", "not_collected"))
            for address in addresses:
                to_uid = self._uids.get(address)
                self.edges.append(Edge(uid, name, to_uid, None if to_uid else cause))
            if column.type.kind == "list" and (value is None or unknown > len(addresses)):
                self.edges.append(Edge(uid, name, None, f"open_list:{name}"))


def _block_types(reader: CodeReader) -> set[str]:
    return {*reader.resource, *(k for p in reader.singletons for k in p.resource)}


def _region(rtype: ResourceType, region: str | None) -> str | None:
    """Global types live in no region, except where the live plane tells each resource's own."""
    live = rtype.live
    if live is not None and live.scope == "global" and live.region is None:
        return "global"
    return region
