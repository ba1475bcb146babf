"""Relations against the types they name: tables, columns and what these can hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trueline.catalog.document import Map
from trueline.catalog.form import Sheet
from trueline.catalog.problems import closest
from trueline.errors import Where
from trueline.model import COMMON, Relation, ResourceType, Type

__all__ = ["relation_problems"]


def relation_problems(
    rtype: ResourceType,
    sheet: Sheet,
    types: Mapping[str, ResourceType],
    tables: Collection[str],
) -> None:
    """Check every relation of a type. `tables` are all tables, those with broken files included."""
    for relation in rtype.relations.values():
        if relation.target not in tables:
            hint = closest(relation.target, tables)
            message = f"no table is named {relation.target!r}"
            key = "to" if relation.to else "from"
            sheet.error("unknown-name", message, _where(sheet, relation, key), hint)
        elif relation.target in types:
            other = types[relation.target]
            holder, held = (rtype, other) if relation.to else (other, rtype)
            _check_column(holder, relation.by, "by", relation, sheet)
            for key in relation.keys:
                _check_column(held, key, "key", relation, sheet)


def _check_column(
    owner: ResourceType, name: str, key: str, relation: Relation, sheet: Sheet
) -> None:
    kind = owner.column_type(name)
    if kind is None:
        hint = closest(name, (*owner.columns, *COMMON)) or f"columns: {', '.join(owner.columns)}"
        message = f"{owner.table} has no column {name!r}"
        sheet.error("unknown-name", message, _where(sheet, relation, key), hint)
    elif not _holds_text(kind):
        message = f"{key} of a relation holds text or a list of texts; {name} is {kind}"
        sheet.error("wrong-type", message, _where(sheet, relation, key))


def _holds_text(kind: Type) -> bool:
    return kind.kind == "text" or (
        kind.kind == "list" and kind.item is not None and kind.item.kind == "text"
    )


def _where(sheet: Sheet, relation: Relation, key: str | None = None) -> Where:
    """The place of a key of the relation, else of the relation."""
    section = sheet.document.root.entries["relations"][1]
    if isinstance(section, Map):
        at, node = section.entries[relation.name]
        if key and isinstance(node, Map) and key in node.entries:
            return sheet.document.where(node.entries[key][0])
        return sheet.document.where(at)
    return Where(sheet.document.file)
