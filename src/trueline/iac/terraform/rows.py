"""Blocks of a root module -> the rows that a scan would give once it is applied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trueline.iac.terraform.code import Code, CodeBlock
from trueline.iac.terraform.joins import Joins, resources
from trueline.iac.terraform.singletons import Singleton, find_singletons
from trueline.mapping import Mapper, compile_expression, finish_row
from trueline.model import CodeReader, Edge, ResourceType, Row

__all__ = ["READER", "Origin", "RowMaker", "block_types"]

READER = "terraform"

Place = tuple[str | None, int | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """What all rows of a root module share: `folder` stands in uids; `place` gives file, line."""

    plane: str
    folder: str
    collected_at: dt.datetime
    place: Callable[[CodeBlock], Place]

    def uid(self, address: str) -> str:
        return f"code:{self.folder}:{address}"


class RowMaker:
    """Makes the rows of one table after another; `edges` grow with them.

    `mappers` by table serve several root modules.
    """

    def __init__(
        self,
        code: Code,
        types: Mapping[str, ResourceType],
        origin: Origin,
        mappers: dict[str, Mapper] | None = None,
    ) -> None:
        self._code, self._origin = code, origin
        self._mappers = {} if mappers is None else mappers
        tabled = {kind for t in types.values() for kind in t.readers[READER].resource}
        self._uids = {
            b.address: origin.uid(b.address)
            for b in code.blocks.values()
            if b.type in tabled and not b.data
        }
        self.edges: list[Edge] = []

    def rows(self, rtype: ResourceType) -> Iterator[tuple[CodeBlock, Row, dict[str, Any]]]:
        """The rows of a table, each with its block (the first of several) and its document."""
        reader = rtype.readers[READER]
        if self._code.types.keys().isdisjoint(block_types(reader)):
            return
        mapper = self._mappers.get(rtype.table)
        if mapper is None:
            mapper = self._mappers[rtype.table] = Mapper(rtype, READER)
        if not reader.resource:
            for one in find_singletons(self._code, rtype):
                yield one.block, self._singleton_row(rtype, mapper, one), one.document
            return
        joins = Joins(self._code, reader.resource, reader.parts)
        live_uid = compile_expression(reader.live_uid) if reader.live_uid else None
        for block in resources(self._code, reader.resource):
            document = self._code.document(block.address)
            document = {**document, **joins.parts(block, document)}
            columns = mapper.row(document)
            uid, real = self._uids[block.address], live_uid(document) if live_uid else None
            self._refer(uid, rtype, columns, block)
            account = self._code.account(block.address)
            region = _region(rtype, self._code.region(block.address))
            row = finish_row(
                _with_home(columns, block, account, region),
                rtype,
                uid=uid,
                live_uid=real if isinstance(real, str) else None,
                account=account,
                region=region,
                config=mapper.config(document),
                **self._common(block),
            )
            yield block, row, document

    def _singleton_row(self, rtype: ResourceType, mapper: Mapper, one: Singleton) -> Row:
        uid, columns = self._origin.uid(one.label), mapper.row(one.document)
        self._refer(uid, rtype, columns)
        return finish_row(
            columns,
            rtype,
            uid=uid,
            account=one.account,
            region=_region(rtype, one.region),
            config=mapper.config(one.document),
            **self._common(one.block),
        )

    def _common(self, block: CodeBlock) -> dict[str, Any]:
        file, line = self._origin.place(block)
        return {
            "plane": self._origin.plane,
            "scope_account": f"code:{self._origin.folder}",
            "scope_region": "",
            "collected_at": self._origin.collected_at,
            "address": block.address,
            "source_file": file,
            "source_line": line,
        }

    def _refer(
        self,
        uid: str,
        rtype: ResourceType,
        columns: Mapping[str, Any],
        block: CodeBlock | None = None,
    ) -> None:
        """Note what the unknown values of a row refer to, and that there may be more.

        Where the row's block may not exist beside the other, the reference carries that cause.
        """
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
                lacking = self._code.lacking(block.address, address) if block and to_uid else None
                doubt = lacking.cause if lacking is not None else None
                self.edges.append(Edge(uid, name, to_uid, doubt if to_uid else cause))
            if column.type.kind == "list" and (value is None or unknown > len(addresses)):
                self.edges.append(Edge(uid, name, None, f"open_list:{name}"))


def block_types(reader: CodeReader) -> set[str]:
    """The Terraform types that make rows of a table."""
    return {*reader.resource, *(k for p in reader.singletons for k in p.resource)}


def _with_home(
    columns: dict[str, Any], block: CodeBlock, account: str | None, region: str | None
) -> dict[str, Any]:
    """Columns that say what decides the account and region where the code does not tell them."""
    provider = block.provider_key or block.type.partition("_")[0]
    for name, value in (("account", account), ("region", region)):
        if value is None:
            columns["_why"][name] = f"unresolved:provider.{provider}"
    return columns


def _region(rtype: ResourceType, region: str | None) -> str | None:
    """Global types live in no region, except where the live plane tells each resource's own."""
    live = rtype.live
    if live is not None and live.scope == "global" and live.region is None:
        return "global"
    return region
