"""All policies of a resource type as one statement.

    related rows judged            (`_t1`)   what the policies ask of every row of a target table
    gathered along the edges       (`_r1`)   one row per resource that has edges
    base                                     the table, beside what its relations gave
    judged                                   base, one code per policy
    the result                               identity, codes, evidence, causes

Equal text is computed once: two policies that ask a relation the same question share the answer.
Rows are joined by `_row`, their number in their table: a uid is a text of eighty characters.
Where environments differ, each has its own text, chosen by the row's environment.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from typing import Any, Literal

from trueline.language.compiled import CompiledPolicy, Related
from trueline.language.errors import LanguageError
from trueline.language.sql import fill, hole, literal, quote
from trueline.model import Param, ResourceType, Type, parse_type
from trueline.model.types import SCALARS

__all__ = [
    "CAUSES",
    "IDENTITY",
    "Part",
    "PolicySettings",
    "Statement",
    "asking",
    "fuse",
    "missing_params",
]

IDENTITY = (
    "uid",
    "type",
    "name",
    "provider",
    "account",
    "region",
    "scope_account",
    "scope_region",
    "plane",
    "address",
    "source_file",
    "source_line",
    "environment",
    "stale_since",
)
"""The columns that open every row of a statement, but for those that it is told to leave out."""

CAUSES = "_causes"
"""The column that says why policies could not tell."""

_TEXT = Type("text")
_NEEDED = "_needed"
_LED = "_led"
_Inside = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How one environment holds policies: `environment` None = every row without a named one.

    A policy that `enabled` does not name is enabled; a parameter that `params` lacks has its
    default, and without one the policy is not judged there.
    """

    environment: str | None = None
    enabled: Mapping[str, bool] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT; each row begins with what is asked of `IDENTITY`.

    `codes` names each policy's TINYINT (2 fail, 1 unknown, 0 pass, NULL not applicable),
    `evidence` its pieces as (label, column), of which those of `json` hold JSON as text. `CAUSES`
    is NULL where no code is 1, else JSON for `causes_of`.
    """

    sql: str
    codes: Mapping[str, str]
    evidence: Mapping[str, tuple[tuple[str, str], ...]]
    json: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a table that a statement judges: those of `accounts`, the first and the last.

    `reach` says by relation in which accounts the rows stand to which their edges lead.
    """

    accounts: tuple[str, str]
    reach: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def missing_params(policy: CompiledPolicy, settings: PolicySettings) -> tuple[str, ...]:
    """The parameters that neither the environment nor the policy gives a value."""
    given = settings.params.get(policy.id, {})
    return tuple(p.name for p in policy.params if p.name not in given and not p.has_default)


def fuse(
    rtype: ResourceType,
    policies: Sequence[CompiledPolicy],
    *,
    settings: Sequence[PolicySettings],
    now: dt.datetime,
    evidence: Literal["all", "failing"],
    part: Part | None = None,
    apart: bool = False,
    without: Collection[str] = (),
) -> Statement:
    """One statement that judges every row of a type, or of a part of it, by all policies.

    A row whose environment no settings name is held to those of None, else to the first ones.
    With `failing`, evidence is given where a policy that uses it fails or is not decided. Related
    rows are read once, with all that they may tell, or where that is much, `apart`: for `failing`
    first to decide, then to tell what is needed. Columns of `IDENTITY` in `without` are not
    asked for. Raises LanguageError when a parameter's value does not have its type.
    """
    fusion = _Fusion(rtype, policies, settings or [PolicySettings()], now, part, apart)
    return fusion.statement(evidence, [name for name in IDENTITY if name not in without])


def asking(
    rtype: ResourceType,
    policies: Sequence[CompiledPolicy],
    *,
    settings: Sequence[PolicySettings],
    now: dt.datetime,
) -> dict[str, str]:
    """By relation of the type: a condition over alias `p`, true of the rows that need its answer.

    Others pass, or are not judged, whatever related rows say. A relation is not there where that
    cannot be told at the price of a few columns.
    """
    return _Fusion(rtype, policies, settings or [PolicySettings()], now, None, False).asking()


