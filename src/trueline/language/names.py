"""Dotted names → columns, elements and relations of the scope they stand in.

A bare name is a column of the policy's own resource; inside a lambda the element is `x.column`.
Inside the lambda of a relation nothing outside it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from trueline.language import nodes as n
from trueline.language.errors import LanguageError, did_you_mean
from trueline.language.schema import Schema
from trueline.language.source import Source, path_of
from trueline.model import Type

__all__ = ["Names", "Scope", "or_empty"]


@dataclass(frozen=True, slots=True)
class Scope:
    """`row` is the variable of the row that bare access reads ("" = the own resource)."""

    row: str
    rows: Mapping[str, Schema]
    elements: Mapping[str, Type]
    outer: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        return [*(v for v in self.rows if v), *self.elements]


def or_empty(ref: n.Ref) -> n.Expr:
    """A bare optional of a rule: an absent text is the empty text, other values are not known."""
    kind = n.TEXT if isinstance(ref, n.Tag) else ref.type
    if kind.kind != "text":
        return ref
    return n.Coalesce(ref, n.Literal("", n.TEXT, at=ref.at), n.TEXT, at=ref.at)


class Names(Source):
    """Resolves names; every method takes a node and the scope it stands in."""

    def plain(self, node: exp.Expr, path: tuple[str, ...], scope: Scope) -> n.Expr:
        ref = self.ref(node, path, scope)
        bare = self.context.schema.bare_optional
        if isinstance(ref, n.Column) and ref.optional and not bare:
            name = ".".join(path)
            hint = f"write coalesce({name}, …), is_set({name}) or is_absent({name})"
            message = f"`{name}` is {ref.type}? and may be absent, so it cannot stand alone"
            raise self.fail(node, "optional-column", message, hint)
        return or_empty(ref) if isinstance(ref, n.Column) and ref.optional else ref

    def ref(self, node: exp.Expr, path: tuple[str, ...], scope: Scope) -> n.Column | n.Element:
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

    def _outside(self, node: exp.Expr, path: tuple[str, ...], scope: Scope) -> LanguageError:
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

    def _column(self, node: exp.Expr, row: str, path: tuple[str, ...], scope: Scope) -> n.Column:
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

    def relation(self, node: exp.Expr, scope: Scope) -> n.RelationSource | None:
        path = path_of(node)
        if path is None or path[0] in scope.elements:
            return None
        row, rest = (path[0], path[1:]) if path[0] in scope.rows else ("", path)
        if row != scope.row or len(rest) != 1:
            return None
        schema = scope.rows[row]
        relation = schema.relations.get(rest[0])
        if relation is None or rest[0] in schema.columns:
            return None
        if self.context.row_only:
            message = f"`{rest[0]}` is a relation: this is told from the row's own columns alone"
            hint = "what other rows say belongs in a policy; lists and columns of the row are known"
            raise self.fail(node, "relation", message, hint)
        if relation.target not in self.context.schemas:
            message = f"relation `{rest[0]}` leads to {relation.target}, which has no resource file"
            raise self.fail(node, "relation", message)
        return n.RelationSource(row, rest[0], schema.table, relation.target, at=self.at(node))
