"""From the value of an expression to the cell of a column: the four states of FORMAT.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trueline.mapping.casts import SCALAR_CASTS
from trueline.mapping.unknown import MALFORMED, Unknown
from trueline.model import ABSENT, UNSAID, Column, Type

__all__ = ["Marks", "Settle", "settler"]


@dataclass(slots=True)
class Marks:
    """What a row says beside its values, gathered cell by cell."""

    absent: list[str] = field(default_factory=list)
    set_: list[str] = field(default_factory=list)
    defaulted: list[str] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)
    refs: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def unknown(self, path: str, member: str, value: Unknown) -> None:
        """Note why the value at a path is not known, and which blocks it comes from."""
        cause = f"{MALFORMED}:{member}" if value.cause == MALFORMED else value.cause
        self.why.setdefault(path, cause)
        if value.refs:
            key = path.removesuffix("[]")
            self.refs[key] = tuple(dict.fromkeys((*self.refs.get(key, ()), *value.refs)))


Settle = Callable[[Any, Marks], Any]
"""Turns the value of an expression into the value of a cell; None beside a mark is not a value."""
_Cast = Callable[[Any, Marks], Any]


def settler(column: Column, reader: str, member: str) -> Settle:
    """How the value that a mapping gives becomes the cell of a column.

    `member` names in causes what was read. Raises ValueError where the default does not suit
    the type.
    """
    name, optional = column.name, column.type.optional
    cast = _caster(column.type, name, member)
    default = column.omitted if reader == "live" else column.defaults.get(reader, UNSAID)
    if default is ABSENT and not optional:
        raise ValueError(f"{name}: only an optional column can be absent by default")
    settled = _checked(name, default, column.type)

    def settle(value: Any, marks: Marks) -> Any:
        unset = value.__class__ is Unknown and value.unset
        if value is None or unset:
            if default is ABSENT or (value is None and default is UNSAID and optional):
                marks.absent.append(name)
                return None
            if default is not UNSAID:
                marks.defaulted.append(name)
                return settled()
            if value is None:
                value = Unknown(f"missing:{member}")
        if value.__class__ is Unknown:
            if value.present:
                marks.set_.append(name)
            marks.unknown(name, member, value)
            return None
        return cast(value, marks)

    return settle


def _checked(name: str, default: Any, kind: Type) -> Callable[[], Any]:
    """A maker of the default's value, so that rows never share a list or map."""
    if default is ABSENT or default is UNSAID:
        return lambda: None
    marks = Marks()
    value = _caster(kind, name, name)(default, marks)
    if marks.why:
        raise ValueError(f"{name}: the default {default!r} is not a {kind}")
    if isinstance(value, list):
        return lambda: list(value)
    return (lambda: dict(value)) if isinstance(value, dict) else (lambda: value)


def _caster(kind: Type, path: str, member: str) -> _Cast:
    """The cast of a type; what it cannot read becomes None, and a cause under `path`."""
    if kind.kind == "list":
        assert kind.item is not None
        return _list_caster(kind.item, path, member)
    if kind.kind == "struct":
        return _struct_caster(kind, path, member)
    if kind.kind == "map":
        return _map_caster(path, member)
    convert, malformed = SCALAR_CASTS[kind.kind], Unknown(MALFORMED)

    def cast(value: Any, marks: Marks) -> Any:
        try:
            return convert(value)
        except ValueError:
            marks.unknown(path, member, malformed)
            return None

    return cast


def _inner(kind: Type, path: str, member: str) -> _Cast:
    """The cast of a value inside another, which may itself be unknown or missing."""
    cast, missing = _caster(kind, path, member), Unknown(f"missing:{path.rpartition('.')[2]}")

    def settle(value: Any, marks: Marks) -> Any:
        if value is None:
            value = missing
        if value.__class__ is Unknown:
            marks.unknown(path, member, value)
            return None
        return cast(value, marks)

    return settle


def _list_caster(item: Type, path: str, member: str) -> _Cast:
    inner, is_text = _inner(item, f"{path}[]", member), item.kind == "text"

    def cast(value: Any, marks: Marks) -> Any:
        if value.__class__ is not list:
            marks.unknown(path, member, Unknown(MALFORMED))
            return None
        if is_text and all(v.__class__ is str and v.isascii() for v in value):
            return list(value)
        # A null of the document is nothing; in a list of ours it would say "more may be here".
        return [inner(v, marks) for v in value if v is not None]

    return cast


def _struct_caster(kind: Type, path: str, member: str) -> _Cast:
    fields = [(f.name, _inner(f.type, f"{path}.{f.name}", member)) for f in kind.fields]

    def cast(value: Any, marks: Marks) -> Any:
        if not isinstance(value, dict):
            marks.unknown(path, member, Unknown(MALFORMED))
            return None
        return {name: inner(value.get(name), marks) for name, inner in fields}

    return cast


def _map_caster(path: str, member: str) -> _Cast:
    to_text = SCALAR_CASTS["text"]

    def cast(value: Any, marks: Marks) -> Any:
        if not isinstance(value, dict):
            marks.unknown(path, member, Unknown(MALFORMED))
            return None
        out = {}
        for key, inner in value.items():
            if inner is None:
                continue
            try:
                name = to_text(key)
                out[name] = to_text(inner)
            except ValueError:
                unknown = inner if inner.__class__ is Unknown else Unknown(MALFORMED)
                marks.unknown(f"{path}.{key}", member, unknown)
                out[str(key)] = None
        return out

    return cast