@dataclass(slots=True)
class _Join:
    """One relation of one row: what is asked of it, by text, and the columns that answer.

    `askers` of a column are the codes of the policies that show it.
    """

    relation: str
    table: str
    target: str
    number: int
    edges: str = "_edges"
    reach: tuple[str, str] | None = None
    searched: dict[tuple[str, str, int], str] = field(default_factory=dict)
    rows: dict[tuple[str, str], str] = field(default_factory=dict)
    causes: dict[tuple[str, str], str] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    presence: bool = False
    askers: dict[str, dict[str, None]] = field(default_factory=dict)
    joins: dict[str, _Join] = field(default_factory=dict)

    def column(self, kind: str, index: int) -> str:
        return f"_r{self.number}_{kind}{index}"


class _Fusion:
    """The state of one fusion: the joins found so far."""

    def __init__(
        self,
        rtype: ResourceType,
        policies: Sequence[CompiledPolicy],
        settings: Sequence[PolicySettings],
        now: dt.datetime,
        part: Part | None,
        apart: bool,
    ) -> None:
        self.policies, self.part = policies, part
        self.rtype = rtype
        self.apart = apart
        self.rows = quote(rtype.table)
        if part:
            self.rows = f"(SELECT * FROM {self.rows} WHERE {_stands_in(part.accounts)})"
        self.settings = _default_last(settings)
        self.now = str(round(now.timestamp() * 1_000_000))
        self.joins: dict[str, _Join] = {}
        self.count = 0
        self.asker = ""

    def statement(self, mode: Literal["all", "failing"], identity: Sequence[str]) -> Statement:
        codes: dict[str, str] = {}
        reasons: dict[str, str] = {}
        pieces: dict[str, tuple[str, list[str]]] = {}
        evidence: dict[str, tuple[tuple[str, str], ...]] = {}
        json = set()
        judged, result = [], []
        for i, policy in enumerate(self.policies):
            self.asker = code = f"_k{i}"
            judged.append(f"CAST({self._chosen(policy, policy.code)} AS TINYINT) AS {code}")
            if policy.relations:
                reasons[code] = self._chosen(policy, _holes(policy.relations))
            codes[policy.id] = code
            labelled = []
            for piece in policy.evidence:
                text = self._chosen(policy, piece.sql)
                column, users = pieces.setdefault(text, (f"_e{len(pieces)}", []))
                users.append(f"{code} > 0")
                labelled.append((piece.label, column))
                json |= {column} if piece.is_json else set()
            evidence[policy.id] = tuple(labelled)
        for text, (column, users) in pieces.items():
            guarded = f"CASE WHEN {' OR '.join(dict.fromkeys(users))} THEN {text} END"
            result.append(f"{guarded if mode == 'failing' else text} AS {column}")
        result.append(f"{self._unknowns(reasons)} AS {CAUSES}")
        shown = [*(f"p.{quote(name)}" for name in identity), *codes.values(), *result]
        sql = self._select(judged, shown, mode)
        return Statement(sql, codes, evidence, frozenset(json))

    def _select(self, judged: list[str], shown: list[str], mode: Literal["all", "failing"]) -> str:
        tables: list[str] = []
        if self.part and self.joins:
            led = f"SELECT e.* FROM _edges e WHERE e.from_row IN (SELECT _row FROM {self.rows})"
            tables.append(f"{_LED} AS ({led})")
        if (
            self.apart
            and mode == "failing"
            and any(j.rows or j.causes for j in self.joins.values())
        ):
            base = self._in_two_steps(judged, tables)
        else:
            base = _source(self.rows, "p", self.joins, tables)
        if judged:
            tables.append(f"_judged AS (SELECT p.*, {', '.join(judged)}\n FROM {base} p)")
            base = "_judged"
        ctes = "WITH " + ",\n".join(tables) + "\n" if tables else ""
        columns = ",\n ".join(shown)
        return f"{ctes}SELECT {columns}\nFROM {base} p"

    def _unknowns(self, related: Mapping[str, str]) -> str:
        """What is not known of a row of which some policy could not tell; else NULL."""
        undecided = " OR ".join(f"p._k{i} = 1" for i in range(len(self.policies))) or "FALSE"
        gaps = {label: text for policy in self.policies for label, text in policy.gaps}
        presence = any(policy.reasons.presence for policy in self.policies)
        led = {code: f"CASE WHEN p.{code} = 1 THEN {text} END" for code, text in related.items()}
        told = _not_known("p", gaps, presence, led)
        return f"CASE WHEN {undecided} THEN CAST({told} AS VARCHAR) END"

    def _in_two_steps(self, judged: list[str], tables: list[str]) -> str:
        """The base where evidence is wanted for few rows: relations decide first, and tell what
        they know only of the rows that do not pass by a policy that asks a relation."""
        decided, told = {}, {}
        telling: list[str] = []
        for join in self.joins.values():
            source = _source(quote(join.target), "t", join.joins, tables)
            rows = _related_rows(join, source, tables, told=False)
            tables.append(_gathered(join, rows, name := f"_c{join.number}", _decided(join)))
            decided[name] = list(join.searched.values())
            if join.rows or join.causes:
                rows = _rows_told(join, source, rows, telling)
                name = f"_r{join.number}"
                telling.append(_gathered(join, rows, name, _told(join, chosen=True), chosen=True))
                told[name] = [*join.rows.values(), *join.causes.values()]
        asking = [i for i, policy in enumerate(self.policies) if policy.relations]
        codes = ", ".join(judged[i] for i in asking)
        found = " OR ".join(f"p._k{i} > 0" for i in asking)
        base = _beside(self.rows, "p", decided)
        first = f"(SELECT p._row, {codes} FROM {base} p)"
        tables += [f"{_NEEDED} AS (SELECT p.* FROM {first} p WHERE {found})", *telling]
        return _beside(self.rows, "p", decided | told)

    def asking(self) -> dict[str, str]:
        conditions: dict[str, dict[str, None]] = {}
        always = {inner.relation for policy in self.policies for inner in _nested(policy.relations)}
        for policy in self.policies:
            asked = [(r.relation, search.kind) for r in policy.relations for search in r.searched]
            alone = len(asked) == 1 and asked[0][1] == "max"
            if not alone or not all(map(self._is_single, policy.columns)):
                always |= {relation for relation, _ in asked}
                continue
            low, middle, high = (self._supposing(policy, code) for code in (0, 1, 2))
            conditions.setdefault(asked[0][0], {})[
                f"{low} > 0 OR {low} IS DISTINCT FROM {middle} OR {middle} IS DISTINCT FROM {high}"
            ] = None
        return {
            relation: " OR ".join(any_of)
            for relation, any_of in conditions.items()
            if relation not in always
        }

    def _is_single(self, name: str) -> bool:
        kind = self.rtype.column_type(name)
        return kind is not None and kind.kind in SCALARS

    def _supposing(self, policy: CompiledPolicy, code: int) -> str:
        """The policy's code if every related row had this one."""

        def suppose(parts: list[str]) -> str:
            return str(code) if parts[0] == "code" else hole(*parts)

        return f"({self._chosen(policy, fill(policy.code, suppose))})"

    # settings

    def _chosen(self, policy: CompiledPolicy, fragment: str) -> str:
        """The fragment as each environment fills it; the last settings serve all other rows."""
        texts = [self._under(policy, fragment, each) for each in self.settings]
        if len(set(texts)) == 1:
            return texts[0]
        whens = [
            f"WHEN {literal(each.environment, _TEXT)} THEN {text}"
            for each, text in zip(self.settings, texts, strict=True)
            if each.environment is not None and text != texts[-1]
        ]
        return f"(CASE p.environment {' '.join(whens)} ELSE {texts[-1]} END)"

    def _under(self, policy: CompiledPolicy, fragment: str, settings: PolicySettings) -> str:
        if not settings.enabled.get(policy.id, True) or missing_params(policy, settings):
            return "NULL"
        given = settings.params.get(policy.id, {})
        params = {p.name: _value(policy.id, p, given) for p in policy.params}
        return self._filled(fragment, "p", policy.relations, self.joins, params)

    # relations

    def _filled(
        self,
        fragment: str,
        alias: str,
        relations: tuple[Related, ...],
        joins: dict[str, _Join],
        params: Mapping[str, str],
    ) -> str:
        def answer(parts: list[str]) -> str:
            kind, *names = parts
            if kind == "now":
                return self.now
            if kind == "param":
                return params[names[0]]
            related = relations[int(names[0])]
            join = joins.get(related.relation)
            if join is None:
                self.count += 1
                join = _Join(related.relation, related.table, related.target, self.count)
                if self.part and joins is self.joins:
                    join.edges, join.reach = _LED, self.part.reach.get(related.relation)
                joins[related.relation] = join

            def inside(text: str) -> str:
                return self._filled(text, "t", related.related, join.joins, params)

            answered = _ANSWERS[kind](join, related, inside, names)
            join.askers.setdefault(answered, {})[self.asker] = None
            column = f"{alias}.{answered}"
            if kind == "code":
                return f"coalesce({column}, 0)"
            if kind == "causes":
                return f"list_distinct(coalesce({column}, []))"
            return f"'[' || array_to_string(list_sort(coalesce({column}, [])), ',') || ']'"

        return fill(fragment, answer)


