"""The notation of test and example rows (DESIGN §6), and what a policy's case becomes.

A missing key is unknown; `null` is absent; a list whose last element is `"..."` is open (there
may be more); a struct that lacks a field has it unknown; `_set` names columns that are set to a
value not known. A time is written in RFC 3339, or as `90 days ago`, counted back from `NOW`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.catalog.problems import closest
from trueline.catalog.values import misfit, parse_time
from trueline.errors import ConfigError, Where
from trueline.mapping import finish_row
from trueline.model import (
    Policy,
    PolicyTest,
    ResourceType,
    Row,
    Scope,
    ScopeState,
    Type,
)

__all__ = [
    "ACCOUNT",
    "NOW",
    "OPEN",
    "REGION",
    "CaseBatch",
    "RowError",
    "RowReader",
    "case_batches",
    "case_scopes",
    "column_hint",
    "expand_case",
    "expand_row",
]

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""The moment at which cases are judged."""
ACCOUNT, REGION = "111122223333", "eu-west-1"
OPEN = "..."
_SETTABLE = (
    "uid", "live_uid", "name", "tags", "account", "region", "scope_account", "scope_region",
    "plane", "address", "incarnation", "stale_since",
)  # fmt: skip
"""Common columns that a row may give."""
_MARKS = ("_set",)
_AGO = re.compile(r"(\d+) days? ago\Z")


class RowError(ConfigError):
    """A row breaks the notation; `path` leads to the value: column, element, field."""

    def __init__(
        self,
        message: str,
        path: tuple[str | int, ...],
        where: Where | None,
        hint: str | None = None,
    ) -> None:
        super().__init__("test-row", message, hint, where)
        self.path = path


def column_hint(rtype: ResourceType, name: str) -> str:
    """What could be meant by an unknown column name."""
    known = (*rtype.columns, *_SETTABLE, *_MARKS)
    return closest(name, known) or f"columns: {', '.join(rtype.columns)}"


def expand_row(
    rtype: ResourceType, row: Mapping[str, Any], where: Where | None, index: int = 0
) -> Row:
    """A row in test notation as a whole row of the table; RowError says what does not fit.

    `index` makes the default `uid` unique. Account and region default to one common scope.
    """
    reader = RowReader(rtype, where)
    columns = reader.columns(row)
    given = reader.common(row)
    is_global = rtype.live is not None and rtype.live.scope == "global"
    account = given.pop("account", ACCOUNT)
    region = given.pop("region", "global" if is_global else REGION)
    given.setdefault("scope_account", account)
    given.setdefault("scope_region", "global" if is_global else region)
    stale_since = given.pop("stale_since", None)
    rest = {name: given.pop(name) for name in ("name", "tags") if name in given}
    finished = finish_row(
        columns | rest,
        rtype,
        uid=given.pop("uid", f"test:{rtype.table}:{index}"),
        plane=given.pop("plane", "live"),
        account=account,
        region=region,
        config="{}",
        collected_at=NOW,
        **given,
    )
    return {**finished, "stale_since": stale_since}


@dataclass(frozen=True, slots=True)
class CaseBatch:
    """Cases that can be judged at once; `uids` are those of their judged rows."""

    cases: tuple[PolicyTest, ...]
    uids: tuple[str, ...]
    rows: Mapping[str, Sequence[Row]]
    scopes: Sequence[ScopeState]


def case_batches(
    policy: Policy, types: Mapping[str, ResourceType], *, related: bool
) -> list[CaseBatch]:
    """All cases of a policy, as few batches as can be, in an order of their own.

    With `related` the policy follows relations, and each case is a world for itself. Without,
    cases of equal parameters share one table, in which each has its row.
    """
    if related:
        return [_world(case, policy, types) for case in policy.tests]
    groups: dict[str, dict[str, tuple[PolicyTest, Row]]] = {}
    rtype = types[policy.resource]
    for index, case in enumerate(policy.tests):
        row = expand_row(rtype, case.row, case.where, index)
        key = repr(sorted(case.params.items()))
        while row["uid"] in groups.get(key, ()):
            key += "+"
        groups.setdefault(key, {})[row["uid"]] = (case, row)
    return [
        CaseBatch(
            tuple(case for case, _ in group.values()),
            tuple(group),
            {policy.resource: [row for _, row in group.values()]},
            case_scopes(next(iter(group.values()))[0], policy, types),
        )
        for group in groups.values()
    ]


def _world(case: PolicyTest, policy: Policy, types: Mapping[str, ResourceType]) -> CaseBatch:
    rows = expand_case(case, policy, types)
    uid = str(rows[policy.resource][0]["uid"])
    return CaseBatch((case,), (uid,), rows, case_scopes(case, policy, types))


def expand_case(
    test: PolicyTest, policy: Policy, types: Mapping[str, ResourceType]
) -> dict[str, list[Row]]:
    """The rows of a case by table: the judged row first in its table, then the related ones."""
    out = {policy.resource: [expand_row(types[policy.resource], test.row, test.where)]}
    for table, rows in test.related.items():
        listed = out.setdefault(table, [])
        for row in rows:
            listed.append(expand_row(types[table], row, test.where, len(listed)))
    return out


