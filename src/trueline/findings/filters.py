"""Rules and filters over stored findings: the predicate language as SQL of the store.

A condition is NULL where it cannot be decided, as everywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard, cast

from sqlalchemy import ColumnElement, and_, case, func, literal, null, or_, true

from trueline.errors import Where
from trueline.findings.schema import findings
from trueline.findings.subject import FINDING
from trueline.language import expand_filter
from trueline.language import nodes as n

__all__ = [
    "ByIndex",
    "by_index",
    "condition",
    "may_be_unknown",
    "reads",
    "tag_tests",
    "unplanned",
]

_DAY = 86_400_000_000
_OPS = {"=": "__eq__", "<>": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
_SELECTIVE = {"owner", "account", "policy", "type", "name", "uid"}
_INDEXED = _SELECTIVE | {"severity", "environment", "state"}
_IN_ORDER = {"risk", "opened_at", "due", "overdue", "state"}
"""What the index by risk holds itself, as that by state does."""
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
            yield key, _TagTest(now, value).compile(part), _TagTest(now, None).compile(part)


def _parts(text: str) -> tuple[n.Expr, ...]:
    """What a finding must fit that fits the filter."""
    tree = _tree(text)
    return tree.items if isinstance(tree, n.Logic) and tree.op == "and" else (tree,)


def _tag_asked(part: n.Expr) -> str | None:
    """The one tag that this reads, and nothing else; a key without letters is nobody's."""
    read = {r.key if isinstance(r, n.Tag) else None for r in n.walk(part) if _is_ref(r)}
    return read.pop() if len(read) == 1 else None


@dataclass(frozen=True, slots=True)
class ByIndex:
    """What an index in order of risk answers of a filter (`told`, never NULL), and the `rest`; None
    where that is all. `by_sets` = that index is the one that holds the set of tags, and `tags_only`
    says that nothing but tags is asked for in the rest."""

    told: ColumnElement[bool]
    rest: ColumnElement[bool] | None
    by_sets: bool
    tags_only: bool


def by_index(text: str, now: int) -> ByIndex:
    """The filter taken apart for the index that serves it best."""
    parts, compiler = _parts(text), _Compiler(now)
    equal = [part for part in parts if _is_equality(part)]
    named = set().union(*map(_names, equal))
    by_sets = any(map(_tag_asked, parts)) and not named & _SELECTIVE
    # An index of one column holds nothing but the risk beside it.
    held = _IN_ORDER if by_sets or named <= {"state"} else {"risk"}
    told = [p for p in parts if _names(p) <= held or (p in equal and not by_sets)]
    rest = [p for p in parts if p not in told]
    answered = and_(true(), *map(compiler.compile, told))
    return ByIndex(
        unplanned(answered) if by_sets else answered,
        and_(*map(compiler.compile, rest)) if rest else None,
        by_sets,
        all(map(_tag_asked, rest)),
    )


def unplanned(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition in a form for which no index is chosen."""
    return case((condition, 1), else_=0) == 1


def _is_equality(part: n.Expr) -> bool:
    """Is it a test that an index of the one column answers which it reads?"""
    if isinstance(part, n.Compare):
        equal = part.op == "=" and isinstance(part.left, n.Column | n.Coalesce)
        return equal and isinstance(part.right, n.Literal) and _names(part) <= _INDEXED
    return isinstance(part, n.Known) and not part.is_set and _names(part) <= _INDEXED


def _names(part: n.Expr) -> set[str]:
    """The columns that are read; a tag is none of them."""
    return {ref.name if isinstance(ref, n.Column) else "" for ref in n.walk(part) if _is_ref(ref)}


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
            column = self.columns[value.ref.name]
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


class _TagTest(_Compiler):
    """Compiles what is asked of one tag: of a value it has, or None of there being no such tag."""

    def __init__(self, now: int, value: ColumnElement[str] | None) -> None:
        super().__init__(now)
        self.value = value

    def _optional(self, node: n.Coalesce | n.Known) -> ColumnElement[Any]:
        if isinstance(node, n.Known):
            return literal(node.is_set == (self.value is not None))
        return literal(_constant(node.default)) if self.value is None else self.value

    def _reference(self, node: n.Ref) -> ColumnElement[Any]:
        return null() if self.value is None else self.value


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