def _searched(join: _Join, related: Related, inside: _Inside, index: int) -> str:
    """The column of a search, new or shared."""
    search = related.searched[index]
    key = (search.kind, inside(search.code), search.missing)
    return join.searched.setdefault(key, join.column("c", len(join.searched)))


def _code_column(join: _Join, related: Related, inside: _Inside, names: list[str]) -> str:
    return _searched(join, related, inside, int(names[1]))


def _rows_column(join: _Join, related: Related, inside: _Inside, _: list[str]) -> str:
    found = [_searched(join, related, inside, i) for i in range(len(related.searched))]
    fields = [("uid", "to_json(t.uid)"), *((name, inside(text)) for name, text in related.evidence)]
    told = " || ',' || ".join(
        f"{literal(dumps(name) + ':', _TEXT)} || coalesce({text}, 'null')" for name, text in fields
    )
    wanted = " OR ".join(f"t.{column} <> 0" for column in dict.fromkeys(found))
    key = (f"'{{' || {told} || '}}'", wanted)
    return join.rows.setdefault(key, join.column("e", len(join.rows)))


def _causes_column(join: _Join, related: Related, inside: _Inside, _: list[str]) -> str:
    found = [_searched(join, related, inside, i) for i in range(len(related.searched))]
    undecided = [
        f"t.{column} = {search.undecided}"
        for column, search in zip(found, related.searched, strict=True)
    ]
    join.gaps.update(related.gaps)
    join.presence |= bool(related.reasons.presence)
    key = (inside(_holes(related.related)), " OR ".join(dict.fromkeys(undecided)))
    return join.causes.setdefault(key, join.column("w", len(join.causes)))


