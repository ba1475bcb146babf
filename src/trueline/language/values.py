"""Values: literals, parameters, arithmetic, functions, and what may be absent."""

from __future__ import annotations

import datetime as dt
import re

from sqlglot import exp

from trueline.language import nodes as n
from trueline.language.errors import did_you_mean
from trueline.language.hints import refusal
from trueline.language.names import Names, Scope, or_empty
from trueline.language.regexps import unportable
from trueline.language.source import arguments, path_of
from trueline.model import Type

__all__ = ["QUANTIFIERS", "Values"]

BOOL, INT, FLOAT = Type("bool"), Type("int"), Type("float")
TEXT, TIME = Type("text"), Type("time")
EMPTY_LIST = Type("list")
NUMBERS = ("int", "float")
ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
QUANTIFIERS = {"any_of": "any", "all_of": "all", "none_of": "none"}
FUNCTIONS = (
    *QUANTIFIERS,
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


class Values(Names):
    """Reads values; conditions are read by what builds on this."""

    def value(self, node: exp.Expr, scope: Scope) -> n.Expr:
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
        if type(node) in ARITHMETIC:
            left, right = self.value(node.this, scope), self.value(node.expression, scope)
            kinds = self._number(node.this, left), self._number(node.expression, right)
            kind = FLOAT if FLOAT in kinds else INT
            return n.Arithmetic(ARITHMETIC[type(node)], left, right, kind, at=at)
        if isinstance(node, exp.Placeholder):
            return self.param(node)
        path = path_of(node)
        if path is not None:
            return self.plain(node, path, scope)
        if isinstance(node, exp.Func):
            return self._call(node, scope)
        code, message, hint = refusal(node, self.shown(node))
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
        code, message, hint = refusal(node, self.shown(node))
        raise self.fail(node, code, message, hint)

    def param(self, node: exp.Placeholder) -> n.ParamRef:
        name = node.this if isinstance(node.this, str) else ""
        found = re.search(rf":{re.escape(name)}\b", self.text) if name else None
        at = found.start() if found else 0
        if self.context.row_only:
            message = f"`:{name}` is a parameter: this is told from the row's own columns alone"
            raise self.error("unknown-parameter", message, "write the value itself", at)
        kind = self.context.params.get(name)
        if kind is None or found is None:
            hint = did_you_mean(name, self.context.params) or "declare it under `params`"
            raise self.error("unknown-parameter", f"no parameter `:{name}`", hint, at)
        return n.ParamRef(name, kind, at=at)

    def _call(self, node: exp.Expr, scope: Scope) -> n.Expr:
        name, at = self.function(node), self.at(node)
        if name not in FUNCTIONS:
            code, message, hint = refusal(node, self.shown(node), name)
            near = did_you_mean(name, FUNCTIONS) if code == "unknown-function" else None
            raise self.fail(node, code, message, hint or near)
        if name in QUANTIFIERS:
            raise self.fail(node, "type", f"{name}(…) is a condition: use it alone or with NOT")
        if name == "count_of":
            raise self.fail(node, "type", "count_of(…) is compared with an integer")
        args = arguments(node)
        if name == "tag":
            return self._tag_bare(node, args, scope)
        if name in ("is_set", "is_absent"):
            self.arity(node, name, args, 1)
            return n.Known(self._optional(name, args[0], scope), name == "is_set", at=at)
        if name == "coalesce":
            return self._coalesce(node, args, scope)
        if name == "regexp_matches":
            return self._regexp(node, args, scope)
        return self._simple(node, name, args, scope)

    def _simple(self, node: exp.Expr, name: str, args: list[exp.Expr], scope: Scope) -> n.Expr:
        self.arity(node, name, args, 2 if name == "starts_with" else 1)
        values = tuple(self.value(arg, scope) for arg in args)
        if name == "len" and self.type_of(values[0]).kind == "list":
            return n.Call(name, values, INT, at=self.at(node))
        for arg, value in zip(args, values, strict=True):
            self.expect(arg, value, "time" if name == "days_since" else "text")
        kind = {"starts_with": BOOL, "len": INT, "days_since": INT}.get(name, TEXT)
        return n.Call(name, values, kind, at=self.at(node))

    def _regexp(self, node: exp.Expr, args: list[exp.Expr], scope: Scope) -> n.Expr:
        self.arity(node, "regexp_matches", args, 2)
        value = self.value(args[0], scope)
        self.expect(args[0], value, "text")
        if not (isinstance(args[1], exp.Literal) and args[1].is_string):
            raise self.fail(node, "type", "the pattern of regexp_matches is a text literal")
        problem = unportable(args[1].this)
        if problem:
            raise self.fail(args[1], "regexp", f"regular expression: {problem}")
        return n.Regexp(value, args[1].this, at=self.at(node))

    def _tag_bare(self, node: exp.Expr, args: list[exp.Expr], scope: Scope) -> n.Expr:
        tag = self._tag(node, args, scope)
        if self.context.schema.bare_optional:
            return or_empty(tag)
        call = f"tag('{tag.key}')"
        message = f"`{call}` may be absent, so it cannot stand alone"
        hint = f"write coalesce({call}, …), is_set({call}) or is_absent({call})"
        raise self.fail(node, "optional-column", message, hint)

    def _tag(self, node: exp.Expr, args: list[exp.Expr], scope: Scope) -> n.Tag:
        self.arity(node, "tag", args, 1)
        if scope.row:
            message = "tag('key') reads the policy's own resource, not the related row"
            raise self.fail(node, "outer-column", message, "test it outside the lambda")
        tags = self.context.schema.columns.get("tags")
        if tags is None or tags.kind != "map":
            raise self.fail(node, "tag", f"{self.context.schema.table} has no tags")
        if not (isinstance(args[0], exp.Literal) and args[0].is_string):
            raise self.fail(node, "type", "the key of tag('key') is a text literal")
        return n.Tag(args[0].this, at=self.at(node))

    def _optional(self, name: str, node: exp.Expr, scope: Scope) -> n.Ref:
        """The argument of is_set, is_absent and coalesce: a column that may be absent, or a tag."""
        if self.function(node) == "tag":
            return self._tag(node, arguments(node), scope)
        path = path_of(node)
        if path is None:
            message = f"{name}(…) takes an optional column or tag('key')"
            raise self.fail(node, "type", message)
        ref = self.ref(node, path, scope)
        if isinstance(ref, n.Element) or not ref.optional:
            message = f"`{'.'.join(path)}` is never absent, so {name}(…) says nothing about it"
            hint = "columns that may be absent have a type with `?`; use the name alone"
            raise self.fail(node, "not-optional", message, hint)
        return ref

    def _coalesce(self, node: exp.Expr, args: list[exp.Expr], scope: Scope) -> n.Expr:
        self.arity(node, "coalesce", args, 2)
        ref = self._optional("coalesce", args[0], scope)
        default = self.value(args[1], scope)
        if not isinstance(default, n.Literal):
            message = f"the default of coalesce is a literal, seen `{self.shown(args[1])}`"
            raise self.fail(args[1], "type", message)
        kind = TEXT if isinstance(ref, n.Tag) else ref.type
        if kind.kind == "list" and default.value is None:
            return n.Coalesce(ref, default, kind, at=self.at(node))
        self.comparable(node, "=", kind, default.type)
        return n.Coalesce(ref, default, kind, at=self.at(node))

    def comparable(self, node: exp.Expr, op: str, left: Type, right: Type) -> None:
        same = left.kind == right.kind or (left.kind in NUMBERS and right.kind in NUMBERS)
        if not same:
            hint: str | None = None
            if "time" in (left.kind, right.kind) and "text" in (left.kind, right.kind):
                hint = "write a time as TIMESTAMP '2026-01-31 00:00:00'"
            elif "bool" in (left.kind, right.kind):
                hint = "a bool stands alone: `encrypted`, `NOT encrypted`"
            message = f"`{self.shown(node)}` compares {left.kind} with {right.kind}"
            raise self.fail(node, "type", message, hint)
        if left.kind in ("list", "map", "struct"):
            instead = {"list": "use any_of, all_of, none_of or len", "map": "use tag('key')"}
            raise self.fail(node, "type", f"a {left.kind} is not compared", instead.get(left.kind))
        if left.kind == "bool" and op not in ("=", "<>"):
            raise self.fail(node, "type", f"bools have no order for `{op}`")

    def type_of(self, node: n.Expr) -> Type:
        if isinstance(node, n.Tag):
            return TEXT
        if isinstance(node, n.Count):
            return INT
        return getattr(node, "type", BOOL)

    def _number(self, node: exp.Expr, value: n.Expr) -> Type:
        kind = self.type_of(value)
        if kind.kind not in NUMBERS:
            message = f"`{self.shown(node)}` is {kind}, expected a number"
            raise self.fail(node, "type", message)
        return Type(kind.kind)

    def expect(self, node: exp.Expr, value: n.Expr, kind: str) -> None:
        seen = self.type_of(value)
        if seen.kind != kind:
            raise self.fail(node, "type", f"`{self.shown(node)}` is {seen}, expected {kind}")
