"""What a verdict rests on (evidence), and why it could not be decided (causes), as SQL.

Evidence of a quantifier is the list of its deciding elements: those that match what it searches
for, or may. Everything else that a row contributes is the plain column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from trueline.language import nodes as n
from trueline.language.compiled import Related
from trueline.language.conditions import RelatedRow, RowCompiler
from trueline.language.sql import hole, literal

__all__ = ["Used", "causes", "evidence", "related", "used"]

_ROOT = "regexp_extract({}, '^[^.[]+')"
"""The column that a path in `_why` is inside of: `statements` of `statements[].principals`."""


@dataclass(slots=True)
class Used:
    """What conditions read of one row, by label, in the order first met.

    `walked` are lists that are only walked, each with what was searched for; `plain` the rest.
    `values` are the columns whose value is read, not their presence alone.
    """

    plain: dict[str, n.Column | n.Tag] = field(default_factory=dict)
    walked: dict[str, list[tuple[n.ListSource, str, n.Expr]]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns read, by name, sorted."""
        roots = {_root(ref) for ref in self.plain.values()}
        roots |= {label.partition(".")[0] for label in self.walked}
        return tuple(sorted(roots))

    def read(self, node: n.Expr, in_lambda: bool = False) -> None:
        if isinstance(node, n.Column | n.Tag):
            self.plain.setdefault(_label(node), node)
            self.values.add(_root(node))
        elif isinstance(node, n.Known):
            self.plain.setdefault(_label(node.ref), node.ref)
        elif isinstance(node, n.Quantifier | n.Count):
            self._walk(node, in_lambda)
        else:
            for part in n.parts(node):
                self.read(part, in_lambda)

    def _walk(self, node: n.Quantifier | n.Count, in_lambda: bool) -> None:
        if isinstance(node.source, n.RelationSource):
            return
        walked = node.source.list
        column = walked.ref if isinstance(walked, n.Coalesce) else walked
        if in_lambda or not isinstance(column, n.Column):
            self.read(walked, in_lambda)
        else:
            negated = isinstance(node, n.Quantifier) and node.kind == "all"
            searched = n.Not(node.condition) if negated else node.condition
            self.walked.setdefault(_label(column), []).append((node.source, node.var, searched))
            self.values.add(column.name)
        self.read(node.condition, in_lambda=True)


def used(conditions: Sequence[n.Expr]) -> Used:
    """What conditions over one row read of it; what they ask of related rows is not looked at."""
    found = Used()
    for condition in conditions:
        found.read(condition)
    for label in found.plain:
        found.walked.pop(label, None)
    return found


def evidence(row: RowCompiler, found: Used) -> tuple[tuple[str, str], ...]:
    """Label and SQL of each piece; a list that is also read whole is shown whole."""
    out = []
    for label, ref in found.plain.items():
        if isinstance(ref, n.Tag):
            out.append((label, f"{row.alias}.tags[{literal(ref.key, n.TEXT)}]"))
        else:
            out.append((label, row.column(ref)))
    for label, searches in found.walked.items():
        out.append((label, row.deciding(searches)))
    for i, name in enumerate(row.related):
        out.append((name, hole("rows", i)))
    return tuple(out)


def related(of: RelatedRow) -> Related:
    """A relation, with the evidence and causes that its rows give."""
    found = used(of.conditions)
    return Related(
        of.relation,
        of.table,
        of.target,
        found.columns,
        tuple(of.searched),
        evidence(of.row, found),
        causes(of.row, found),
        tuple(related(inner) for inner in of.row.related.values()),
    )


def causes(row: RowCompiler, found: Used) -> str:
    """A list of (column, cause): never empty, to be asked only of a row that is not decided."""
    lists = []
    if found.columns:
        lists.append(_written(row, found))
        gaps = [_gap(row, label, ref, found) for label, ref in found.plain.items()]
        gaps += [_open(row, label, searches[0][0]) for label, searches in found.walked.items()]
        lists.append(f"list_filter([{', '.join(gaps)}], lambda _w: _w IS NOT NULL)")
    lists += [hole("causes", i) for i in range(len(row.related))]
    first = next(iter([*found.walked, *found.plain, *row.related]), "")
    fallback = f"[{_cause(first, 'not_collected')}]"
    if not lists:
        return fallback
    # A struct field that is unknown without a written cause leaves every list empty.
    return f"coalesce(nullif(list_distinct(list_concat({', '.join(lists)})), []), {fallback})"


def _written(row: RowCompiler, found: Used) -> str:
    """The entries of `_why` that are about a column read, or about a path inside one."""
    names = ", ".join(literal(name, n.TEXT) for name in found.columns)
    about = f"list_contains([{names}], {_ROOT.format('_w.key')})"
    presence = [name for name in found.columns if name not in found.values]
    if presence:
        asked = ", ".join(literal(name, n.TEXT) for name in presence)
        settled = f"list_contains([{asked}], _w.key) AND list_contains({row.alias}._set, _w.key)"
        about = f"{about} AND NOT coalesce({settled}, FALSE)"
    entries = f"list_filter(map_entries({row.alias}._why), lambda _w: {about})"
    entry = "{'column': _w.key, 'cause': _w.value}"
    return f"coalesce(list_transform({entries}, lambda _w: {entry}), [])"


def _gap(row: RowCompiler, label: str, ref: n.Ref, found: Used) -> str:
    """The cause that a column's or tag's value is not known and `_why` does not say why."""
    root = _root(ref)
    value = f"{row.alias}.tags" if isinstance(ref, n.Tag) else row.column(ref)
    name = root if isinstance(ref, n.Tag) else label
    unknown = f"{value} IS NULL AND NOT {_has_cause(row, root)}"
    if row.schema.columns[root].optional:
        unknown += f" AND NOT coalesce({row.absent(root)}, FALSE)"
        if root not in found.values:
            unknown += f" AND NOT coalesce({row.is_marked('_set', root)}, FALSE)"
    cases = f"WHEN {unknown} THEN {_cause(name, 'not_collected')}"
    if isinstance(ref, n.Column) and ref.type.kind == "list":
        cases += f" {_opened(row, value, label)}"
    return f"CASE {cases} END"


def _open(row: RowCompiler, label: str, source: n.ListSource) -> str:
    """The same for a list that is walked: unread as a whole, or open."""
    walked, root = row.value(source.list), label.partition(".")[0]
    unread = f"{walked} IS NULL AND NOT {_has_cause(row, root)}"
    missing = f"WHEN {unread} THEN {_cause(label, 'not_collected')}"
    return f"CASE {missing} {_opened(row, walked, label)} END"


def _opened(row: RowCompiler, value: str, label: str) -> str:
    opened = (
        f"list_count({value}) < len({value}) AND NOT {_has_cause(row, label.partition('.')[0])}"
    )
    return f"WHEN {opened} THEN {_cause(label, f'open_list:{label}')}"


def _has_cause(row: RowCompiler, root: str) -> str:
    roots = f"list_transform(map_keys({row.alias}._why), lambda _w: {_ROOT.format('_w')})"
    return f"coalesce(list_contains({roots}, {literal(root, n.TEXT)}), FALSE)"


def _cause(column: str, cause: str) -> str:
    return f"{{'column': {literal(column, n.TEXT)}, 'cause': {literal(cause, n.TEXT)}}}"


def _root(ref: n.Ref) -> str:
    return "tags" if isinstance(ref, n.Tag) else ref.name


def _label(ref: n.Ref) -> str:
    if isinstance(ref, n.Tag):
        return f"tags.{ref.key}"
    return ".".join((ref.name, *ref.fields))
