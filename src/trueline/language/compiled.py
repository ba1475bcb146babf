"""A compiled policy: plain text and tuples, so that it can be cached and fused without a parser."""

from __future__ import annotations

from dataclasses import dataclass

from trueline.language.reasons import Reasons
from trueline.model import Param

__all__ = ["CompiledPolicy", "Piece", "Related", "Searched"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence: SQL of its value, or of its JSON where `is_json`."""

    label: str
    sql: str
    is_json: bool


@dataclass(frozen=True, slots=True)
class Searched:
    """What a quantifier asks of each related row: an integer over alias `t`, 0 = does not match.

    `kind` max: a code, of which the greatest decides. `kind` sum: a weight, to be added up.
    `undecided` is its value for a row that may or may not match, `missing` for a row not there.
    """

    kind: str
    code: str
    undecided: int
    missing: int


@dataclass(frozen=True, slots=True)
class Related:
    """A relation as one row uses it: everything asked of `target`, and what it asks in turn.

    `evidence` are (name, SQL over `t` of its JSON) beside the uid; `gaps` and `reasons` as in a
    policy.
    """

    relation: str
    table: str
    target: str
    columns: tuple[str, ...]
    searched: tuple[Searched, ...]
    evidence: tuple[tuple[str, str], ...]
    gaps: tuple[tuple[str, str], ...]
    reasons: Reasons
    related: tuple[Related, ...]


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`columns` are the own columns used; `code` and `evidence` are SQL over alias `p`.

    `code` gives 2 fail, 1 unknown, 0 pass, NULL not applicable. `params` are those it uses.
    `gaps` say of each column read whether it is known: (label, SQL of a text, NULL = it is);
    `reasons` pick the policy's own among those of all policies.
    """

    id: str
    table: str
    columns: tuple[str, ...]
    relations: tuple[Related, ...]
    params: tuple[Param, ...]
    code: str
    evidence: tuple[Piece, ...]
    gaps: tuple[tuple[str, str], ...]
    reasons: Reasons
