"""Rows of a plain type with twenty columns that are mapped per CPU second, live and finished."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.measure import Figure, cpu_seconds
from trueline.mapping import Mapper, finish_row
from trueline.model import Column, Live, ResourceType, parse_type

__all__ = ["measure", "plain_documents", "plain_type"]

LEAST = 25_000.0
_ROWS, _TIMES = 10_000, 5
_KINDS = ("text", "text", "bool", "int", "text?")
"""The types of the columns, over and over; the last column is the tags."""


def measure() -> Iterator[Figure]:
    """What `Mapper.row`, `Mapper.config` and `finish_row` take together."""
    rtype, documents = plain_type(), plain_documents(_ROWS)
    rates = [_ROWS / _spent(rtype, documents) for _ in range(_TIMES)]
    yield Figure("rows of a plain 20-column type mapped", median(rates), "rows/s", LEAST, True)


def plain_type() -> ResourceType:
    """Nineteen columns that are members of the answer, some of them nested, and tags."""
    columns = {}
    for i in range(19):
        path = f"Item.Member{i}" if i % 3 else f"Item.Settings.Member{i}"
        kind = parse_type(_KINDS[i % len(_KINDS)])
        columns[f"column_{i}"] = Column(f"column_{i}", kind, "A column", {"live": path})
    tags = {"live": "tags(Item.Tags)"}
    columns["tags"] = Column("tags", parse_type("map<text,text>"), "Tags", tags, omitted={})
    live = Live("region", None, (), "Item.Member1")
    return ResourceType("aws_plain_thing", "Plain thing", "aws", columns, live)


def plain_documents(count: int) -> list[dict[str, Any]]:
    """Answers of an imagined API, one in five without its optional members."""
    made = []
    for n in range(count):
        item: dict[str, Any] = {"Settings": {}, "Tags": [{"Key": "env", "Value": "prod"}]}
        for i in range(19):
            kind = _KINDS[i % len(_KINDS)]
            holder = item if i % 3 else item["Settings"]
            if kind != "text?" or n % 5:
                holder[f"Member{i}"] = {"bool": n % 2 == 0, "int": n}.get(kind, f"value-{n}-{i}")
        made.append({"scope": {"account": "111122223333", "region": "eu-west-1"}, "Item": item})
    return made


def _spent(rtype: ResourceType, documents: list[dict[str, Any]]) -> float:
    mapper, now = Mapper(rtype, "live"), dt.datetime.now(dt.UTC)
    began = cpu_seconds()
    for document in documents:
        finish_row(
            mapper.row(document), rtype, uid=document["Item"]["Member1"], plane="live",
            account="111122223333", region="eu-west-1", scope_account="111122223333",
            scope_region="eu-west-1", config=mapper.config(document), collected_at=now,
            seen_from=("eu-west-1",),
        )  # fmt: skip
    return cpu_seconds() - began
