"""Evaluates an expression to a value that may be known in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trueline.iac.terraform.evaluate.operators import binary, choice, one_of, truth, unary
from trueline.iac.terraform.evaluate.scope import Key, Scope, Step
from trueline.iac.terraform.evaluate.steps import attribute, element, elements
from trueline.iac.terraform.evaluate.texts import joined
from trueline.iac.terraform.evaluate.types import ANY, Type, as_text, convert, shared_type, type_of
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    NoSuchFunctionError,
    OpenObject,
    TfList,
    TfSet,
    Value,
    doubt,
    is_known,
)
from trueline.iac.terraform.syntax.nodes import (
    Bad,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForObject,
    ForTemplate,
    GetAttr,
    Index,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
    Splat,
    Template,
    Unary,
)
from trueline.iac.terraform.syntax.rendering import short_text
from trueline.mapping import Unknown

__all__ = ["evaluate"]

_MOST_STEPS = 300_000
"""Expressions evaluated inside one, `for` included."""

_LONGEST_TEXT = 4_000_000
"""Characters that templates and functions inside one expression make."""

_ITEM = "*"

_Names = Mapping[str, Value]


def evaluate(expr: Expression, scope: Scope) -> Value:
    """The value of an expression; where Terraform would fail, Unknown `unresolved:<expression>`.

    Never raises for what the code says; the scope hears what Terraform would complain about.
    """
    if isinstance(expr, Literal):
        return expr.value
    evaluation = _Evaluation(scope)
    try:
        return evaluation.value(expr, {})
    except _TooMuchError as error:
        scope.complain(str(error), expr.span)
        return Unknown(f"unresolved:{short_text(expr)} ({error})")
    except RecursionError:
        # A chain of references longer than anybody writes. The stack is free again here, or it
        # is at one of the callers.
        return Unknown(f"unresolved:{short_text(expr)} (nested too deeply)")


class _TooMuchError(Exception):
    """The expression makes more than anybody needs."""


class _Evaluation:
    """One evaluation: `spent` bounds it; inside `try` and `can` failures are raised.

    `doubtful` is set when something unknown could fail once it is known.
    """

    __slots__ = ("doubtful", "length", "scope", "spent", "trying")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.spent = self.length = self.trying = 0
        self.doubtful = False

    def value(self, expr: Expression, names: _Names) -> Value:
        """The value of an expression inside the one at hand."""
        self.spent += 1
        if self.spent > _MOST_STEPS:
            raise _TooMuchError("too large")
        try:
            return _KINDS[expr.__class__](self, expr, names)
        except FunctionError as error:
            if self.trying:
                raise
            self.scope.complain(str(error), expr.span)
            return Unknown(f"unresolved:{short_text(expr)}")

    def literal(self, expr: Literal, names: _Names) -> Value:
        return expr.value

    def bad(self, expr: Bad, names: _Names) -> Value:
        self.doubtful = True
        return Unknown(f"malformed:{expr.reason}")

    def reference(self, expr: Name | GetAttr | Index, names: _Names) -> Value:
        """A name and the steps behind it, or steps into any other value."""
        steps: list[Step] = []
        node: Expression = expr
        while True:
            if isinstance(node, GetAttr):
                steps.append(node.name)
            elif isinstance(node, Index):
                steps.append(Key(self.value(node.key, names)))
            else:
                break
            node = node.object
        steps.reverse()
        used = 0
        if not isinstance(node, Name):
            value = self.value(node, names)
        elif node.root in names:
            value = names[node.root]
        else:
            value, used = self.scope.resolve(node.root, tuple(steps), expr.span)
        for step in steps[used:]:
            self.doubtful = self.doubtful or isinstance(value, Unknown)
            value = attribute(value, step) if isinstance(step, str) else element(value, step.value)
        return value

    def splat(self, expr: Splat, names: _Names) -> Value:
        value = self.value(expr.object, names)
        if isinstance(value, Unknown):
            self.doubtful = True
            return Unknown(value.cause, present=True, refs=value.refs)
        if value is None:
            return []
        items = value if isinstance(value, list) else [value]
        made = [self.value(expr.each, {**names, _ITEM: item}) for item in items]
        return TfList(made) if isinstance(value, (TfList, TfSet)) else made

    def unary(self, expr: Unary, names: _Names) -> Value:
        return unary(expr.op, self._operand(expr.operand, names))

    def binary(self, expr: Binary, names: _Names) -> Value:
        if expr.op in ("&&", "||"):
            return self._logic(expr, names)
        left = self._operand(expr.left, names)
        return binary(expr.op, left, self._operand(expr.right, names))

    def _operand(self, expr: Expression, names: _Names) -> Value:
        value = self.value(expr, names)
        self.doubtful = self.doubtful or isinstance(value, Unknown)
        return value

    def _logic(self, expr: Binary, names: _Names) -> Value:
        decisive = expr.op == "||"
        left = truth(self._operand(expr.left, names))
        if left is decisive:
            return left
        right = truth(self._operand(expr.right, names))
        if right is decisive or not isinstance(left, Unknown):
            return right
        return doubt(left, right)

    def conditional(self, expr: Conditional, names: _Names) -> Value:
        test = truth(self._operand(expr.test, names))
        if isinstance(test, Unknown):
            branches = [self._attempted(expr.then, names), self._attempted(expr.otherwise, names)]
            sound = [value for value in branches if not isinstance(value, FunctionError)]
            if len(sound) == len(branches):
                shared = self._shared(expr, *branches)
                return choice(test, *(convert(value, shared) for value in branches))
            self.doubtful = True
            return one_of(test.cause, sound) if sound else Unknown(test.cause)
        chosen, other = (expr.then, expr.otherwise) if test else (expr.otherwise, expr.then)
        value = self.value(chosen, names)
        if value is None or value.__class__ in (str, Unknown, OpenObject):
            return value
        # Only its type matters: `true ? 1 : "a"` is "1".
        doubtful = self.doubtful
        beside = self._attempted(other, names)
        self.doubtful = doubtful
        if isinstance(beside, FunctionError):
            return value
        return convert(value, self._shared(expr, value, beside))

    def _shared(self, expr: Expression, first: Value, second: Value) -> Type:
        """The type of a conditional with these branches."""
        shared = shared_type([type_of(first), type_of(second)])
        if shared is None:
            self.scope.complain("the branches of the conditional have no type in common", expr.span)
        return shared or ANY

    def _attempted(self, expr: Expression, names: _Names) -> Value | FunctionError:
        """The value of an expression, or why it has none."""
        self.trying += 1
        try:
            return self.value(expr, names)
        except FunctionError as error:
            return error
        finally:
            self.trying -= 1

    def call(self, expr: Call, names: _Names) -> Value:
        if expr.name in ("try", "can"):
            return self._attempt(expr, names)
        args = [self.value(arg, names) for arg in expr.args]
        if expr.expand:
            last = args.pop()
            if isinstance(last, (Unknown, OpenObject)):
                self.doubtful = True
                return Unknown(doubt(last).cause)
            if not isinstance(last, list):
                raise FunctionError("`...` wants a list behind it")
            args += last
        try:
            result = self.scope.call(expr.name.removeprefix("core::"), args)
        except NoSuchFunctionError as error:
            self.scope.complain(str(error), expr.span)
            result = Unknown(f"unresolved:{expr.name}()")
        self.doubtful = self.doubtful or isinstance(result, Unknown)
        return self._bounded(result)

    def _attempt(self, expr: Call, names: _Names) -> Value:
        """`try`: the first that does not fail; `can`: whether its argument does not fail."""
        before, self.doubtful = self.doubtful, False
        doubts: list[Value] = []
        try:
            for arg in expr.args:
                self.doubtful = False
                value = self._attempted(arg, names)
                if isinstance(value, FunctionError):
                    continue
                sure = not self.doubtful or is_known(value)
                if expr.name == "can":
                    return True if sure else Unknown(doubt(value).cause, present=True)
                if sure:
                    return one_of(doubt(doubts).cause, [*doubts, value]) if doubts else value
                doubts.append(value)
        finally:
            self.doubtful = before or bool(doubts)
        if expr.name == "can":
            return False
        if doubts:
            return one_of(doubt(doubts).cause, doubts)
        raise FunctionError("no expression of `try` succeeded")

    def list(self, expr: ListExpr, names: _Names) -> Value:
        return [self.value(item, names) for item in expr.items]

    def object(self, expr: ObjectExpr, names: _Names) -> Value:
        made: dict[str, Value] = {}
        for key_expr, value_expr in expr.items:
            key = self.value(key_expr, names)
            if isinstance(key, (Unknown, Encoded)):
                self.doubtful = True
                return Unknown(doubt(key).cause, present=True)
            made[_key(key)] = self.value(value_expr, names)
        return made

    def template(self, expr: Template, names: _Names) -> Value:
        parts = [
            part if isinstance(part, str) else _template_part(self._operand(part, names))
            for part in expr.parts
        ]
        return self._bounded(joined(parts))

    def _bounded(self, value: Value) -> Value:
        if isinstance(value, str):
            self.length += len(value)
            if self.length > _LONGEST_TEXT:
                raise _TooMuchError("too large")
        return value

    def for_template(self, expr: ForTemplate, names: _Names) -> Value:
        over = self._collection(expr.over, names)
        if isinstance(over, Unknown):
            return over
        bound = _bound(over, expr.key, expr.value, names)
        return self._bounded(joined([self.value(expr.body, inner) for inner in bound]))

    def for_list(self, expr: ForList, names: _Names) -> Value:
        over = self._collection(expr.over, names)
        if isinstance(over, Unknown):
            return over
        made: list[Value] = []
        for inner in _bound(over, expr.key, expr.value, names):
            test = truth(self.value(expr.test, inner)) if expr.test else True
            if isinstance(test, Unknown):
                self.doubtful = True
                return Unknown(test.cause, present=True)
            if test:
                made.append(self.value(expr.result, inner))
        return made

    def for_object(self, expr: ForObject, names: _Names) -> Value:
        over = self._collection(expr.over, names)
        if isinstance(over, Unknown):
            return over
        made: dict[str, Value] = {}
        for inner in _bound(over, expr.key, expr.value, names):
            test = truth(self.value(expr.test, inner)) if expr.test else True
            key = self.value(expr.result_key, inner) if test is True else test
            if isinstance(key, (Unknown, Encoded)):
                self.doubtful = True
                return Unknown(doubt(key).cause, present=True)
            if test is not True:
                continue
            name, value = _key(key), self.value(expr.result, inner)
            if expr.group:
                made.setdefault(name, []).append(value)
            elif name in made:
                raise FunctionError(f'two different items produced the key "{name}"')
            else:
                made[name] = value
        return dict(sorted(made.items()))

    def _collection(self, expr: Expression, names: _Names) -> Any:
        value = self._operand(expr, names)
        if isinstance(value, OpenObject):
            value = value.whole
        if isinstance(value, Unknown):
            return Unknown(value.cause, present=True, refs=value.refs)
        return elements(value)


def _bound(
    pairs: list[tuple[Value, Value]], key: str | None, value: str, names: _Names
) -> Iterator[dict[str, Value]]:
    """The names inside a `for`, one element after the other."""
    for index, item in pairs:
        inner = {**names, value: item}
        if key is not None:
            inner[key] = index
        yield inner


def _key(value: Value) -> str:
    text = as_text(value)
    if not isinstance(text, str):
        raise FunctionError("a key must be text")
    return text


def _template_part(value: Value) -> Value:
    if isinstance(value, OpenObject):
        raise FunctionError("text is wanted, not an object")
    return value if isinstance(value, Unknown) else as_text(value)


_KINDS: dict[type, Callable[[_Evaluation, Any, _Names], Value]] = {
    Literal: _Evaluation.literal,
    Bad: _Evaluation.bad,
    Name: _Evaluation.reference,
    GetAttr: _Evaluation.reference,
    Index: _Evaluation.reference,
    Splat: _Evaluation.splat,
    Unary: _Evaluation.unary,
    Binary: _Evaluation.binary,
    Conditional: _Evaluation.conditional,
    Call: _Evaluation.call,
    ListExpr: _Evaluation.list,
    ObjectExpr: _Evaluation.object,
    Template: _Evaluation.template,
    ForTemplate: _Evaluation.for_template,
    ForList: _Evaluation.for_list,
    ForObject: _Evaluation.for_object,
}
