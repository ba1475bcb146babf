"""What a verdict rests on (evidence), and what it may be undecided for, as SQL.

Evidence of a quantifier is the list of its deciding elements: those that match what it searches
for, or may. Everything else that a row contributes is the plain column. What is made here is said
as JSON: a text is gathered, sorted, kept and written at a fraction of the cost of lists of structs,
and is all that a report wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trueline.language import nodes as n
from trueline.language.compiled import Piece, Related
from trueline.language.conditions import RelatedRow, RowCompiler
from trueline.language.reasons import Reasons
from trueline.language.sql import hole, literal, quote
from trueline.model import Type
from trueline.model.types import SCALARS

__all__ = ["Used", "evidence", "gaps", "reasons", "related", "used"]


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


def evidence(row: RowCompiler, found: Used) -> tuple[Piece, ...]:
    """Each piece: what can stand alone as it is, all else as JSON."""
    pieces = [
        Piece(label, value, False)
        if label in found.plain and _stands_alone(kind)
        else Piece(label, _json(value, kind), True)
        for label, value, kind in _shown(row, found)
    ]
    return (*pieces, *(Piece(name, hole("rows", i), True) for i, name in enumerate(row.related)))


def _evidence_of_related(row: RowCompiler, found: Used) -> tuple[tuple[str, str], ...]:
    """Label and JSON of each piece: they are told inside the JSON of their row."""
    pieces = [(label, _json(value, kind)) for label, value, kind in _shown(row, found)]
    return (*pieces, *((name, hole("rows", i)) for i, name in enumerate(row.related)))


def _shown(row: RowCompiler, found: Used) -> Iterator[tuple[str, str, Type]]:
    """Label, SQL and type of what a row itself shows; a list that is also read whole is whole."""
    for label, ref in found.plain.items():
        if isinstance(ref, n.Tag):
            yield label, f"{row.alias}.tags[{literal(ref.key, n.TEXT)}]", n.TEXT
        else:
            yield label, row.column(ref), ref.type
    for label, searches in found.walked.items():
        yield label, row.deciding(searches), searches[0][0].list.type


def _stands_alone(kind: Type) -> bool:
    """Does Arrow give the value as a report shows it?"""
    return kind.kind in SCALARS or not _holds(kind, "time", "map")


def _json(value: str, kind: Type) -> str:
    return f"CAST(to_json({_timeless(value, kind)}) AS VARCHAR)"


def _timeless(value: str, kind: Type, depth: int = 1) -> str:
    """The value with its times as RFC 3339 texts in UTC, as a report writes them."""
    if not _holds(kind, "time"):
        return value
    if kind.kind == "time":
        whole, parts = (f"strftime({value}, '%Y-%m-%dT%H:%M:%S{end}Z')" for end in ("", ".%f"))
        return f"CASE WHEN epoch_us({value}) % 1000000 = 0 THEN {whole} ELSE {parts} END"
    if kind.kind == "list":
        assert kind.item is not None
        name = f"_s{depth}"
        return f"list_transform({value}, lambda {name}: {_timeless(name, kind.item, depth + 1)})"
    fields = ", ".join(
        f"{literal(f.name, n.TEXT)}: {_timeless(f'{value}.{quote(f.name)}', f.type, depth)}"
        for f in kind.fields
    )
    return f"CASE WHEN {value} IS NOT NULL THEN {{{fields}}} END"


def _holds(kind: Type, *kinds: str) -> bool:
    inner = [f.type for f in kind.fields] + ([kind.item] if kind.item else [])
    return kind.kind in kinds or any(_holds(each, *kinds) for each in inner)


def related(of: RelatedRow) -> Related:
    """A relation, with the evidence and causes that its rows give."""
    found = used(of.conditions)
    return Related(
        of.relation,
        of.table,
        of.target,
        found.columns,
        tuple(of.searched),
        _evidence_of_related(of.row, found),
        gaps(of.row, found),
        reasons(of.row, found),
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


def reasons(row: RowCompiler, found: Used) -> Reasons:
    """What a row that is not decided may be unknown for."""
    first = next(iter([*found.walked, *found.plain, *row.related]), "")
    related = tuple(
        (of.relation, reasons(of.row, used(of.conditions))) for of in row.related.values()
    )
    presence = frozenset(found.columns) - found.values
    return Reasons(found.columns, presence, first, related)


def _root(ref: n.Ref) -> str:
    return "tags" if isinstance(ref, n.Tag) else ref.name


def _label(ref: n.Ref) -> str:
    if isinstance(ref, n.Tag):
        return f"tags.{ref.key}"
    return ".".join((ref.name, *ref.fields))
