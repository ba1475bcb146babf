"""A resource type as its file says it: columns, how each plane fills them, relations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trueline.errors import Where
from trueline.model.types import Type

__all__ = [
    "ABSENT",
    "COMMON",
    "FLAGS",
    "NEVER",
    "READERS",
    "UNSAID",
    "Call",
    "CodePart",
    "CodeReader",
    "Column",
    "Flag",
    "Live",
    "Relation",
    "ResourceType",
]

READERS = ("live", "terraform", "cloudformation", "arm", "manifest")
"""Which mapping of a column serves: `live` the live plane, `terraform` plan and source,
the others the plane template."""


class _Mark:
    """A named constant that survives pickling as itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


ABSENT = _Mark("ABSENT")
"""`default: absent`: where code does not say it, the thing is known not to be there."""
UNSAID = _Mark("UNSAID")
"""No `omitted` or `default` given: silence means unknown (absent in an optional column)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One API call of a resource file: the listing, a part, or a call before a part.

    Expressions are kept as text; `args` values are an expression or a list of expressions.
    """

    name: str
    call: str
    args: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    keep: str | None = None
    rows: str | None = None
    may_lack_rows: bool = False
    as_: str | None = None
    absent: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    when: str | None = None
    each: str | None = None
    key: str | None = None
    match: str | None = None
    missing: str | None = None
    batch_size: int | None = None
    batch_ids: str | None = None
    first: tuple[Call, ...] = ()
    until: str | None = None
    region: str | None = None
    where: Where | None = None

    @property
    def service(self) -> str:
        return self.call.partition(".")[0]

    @property
    def operation(self) -> str:
        return self.call.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Live:
    """How the live API fills the table. No `list` = exactly one row a scope."""

    scope: str
    list: Call | None
    parts: tuple[Call, ...]
    uid: str
    region: str | None = None
    account: str | None = None
    incarnation: str | None = None
    secrets: tuple[str, ...] = ()

    def calls(self) -> tuple[Call, ...]:
        """Every call, in the order it may be made, calls before a part included."""
        out = [] if self.list is None else [self.list]
        for part in self.parts:
            out.extend((*part.first, part))
        return tuple(out)


@dataclass(frozen=True, slots=True)
class CodePart:
    """A block joined to the main one: `by` = their attribute points at us, `via` = ours at them."""

    name: str
    resource: tuple[str, ...]
    by: str | None = None
    via: str | None = None
    many: bool = False
    where: str | None = None


@dataclass(frozen=True, slots=True)
class CodeReader:
    """How one kind of code fills the table; `singletons` serve tables without a block."""

    resource: tuple[str, ...] = ()
    parts: tuple[CodePart, ...] = ()
    singletons: tuple[CodePart, ...] = ()
    secrets: tuple[str, ...] = ()
    live_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`mappings` and `defaults` are by reader; `omitted` is the live meaning of silence."""

    name: str
    type: Type
    about: str
    mappings: Mapping[str, str] = field(default_factory=dict)
    omitted: Any = UNSAID
    defaults: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """To other rows. Forward: `to`, `by` = our column, `keys` = their columns it may hold.
    Reverse: `from_`, `by` = their column, `keys` = our columns it may hold.

    `within` says whose listings must be complete before "no match" is believed.
    """

    name: str
    to: str | None
    from_: str | None
    by: str
    keys: tuple[str, ...] = ("uid",)
    within: str = "scope"
    where: Where | None = None

    @property
    def target(self) -> str:
        return self.to or self.from_ or ""


FLAGS = ("exposed", "privileged")
"""What a resource file may say of its rows: the internet can reach it; it holds power over
other resources, which whoever takes it over would have."""

NEVER = "FALSE"
"""The predicate of what holds for no resource of a type; files write `never`."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact about a row, told from its own columns by the predicate `when`.

    Where `known_when` does not hold, there may be more than the columns say: a row of which
    `when` is false is then not known.
    """

    name: str
    when: str
    known_when: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One table. `let` is by reader: names and expressions, in order. `flags` are by name."""

    table: str
    title: str
    provider: str
    columns: Mapping[str, Column]
    live: Live | None = None
    readers: Mapping[str, CodeReader] = field(default_factory=dict)
    let: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    relations: Mapping[str, Relation] = field(default_factory=dict)
    flags: Mapping[str, Flag] = field(default_factory=dict)
    where: Where | None = None

    def column_type(self, name: str) -> Type | None:
        """The type of an own or common column."""
        column = self.columns.get(name)
        return column.type if column else COMMON.get(name)


_TEXT, _MAYBE, _TIME = Type("text"), Type("text", optional=True), Type("time", optional=True)
_NAMES = Type("list", item=_TEXT)

COMMON: dict[str, Type] = {
    "uid": _TEXT,
    "live_uid": _MAYBE,
    "name": _MAYBE,
    "type": _TEXT,
    "provider": _TEXT,
    "account": _MAYBE,
    "region": _MAYBE,
    "scope_account": _TEXT,
    "scope_region": _TEXT,
    "seen_from": _NAMES,
    "environment": _MAYBE,
    "tags": Type("map"),
    "plane": _TEXT,
    "source_file": _MAYBE,
    "source_line": Type("int", optional=True),
    "address": _MAYBE,
    "incarnation": _MAYBE,
    "config": _TEXT,
    "fingerprint": _TEXT,
    "collected_at": Type("time"),
    "stale_since": _TIME,
    "_absent": _NAMES,
    "_set": _NAMES,
    "_defaulted": _NAMES,
    "_why": Type("map"),
}
"""Columns that every table has (DESIGN §4). A resource file may refine `name` and `tags`."""
