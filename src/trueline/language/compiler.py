"""A policy → its compiled fragments; a rule → one condition. The way in from text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from trueline.errors import Where
from trueline.language import nodes as n
from trueline.language.compiled import CompiledPolicy
from trueline.language.conditions import RowCompiler
from trueline.language.errors import LanguageError, did_you_mean
from trueline.language.evidence import evidence, gaps, reasons, related, used
from trueline.language.guards import ALL_GUARDS, Guard
from trueline.language.parser import Context, parse
from trueline.language.schema import Schema, schema_of
from trueline.language.sql import fill
from trueline.model import Policy, ResourceType, Type, parse_type

__all__ = ["compile_policy", "compile_rule", "conditions_of", "read_rule"]


def compile_policy(policy: Policy, types: Mapping[str, ResourceType]) -> CompiledPolicy:
    """Parse, type-check and compile a policy's two conditions.

    `types` are all resource types that its relations may lead to. Raises LanguageError.
    """
    return compile_guarded(policy, types, ALL_GUARDS)


def compile_guarded(
    policy: Policy, types: Mapping[str, ResourceType], guards: frozenset[Guard]
) -> CompiledPolicy:
    """`compile_policy` with some guards only, for the test that proves each is needed."""
    applies, fails = conditions_of(policy, types)
    schemas = {table: schema_of(rtype) for table, rtype in types.items()}
    row = RowCompiler("p", schemas[policy.resource], schemas, guards)
    code = row.code(fails)
    if applies is not None:
        undecided = " WHEN 1 THEN 1" if Guard.UNKNOWN_APPLIES in guards else ""
        code = f"CASE {row.code(applies)} WHEN 2 THEN {code}{undecided} END"
    conditions = [fails] if applies is None else [applies, fails]
    found = used(conditions)
    names = {part.name for c in conditions for part in n.walk(c) if isinstance(part, n.ParamRef)}
    return CompiledPolicy(
        policy.id,
        policy.resource,
        found.columns,
        tuple(related(of) for of in row.related.values()),
        tuple(param for name, param in policy.params.items() if name in names),
        code,
        evidence(row, found),
        gaps(row, found),
        reasons(row, found),
    )


def conditions_of(
    policy: Policy, types: Mapping[str, ResourceType]
) -> tuple[n.Expr | None, n.Expr]:
    """The typed trees of `applies_when` (None when there is none) and `fails_when`."""
    rtype = types.get(policy.resource)
    if rtype is None:
        message = f"policy {policy.id}: no resource type {policy.resource}"
        hint = did_you_mean(policy.resource, types)
        raise LanguageError("unknown-type", message, hint, policy.where)
    schemas = {table: schema_of(t) for table, t in types.items()}
    params = {name: _param_type(policy, name) for name in policy.params}
    contexts = [
        Context(schemas[policy.resource], schemas, params, part, policy.where)
        for part in ("applies_when", "fails_when")
    ]
    applies = None if policy.applies_when is None else parse(policy.applies_when, contexts[0])
    return applies, parse(policy.fails_when, contexts[1])


def _param_type(policy: Policy, name: str) -> Type:
    written = policy.params[name].type
    try:
        kind = parse_type(written)
    except ValueError as error:
        message = f"policy {policy.id}, parameter {name}: {error}"
        raise LanguageError("parameter-type", message, None, policy.where) from None
    scalar = kind.item if kind.kind == "list" else kind
    if kind.optional or scalar is None or scalar.kind in ("list", "map", "struct"):
        message = f"policy {policy.id}, parameter {name}: {written} cannot be a parameter"
        hint = "bool, int, float, text, time, or a list of one of them"
        raise LanguageError("parameter-type", message, hint, policy.where)
    return kind


def compile_rule(
    text: str, columns: Mapping[str, Type], where: Where | None, *, now: dt.datetime | None = None
) -> str:
    """A rule over one virtual row as boolean SQL over alias `p`; NULL where it is not known.

    Where `columns` name `_absent` and `_set`, the row carries these marks and a NULL is unknown
    without them; otherwise NULL in an optional column says that there is nothing. Unlike in a
    policy an optional column or tag may stand alone: where it is known to be absent, a text is
    the empty text and another value is not known. `now` is what `days_since` counts to. Raises
    LanguageError.
    """
    schema = _subject(columns)
    tree = parse(text, Context(schema, {}, {}, "rule", where))
    counts_days = any(isinstance(p, n.Call) and p.name == "days_since" for p in n.walk(tree))
    if counts_days and now is None:
        message = f"days_since is not known in this rule: {text}"
        raise LanguageError("clock", message, None, where)
    micros = "" if now is None else str(round(now.timestamp() * 1_000_000))
    return fill(RowCompiler("p", schema, {}, ALL_GUARDS).truth(tree), lambda _: micros)


def read_rule(text: str, columns: Mapping[str, Type], where: Where | None = None) -> n.Expr:
    """A rule as its typed tree, for who compiles it to something else. Raises LanguageError."""
    return parse(text, Context(_subject(columns), {}, {}, "rule", where))


def _subject(columns: Mapping[str, Type]) -> Schema:
    plain = {name: kind for name, kind in columns.items() if not name.startswith("_")}
    marked = {"_absent", "_set"} <= columns.keys()
    unmarked = frozenset() if marked else frozenset(c for c, k in plain.items() if k.optional)
    return Schema("subject", plain, {}, unmarked, bare_optional=True)
