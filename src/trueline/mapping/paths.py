"""What an expression reads: member paths, for lint and for what may be stored as `config`."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from trueline.mapping.parsing import Node, parse

__all__ = ["Use", "expression_paths", "expression_uses", "lint_expression"]

Path = tuple[str, ...]


class Use(IntEnum):
    """What a mapping does with a member, and so how much of it may be kept."""

    PLAIN = 0
    """Reads the value: single values are kept, of larger things only their form."""
    PUBLIC = 1
    """Tags and policy documents: kept whole."""
    FLAG = 2
    """Looked at for secrets, or a document inside a text: only its keys are kept."""


_FUNCTION_USES = {
    "csv_rows": Use.FLAG,
    "env_flags": Use.FLAG,
    "parse_json": Use.FLAG,
    "text_has_secret": Use.FLAG,
    "iam_statements": Use.PUBLIC,
    "tags": Use.PUBLIC,
}
_PASSING_ON = frozenset(
    {"as_list", "concat", "merge", "merged", "not_null", "set_or_empty", "unless"}
)
_STEPS = frozenset(
    {"subexpression", "index_expression", "pipe", "flatten", "projection", "value_projection"}
)
_SELECTIONS = frozenset({"multi_select_dict", "multi_select_list", "key_val_pair"})


def expression_paths(text: str) -> list[Path]:
    """The member paths an expression reads, lists left out: `a[].b` is `("a", "b")`.

    The empty path is the whole document. Raises ExpressionError.
    """
    return sorted({path for path, _ in expression_uses(text)})


@lru_cache(4096)
def expression_uses(text: str) -> tuple[tuple[Path, Use], ...]:
    """The member paths an expression reads, and what it does with each. Raises ExpressionError."""
    reader = _Reader()
    reader.take(reader.paths(parse(text), [()], Use.PLAIN), Use.PLAIN)
    return tuple(reader.uses)


class _Reader:
    """Walks a syntax tree and gathers the members whose values are used."""

    def __init__(self) -> None:
        self.uses: dict[tuple[Path, Use], None] = {}

    def take(self, paths: list[Path], use: Use) -> None:
        for path in paths:
            self.uses[path, use] = None

    def paths(self, node: Node, at: list[Path], use: Use) -> list[Path]:
        """Where the node's value may come from, seen from `at`; empty when it is made anew.

        `use` is what the surrounding function does with the value.
        """
        kind, children = node["type"], node["children"]
        if kind == "field":
            return [(*path, node["value"]) for path in at]
        if kind in _STEPS:
            for child in children:
                at = self.paths(child, at, use)
            return at
        if kind == "filter_projection":
            base = self.paths(children[0], at, use)
            self.take(self.paths(children[2], base, Use.PLAIN), Use.PLAIN)
            return self.paths(children[1], base, use)
        if kind in ("index", "slice", "current", "identity"):
            return at
        if kind in ("or_expression", "and_expression"):
            return [path for child in children for path in self.paths(child, at, use)]
        if kind == "function_expression":
            return self._call(node, at, use)
        inner = use if kind in _SELECTIONS else Use.PLAIN
        for child in children:
            self.take(self.paths(child, at, inner), inner)
        return []

    def _call(self, node: Node, at: list[Path], use: Use) -> list[Path]:
        name, children = node["value"], node["children"]
        if name in _PASSING_ON:
            return [path for child in children for path in self.paths(child, at, use)]
        inner = _FUNCTION_USES.get(name, Use.PLAIN)
        values = [c for c in children if c["type"] != "expref"]
        results = [self.paths(child, at, inner) for child in values]
        elements = [path for paths in results for path in paths]
        for child in children:
            if child["type"] == "expref":
                self.take(self.paths(child["children"][0], elements, Use.PLAIN), Use.PLAIN)
        self.take(elements, inner)
        return []


def lint_expression(text: str) -> list[str]:
    """What is wrong with an expression although it compiles, one sentence each.

    Raises ExpressionError.
    """
    return list(dict.fromkeys(_lint(parse(text))))


def _lint(node: Node) -> list[str]:
    found = []
    children = node["children"]
    if node["type"] == "or_expression" and children[1]["type"] == "literal":
        value = children[1]["value"]
        if value not in ({}, []):
            found.append(
                f"`|| {value!r}` replaces an explicit false or empty value too; "
                "use not_null(…), or `omitted` and `default`"
            )
    if node["type"] == "field" and node["value"] == "null":
        found.append("`null` is a member of that name in JMESPath; use is_set(…)")
    for child in children:
        if isinstance(child, dict):
            found.extend(_lint(child))
    return found
