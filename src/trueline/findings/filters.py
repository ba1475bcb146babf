"""Rules and filters over stored findings: the predicate language as SQL of the store.

A condition is NULL where it cannot be decided, as everywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import Grouping

from trueline.errors import Where
from trueline.findings.schema import FACETS, findings, numbers, resources
from trueline.findings.subject import FINDING
from trueline.language import expand_filter
from trueline.language import nodes as n
from trueline.language.render import render

__all__ = [
    "Apart",
    "alternatives",
    "apart",
    "condition",
    "may_be_unknown",
    "or_unknown",
    "reads",
    "tag_tests",
    "unplanned",
]

_DAY = 86_400_000_000
_OPS = {"=": "__eq__", "<>": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
_HELD = {"risk", "opened_at", "due", "overdue", "state", "plane"}
"""What the index by risk holds itself, beside the numbers of facets."""
_MOST = 2_000
"""How many numbers are asked for at once."""
_ARITHMETIC = {"+": "__add__", "-": "__sub__", "*": "__mul__"}


def condition(text: str, now: int, where: Where | None = None) -> ColumnElement[bool]:
    """A rule or filter string as a condition on `findings`; `now` is in microseconds.

    Raises LanguageError.
    """
    return cast("ColumnElement[bool]", _Compiler(now).compile(_tree(text, where)))


def reads(text: str, where: Where | None = None) -> set[str]:
    """The columns that a rule or filter string reads."""
    return {part.name for part in n.walk(_tree(text, where)) if isinstance(part, n.Column)}


def may_be_unknown(text: str) -> bool:
    """Does a filter read what may not be known of a finding: its tags, its place in a tree?"""
    return any(
        isinstance(p, n.Tag) or (isinstance(p, n.Column) and p.name in ("tags", "account_path"))
        for p in n.walk(_tree(text))
    )


def tag_tests(
    text: str, now: int, value: ColumnElement[str]
) -> Iterator[tuple[str, ColumnElement[bool], ColumnElement[bool]]]:
    """Of each part that every fitting finding must fit and that asks for one tag alone: the tag,
    the test of a value of it, and what the test says where there is no such tag."""
    for part in _parts(text):
        if key := _tag_asked(part):
            yield key, _OneValue(now, value).compile(part), _OneValue(now, None).compile(part)


def _parts(text: str) -> tuple[n.Expr, ...]:
    """What a finding must fit that fits the filter."""
    tree = _tree(text)
    return tree.items if isinstance(tree, n.Logic) and tree.op == "and" else (tree,)


def _tag_asked(part: n.Expr) -> str | None:
    """The one tag that this reads, and nothing else; a key without letters is nobody's."""
    read = {r.key if isinstance(r, n.Tag) else None for r in n.walk(part) if _is_ref(r)}
    return read.pop() if len(read) == 1 else None


@dataclass(frozen=True, slots=True)
class Apart:
    """What a finding must fit, by what answers it: `told` by the index by risk, each of `named` by
    the table of resources. `whole` = the first tell all; `one_name` is asked for."""

    told: list[ColumnElement[bool]]
    named: list[ColumnElement[bool]]
    whole: bool
    one_name: bool


def alternatives(text: str) -> list[str]:
    """The filters of which a fitting finding fits one; none where the filter is no `OR`."""
    tree = _tree(text)
    if not isinstance(tree, n.Logic) or tree.op != "or":
        return []
    return [render(item) for item in tree.items]


def apart(text: str, now: int, conn: Connection, *, unsure: bool) -> Apart:
    """A filter's parts; `unsure` = what is not known to fit is wanted, too."""
    told: list[ColumnElement[bool]] = []
    named: list[ColumnElement[bool]] = []
    whole, parts, in_index = True, _parts(text), _InIndex(now, conn, unsure)
    for part in parts:
        try:
            # Numbers first: that is the cheapest test.
            told.insert(0 if _only_column(part) in FACETS else len(told), in_index.told(part))
        except _NotHeld:
            whole = False
            if _is_of_resource(part):
                named.append(_OfResource(now).compile(part))
    return Apart(told, named, whole, any(map(_is_one_name, parts)))


def _is_of_resource(part: n.Expr) -> bool:
    """Does it read a name and a uid alone, and not tell an empty name from none?"""
    tells = any(
        isinstance(p, n.Known) or (isinstance(p, n.Coalesce) and _constant(p.default) != "")
        for p in n.walk(part)
    )
    return set() < _read(part) <= {"name", "uid"} and not tells


def _is_one_name(part: n.Expr) -> bool:
    """What an index of names answers in order of risk."""
    return (
        isinstance(part, n.Compare)
        and part.op == "="
        and isinstance(part.left, n.Column | n.Coalesce)
        and isinstance(part.right, n.Literal)
        and _only_column(part) == "name"
    )


