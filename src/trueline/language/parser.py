"""Predicate text → typed tree, with an error that points at the first thing that is wrong.

The grammar is sqlglot's (DuckDB dialect); what is allowed of it is written out here: a node that
has no line below is refused. This is the only module that imports sqlglot, because a warm start
works from compiled fragments and must not pay for a parser.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from trueline.errors import Where
from trueline.language import nodes as n
from trueline.language.errors import LanguageError, did_you_mean
from trueline.language.hints import refusal
from trueline.language.regexps import unportable
from trueline.language.schema import Schema
from trueline.model import Type

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Context", "parse"]

MAX_LENGTH, MAX_DEPTH, MAX_NODES = 10_000, 200, 5_000
"""Policies come from anywhere: bounds that no honest predicate meets."""

BOOL, INT, FLOAT = Type("bool"), Type("int"), Type("float")
TEXT, TIME = Type("text"), Type("time")
EMPTY_LIST = Type("list")
NUMBERS = ("int", "float")

_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_QUANTIFIERS = {"any_of": "any", "all_of": "all", "none_of": "none"}
FUNCTIONS = (
    *_QUANTIFIERS,
    "coalesce",
    "count_of",
    "days_since",
    "is_absent",
    "is_set",
    "len",
    "lower",
    "regexp_matches",
    "starts_with",
    "tag",
    "upper",
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a predicate stands in: its table, the tables relations may lead to, its parameters.

    `part` (`fails_when` …) opens the error messages.
    """

    schema: Schema
    schemas: Mapping[str, Schema]
    params: Mapping[str, Type]
    part: str
    where: Where | None


@dataclass(frozen=True, slots=True)
class _Scope:
    """`row` is the variable of the row that bare access reads ("" = the own resource)."""

    row: str
    rows: Mapping[str, Schema]
    elements: Mapping[str, Type]
    outer: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return [*(v for v in self.rows if v), *self.elements]


def parse(text: str, context: Context) -> n.Expr:
    """Read a condition. Raises LanguageError."""
    if len(text) > MAX_LENGTH:
        message = f"{context.part}: {len(text)} characters; a predicate has at most {MAX_LENGTH}"
        raise LanguageError("predicate-too-long", message, "split the policy", context.where)
    reader = _Reader(text, context)
    tree = reader.read()
    return reader.condition(tree, _Scope("", {"": context.schema}, {}))


