"""How often a block exists: `count` and `for_each`, and the instances that this makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.scope import Key, Scope, Step
from trueline.iac.terraform.evaluate.values import FunctionError, TfSet, Value, unknown_in
from trueline.iac.terraform.source.text import Declared
from trueline.iac.terraform.syntax.rendering import short_text
from trueline.mapping import Unknown, is_unknown

__all__ = ["Group", "Repetition", "condition", "repetitions", "times"]

MOST_INSTANCES = 5_000
"""A block that repeats more often is judged as one that repeats an unknown number of times."""

Names = Mapping[str, Value]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Repetition:
    """One instance: its key as an address shows it, as a value, and the names it brings."""

    key: str
    value: Value
    names: Names


_ONCE = Repetition("", None, {})


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """The instances of one block; `kind` is one, count, each, or doubt with its cause.

    In doubt there is one instance, without key, that stands for however many there are.
    """

    kind: str
    members: Mapping[Value, T]
    doubt: Unknown | None = None

    def pick(self, steps: tuple[Step, ...], address: str) -> tuple[Any, bool, int]:
        """What the first steps behind the block's address mean, and how many were used.

        The second says whether it is one instance; otherwise it is Unknown, a list or a dict.
        Raises FunctionError where there is no such instance.
        """
        if self.kind == "one":
            return self.members[None], True, 0
        if self.kind == "doubt" or not steps or not isinstance(steps[0], Key):
            return self._all(), False, 0
        key = steps[0].value
        if is_unknown(key):
            return key, False, 1
        found = self.members.get(_key(key, self.kind))
        if found is None:
            raise FunctionError(f"{address} has no instance {key!r}")
        return found, True, 1

    def _all(self) -> Value:
        if self.kind == "doubt":
            return self.doubt
        return list(self.members.values()) if self.kind == "count" else dict(self.members)


def _key(key: Value, kind: str) -> Value:
    """A key as instances have it: whole numbers for `count`, text for `for_each`."""
    if kind == "count" and isinstance(key, str) and key.isascii() and key.isdigit():
        return int(key)
    return str(key) if kind == "each" and isinstance(key, (int, Decimal)) else key


def times(declared: Declared, scope: Scope) -> tuple[str, list[Repetition], Unknown | None]:
    """Kind, instances and doubt of a block, from its `count` or `for_each`."""
    attributes = declared.body.attributes
    if "count" in attributes:
        return _counted(evaluate(attributes["count"].expr, scope))
    if "for_each" in attributes:
        return _for_each(evaluate(attributes["for_each"].expr, scope))
    return "one", [_ONCE], None


def condition(declared: Declared) -> str:
    """The text that decides how often a block exists; equal texts in one module decide alike."""
    attributes = declared.body.attributes
    said = attributes.get("count") or attributes.get("for_each")
    return "" if said is None else f"{said.name} {short_text(said.expr)}"


def _counted(value: Value) -> tuple[str, list[Repetition], Unknown | None]:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_INSTANCES:
        doubt = value if is_unknown(value) else Unknown("unresolved:count")
        return "doubt", [Repetition("", None, {"count": {"index": Unknown(doubt.cause)}})], doubt
    found = [Repetition(f"[{i}]", i, {"count": {"index": i}}) for i in range(value)]
    return "count", found, None


def _for_each(value: Value) -> tuple[str, list[Repetition], Unknown | None]:
    pairs: list[Any] = (
        list(repetitions(value)) if isinstance(value, (dict, TfSet)) else [(None, None)]
    )
    if len(pairs) <= MOST_INSTANCES and all(isinstance(key, str) for key, _ in pairs):
        found = [
            Repetition(f"[{_quoted(k)}]", k, {"each": {"key": k, "value": v}}) for k, v in pairs
        ]
        return "each", found, None
    inside = unknown_in(value)
    doubt = Unknown("unresolved:for_each") if inside is None else inside
    each = {"key": Unknown(doubt.cause, present=True), "value": Unknown(doubt.cause)}
    return "doubt", [Repetition("", None, {"each": each})], doubt


def repetitions(value: Value) -> Iterator[tuple[Value, Value]]:
    """Key and value of each element, in the order that Terraform repeats a block."""
    if isinstance(value, dict):
        yield from ((key, value[key]) for key in sorted(value))
    elif isinstance(value, TfSet):
        yield from ((element, element) for element in value)
    else:
        yield from enumerate(value)


def _quoted(key: str) -> str:
    """A key in an address, as Terraform writes it."""
    return json.dumps(key, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