def case_scopes(
    test: PolicyTest, policy: Policy, types: Mapping[str, ResourceType]
) -> list[ScopeState]:
    """How completely the tables of a case were read.

    A table that the case names is read whole; a related table that it does not name was not
    collected, so that its rows are unknown, as a missing column is.
    """
    rows = expand_case(test, policy, types)
    own = types[policy.resource]
    targets = {relation.target for relation in own.relations.values()}
    places = {(str(r["scope_account"]), str(r["scope_region"])) for rs in rows.values() for r in rs}
    places |= {(account, "global") for account, _ in places}
    out = []
    for table in sorted({*rows, *targets} & set(types)):
        cause = None if table in rows else "not_collected"
        out += [
            ScopeState(Scope(types[table].provider, *place, table), cause is None, NOW, cause)
            for place in sorted(places)
        ]
    return out


class RowReader:
    """Reads the cells of a row; `why` collects what is unknown in it."""

    def __init__(self, rtype: ResourceType, where: Where | None) -> None:
        self.rtype, self.where = rtype, where
        self.why: dict[str, str] = {}

    def fail(self, message: str, *path: str | int, hint: str | None = None) -> RowError:
        return RowError(message, path, self.where, hint)

    def check_names(self, row: Mapping[str, Any], marks: tuple[str, ...]) -> None:
        for name in row:
            if name not in self.rtype.columns and name not in (*_SETTABLE, *marks):
                hint = column_hint(self.rtype, name)
                raise self.fail(f"{self.rtype.table} has no column {name!r}", name, hint=hint)

    def columns(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Own columns and marks."""
        self.check_names(row, _MARKS)
        known_set = self.names(row)
        absent: list[str] = []
        out: dict[str, Any] = {}
        for name, column in self.rtype.columns.items():
            out[name] = None
            if name not in row:
                if name not in known_set:
                    self.why[name] = "not_collected"
            else:
                out[name] = self.cell(column.type, name, row[name])
                if row[name] is None:
                    absent.append(name)
        out |= {"_absent": absent, "_set": known_set, "_defaulted": [], "_why": self.why}
        return out

    def names(self, row: Mapping[str, Any]) -> list[str]:
        listed = row.get("_set", [])
        if not isinstance(listed, list):
            raise self.fail("_set is a list of columns", "_set")
        for index, name in enumerate(listed):
            if name not in self.rtype.columns:
                hint = column_hint(self.rtype, str(name))
                raise self.fail(
                    f"{self.rtype.table} has no column {name!r}", "_set", index, hint=hint
                )
            if name in row:
                raise self.fail(f"{name} has a value and is named in _set", "_set", index)
            self.why[name] = f"after_apply:{name}"
        return list(listed)

    def common(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Common columns that the row gives and the type does not describe itself."""
        out: dict[str, Any] = {}
        for name in _SETTABLE:
            if name not in row or name in self.rtype.columns:
                continue
            kind = self.rtype.column_type(name)
            assert kind is not None
            out[name] = None if row[name] is None else self.value(kind, row[name], (name,))
        return out

    def cell(self, kind: Type, name: str, value: Any) -> Any:
        """The value of a column; None when it is written as absent."""
        if value is not None:
            return self.value(kind, value, (name,))
        if not kind.optional:
            message = f"{name} is {kind}: it cannot be absent"
            raise self.fail(message, name, hint="leave it out where it is unknown")
        return None

    def value(self, kind: Type, value: Any, path: tuple[str | int, ...]) -> Any:
        """A value whose lists may be open and whose structs may lack fields."""
        if value is None:
            hint: str | None = 'leave a field out where it is unknown; an open list ends with "..."'
            raise self.fail(
                "null says that a column is absent; here nothing can be", *path, hint=hint
            )
        if kind.kind == "list" and isinstance(value, list) and kind.item is not None:
            return self.elements(kind.item, value, path)
        if kind.kind == "struct" and isinstance(value, dict):
            return self.fields(kind, value, path)
        if kind.kind == "time" and isinstance(value, str) and (ago := _AGO.match(value)):
            return NOW - dt.timedelta(days=int(ago[1]))
        if message := misfit(kind, value):
            quote = kind.kind == "text" and isinstance(value, bool | int | float)
            hint = "write it in quotation marks" if quote else None
            raise self.fail(f"{path[-1]}: {message}", *path, hint=hint)
        return parse_time(value) if kind.kind == "time" else value

    def elements(self, item: Type, value: list[Any], path: tuple[str | int, ...]) -> list[Any]:
        is_open = bool(value) and value[-1] == OPEN
        closed = value[:-1] if is_open else value
        out = [self.value(item, element, (*path, i)) for i, element in enumerate(closed)]
        if is_open:
            self.why[_written((*path, 0))] = "not_collected"
            out.append(None)
        return out

    def fields(self, kind: Type, value: dict[str, Any], path: tuple[str | int, ...]) -> Any:
        for name in value:
            if kind.field(name) is None:
                known = [part.name for part in kind.fields]
                hint = closest(name, known) or f"fields: {', '.join(known)}"
                raise self.fail(f"{kind} has no field {name!r}", *path, name, hint=hint)
        out = {}
        for part in kind.fields:
            inner = (*path, part.name)
            if part.name in value:
                out[part.name] = self.value(part.type, value[part.name], inner)
            else:
                self.why[_written(inner)] = "not_collected"
                out[part.name] = None
        return out


def _written(path: tuple[str | int, ...]) -> str:
    """A path as `_why` writes it: `statements[].principals`."""
    text = ""
    for step in path:
        text += "[]" if isinstance(step, int) else f".{step}" if text else step
    return text
