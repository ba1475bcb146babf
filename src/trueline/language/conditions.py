"""Typed tree → SQL over one row, three-valued throughout.

A *truth* is a BOOLEAN whose NULL means unknown; the engine's own AND, OR, NOT and comparisons carry
it. A *code* is a TINYINT that is never NULL: 2 true, 1 unknown, 0 false. Quantifiers need codes,
because an engine's maximum of a list passes over NULL; on codes AND is the least, OR the greatest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trueline.language import nodes as n
from trueline.language.compiled import Searched
from trueline.language.errors import LanguageError
from trueline.language.guards import Guard
from trueline.language.schema import Schema
from trueline.language.sql import hole, literal, quote
from trueline.language.strict import outcomes_without

__all__ = ["COUNT_OPEN", "COUNT_TRUE", "COUNT_UNKNOWN", "RelatedRow", "RowCompiler", "interval"]

_BASE = 2**32
COUNT_TRUE, COUNT_UNKNOWN, COUNT_OPEN = _BASE + 1, _BASE, _BASE << 62
"""Weights whose sum holds two numbers: how many elements match for certain (the lower half), and
how many may match at most. An unread element may stand for any number."""

DAY = 86_400_000_000
MAX_SQL = 500_000
"""A count is written several times, so nested counts multiply."""


@dataclass(slots=True)
class RelatedRow:
    """All that a row asks of one relation; `conditions` are what was searched, for evidence."""

    relation: str
    table: str
    target: str
    row: RowCompiler
    searched: list[Searched] = field(default_factory=list)
    conditions: list[n.Expr] = field(default_factory=list)


class RowCompiler:
    """Compiles conditions over the row with SQL alias `alias`; collects the relations it meets."""

    def __init__(
        self, alias: str, schema: Schema, schemas: Mapping[str, Schema], guards: frozenset[Guard]
    ) -> None:
        self.alias, self.schema, self.schemas, self.guards = alias, schema, schemas, guards
        self.related: dict[str, RelatedRow] = {}
        self._variables: dict[str, str] = {}

    # codes

    def code(self, node: n.Expr) -> str:
        """A condition as 2, 1 or 0. Raises LanguageError for one that would fill the memory."""
        code = self._code(node)
        if len(code) > MAX_SQL:
            message = f"quantifiers and counts are nested too deeply: {len(code)} characters of SQL"
            raise LanguageError("predicate-too-large", message, "split the policy")
        return code

    def _code(self, node: n.Expr) -> str:
        if isinstance(node, n.Quantifier):
            return self._quantifier(node)
        if isinstance(node, n.Compare) and _is_counting(node):
            return self._counting(node)
        if isinstance(node, n.Not) and not _is_plain(node):
            return f"(2 - {self.code(node.inner)})"
        if isinstance(node, n.Logic) and not _is_plain(node):
            plain = tuple(item for item in node.items if _is_plain(item))
            codes = [self.code(item) for item in node.items if not _is_plain(item)]
            if plain:
                codes.insert(0, self.code(n.Logic(node.op, plain) if plain[1:] else plain[0]))
            return f"{'least' if node.op == 'and' else 'greatest'}({', '.join(codes)})"
        return self._code_of_truth(self.truth(node))

    def _code_of_truth(self, truth: str) -> str:
        unknown = 1 if Guard.UNKNOWN_VERDICT in self.guards else 0
        return f"coalesce(CAST({truth} AS TINYINT) * 2, {unknown})"

    def _quantifier(self, node: n.Quantifier) -> str:
        searched = n.Not(node.condition) if node.kind == "all" else node.condition
        code = self._any(node.source, node.var, searched)
        return code if node.kind == "any" else f"(2 - {code})"

    def _any(self, source: n.Source, var: str, condition: n.Expr) -> str:
        if isinstance(source, n.RelationSource):
            return self._relation(source, "max", condition)
        walked = self.value(source.list)
        body = self._inside(var, lambda name: self._element_code(name, var, condition))
        unread = f"CAST({walked} IS NULL AS TINYINT)"
        if Guard.UNKNOWN_LIST not in self.guards:
            unread = "0"
        return f"coalesce(list_max(list_transform({walked}, {body})), {unread})"

    def _element_code(self, name: str, var: str, condition: n.Expr) -> str:
        """The condition's code for one element; an unread element proves nothing."""
        code = self.code(condition)
        if Guard.UNKNOWN_ELEMENT not in self.guards:
            return f"(({code}) // 2 * 2)"
        may_hold = outcomes_without(condition, var).true
        if may_hold and Guard.OPEN_ELEMENT in self.guards:
            return f"least({code}, CASE WHEN {name} IS NULL THEN 1 ELSE 2 END)"
        return code

    def _name(self) -> str:
        return f"_x{len(self._variables) + 1}"

    def _inside(self, var: str, body: Callable[[str], str]) -> str:
        """A lambda whose variable has a name of ours, so that equal lambdas read alike."""
        name = self._name()
        self._variables[var] = name
        text = f"lambda {name}: {body(name)}"
        del self._variables[var]
        return text

    def deciding(self, searches: Sequence[tuple[n.ListSource, str, n.Expr]]) -> str:
        """The elements of one list that match any of the searches, or may."""
        name = self._name()
        found: dict[str, None] = {}
        for _, var, condition in searches:
            self._variables[var] = name
            found[self._may_hold(condition)] = None
            del self._variables[var]
        walked = self.value(searches[0][0].list)
        return f"list_filter({walked}, lambda {name}: {' OR '.join(found)})"

    def _may_hold(self, condition: n.Expr) -> str:
        if _is_plain(condition):
            return f"coalesce({self.truth(condition)}, TRUE)"
        return f"({self.code(condition)} <> 0)"

    # counts

    def _counting(self, node: n.Compare) -> str:
        op, left, right = node.op, node.left, node.right
        if not isinstance(left, n.Count) and not _is_length(left):
            left, right = right, left
            op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
        low, high = self._count(left) if isinstance(left, n.Count) else self._length(left)
        return interval(op, low, high, self.value(right))

    def _count(self, node: n.Count) -> tuple[str, str]:
        """How many elements match: the least and the most it can be."""
        if isinstance(node.source, n.RelationSource):
            total = self._relation(node.source, "sum", node.condition)
        else:
            walked = self.value(node.source.list)
            body = self._inside(node.var, lambda name: self._weight(name, node.condition))
            total = f"coalesce(list_sum(list_transform({walked}, {body})), 0)"
            if Guard.UNKNOWN_LIST in self.guards:
                unread = f"CASE WHEN {walked} IS NULL THEN {COUNT_OPEN} ELSE 0 END"
                total = f"coalesce(list_sum(list_transform({walked}, {body})), {unread})"
        return f"({total} % {_BASE})", f"({total} // {_BASE})"

    def _weight(self, name: str, condition: n.Expr) -> str:
        code = self.code(condition)
        undecided = COUNT_UNKNOWN if Guard.COUNT_UNDECIDED in self.guards else 0
        unread = COUNT_OPEN if Guard.COUNT_OPEN in self.guards else undecided
        may = f"CASE WHEN {name} IS NULL THEN {unread} ELSE {undecided} END"
        does = f"CASE WHEN {name} IS NULL THEN {unread} ELSE {COUNT_TRUE} END"
        return f"CAST(CASE {code} WHEN 0 THEN 0 WHEN 1 THEN {may} ELSE {does} END AS HUGEINT)"

    def _length(self, node: n.Expr) -> tuple[str, str]:
        assert isinstance(node, n.Call)
        walked = self.value(node.args[0])
        low = f"list_count({walked})"
        if Guard.OPEN_LENGTH not in self.guards:
            return low, low
        return low, f"CASE WHEN list_count({walked}) = len({walked}) THEN {low} ELSE {2**62} END"

    # relations

    def _relation(self, source: n.RelationSource, kind: str, condition: n.Expr) -> str:
        related = self.related.get(source.name)
        if related is None:
            target = self.schemas[source.target]
            row = RowCompiler("t", target, self.schemas, self.guards)
            related = RelatedRow(source.name, source.table, source.target, row)
            self.related[source.name] = related
        related.conditions.append(condition)
        searched = self._searched(related.row, kind, condition)
        if searched not in related.searched:
            related.searched.append(searched)
        place = list(self.related).index(source.name)
        return hole("code", place, related.searched.index(searched))

    def _searched(self, row: RowCompiler, kind: str, condition: n.Expr) -> Searched:
        """What to ask of each related row; one that is stale may have changed, or be gone."""
        code = row.code(condition)
        if Guard.UNKNOWN_RELATED not in self.guards:
            code = f"(({code}) // 2 * 2)"
        if Guard.STALE_RELATED in self.guards:
            code = f"CASE WHEN {row.alias}.stale_since IS NOT NULL THEN 1 ELSE {code} END"
        believed = Guard.UNKNOWN_EDGE not in self.guards
        if kind == "max":
            return Searched(kind, code, 1, 0 if believed else 1)
        undecided = COUNT_UNKNOWN if Guard.COUNT_UNDECIDED in self.guards else 0
        weight = f"CASE {code} WHEN 2 THEN {COUNT_TRUE} WHEN 1 THEN {undecided} ELSE 0 END"
        missing = 0 if believed else COUNT_OPEN
        return Searched(kind, f"CAST({weight} AS HUGEINT)", COUNT_UNKNOWN, missing)

    # truths

    def truth(self, node: n.Expr) -> str:
        """A condition as a BOOLEAN, NULL where unknown."""
        if not _is_plain(node):
            return f"(CASE {self.code(node)} WHEN 2 THEN TRUE WHEN 0 THEN FALSE END)"
        if isinstance(node, n.Logic):
            return "(" + f" {node.op.upper()} ".join(self.truth(i) for i in node.items) + ")"
        if isinstance(node, n.Not):
            return f"(NOT {self.truth(node.inner)})"
        if isinstance(node, n.Compare):
            return f"({self.value(node.left)} {node.op} {self.value(node.right)})"
        if isinstance(node, n.In):
            items = ", ".join(literal(i.value, i.type) for i in node.items)
            return f"({self.value(node.value)} IN ({items}))"
        if isinstance(node, n.InParam):
            items, value = self.value(node.param), self.value(node.value)
            # Nothing is in an empty list, whatever it is.
            return f"(len({items}) > 0 AND list_contains({items}, {value}))"
        if isinstance(node, n.Between):
            low, high = self.value(node.low), self.value(node.high)
            return f"({self.value(node.value)} BETWEEN {low} AND {high})"
        if isinstance(node, n.Like):
            return f"({self.value(node.value)} LIKE {self.value(node.pattern)})"
        if isinstance(node, n.Regexp):
            pattern = literal(node.pattern, n.TEXT)
            return f"regexp_matches({self.value(node.value)}, {pattern})"
        if isinstance(node, n.Known):
            return self._known(node)
        return self.value(node)

    def value(self, node: n.Expr) -> str:
        """A value, NULL where unknown."""
        if isinstance(node, n.Literal):
            return "[]" if node.value is None else literal(node.value, node.type)
        if isinstance(node, n.Column):
            return self.column(node)
        if isinstance(node, n.Element):
            return ".".join((self._variables[node.var], *map(quote, node.fields)))
        if isinstance(node, n.ParamRef):
            return hole("param", node.name)
        if isinstance(node, n.Coalesce):
            return self._coalesce(node)
        if isinstance(node, n.Negative):
            return f"TRY(- {self.value(node.inner)})"
        if isinstance(node, n.Arithmetic):
            # A cloud's number must not stop the judging of everyone else's by overflowing.
            return f"TRY({self.value(node.left)} {node.op} {self.value(node.right)})"
        if isinstance(node, n.Call):
            return self._call(node)
        return self.truth(node)

    def column(self, node: n.Column) -> str:
        return ".".join((self.alias, quote(node.name), *map(quote, node.fields)))

    def _call(self, node: n.Call) -> str:
        args = [self.value(arg) for arg in node.args]
        if node.name == "days_since":
            return f"(({hole('now')} - epoch_us({args[0]})) // {DAY})"
        if _is_length(node):
            if Guard.OPEN_LENGTH not in self.guards:
                return f"list_count({args[0]})"
            return f"(CASE WHEN list_count({args[0]}) = len({args[0]}) THEN len({args[0]}) END)"
        name = "length" if node.name == "len" else node.name
        return f"{name}({', '.join(args)})"

    # what may be absent

    def is_marked(self, mark: str, name: str) -> str:
        return f"list_contains({self.alias}.{quote(mark)}, {literal(name, n.TEXT)})"

    def absent(self, name: str) -> str:
        """True where a column whose value is NULL is known to be not there."""
        if name in self.schema.null_is_absent:
            return "TRUE"
        return self.is_marked("_absent", name)

    def _coalesce(self, node: n.Coalesce) -> str:
        default = self.value(node.default)
        if node.type.kind == "list":
            default = f"CAST([] AS {node.type.sql})"
        if isinstance(node.ref, n.Tag):
            value, absent = self._tag_value(node.ref), f"NOT {self._has_tag(node.ref)}"
        else:
            value, root = self.column(node.ref), f"{self.alias}.{quote(node.ref.name)}"
            absent = self.absent(node.ref.name)
            if value != root:
                # Idle where the value is the column itself; DuckDB fails on it in an empty table.
                absent = f"{absent} AND {root} IS NULL"
            if Guard.COALESCE_NEEDS_ABSENT not in self.guards:
                absent = f"{root} IS NULL"
        return f"coalesce({value}, CASE WHEN {absent} THEN {default} END)"

    def _known(self, node: n.Known) -> str:
        if isinstance(node.ref, n.Tag):
            there = self._has_tag(node.ref)
            return there if node.is_set else f"(NOT {there})"
        name = node.ref.name
        is_set = f"{self.alias}.{quote(name)} IS NOT NULL"
        if name not in self.schema.null_is_absent:
            is_set = f"{is_set} OR {self.is_marked('_set', name)}"
        absent = self.absent(name)
        if Guard.KNOWN_NEEDS_ABSENT not in self.guards:
            absent = "TRUE"
        yes, no = ("TRUE", "FALSE") if node.is_set else ("FALSE", "TRUE")
        return f"(CASE WHEN {is_set} THEN {yes} WHEN {absent} THEN {no} END)"

    def _tag_value(self, node: n.Tag) -> str:
        return f"{self.alias}.tags[{literal(node.key, n.TEXT)}]"

    def _has_tag(self, node: n.Tag) -> str:
        """Is the tag there? NULL where the tags were not read."""
        there = f"map_contains({self.alias}.tags, {literal(node.key, n.TEXT)})"
        if Guard.TAG_VALUE_MAY_BE_UNKNOWN not in self.guards:
            there = f"({self._tag_value(node)} IS NOT NULL AND {there})"
        if self.schema.columns["tags"].optional:
            there = f"CASE WHEN {self.absent('tags')} THEN FALSE ELSE {there} END"
        if Guard.TAGS_MAY_BE_UNREAD not in self.guards:
            return f"coalesce({there}, FALSE)"
        return f"({there})"


