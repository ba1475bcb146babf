"""Documents -> typed rows: the columns of a resource type, compiled once for a reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueline.mapping.cells import Marks, Settle, settler
from trueline.mapping.config import AllowList
from trueline.mapping.evaluate import compile_expression
from trueline.mapping.parsing import member, parse
from trueline.mapping.paths import Path, Use, expression_uses
from trueline.mapping.reading import Getter, compile_path
from trueline.mapping.unknown import MALFORMED, Unknown
from trueline.model import ResourceType

__all__ = ["Mapper"]

_NOT_OF_THE_RESOURCE = frozenset({"scope", "written"})
"""Members that readers add: the scope of a call, and constants as the code writes them."""
_DIRECT = {"bool": bool, "int": int, "text": str}
"""Types whose commonest Python value needs no cast."""
_BEYOND = 2**63


class Mapper:
    """Turns documents of one reader into rows of one type.

    Raises ExpressionError, or ValueError for a default that does not suit its column.
    """

    def __init__(self, rtype: ResourceType, reader: str) -> None:
        self._lets = [(n, compile_expression(text)) for n, text in rtype.let.get(reader, ())]
        self._template: dict[str, Any] = dict.fromkeys(rtype.columns)
        unread = "not_collected" if reader == "live" else "unsupported"
        self._unread = {n: unread for n, c in rtype.columns.items() if reader not in c.mappings}
        self._groups, self._others = _plan(rtype, reader)
        self._allowed = _allow_list(rtype, reader)

    def row(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        """The row of a document.

        Own columns, the lists `_absent _set _defaulted`, `_why` (column or path inside it ->
        cause) and `_refs` (column or path -> addresses of the blocks its value comes from).
        """
        if self._lets:
            doc = dict(doc)
            for name, get in self._lets:
                doc[name] = get(doc)
        row, marks = self._template.copy(), Marks()
        marks.why.update(self._unread)
        value: Any
        for parent, cause, cells in self._groups:
            holder = parent(doc)
            if holder.__class__ is dict:
                for name, key, direct, settle in cells:
                    value = holder.get(key)
                    if value.__class__ is direct and (
                        value.isascii()
                        if direct is str
                        else direct is bool or -_BEYOND <= value < _BEYOND
                    ):
                        row[name] = value
                    else:
                        row[name] = settle(value, marks)
            else:
                value = _of_no_map(holder, cause)
                for name, _, _, settle in cells:
                    row[name] = settle(value, marks)
        for name, get, settle in self._others:
            row[name] = settle(get(doc), marks)
        row["_absent"], row["_set"], row["_defaulted"] = marks.absent, marks.set_, marks.defaulted
        row["_why"], row["_refs"] = marks.why, marks.refs
        return row

    def config(self, doc: Mapping[str, Any]) -> str:
        """The part of a document that the mappings read, without secrets, as deterministic JSON."""
        return self._allowed.text(doc)


_Group = tuple[Getter, str, list[tuple[str, str, Any, Settle]]]
_Other = tuple[str, Getter, Settle]


def _plan(rtype: ResourceType, reader: str) -> tuple[list[_Group], list[_Other]]:
    """Columns that are members of one map are read together; the others one by one."""
    by_parent: dict[Path, list[tuple[str, str, Any, Settle]]] = {}
    others: list[_Other] = []
    for name, column in rtype.columns.items():
        text = column.mappings.get(reader)
        if text is None:
            continue
        settle = settler(column, reader, _member_text(text))
        path = _plain_path(text)
        if path is None:
            get = compile_expression(text, column.type.kind == "bool")
            others.append((name, get, settle))
        else:
            direct = _DIRECT.get(column.type.kind, _Never)
            by_parent.setdefault(path[:-1], []).append((name, path[-1], direct, settle))
    groups = []
    for path, cells in by_parent.items():
        parent = compile_path(path) if path else _itself
        groups.append((parent, f"{MALFORMED}:{'.'.join(path)}", cells))
    return groups, others


class _Never:
    """The class of no value."""


def _itself(doc: Any) -> Any:
    return doc


def _of_no_map(holder: Any, cause: str) -> Any:
    """What a member of something other than a plain dict is."""
    if holder is None:
        return None
    return holder.derived() if holder.__class__ is Unknown else Unknown(cause)


def _plain_path(text: str) -> Path | None:
    parts = tuple(text.strip().split("."))
    plain = all(part.isidentifier() and part.isascii() for part in parts)
    return parts if plain else None


def _member_text(text: str) -> str:
    """What a mapping reads, as causes name it."""
    return member(parse(text)) or text


def _allow_list(rtype: ResourceType, reader: str) -> AllowList:
    lets = dict(rtype.let.get(reader, ()))
    texts = [*lets.values()]
    uses: list[tuple[Path, Use]] = []
    for name, column in rtype.columns.items():
        text = column.mappings.get(reader)
        if text is None:
            continue
        if name == "tags":
            uses.extend((path, Use.PUBLIC) for path, _ in expression_uses(text))
        else:
            texts.append(text)
    for text in texts:
        uses.extend(expression_uses(text))
    skip = _NOT_OF_THE_RESOURCE | lets.keys()
    kept = [(path, use) for path, use in uses if not path or path[0] not in skip]
    return AllowList(kept, _secrets(rtype, reader))


def _secrets(rtype: ResourceType, reader: str) -> list[Path]:
    if reader == "live":
        texts = rtype.live.secrets if rtype.live else ()
    else:
        texts = rtype.readers[reader].secrets if reader in rtype.readers else ()
    return [path for text in texts for path, _ in expression_uses(text)]