class _Reader:
    """Walks one sqlglot tree; every method takes a node and the scope it stands in."""

    def __init__(self, text: str, context: Context) -> None:
        self.text, self.context = text, context

    def read(self) -> exp.Expr:
        bad = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", self.text)
        if bad:
            raise self.error("control-character", "a control character", None, bad.start())
        try:
            trees = sqlglot.parse(self.text, dialect="duckdb")
        except SqlglotError as error:
            raise self._syntax(error) from None
        except RecursionError:
            raise self._too_deep() from None
        if len(trees) != 1 or trees[0] is None:
            seen = "nothing" if not trees or trees[0] is None else "several, separated by `;`"
            raise self.error("syntax", f"expected one condition, seen {seen}", None, 0)
        self._bounded(trees[0])
        return trees[0]

    def _bounded(self, tree: exp.Expr) -> None:
        """Refuse what would exhaust the stack. A chain of AND counts as one level."""
        stack, count = [(tree, 1)], 0
        while stack:
            node, depth = stack.pop()
            count += 1
            if depth > MAX_DEPTH or count > MAX_NODES:
                raise self._too_deep()
            for child in node.iter_expressions():
                chain = isinstance(node, exp.And | exp.Or) and type(child) is type(node)
                stack.append((child, depth if chain else depth + 1))

    def _too_deep(self) -> LanguageError:
        message = f"nested more than {MAX_DEPTH} deep, or more than {MAX_NODES} parts"
        return self.error("predicate-too-deep", message, "split the policy", 0)

    def _syntax(self, error: SqlglotError) -> LanguageError:
        details = getattr(error, "errors", None) or [{}]
        line, column = details[0].get("line") or 1, details[0].get("col") or 1
        lines = self.text.splitlines(keepends=True)
        offset = sum(len(part) for part in lines[: line - 1]) + column - 1
        message = str(details[0].get("description") or "a quote or bracket is never closed")
        message = re.sub(r" for <class '.*'>", "", message)
        return self.error("syntax", f"not a condition: {message}", None, offset)

    def error(self, code: str, message: str, hint: str | None, at: int) -> LanguageError:
        """An error at a character of the predicate; the file's place is added where known."""
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        where = self.context.where
        if where is not None and where.line and where.column:
            first = where.column if line == 1 else 1
            where = Where(where.file, where.line + line - 1, first + column - 1)
        place = f"{self.context.part}, " + (f"line {line}, " if line > 1 else "")
        return LanguageError(code, f"{place}column {column}: {message}", hint, where)

    def fail(
        self, node: exp.Expr, code: str, message: str, hint: str | None = None
    ) -> LanguageError:
        return self.error(code, message, hint, self.at(node))

    def at(self, node: exp.Expr) -> int:
        """The first character of the node, as near as sqlglot remembers."""
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        return min(starts, default=0)

    def source(self, node: exp.Expr) -> str:
        text = node.sql(dialect="duckdb")
        return text if len(text) <= 60 else text[:57] + "…"

    # conditions

    def condition(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        """A node that is true, false or unknown."""
        if isinstance(node, exp.Paren):
            return self.condition(node.this, scope)
        if isinstance(node, exp.And | exp.Or):
            return self._logic(node, scope)
        if isinstance(node, exp.Not):
            return n.Not(self.condition(node.this, scope), at=self.at(node))
        if type(node) in _COMPARE:
            return self._compare(node, scope)
        if isinstance(node, exp.In):
            return self._in(node, scope)
        if isinstance(node, exp.Between):
            return self._between(node, scope)
        if isinstance(node, exp.Like):
            return self._like(node, scope)
        value = self.value(node, scope, condition=True)
        kind = self.type_of(value)
        if kind.kind != "bool":
            hint = (
                "compare it with something" if kind.kind != "list" else "use any_of, all_of or len"
            )
            raise self.fail(
                node, "type", f"`{self.source(node)}` is {kind}, expected a condition", hint
            )
        return value

    def _logic(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        """Chains of one operator become one node, so that depth stays what the author nested."""
        items: list[n.Expr] = []
        stack = [node]
        while stack:
            part = stack.pop()
            if type(part) is type(node):
                stack += [part.expression, part.this]
            else:
                items.append(self.condition(part, scope))
        op = "and" if isinstance(node, exp.And) else "or"
        return n.Logic(op, tuple(items), at=self.at(node))

    def _compare(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        op = _COMPARE[type(node)]
        left, right = self._operand(node.this, scope), self._operand(node.expression, scope)
        if _counts(right) and not _counts(left):
            left, right, op = right, left, _FLIPPED[op]
        if _counts(right):
            raise self.fail(node, "type", "two counts cannot be compared with each other")
        if isinstance(left, n.Count):
            integer = (n.Literal, n.ParamRef, n.Negative)
            if not isinstance(right, integer) or self.type_of(right).kind != "int":
                message = "count_of(…) is compared with an integer or an integer parameter"
                raise self.fail(node, "type", message)
        self._comparable(node, op, self.type_of(left), self.type_of(right))
        return n.Compare(op, left, right, at=self.at(node))

    def _operand(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        while isinstance(node, exp.Paren):
            node = node.this
        if self.function(node) == "count_of":
            source, var, condition = self._walked(node, scope)
            return n.Count(source, var, condition, at=self.at(node))
        return self.value(node, scope)

    def _comparable(self, node: exp.Expr, op: str, left: Type, right: Type) -> None:
        same = left.kind == right.kind or (left.kind in NUMBERS and right.kind in NUMBERS)
        if not same:
            hint: str | None = None
            if "time" in (left.kind, right.kind) and "text" in (left.kind, right.kind):
                hint = "write a time as TIMESTAMP '2026-01-31 00:00:00'"
            elif "bool" in (left.kind, right.kind):
                hint = "a bool stands alone: `encrypted`, `NOT encrypted`"
            message = f"`{self.source(node)}` compares {left.kind} with {right.kind}"
            raise self.fail(node, "type", message, hint)
        if left.kind in ("list", "map", "struct"):
            instead = {"list": "use any_of, all_of, none_of or len", "map": "use tag('key')"}
            raise self.fail(node, "type", f"a {left.kind} is not compared", instead.get(left.kind))
        if left.kind == "bool" and op not in ("=", "<>"):
            raise self.fail(node, "type", f"bools have no order for `{op}`")

    def _in(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        value = self.value(node.this, scope)
        kind = self.type_of(value)
        field, items = node.args.get("field"), node.expressions
        if isinstance(field, exp.Placeholder):
            param = self._param(field)
            if param.type.kind != "list" or param.type.item is None:
                message = f"`:{param.name}` is {param.type}, expected a list"
                raise self.fail(node, "type", message)
            self._comparable(node, "=", kind, param.type.item)
            return n.InParam(value, param, at=self.at(node))
        self._only(node, "this", "expressions")
        if not items:
            raise self.fail(node, "in", "IN needs literals, or one list parameter")
        literals = []
        for item in items:
            literal = self.value(item, scope)
            if not isinstance(literal, n.Literal):
                hint = "declare it with type list<text> and write `IN :name`"
                message = f"IN takes literals, seen `{self.source(item)}`"
                raise self.fail(node, "in", message, hint)
            self._comparable(node, "=", kind, literal.type)
            literals.append(literal)
        return n.In(value, tuple(literals), at=self.at(node))

    def _between(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        self._only(node, "this", "low", "high")
        value = self.value(node.this, scope)
        low, high = self.value(node.args["low"], scope), self.value(node.args["high"], scope)
        for bound in (low, high):
            self._comparable(node, "<=", self.type_of(value), self.type_of(bound))
        return n.Between(value, low, high, at=self.at(node))

    def _like(self, node: exp.Expr, scope: _Scope) -> n.Expr:
        self._only(node, "this", "expression")
        value = self.value(node.this, scope)
        pattern = self.value(node.expression, scope)
        self._expect(node.this, value, "text")
        if not isinstance(pattern, n.Literal | n.ParamRef) or self.type_of(pattern).kind != "text":
            raise self.fail(node, "type", "the pattern of LIKE is a text literal or parameter")
        if isinstance(pattern, n.Literal) and "\\" in str(pattern.value):
            hint = "use starts_with or regexp_matches"
            raise self.fail(node, "like", "LIKE has no portable escape character", hint)
        return n.Like(value, pattern, at=self.at(node))

    # values

    def value(self, node: exp.Expr, scope: _Scope, condition: bool = False) -> n.Expr:
        """A node that stands for a value; optional columns are refused here."""
        at = self.at(node)
        if isinstance(node, exp.Paren):
            return self.value(node.this, scope)
        if isinstance(node, exp.Literal | exp.Boolean | exp.Cast | exp.Array):
            return self._literal(node)
        if isinstance(node, exp.Neg):
            inner = self.value(node.this, scope)
            kind = self._number(node.this, inner)
            if isinstance(inner, n.Literal) and isinstance(inner.value, int | float):
                return n.Literal(-inner.value, inner.type, at=at)
            return n.Negative(inner, kind, at=at)
        if type(node) in _ARITHMETIC:
            left, right = self.value(node.this, scope), self.value(node.expression, scope)
            kinds = self._number(node.this, left), self._number(node.expression, right)
            kind = FLOAT if FLOAT in kinds else INT
            return n.Arithmetic(_ARITHMETIC[type(node)], left, right, kind, at=at)
        if isinstance(node, exp.Placeholder):
            return self._param(node)
        path = _path(node)
        if path is not None:
            return self._plain(node, path, scope)
        if isinstance(node, exp.Func):
            return self._call(node, scope, condition)
        code, message, hint = refusal(node, self.source(node))
        raise self.fail(node, code, message, hint)

    def _literal(self, node: exp.Expr) -> n.Literal:
        at = self.at(node)
        if isinstance(node, exp.Boolean):
            return n.Literal(bool(node.this), BOOL, at=at)
        if isinstance(node, exp.Literal) and node.is_string:
            return n.Literal(str(node.this), TEXT, at=at)
        if isinstance(node, exp.Literal):
            try:
                number: int | float = int(node.this) if node.this.isdigit() else float(node.this)
            except ValueError:
                raise self.fail(node, "literal", f"`{node.this}` is not a number") from None
            if abs(number) >= 2**63:
                raise self.fail(node, "literal", f"`{node.this}` is too large")
            return n.Literal(number, INT if isinstance(number, int) else FLOAT, at=at)
        if isinstance(node, exp.Array) and not node.expressions:
            return n.Literal(None, EMPTY_LIST, at=at)
        if isinstance(node, exp.Cast) and node.this.is_string and "TIMESTAMP" in node.to.sql():
            try:
                moment = dt.datetime.fromisoformat(node.this.this)
            except ValueError:
                example = "write TIMESTAMP '2026-01-31 00:00:00' (UTC)"
                message = f"not a time: {node.this.sql()}"
                raise self.fail(node, "literal", message, example) from None
            utc = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
            return n.Literal(utc, TIME, at=at)
        code, message, hint = refusal(node, self.source(node))
        raise self.fail(node, code, message, hint)

    def _param(self, node: exp.Placeholder) -> n.ParamRef:
        name = node.this if isinstance(node.this, str) else ""
        found = re.search(rf":{re.escape(name)}\b", self.text) if name else None
        at = found.start() if found else 0
        kind = self.context.params.get(name)
        if kind is None or found is None:
            hint = did_you_mean(name, self.context.params) or "declare it under `params`"
            raise self.error("unknown-parameter", f"no parameter `:{name}`", hint, at)
        return n.ParamRef(name, kind, at=at)

    def _plain(self, node: exp.Expr, path: tuple[str, ...], scope: _Scope) -> n.Expr:
        ref = self.ref(node, path, scope)
        if isinstance(ref, n.Column) and ref.optional:
            name = ".".join(path)
            hint = f"write coalesce({name}, …), is_set({name}) or is_absent({name})"
            message = f"`{name}` is {ref.type}? and may be absent, so it cannot stand alone"
            raise self.fail(node, "optional-column", message, hint)
        return ref

    def ref(self, node: exp.Expr, path: tuple[str, ...], scope: _Scope) -> n.Column | n.Element:
        """Resolve a dotted name; the innermost lambda variable wins over a column."""
        head, at = path[0], self.at(node)
        if head in scope.elements:
            kind = self._fields(node, scope.elements[head], path[1:], head)
            return n.Element(head, path[1:], kind, at=at)
        if head in scope.rows and head:
            if len(path) == 1:
                hint = f"name one of its columns: {head}.…"
                raise self.fail(node, "row", f"`{head}` is a whole row, not a value", hint)
            return self._column(node, head, path[1:], scope)
        if scope.row:
            raise self._outside(node, path, scope)
        return self._column(node, "", path, scope)

    def _outside(self, node: exp.Expr, path: tuple[str, ...], scope: _Scope) -> LanguageError:
        name = ".".join(path)
        known = path[0] in scope.outer or path[0] in self.context.schema.columns
        if not known and path[0] not in self.context.schema.relations:
            hint = f"columns of the related row are written {scope.row}.column"
            return self.fail(node, "unknown-column", f"no variable `{path[0]}` here", hint)
        message = f"`{name}` is an outer column inside the lambda of a relation"
        hint = (
            f"inside it only `{scope.row}.column` is known; test `{name}` outside the lambda, "
            f"or write `{scope.row}.{name}` for the related row's column"
        )
        return self.fail(node, "outer-column", message, hint)

    def _column(self, node: exp.Expr, row: str, path: tuple[str, ...], scope: _Scope) -> n.Column:
        schema, name, prefix = scope.rows[row], path[0], f"{row}." if row else ""
        kind = schema.columns.get(name)
        if kind is None:
            if name in schema.relations:
                hint = f"write any_of({prefix}{name}, x -> …)"
                raise self.fail(node, "relation", f"`{prefix}{name}` is a relation, no value", hint)
            known = [*schema.columns, *scope.names]
            message = f"{schema.table} has no column `{name}`"
            raise self.fail(node, "unknown-column", message, did_you_mean(name, known))
        optional, inner = kind.optional, self._fields(node, kind, path[1:], prefix + name)
        bare = Type(inner.kind, item=inner.item, fields=inner.fields, struct=inner.struct)
        return n.Column(row, name, path[1:], bare, optional, at=self.at(node))

    def _fields(self, node: exp.Expr, kind: Type, path: tuple[str, ...], seen: str) -> Type:
        for name in path:
            field = kind.field(name)
            if field is None:
                message = f"`{seen}` is {kind} and has no field `{name}`"
                hint: str | None = did_you_mean(name, [f.name for f in kind.fields])
                if kind.kind == "map":
                    hint = f"write tag('{name}')"
                elif kind.kind == "list":
                    hint = f"write any_of({seen}, x -> x.{name} …)"
                raise self.fail(node, "unknown-field", message, hint)
            kind, seen = field.type, f"{seen}.{name}"
        return kind

    # functions

    def function(self, node: exp.Expr) -> str:
        """The function's name as written, so that `ifnull` never passes as coalesce."""
        if not isinstance(node, exp.Func) or "start" not in node.meta:
            return ""
        return self.text[node.meta["start"] : node.meta["end"] + 1].lower()

    def _call(self, node: exp.Expr, scope: _Scope, condition: bool) -> n.Expr:
        name, at = self.function(node), self.at(node)
        if name not in FUNCTIONS:
            code, message, hint = refusal(node, self.source(node))
            near = did_you_mean(name, FUNCTIONS) if code == "unknown-function" else None
            raise self.fail(node, code, message, hint or near)
        if name in _QUANTIFIERS:
            if not condition:
                raise self.fail(node, "type", f"{name}(…) is a condition: use it alone or with NOT")
            source, var, inner = self._walked(node, scope)
            return n.Quantifier(_QUANTIFIERS[name], source, var, inner, at=at)
        if name == "count_of":
            raise self.fail(node, "type", "count_of(…) is compared with an integer")
        args = _arguments(node)
        if name == "tag":
            return self._tag_bare(node, args, scope)
        if name in ("is_set", "is_absent"):
            self._arity(node, name, args, 1)
            return n.Known(self._optional(name, args[0], scope), name == "is_set", at=at)
        if name == "coalesce":
            return self._coalesce(node, args, scope)
        if name == "regexp_matches":
            return self._regexp(node, args, scope)
        return self._simple(node, name, args, scope)

    def _simple(self, node: exp.Expr, name: str, args: list[exp.Expr], scope: _Scope) -> n.Expr:
        self._arity(node, name, args, 2 if name == "starts_with" else 1)
        values = tuple(self.value(arg, scope) for arg in args)
        if name == "len" and self.type_of(values[0]).kind == "list":
            return n.Call(name, values, INT, at=self.at(node))
        for arg, value in zip(args, values, strict=True):
            self._expect(arg, value, "time" if name == "days_since" else "text")
        kind = {"starts_with": BOOL, "len": INT, "days_since": INT}.get(name, TEXT)
        return n.Call(name, values, kind, at=self.at(node))

    def _regexp(self, node: exp.Expr, args: list[exp.Expr], scope: _Scope) -> n.Expr:
        self._arity(node, "regexp_matches", args, 2)
        value = self.value(args[0], scope)
        self._expect(args[0], value, "text")
        if not (isinstance(args[1], exp.Literal) and args[1].is_string):
            raise self.fail(node, "type", "the pattern of regexp_matches is a text literal")
        problem = unportable(args[1].this)
        if problem:
            raise self.fail(args[1], "regexp", f"regular expression: {problem}")
        return n.Regexp(value, args[1].this, at=self.at(node))

    def _tag_bare(self, node: exp.Expr, args: list[exp.Expr], scope: _Scope) -> n.Expr:
        tag = self._tag(node, args, scope)
        call = f"tag('{tag.key}')"
        message = f"`{call}` may be absent, so it cannot stand alone"
        hint = f"write coalesce({call}, …), is_set({call}) or is_absent({call})"
        raise self.fail(node, "optional-column", message, hint)

    def _tag(self, node: exp.Expr, args: list[exp.Expr], scope: _Scope) -> n.Tag:
        self._arity(node, "tag", args, 1)
        if scope.row:
            message = "tag('key') reads the policy's own resource, not the related row"
            raise self.fail(node, "outer-column", message, "test it outside the lambda")
        tags = self.context.schema.columns.get("tags")
        if tags is None or tags.kind != "map":
            raise self.fail(node, "tag", f"{self.context.schema.table} has no tags")
        if not (isinstance(args[0], exp.Literal) and args[0].is_string):
            raise self.fail(node, "type", "the key of tag('key') is a text literal")
        return n.Tag(args[0].this, at=self.at(node))

    def _optional(self, name: str, node: exp.Expr, scope: _Scope) -> n.Ref:
        """The argument of is_set, is_absent and coalesce: a column that may be absent, or a tag."""
        if self.function(node) == "tag":
            return self._tag(node, _arguments(node), scope)
        path = _path(node)
        if path is None:
            message = f"{name}(…) takes an optional column or tag('key')"
            raise self.fail(node, "type", message)
        ref = self.ref(node, path, scope)
        if isinstance(ref, n.Element) or not ref.optional:
            message = f"`{'.'.join(path)}` is never absent, so {name}(…) says nothing about it"
            hint = "columns that may be absent have a type with `?`; use the name alone"
            raise self.fail(node, "not-optional", message, hint)
        return ref

    def _coalesce(self, node: exp.Expr, args: list[exp.Expr], scope: _Scope) -> n.Expr:
        self._arity(node, "coalesce", args, 2)
        ref = self._optional("coalesce", args[0], scope)
        default = self._literal(args[1].this if isinstance(args[1], exp.Neg) else args[1])
        if isinstance(args[1], exp.Neg) and isinstance(default.value, int | float):
            default = n.Literal(-default.value, default.type, at=default.at)
        kind = TEXT if isinstance(ref, n.Tag) else ref.type
        if kind.kind == "list" and default.value is None:
            return n.Coalesce(ref, default, kind, at=self.at(node))
        self._comparable(node, "=", kind, default.type)
        return n.Coalesce(ref, default, kind, at=self.at(node))

    def _walked(self, node: exp.Expr, scope: _Scope) -> tuple[n.Source, str, n.Expr]:
        """The three parts of a quantifier: what is walked, the variable, the condition."""
        name, args = self.function(node), _arguments(node)
        if len(args) != 2 or not isinstance(args[1], exp.Lambda) or len(args[1].expressions) != 1:
            hint = f"write {name}(rules, r -> r.port = 22)"
            raise self.fail(node, "lambda", f"{name}(…) takes a list and `x -> condition`", hint)
        var = args[1].expressions[0].name
        if var in scope.names:
            raise self.fail(args[1], "lambda", f"the variable `{var}` is taken: choose another")
        related = self._relation(args[0], scope)
        if related is not None:
            target = self.context.schemas[related.target]
            inner = _Scope(var, {var: target}, {}, frozenset(scope.names))
            return related, var, self.condition(args[1].this, inner)
        source = self._list(args[0], scope)
        assert source.type.item is not None
        elements = {**scope.elements, var: source.type.item}
        inner = _Scope(scope.row, scope.rows, elements, scope.outer)
        return n.ListSource(source, at=source.at), var, self.condition(args[1].this, inner)

    def _relation(self, node: exp.Expr, scope: _Scope) -> n.RelationSource | None:
        path = _path(node)
        if path is None or path[0] in scope.elements:
            return None
        row, rest = (path[0], path[1:]) if path[0] in scope.rows else ("", path)
        if row != scope.row or len(rest) != 1:
            return None
        schema = scope.rows[row]
        relation = schema.relations.get(rest[0])
        if relation is None or rest[0] in schema.columns:
            return None
        if relation.target not in self.context.schemas:
            message = f"relation `{rest[0]}` leads to {relation.target}, which has no resource file"
            raise self.fail(node, "relation", message)
        return n.RelationSource(row, rest[0], schema.table, relation.target, at=self.at(node))

    def _list(self, node: exp.Expr, scope: _Scope) -> n.Column | n.Element | n.Coalesce:
        value = self.value(node, scope)
        kind = self.type_of(value)
        if not isinstance(value, n.Column | n.Element | n.Coalesce) or kind.kind != "list":
            hint = "use tag('key')" if kind.kind == "map" else None
            message = f"`{self.source(node)}` is {kind}, expected a list or a relation"
            raise self.fail(node, "type", message, hint)
        return value

    # types

    def type_of(self, node: n.Expr) -> Type:
        if isinstance(node, n.Tag):
            return TEXT
        if isinstance(node, n.Count):
            return INT
        return getattr(node, "type", BOOL)

    def _number(self, node: exp.Expr, value: n.Expr) -> Type:
        kind = self.type_of(value)
        if kind.kind not in NUMBERS:
            message = f"`{self.source(node)}` is {kind}, expected a number"
            raise self.fail(node, "type", message)
        return Type(kind.kind)

    def _expect(self, node: exp.Expr, value: n.Expr, kind: str) -> None:
        seen = self.type_of(value)
        if seen.kind != kind:
            raise self.fail(node, "type", f"`{self.source(node)}` is {seen}, expected {kind}")

    def _arity(self, node: exp.Expr, name: str, args: list[exp.Expr], count: int) -> None:
        if len(args) != count:
            wanted = f"{count} argument" + ("s" if count > 1 else "")
            raise self.fail(node, "arguments", f"{name}(…) takes {wanted}, seen {len(args)}")

    def _only(self, node: exp.Expr, *names: str) -> None:
        """Refuse whatever else the grammar attached to a node."""
        extra = [k for k, v in node.args.items() if v and k not in names]
        if extra:
            code, message, hint = refusal(node, self.source(node))
            raise self.fail(node, code, message, hint)


def _counts(node: n.Expr) -> bool:
    """Is it a count of elements, to be compared by interval?"""
    return isinstance(node, n.Count)


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """Every argument in the order written, whatever slots sqlglot gave them."""
    if isinstance(node, exp.Anonymous):
        return list(node.expressions)
    out: list[exp.Expr] = []
    for value in node.args.values():
        if isinstance(value, list):
            out += [v for v in value if isinstance(v, exp.Expr)]
        elif isinstance(value, exp.Expr):
            out.append(value)
    return out


def _path(node: exp.Expr) -> tuple[str, ...] | None:
    """The parts of a dotted name, or None when the node is something else."""
    if isinstance(node, exp.Identifier):
        return (node.name,)
    if isinstance(node, exp.Column):
        parts = [node.args.get(k) for k in ("catalog", "db", "table", "this")]
        named = [p for p in parts if p is not None]
        if all(isinstance(p, exp.Identifier) for p in named):
            return tuple(p.name for p in named)
        return None
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        head = _path(node.this)
        return None if head is None else (*head, node.expression.name)
    return None
