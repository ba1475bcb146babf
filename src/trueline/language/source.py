"""One predicate's text: parsed by sqlglot, bounded, and able to say where something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from trueline.errors import Where
from trueline.language.errors import LanguageError
from trueline.language.hints import refusal
from trueline.language.schema import Schema
from trueline.model import Type

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Context", "Source", "arguments", "path_of"]

MAX_LENGTH, MAX_DEPTH, MAX_NODES = 10_000, 200, 5_000
"""Policies come from anywhere: bounds that no honest predicate meets."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a predicate stands in: its table, the tables relations may lead to, its parameters.

    `part` (`fails_when` …) opens the error messages. `row_only` = neither relations nor
    parameters are allowed.
    """

    schema: Schema
    schemas: Mapping[str, Schema]
    params: Mapping[str, Type]
    part: str
    where: Where | None
    row_only: bool = False


class Source:
    """The text and what it stands in; the base of everything that reads the tree."""

    def __init__(self, text: str, context: Context) -> None:
        self.text, self.context = text, context

    def read(self) -> exp.Expr:
        """The one condition that the text is."""
        if len(self.text) > MAX_LENGTH:
            message = f"{len(self.text)} characters; a predicate has at most {MAX_LENGTH}"
            raise self.error("predicate-too-long", message, "split the policy", 0)
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
        if message.startswith("Required keyword"):
            message = "something is missing here"
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

    def shown(self, node: exp.Expr) -> str:
        text = node.sql(dialect="duckdb")
        return text if len(text) <= 60 else text[:57] + "…"

    def function(self, node: exp.Expr) -> str:
        """The function's name as written, so that `ifnull` never passes as coalesce."""
        if not isinstance(node, exp.Func) or "start" not in node.meta:
            return ""
        return self.text[node.meta["start"] : node.meta["end"] + 1].lower()

    def arity(self, node: exp.Expr, name: str, args: list[exp.Expr], count: int) -> None:
        if len(args) != count:
            wanted = f"{count} argument" + ("s" if count > 1 else "")
            raise self.fail(node, "arguments", f"{name}(…) takes {wanted}, seen {len(args)}")

    def only(self, node: exp.Expr, *names: str) -> None:
        """Refuse whatever else the grammar attached to a node."""
        for name, extra in node.args.items():
            if extra and name not in names:
                shown = extra if isinstance(extra, exp.Expr) else node
                code, message, hint = refusal(shown, self.shown(node))
                raise self.fail(node, code, message, hint)


def arguments(node: exp.Expr) -> list[exp.Expr]:
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


def path_of(node: exp.Expr) -> tuple[str, ...] | None:
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
        head = path_of(node.this)
        return None if head is None else (*head, node.expression.name)
    return None
