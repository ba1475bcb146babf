"""Predicate text → typed tree, with an error that points at the first thing that is wrong.

The grammar is sqlglot's (DuckDB dialect); what is allowed of it is written out here and in
`values`: a node that has no line there is refused. Only what is imported from here needs sqlglot,
because a warm start works from compiled fragments and must not pay for a parser.
"""

from __future__ import annotations

from sqlglot import exp

from trueline.language import nodes as n
from trueline.language.names import Scope
from trueline.language.source import Context, arguments
from trueline.language.values import QUANTIFIERS, Values

__all__ = ["Context", "parse"]

_COMPARE: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def parse(text: str, context: Context) -> n.Expr:
    """Read a condition. Raises LanguageError."""
    reader = _Conditions(text, context)
    return reader.condition(reader.read(), Scope("", {"": context.schema}, {}))


class _Conditions(Values):
    """Reads conditions; quantifiers hold further ones."""

    def condition(self, node: exp.Expr, scope: Scope) -> n.Expr:
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
        if self.function(node) in QUANTIFIERS:
            source, var, inner = self._walked(node, scope)
            kind = QUANTIFIERS[self.function(node)]
            return n.Quantifier(kind, source, var, inner, at=self.at(node))
        value = self.value(node, scope)
        seen = self.type_of(value)
        if seen.kind != "bool":
            hint = (
                "use any_of, all_of or len" if seen.kind == "list" else "compare it with something"
            )
            message = f"`{self.shown(node)}` is {seen}, expected a condition"
            raise self.fail(node, "type", message, hint)
        return value

    def _logic(self, node: exp.Expr, scope: Scope) -> n.Expr:
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

    def _compare(self, node: exp.Expr, scope: Scope) -> n.Expr:
        op = _COMPARE[type(node)]
        left, right = self._operand(node.this, scope), self._operand(node.expression, scope)
        if isinstance(right, n.Count) and not isinstance(left, n.Count):
            left, right, op = right, left, _FLIPPED[op]
        if isinstance(right, n.Count):
            raise self.fail(node, "type", "two counts cannot be compared with each other")
        if isinstance(left, n.Count):
            integer = (n.Literal, n.ParamRef, n.Negative)
            if not isinstance(right, integer) or self.type_of(right).kind != "int":
                message = "count_of(…) is compared with an integer or an integer parameter"
                raise self.fail(node, "type", message)
        self.comparable(node, op, self.type_of(left), self.type_of(right))
        return n.Compare(op, left, right, at=self.at(node))

    def _operand(self, node: exp.Expr, scope: Scope) -> n.Expr:
        while isinstance(node, exp.Paren):
            node = node.this
        if self.function(node) == "count_of":
            source, var, condition = self._walked(node, scope)
            return n.Count(source, var, condition, at=self.at(node))
        return self.value(node, scope)

    def _in(self, node: exp.Expr, scope: Scope) -> n.Expr:
        value = self.value(node.this, scope)
        kind = self.type_of(value)
        field, items = node.args.get("field"), node.expressions
        if isinstance(field, exp.Placeholder):
            param = self.param(field)
            if param.type.kind != "list" or param.type.item is None:
                message = f"`:{param.name}` is {param.type}, expected a list"
                raise self.fail(node, "type", message)
            self.comparable(node, "=", kind, param.type.item)
            return n.InParam(value, param, at=self.at(node))
        self.only(node, "this", "expressions")
        if not items:
            raise self.fail(node, "in", "IN needs literals, or one list parameter")
        literals = []
        for item in items:
            literal = self.value(item, scope)
            if not isinstance(literal, n.Literal):
                hint = "a list that may change is a parameter of type list<…>: IN :name"
                message = f"IN takes literals, seen `{self.shown(item)}`"
                raise self.fail(node, "in", message, hint)
            self.comparable(node, "=", kind, literal.type)
            literals.append(literal)
        return n.In(value, tuple(literals), at=self.at(node))

    def _between(self, node: exp.Expr, scope: Scope) -> n.Expr:
        self.only(node, "this", "low", "high")
        value = self.value(node.this, scope)
        low, high = self.value(node.args["low"], scope), self.value(node.args["high"], scope)
        for bound in (low, high):
            self.comparable(node, "<=", self.type_of(value), self.type_of(bound))
        return n.Between(value, low, high, at=self.at(node))

    def _like(self, node: exp.Expr, scope: Scope) -> n.Expr:
        self.only(node, "this", "expression")
        value = self.value(node.this, scope)
        pattern = self.value(node.expression, scope)
        self.expect(node.this, value, "text")
        if not isinstance(pattern, n.Literal | n.ParamRef) or self.type_of(pattern).kind != "text":
            raise self.fail(node, "type", "the pattern of LIKE is a text literal or parameter")
        if isinstance(pattern, n.Literal) and "\\" in str(pattern.value):
            hint = "use starts_with or regexp_matches"
            raise self.fail(node, "like", "LIKE has no portable escape character", hint)
        return n.Like(value, pattern, at=self.at(node))

    def _list(self, node: exp.Expr, scope: Scope) -> n.Column | n.Element | n.Coalesce:
        value = self.value(node, scope)
        kind = self.type_of(value)
        if not isinstance(value, n.Column | n.Element | n.Coalesce) or kind.kind != "list":
            hint = "use tag('key')" if kind.kind == "map" else None
            message = f"`{self.shown(node)}` is {kind}, expected a list or a relation"
            raise self.fail(node, "type", message, hint)
        return value

    def _walked(self, node: exp.Expr, scope: Scope) -> tuple[n.Source, str, n.Expr]:
        """The three parts of a quantifier: what is walked, the variable, the condition."""
        name, args = self.function(node), arguments(node)
        if len(args) != 2 or not isinstance(args[1], exp.Lambda) or len(args[1].expressions) != 1:
            hint = f"write {name}(rules, r -> r.port = 22)"
            raise self.fail(node, "lambda", f"{name}(…) takes a list and `x -> condition`", hint)
        var = args[1].expressions[0].name
        if var in scope.names:
            raise self.fail(args[1], "lambda", f"the variable `{var}` is taken: choose another")
        related = self.relation(args[0], scope)
        if related is not None:
            target = self.context.schemas[related.target]
            inner = Scope(var, {var: target}, {}, frozenset(scope.names))
            return related, var, self.condition(args[1].this, inner)
        source = self._list(args[0], scope)
        assert source.type.item is not None
        elements = {**scope.elements, var: source.type.item}
        inner = Scope(scope.row, scope.rows, elements, scope.outer)
        return n.ListSource(source, at=source.at), var, self.condition(args[1].this, inner)