def _nested(relations: Sequence[Related]) -> Iterator[Related]:
    """The relations that related rows are asked for in turn."""
    for related in relations:
        for inner in related.related:
            yield inner
            yield from _nested([inner])


def _holes(relations: Sequence[Related]) -> str:
    """What is not known of the rows of each relation, as one list."""
    return f"[{', '.join(hole('causes', i) for i in range(len(relations)))}]" if relations else ""


_ANSWERS: dict[str, Callable[[_Join, Related, _Inside, list[str]], str]] = {
    "code": _code_column,
    "rows": _rows_column,
    "causes": _causes_column,
}
"""What fills a hole: the joined column that has the answer."""


def _default_last(settings: Sequence[PolicySettings]) -> list[PolicySettings]:
    default = next((s for s in settings if s.environment is None), settings[0])
    return [*(s for s in settings if s is not default), default]


def _value(policy: str, param: Param, given: Mapping[str, Any]) -> str:
    value = given.get(param.name, param.default)
    try:
        return literal(value, parse_type(param.type))
    except TypeError as error:
        message = f"policy {policy}, parameter {param.name}: {error}"
        raise LanguageError("parameter-value", message) from None


def _source(table: str, alias: str, joins: Mapping[str, _Join], tables: list[str]) -> str:
    """A table beside the answers of its relations; their own tables are appended to `tables`."""
    answers = {}
    for join in joins.values():
        source = _source(quote(join.target), "t", join.joins, tables)
        rows, name = _related_rows(join, source, tables), f"_r{join.number}"
        tables.append(_gathered(join, rows, name, [*_decided(join), *_told(join)]))
        answers[name] = [*join.searched.values(), *join.rows.values(), *join.causes.values()]
    return _beside(table, alias, answers)


