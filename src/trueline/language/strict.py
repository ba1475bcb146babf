"""What a condition can still be when an element is not known at all.

Most conditions on an element are then simply unknown, and need no guard; `x.port = 22 OR open` can
be true without the element, and then the element itself may not be there.
"""

from __future__ import annotations

from dataclasses import dataclass

from trueline.language import nodes as n

__all__ = ["Outcomes", "outcomes_without"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Whether the condition can come out true, and false."""

    true: bool
    false: bool


_NEITHER, _EITHER = Outcomes(False, False), Outcomes(True, True)


def outcomes_without(node: n.Expr, var: str) -> Outcomes:
    """The known results that `node` can have when the element `var` is NULL."""
    if isinstance(node, n.Literal):
        return Outcomes(bool(node.value), not node.value)
    if isinstance(node, n.Logic):
        parts = [outcomes_without(item, var) for item in node.items]
        some_true, some_false = any(p.true for p in parts), any(p.false for p in parts)
        all_true, all_false = all(p.true for p in parts), all(p.false for p in parts)
        if node.op == "and":
            return Outcomes(all_true, some_false)
        return Outcomes(some_true, all_false)
    if isinstance(node, n.Not):
        inner = outcomes_without(node.inner, var)
        return Outcomes(inner.false, inner.true)
    if isinstance(node, n.Between):
        if _reads(node.value, var):
            return _NEITHER
        bounds = _reads(node.low, var) or _reads(node.high, var)
        return Outcomes(not bounds, True)
    if isinstance(node, n.Quantifier):
        return _of_quantifier(node, var)
    return _NEITHER if _reads(node, var) and not _has_count(node) else _EITHER


def _of_quantifier(node: n.Quantifier, var: str) -> Outcomes:
    if isinstance(node.source, n.ListSource) and _reads(node.source.list, var):
        return _NEITHER
    inner = outcomes_without(node.condition, var)
    # An empty list settles a quantifier whatever its condition says.
    if node.kind == "any":
        return Outcomes(inner.true, True)
    return Outcomes(True, inner.false if node.kind == "all" else inner.true)


def _has_count(node: n.Expr) -> bool:
    """A count's interval can decide a comparison although an element is not known."""
    return isinstance(node, n.Compare) and (
        isinstance(node.left, n.Count) or isinstance(node.right, n.Count)
    )


def _reads(node: n.Expr, var: str) -> bool:
    return any(isinstance(part, n.Element) and part.var == var for part in n.walk(node))
