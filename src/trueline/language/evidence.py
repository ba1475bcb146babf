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

__all__ = ["Used", "causes", "evidence", "gaps", "related", "used"]


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
        gaps(of.row, found),
        causes(of.row, found),
        tuple(related(inner) for inner in of.row.related.values()),
    )


def gaps(row: RowCompiler, found: Used) -> tuple[tuple[str, str], ...]:
    """(label, SQL) for each column read: a text where its value is not known, else NULL.

    The text is the label itself, or `open_list:` and the label where a list may go on.
    """
    refs = {label: searches[0][0].list for label, searches in found.walked.items()}
    columns = {
        label: ref.ref if isinstance(ref, n.Coalesce) else ref for label, ref in refs.items()
    }
    out: dict[str, str] = {}
    for label, ref in (found.plain | columns).items():
        assert isinstance(ref, n.Column | n.Tag)
        name = "tags" if isinstance(ref, n.Tag) else label
        out.setdefault(name, _gap(row, name, ref))
    return tuple(out.items())


def _gap(row: RowCompiler, label: str, ref: n.Column | n.Tag) -> str:
    root, value = _root(ref), f"{row.alias}.tags"
    if isinstance(ref, n.Column):
        value = row.column(ref)
    unknown = f"{value} IS NULL"
    if row.schema.columns[root].optional:
        unknown += f" AND NOT coalesce({row.absent(root)}, FALSE)"
    cases = f"WHEN {unknown} THEN {literal(label, n.TEXT)}"
    if isinstance(ref, n.Column) and ref.type.kind == "list":
        goes_on = literal(f"open_list:{label}", n.TEXT)
        cases += f" WHEN list_count({value}) < len({value}) THEN {goes_on}"
    return f"CASE {cases} END"


def causes(row: RowCompiler, found: Used) -> str:
    """A list of (column, cause) out of the row's `_gaps`, a map by column; never empty.

    `_gaps` is what fusing makes of `gaps` and `_why`, once for all policies: a lambda in each
    policy would cost more to plan than all the rest.
    """
    lists = []
    for name in found.columns:
        gaps_of = f"{row.alias}._gaps[{literal(name, n.TEXT)}]"
        if name not in found.values:
            gaps_of = f"CASE WHEN NOT {row.is_marked('_set', name)} THEN {gaps_of} END"
        lists.append(gaps_of)
    lists += [hole("causes", i) for i in range(len(row.related))]
    first = next(iter([*found.walked, *found.plain, *row.related]), "")
    fallback = f"[{{'column': {literal(first, n.TEXT)}, 'cause': 'not_collected'}}]"
    if not lists:
        return fallback
    every = f"flatten([{', '.join(lists)}])" if lists[1:] else lists[0]
    # A struct field that is unknown without a written cause leaves every list empty.
    return f"coalesce(nullif({every}, []), {fallback})"


def _root(ref: n.Ref) -> str:
    return "tags" if isinstance(ref, n.Tag) else ref.name


def _label(ref: n.Ref) -> str:
    if isinstance(ref, n.Tag):
        return f"tags.{ref.key}"
    return ".".join((ref.name, *ref.fields))