def _beside(table: str, alias: str, answers: Mapping[str, Sequence[str]]) -> str:
    """A table beside columns of others that have at most one row for each of its rows."""
    if not answers:
        return table
    shown = [f"{alias}.*", *(f"{name}.{c}" for name, columns in answers.items() for c in columns)]
    clauses = [f"LEFT JOIN {name} ON {name}._row = {alias}._row" for name in answers]
    return f"(SELECT {', '.join(shown)} FROM {table} {alias} {' '.join(clauses)})"


def _related_rows(join: _Join, source: str, tables: list[str], *, told: bool = True) -> str:
    """Append a table of the target's rows with codes, and what is `told` of them; say its name."""
    name, wanted = f"_t{join.number}", f"SELECT e.to_row FROM {join.edges} e WHERE {_of(join)}"
    searched = [f"{code} AS {column}" for (_, code, _), column in join.searched.items()]
    judged = f"(SELECT t.*, {', '.join(searched)} FROM {source} t WHERE {_among(join, wanted)})"
    shown = ["t._row", *(f"t.{column}" for column in join.searched.values())]
    shown += _telling(join) if told else []
    tables.append(f"{name} AS (SELECT {', '.join(shown)} FROM {judged} t)")
    return name


def _rows_told(join: _Join, source: str, coded: str, tables: list[str]) -> str:
    """Append a table of what is told of those `coded` rows that a row needs; say its name."""
    called = [(when, "> 0", column) for (_, when), column in join.rows.items()]
    called += [(when, "= 1", column) for (_, when), column in join.causes.items()]
    needed = dict.fromkeys(
        f"n.{asker} {code} AND ({when})"
        for when, code, column in called
        for asker in join.askers[column]
    )
    wanted = (
        f"SELECT e.to_row FROM {join.edges} e JOIN {_NEEDED} n ON n._row = e.from_row "
        f"JOIN {coded} t ON t._row = e.to_row WHERE {_of(join)} AND ({' OR '.join(needed)})"
    )
    codes = ", ".join(f"c.{column}" for column in join.searched.values())
    judged = f"SELECT t.*, {codes} FROM {source} t JOIN {coded} c ON c._row = t._row"
    shown = ", ".join(["t._row", *_telling(join)])
    name = f"_u{join.number}"
    tables.append(f"{name} AS (SELECT {shown} FROM ({judged}) t WHERE {_among(join, wanted)})")
    return name