def _only_column(part: n.Expr) -> str | None:
    """The one column that this reads, and no tag."""
    read = _read(part)
    return read.pop() if len(read) == 1 else None


def _read(part: n.Expr) -> set[str | None]:
    """The columns that are read, None for a tag."""
    return {r.name if isinstance(r, n.Column) else None for r in n.walk(part) if _is_ref(r)}


def or_unknown(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition, or that it cannot be decided."""
    # SQLAlchemy would write `NOT a IS NULL`, which asks it of `a` and says the contrary.
    return or_(condition, Grouping(condition).is_(None))


def unplanned(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition in a form for which no index is chosen."""
    return case((condition, 1), else_=0) == 1


def _is_ref(node: n.Expr) -> TypeGuard[n.Ref]:
    return isinstance(node, n.Column | n.Tag)


@lru_cache(maxsize=32)
def _tree(text: str, where: Where | None = None) -> n.Expr:
    from trueline.language import read_rule

    return read_rule(expand_filter(text), FINDING, where)


def columns(now: int) -> Mapping[str, ColumnElement[Any]]:
    """What each column of a finding's subject is in the store."""
    c = findings.c
    overdue = and_(c.resolved_at.is_(None), c.state != "excepted", c.due_at < now)
    return {
        **{name: c[name] for name in FINDING if name in c},
        "plane": literal("live"),
        "account_path": null(),
        "due": c.due_at,
        "overdue": overdue,
    }


class _Compiler:
    """Compiles one tree; every method takes a node."""

    def __init__(self, now: int) -> None:
        self.now, self.columns = now, columns(now)

    def compile(self, node: n.Expr) -> ColumnElement[Any]:
        if isinstance(node, n.Logic):
            parts = [self.compile(item) for item in node.items]
            return and_(*parts) if node.op == "and" else or_(*parts)
        if isinstance(node, n.Not):
            return ~self.compile(node.inner).self_group()
        if isinstance(node, n.Compare | n.In | n.Between | n.Like | n.Regexp):
            return self._test(node)
        if isinstance(node, n.Coalesce | n.Known):
            return self._optional(node)
        return self._value(node)

    def _test(self, node: n.Expr) -> ColumnElement[Any]:
        if isinstance(node, n.Compare | n.In) and (found := self._by_index(node)) is not None:
            return found
        if isinstance(node, n.Compare):
            left, right = self.compile(node.left), self.compile(node.right)
            compared: ColumnElement[Any] = getattr(left, _OPS[node.op])(right)
            return compared
        if isinstance(node, n.In):
            return self.compile(node.value).in_([_constant(item) for item in node.items])
        if isinstance(node, n.Between):
            low, high = self.compile(node.low), self.compile(node.high)
            return self.compile(node.value).between(low, high)
        if isinstance(node, n.Like):
            assert isinstance(node.pattern, n.Literal)  # rules have no parameters
            return self.compile(node.value).like(str(node.pattern.value))
        assert isinstance(node, n.Regexp)
        return self.compile(node.value).regexp_match(node.pattern)

    def _by_index(self, node: n.Compare | n.In) -> ColumnElement[bool] | None:
        """The common tests, written so that an index answers them; None = it is another one."""
        if isinstance(node, n.In):
            value, given = node.value, [_constant(item) for item in node.items]
        elif isinstance(node.right, n.Literal):
            value, given = node.left, [_constant(node.right)]
        else:
            return None
        if isinstance(value, n.Coalesce) and isinstance(value.ref, n.Column):
            if isinstance(node, n.Compare) and node.op != "=":
                return None
            column = self._reference(value.ref)
            if _constant(value.default) in given:
                return None
            same = column == given[0] if len(given) == 1 else column.in_(given)
            return and_(column.is_not(None), same)
        if isinstance(node, n.Compare) and isinstance(value, n.Call) and value.name == "days_since":
            return _days(self.now, self.compile(value.args[0]), node.op, given[0])
        return None

    def _optional(self, node: n.Coalesce | n.Known) -> ColumnElement[Any]:
        value = self._reference(node.ref)
        answer: ColumnElement[Any]
        if isinstance(node, n.Coalesce):
            answer = func.coalesce(value, _constant(node.default))
        else:
            answer = value.is_not(None) if node.is_set else value.is_(None)
        if isinstance(node.ref, n.Tag):
            return case((findings.c.tags.is_not(None), answer), else_=null())
        return answer

    def _reference(self, node: n.Ref) -> ColumnElement[Any]:
        if isinstance(node, n.Tag):
            tag: ColumnElement[Any] = findings.c.tags[node.key].as_string()
            return tag
        return self.columns[node.name]

    def _value(self, node: n.Expr) -> ColumnElement[Any]:
        if isinstance(node, n.Literal):
            return true() if node.value is True else literal(_constant(node))
        if isinstance(node, n.Column | n.Tag):
            return self._reference(node)
        if isinstance(node, n.Negative):
            return -self.compile(node.inner)
        if isinstance(node, n.Arithmetic):
            left, right = self.compile(node.left), self.compile(node.right)
            made: ColumnElement[Any] = getattr(left, _ARITHMETIC[node.op])(right)
            return made
        assert isinstance(node, n.Call)  # a subject has no lists to quantify over
        args = [self.compile(arg) for arg in node.args]
        if node.name == "days_since":
            return (literal(self.now) - args[0]) // _DAY
        if node.name == "starts_with":
            return func.substr(args[0], 1, func.length(args[1])) == args[1]
        return cast("ColumnElement[Any]", _FUNCTIONS[node.name](args[0]))


class _OneValue(_Compiler):
    """Compiles what is asked of one tag or column: of a value, or None where there is none."""

    def __init__(self, now: int, value: ColumnElement[str] | None) -> None:
        super().__init__(now)
        self.value = value

    def _by_index(self, node: n.Compare | n.In) -> None:
        return None

    def _optional(self, node: n.Coalesce | n.Known) -> ColumnElement[Any]:
        if isinstance(node, n.Known):
            return literal(node.is_set == (self.value is not None))
        return literal(_constant(node.default)) if self.value is None else self.value

    def _reference(self, node: n.Ref) -> ColumnElement[Any]:
        return null() if self.value is None else self.value


class _OfResource(_Compiler):
    """Compiles what is asked of a name or a uid, of the table of resources."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.columns = {**self.columns, "uid": resources.c.uid, "name": resources.c.name}


class _NotHeld(Exception):  # noqa: N818 - a way to turn, not an error
    """The index by risk does not tell that."""


class _InIndex(_Compiler):
    """Compiles what the index by risk tells. Raises _NotHeld."""

    def __init__(self, now: int, conn: Connection, unsure: bool) -> None:
        super().__init__(now)
        self.conn = conn
        self.unsure = unsure
        self.part: n.Expr | None = None

    def told(self, part: n.Expr) -> ColumnElement[bool]:
        """What a fitting finding must fit, or may."""
        self.part = part
        answer = self.compile(part)
        return or_unknown(answer) if self._may_be_unknown(part) else answer

    def _may_be_unknown(self, part: n.Expr) -> bool:
        """Is that wanted? Of all that is held, an account alone may not be known."""
        return self.unsure and "account" in _read(part)

    def compile(self, node: n.Expr) -> ColumnElement[Any]:
        if isinstance(node, n.Compare | n.In | n.Between | n.Like | n.Regexp | n.Known):
            facet = _only_column(node)
            if facet in FACETS:
                return self._by_number(node, facet)
        return super().compile(node)

    def _reference(self, node: n.Ref) -> ColumnElement[Any]:
        if isinstance(node, n.Tag) or node.name not in _HELD:
            raise _NotHeld
        return super()._reference(node)

    def _by_number(self, node: n.Expr, facet: str) -> ColumnElement[bool]:
        """The test of a facet as one of its number: there are few values to try it with."""
        column, c = findings.c[f"{facet}_number"], numbers.c
        tried = self.conn.execute(
            select(c.number, _OneValue(self.now, c.value).compile(node)).where(c.facet == facet)
        ).all()
        fitting = [number for number, fits in tried if fits]
        others = [number for number, fits in tried if not fits]
        if min(len(fitting), len(others)) > _MOST:
            raise _NotHeld
        answer = _among(column, fitting) if len(fitting) <= _MOST else ~_among(column, others)
        of_none = self.conn.execute(select(_OneValue(self.now, None).compile(node))).scalar()
        if node is self.part and not (fitting or of_none or self._may_be_unknown(node)):
            return false()  # whatever else is asked
        if of_none is None:
            return answer
        return or_(column.is_(None), answer) if of_none else and_(column.is_not(None), answer)


def _among(column: ColumnElement[Any], listed: list[int]) -> ColumnElement[bool]:
    """In a form that an index answers; NULL where there is no number."""
    if len(listed) < 2:
        return column == (listed[0] if listed else -1)
    return column.in_(listed)


def _days(now: int, time: ColumnElement[Any], op: str, days: Any) -> ColumnElement[bool] | None:
    """Whole days since a time, compared with a number of them that is not negative."""
    least = days + 1 if op in (">", "<=") else days
    if op in ("=", "<>") or least < 1 or not isinstance(days, int):
        return None
    moment = now - least * _DAY
    return cast("ColumnElement[bool]", time <= moment if op in (">", ">=") else time > moment)


_FUNCTIONS: Mapping[str, Any] = {"lower": func.lower, "upper": func.upper, "len": func.length}


def _constant(node: n.Literal) -> Any:
    if isinstance(node.value, dt.datetime):
        return round(node.value.timestamp() * 1_000_000)
    return node.value
