"""Policies with one thing changed, each of which some test of the policy must notice.

One mutant per AND, OR and arithmetic operator, comparison boundary, quantifier, negation and
presence test; of every literal list one without its last element.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from trueline.language import nodes as n
from trueline.language.compiler import conditions_of
from trueline.language.render import render
from trueline.model import Policy, ResourceType, Type

__all__ = ["Mutant", "mutants"]

_COMPARE = {"=": "<>", "<>": "=", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_COMPARE_NAMES = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_ARITHMETIC = {"+": "-", "-": "+", "*": "+"}
_ARITHMETIC_NAMES = {"+": "plus", "-": "minus", "*": "times"}
_FALSE = n.Literal(False, Type("bool"))


@dataclass(frozen=True, slots=True)
class Mutant:
    """`label` is `part:change:number`, as in `fails_when:and-to-or:2`, counted in text order."""

    label: str
    policy: Policy


def mutants(policy: Policy, types: Mapping[str, ResourceType]) -> list[Mutant]:
    """Every mutant of a policy's conditions. Raises LanguageError where they do not compile."""
    applies, fails = conditions_of(policy, types)
    out = []
    for part, tree in (("applies_when", applies), ("fails_when", fails)):
        seen: Counter[str] = Counter()
        for change, mutated in _variants(tree) if tree is not None else ():
            seen[change] += 1
            label = f"{part}:{change}:{seen[change]}"
            text = render(mutated)
            applied = replace(policy, applies_when=text)
            failed = replace(policy, fails_when=text)
            out.append(Mutant(label, applied if part == "applies_when" else failed))
    return out


def _variants(node: n.Expr) -> Iterator[tuple[str, n.Expr]]:
    """The name of a change and the tree with it, for the node and everything below."""
    yield from _changed(node)
    below = n.parts(node)
    for i, part in enumerate(below):
        for change, mutated in _variants(part):
            yield change, n.with_parts(node, (*below[:i], mutated, *below[i + 1 :]))


def _changed(node: n.Expr) -> Iterator[tuple[str, n.Expr]]:
    if isinstance(node, n.Logic):
        other = "or" if node.op == "and" else "and"
        for i in range(1, len(node.items)):
            halves = _joined(node.op, node.items[:i]), _joined(node.op, node.items[i:])
            yield f"{node.op}-to-{other}", n.Logic(other, halves)
    elif isinstance(node, n.Not):
        yield "drop-not", node.inner
    elif isinstance(node, n.Compare):
        op = _COMPARE[node.op]
        change = f"{_COMPARE_NAMES[node.op]}-to-{_COMPARE_NAMES[op]}"
        yield change, n.Compare(op, node.left, node.right)
    elif isinstance(node, n.Between):
        above, below = (n.Compare(op, node.value, node.low) for op in (">", ">="))
        under, upto = (n.Compare(op, node.value, node.high) for op in ("<", "<="))
        yield "between-without-low", n.Logic("and", (above, upto))
        yield "between-without-high", n.Logic("and", (below, under))
    elif isinstance(node, n.Arithmetic):
        op = _ARITHMETIC[node.op]
        change = f"{_ARITHMETIC_NAMES[node.op]}-to-{_ARITHMETIC_NAMES[op]}"
        yield change, n.Arithmetic(op, node.left, node.right, node.type)
    elif isinstance(node, n.Known):
        yield (
            ("set-to-absent" if node.is_set else "absent-to-set"),
            replace(node, is_set=not node.is_set),
        )
    elif isinstance(node, n.In):
        yield "drop-element", replace(node, items=node.items[:-1]) if node.items[1:] else _FALSE
    elif isinstance(node, n.Quantifier):
        yield _other_quantifier(node)


def _other_quantifier(node: n.Quantifier) -> tuple[str, n.Expr]:
    if node.kind == "any":
        return "any-to-all", replace(node, kind="all")
    if node.kind == "all":
        return "all-to-any", replace(node, kind="any")
    return "none-to-not-all", n.Not(replace(node, kind="all"))


def _joined(op: str, items: tuple[n.Expr, ...]) -> n.Expr:
    return n.Logic(op, items) if items[1:] else items[0]