def _telling(join: _Join) -> list[str]:
    """Evidence and causes of a related row, where a code calls for them."""
    evidence = [
        f"CASE WHEN {called} THEN {told} END AS {column}"
        for (told, called), column in join.rows.items()
    ]
    causes = [
        f"{_row_causes(join, inner, undecided)} AS {column}"
        for (inner, undecided), column in join.causes.items()
    ]
    return evidence + causes


def _among(join: _Join, wanted: str) -> str:
    """Is the target's row one of these? The file's own index of accounts spares reading the rest,
    which a join cannot."""
    near = f" AND {_stands_in(join.reach, 't.')}" if join.reach else ""
    return f"t._row IN ({wanted}){near}"


def _stands_in(accounts: tuple[str, str], alias: str = "") -> str:
    first, last = (literal(account, _TEXT) for account in accounts)
    return f"{alias}scope_account BETWEEN {first} AND {last}"


def _of(join: _Join) -> str:
    return f"e.type = {literal(join.table, _TEXT)} AND e.relation = {literal(join.relation, _TEXT)}"


def _decided(join: _Join) -> list[str]:
    """The codes of related rows as one code each."""
    return [
        f"{kind}(coalesce(t.{column}, {missing})) AS {column}"
        for (kind, _, missing), column in join.searched.items()
    ]


def _told(join: _Join, *, chosen: bool = False) -> list[str]:
    """The evidence and the causes of related rows as one list each; `chosen` = only where `n`
    says that a policy that shows them does not pass, or cannot tell."""

    def asked(column: str, code: str) -> str:
        said = " OR ".join(f"n.{asker} {code}" for asker in join.askers[column])
        return f" AND ({said})" if chosen else ""

    lists = [
        f"list(t.{column}) FILTER (WHERE t.{column} IS NOT NULL{asked(column, '> 0')}) AS {column}"
        for column in join.rows.values()
    ]
    nowhere = f"coalesce(e.cause, {literal('dangling:' + join.relation, _TEXT)})"
    unled = f"to_json({{'cause': {nowhere}}})"
    lists += [
        f"list(CASE WHEN e.to_row IS NULL THEN {unled} ELSE t.{column} END) FILTER "
        f"(WHERE (e.to_row IS NULL OR t.{column} IS NOT NULL){asked(column, '= 1')}) AS {column}"
        for column in join.causes.values()
    ]
    return lists


def _gathered(join: _Join, rows: str, name: str, shown: list[str], *, chosen: bool = False) -> str:
    """A table of what related rows say along the edges of each row, or of each `_needed` one."""
    only = f" JOIN {_NEEDED} n ON n._row = e.from_row" if chosen else ""
    return (
        f"{name} AS (SELECT e.from_row AS _row, {', '.join(shown)} FROM {join.edges} e{only} "
        f"LEFT JOIN {rows} t ON t._row = e.to_row WHERE {_of(join)} GROUP BY 1)"
    )


def _not_known(
    alias: str, gaps: Mapping[str, str], presence: bool, related: Mapping[str, str]
) -> str:
    """JSON of what is not known of a row, as `reasons` describes it."""
    fields = [f"'why': {alias}._why"]
    if gaps:
        fields.append(f"'gaps': [{', '.join(gaps.values())}]")
    if presence:
        fields.append(f"'set': {alias}._set")
    fields += [f"{literal(name, _TEXT)}: {text}" for name, text in related.items()]
    return f"to_json({{{', '.join(fields)}}})"


def _row_causes(join: _Join, inner: str, undecided: str) -> str:
    """What is not known of a related row that is not decided; else NULL."""
    told = _not_known("t", join.gaps, join.presence, {"related": inner} if inner else {})
    return (
        f"CASE WHEN t.stale_since IS NOT NULL THEN to_json({{'cause': 'stale'}}) "
        f"WHEN {undecided} THEN {told} END"
    )
