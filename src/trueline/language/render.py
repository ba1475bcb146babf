"""Typed tree → predicate text that reads back as the same tree."""

from __future__ import annotations

import datetime as dt
import re

from trueline.language import nodes as n

__all__ = ["render"]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# fmt: off
_WORDS = frozenset(
    (
        "all", "and", "any", "array", "as", "between", "by", "case", "cast", "distinct", "else",
        "end", "except", "exists", "false", "for", "from", "group", "having", "if", "in",
        "intersect", "interval", "into", "is", "join", "like", "limit", "map", "not", "null",
        "offset", "on", "or", "order", "over", "select", "set", "struct", "table", "then", "true",
        "union", "unnest", "using", "values", "when", "where", "with",
    )
)
# fmt: on
"""Names that the grammar would take for its own."""


def render(node: n.Expr) -> str:
    """The text of a condition or value."""
    if isinstance(node, n.Logic):
        return f" {node.op.upper()} ".join(_inside(item, n.Logic) for item in node.items)
    if isinstance(node, n.Not):
        loose = (n.Logic, n.Compare, n.In, n.InParam, n.Between, n.Like, n.Not)
        return f"NOT {_inside(node.inner, *loose)}"
    if isinstance(node, n.Compare):
        return f"{render(node.left)} {node.op} {render(node.right)}"
    if isinstance(node, n.In):
        return f"{render(node.value)} IN ({', '.join(render(i) for i in node.items)})"
    if isinstance(node, n.InParam):
        return f"{render(node.value)} IN {render(node.param)}"
    if isinstance(node, n.Between):
        return f"{render(node.value)} BETWEEN {render(node.low)} AND {render(node.high)}"
    if isinstance(node, n.Like):
        return f"{render(node.value)} LIKE {render(node.pattern)}"
    if isinstance(node, n.Quantifier):
        return f"{node.kind}_of({_walked(node)})"
    if isinstance(node, n.Count):
        return f"count_of({_walked(node)})"
    return _value(node)


def _value(node: n.Expr) -> str:
    if isinstance(node, n.Literal):
        return _literal(node)
    if isinstance(node, n.Column):
        row = (node.row,) if node.row else ()
        return ".".join(map(_name, (*row, node.name, *node.fields)))
    if isinstance(node, n.Element):
        return ".".join(map(_name, (node.var, *node.fields)))
    if isinstance(node, n.Tag):
        return f"tag({_text(node.key)})"
    if isinstance(node, n.ParamRef):
        return f":{node.name}"
    if isinstance(node, n.Arithmetic):
        return f"({render(node.left)} {node.op} {render(node.right)})"
    if isinstance(node, n.Negative):
        return f"(- {render(node.inner)})"
    if isinstance(node, n.Regexp):
        return f"regexp_matches({render(node.value)}, {_text(node.pattern)})"
    if isinstance(node, n.Coalesce):
        return f"coalesce({render(node.ref)}, {render(node.default)})"
    if isinstance(node, n.Known):
        return f"{'is_set' if node.is_set else 'is_absent'}({render(node.ref)})"
    assert isinstance(node, n.Call)
    return f"{node.name}({', '.join(render(arg) for arg in node.args)})"


def _walked(node: n.Quantifier | n.Count) -> str:
    source = node.source
    if isinstance(source, n.RelationSource):
        walked = ".".join(map(_name, filter(None, (source.row, source.name))))
    else:
        walked = render(source.list)
    return f"{walked}, {_name(node.var)} -> {render(node.condition)}"


def _inside(node: n.Expr, *loose: type) -> str:
    """In brackets where it would otherwise bind to its surroundings."""
    return f"({render(node)})" if isinstance(node, loose) else render(node)


def _literal(node: n.Literal) -> str:
    value = node.value
    if value is None:
        return "[]"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(' ')}'"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(name: str) -> str:
    plain = _PLAIN_NAME.fullmatch(name) and name.lower() not in _WORDS
    return name if plain else '"' + name.replace('"', '""') + '"'
