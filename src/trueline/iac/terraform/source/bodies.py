"""Bodies of blocks -> values: attributes, nested blocks, and `dynamic` ones repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.values import TfSet, Value, unknown_in
from trueline.iac.terraform.source.repeats import repetitions
from trueline.iac.terraform.syntax.nodes import Block, Body, Name
from trueline.mapping import Unknown, is_unknown

if TYPE_CHECKING:
    from trueline.iac.terraform.source.modules import Local

__all__ = ["MISSING", "Labels", "Nested", "nested_blocks", "nested_labels", "written"]

MISSING = object()
"""Stands for the value of what is not written."""


class Nested(dict[str, Value]):
    """A nested block as a dict: what it does not say is left to the provider."""

    __slots__ = ()


Labels = Mapping[str, "Labels"]
"""A tree of labels: those of a body that are wanted; an empty one means all."""

ALL: Labels = {}
_NO_ATTRIBUTES = frozenset({"connection", "lifecycle", "provisioner", "timeouts"})


def written(body: Body, label: str, place: Local, wanted: Labels = ALL) -> Value:
    """What a body says of a label: a value, a list of nested blocks, or MISSING."""
    attribute = body.attributes.get(label)
    if attribute is not None and not (body.json_blocks and wanted):
        return evaluate(attribute.expr, place)
    found = [v for block in nested_blocks(body, label) for v in _values(block, place, wanted)]
    if body.damaged is not None:
        lost = Unknown(f"malformed:{place.file}:{body.damaged.line}")
        return [*found, lost] if found else lost
    return found or (MISSING if not _has(body, label) else [])


def _has(body: Body, label: str) -> bool:
    return next(nested_blocks(body, label), None) is not None


def nested_blocks(body: Body, label: str) -> Iterator[Block]:
    """The blocks of a label in order, `dynamic` ones among them."""
    if body.json_blocks:
        yield from body.nested(label)
        yield from (b for b in body.nested("dynamic", 1) if b.labels == (label,))
        return
    for block in body.blocks:
        if block.type == label or (block.type == "dynamic" and block.labels == (label,)):
            yield block


def nested_labels(body: Body) -> list[str]:
    """Every label that a body says anything of."""
    found = dict.fromkeys(k for k in body.attributes if not (body.json_blocks and k == "dynamic"))
    blocks = body.nested("dynamic", 1) if body.json_blocks else body.blocks
    for block in blocks:
        if block.type == "dynamic" and block.labels:
            found[block.labels[0]] = None
        elif block.type not in _NO_ATTRIBUTES:
            found[block.type] = None
    return list(found)


def _values(block: Block, place: Local, wanted: Labels) -> Iterator[Value]:
    """The nested blocks that one block stands for, each as `Nested`; Unknown for any number."""
    if block.type != "dynamic":
        yield _content(block.body, place, wanted)
        return
    content = block.body.nested("content")
    over = block.body.attributes.get("for_each")
    value = evaluate(over.expr, place) if over else None
    if not content or not isinstance(value, (list, dict)):
        yield value if is_unknown(value) else Unknown(f"malformed:{place.file}:{block.span.line}")
        return
    if isinstance(value, TfSet) and (doubt := unknown_in(list(value))):
        # Elements of a set that are not known may be one and the same.
        yield Unknown(doubt.cause, refs=doubt.refs)
        return
    iterator = _iterator(block)
    for key, inner in repetitions(value):
        names: dict[str, Any] = {iterator: {"key": key, "value": inner}}
        yield _content(content[0].body, place.inside(names), wanted)


def _iterator(block: Block) -> str:
    said = block.body.attributes.get("iterator")
    expr = said.expr if said else None
    if isinstance(expr, Name):
        return expr.root
    value = getattr(expr, "value", None)
    return value if isinstance(value, str) else block.labels[0]


def _content(body: Body, place: Local, wanted: Labels) -> Nested:
    """A nested block; what is wanted and not written is MISSING."""
    labels = wanted or dict.fromkeys(nested_labels(body), ALL)
    return Nested((label, written(body, label, place, inner)) for label, inner in labels.items())