def interval(op: str, low: str, high: str, bound: str) -> str:
    """The code of `low…high op bound`: decided as soon as every number between agrees."""
    if op in ("=", "<>"):
        between = f"CAST({low} <= {bound} AND {bound} <= {high} AS TINYINT)"
        exact = f"CAST({low} = {bound} AND {high} = {bound} AS TINYINT)"
        code = f"coalesce({between} + {exact}, 1)"
        return code if op == "=" else f"(2 - {code})"
    first, second = f"CAST({low} {op} {bound} AS TINYINT)", f"CAST({high} {op} {bound} AS TINYINT)"
    return f"coalesce({first} + {second}, 1)"


def _is_length(node: n.Expr) -> bool:
    return isinstance(node, n.Call) and node.name == "len" and _list_kind(node.args[0])


def _list_kind(node: n.Expr) -> bool:
    return isinstance(node, n.Column | n.Element | n.Coalesce) and node.type.kind == "list"


def _is_counting(node: n.Compare) -> bool:
    return isinstance(node.left, n.Count) or _is_length(node.left) or _is_length(node.right)


def _is_plain(node: n.Expr) -> bool:
    """Can the engine's own three-valued logic judge it, without codes?"""
    if isinstance(node, n.Logic):
        return all(_is_plain(item) for item in node.items)
    if isinstance(node, n.Not):
        return _is_plain(node.inner)
    if isinstance(node, n.Compare):
        return not _is_counting(node)
    return not isinstance(node, n.Quantifier)
