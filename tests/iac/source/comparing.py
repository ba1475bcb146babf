"""Compares rows of source with rows of a plan of the same code, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trueline.model import CodeRows, ResourceType

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`kind`: contradiction, a row that is missing or extra, or hidden: only the plan tells."""

    kind: str
    address: str
    column: str
    source: Any
    plan: Any


def differences(
    source: CodeRows, plan: CodeRows, types: Mapping[str, ResourceType]
) -> Iterator[Difference]:
    """Every cell in which source and plan do not say the same of what both know."""
    for table in source.rows.keys() | plan.rows.keys():
        written = {_name(row): row for row in source.rows.get(table, ())}
        planned = {_name(row): row for row in plan.rows.get(table, ())}
        for name in written.keys() ^ planned.keys():
            yield Difference("missing" if name in planned else "extra", name, table, None, None)
        for name in written.keys() & planned.keys():
            yield from _cells(written[name], planned[name], types[table])


def _name(row: Mapping[str, Any]) -> str:
    return str(row["uid"]).split(":", 2)[2]


def _cells(
    source: Mapping[str, Any], plan: Mapping[str, Any], rtype: ResourceType
) -> Iterator[Difference]:
    for column in ("region", "account"):
        if source[column] not in (None, plan[column]) and plan[column] is not None:
            yield Difference("contradiction", _name(plan), column, source[column], plan[column])
    for column, said in rtype.columns.items():
        if "terraform" not in said.mappings:
            continue
        ours, theirs = _state(source, column), _state(plan, column)
        kind = None
        if ours == "unknown" and theirs != "unknown":
            kind = "hidden"
        elif "unknown" in (ours, theirs):
            continue
        elif _is_denied(ours, theirs) or not _agree(source[column], plan[column]):
            kind = "contradiction"
        if kind:
            shown = [row["_why"].get(column, row[column]) for row in (source, plan)]
            yield Difference(kind, _name(plan), column, *shown)


def _state(row: Mapping[str, Any], column: str) -> str:
    if column in row["_absent"]:
        return "absent"
    if row[column] is not None:
        return "value"
    return "set" if column in row["_set"] else "unknown"


def _is_denied(ours: str, theirs: str) -> bool:
    """Does one say that there is nothing, and the other that there is something?"""
    return ours != theirs and "absent" in (ours, theirs)


def _agree(one: Any, other: Any) -> bool:
    """Could both be the same? NULL may be anything, and in a list any number of elements."""
    if one is None or other is None:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one.get(k), other.get(k)) for k in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        left = [element for element in other if element is not None]
        for element in one:
            if element is None:
                continue
            match = next((o for o in left if _agree(element, o)), None)
            if match is not None:
                left.remove(match)
            elif None not in other:
                return False
        return not left or None in one
    return bool(one == other)
