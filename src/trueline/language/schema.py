"""What names a predicate may use: the columns and relations of a table, without its plumbing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trueline.model import COMMON, Relation, ResourceType, Type

__all__ = ["NULL_IS_ABSENT", "Schema", "schema_of"]

NULL_IS_ABSENT = frozenset({"address", "environment", "source_file", "source_line", "stale_since"})
"""Common columns that Trueline itself fills: NULL there is known to be nothing."""

HIDDEN = frozenset({"config", "fingerprint"})
"""Common columns that are no statement about the resource; a predicate maps a column instead."""


@dataclass(frozen=True, slots=True)
class Schema:
    """`null_is_absent` = optional columns in which NULL says "not there" without a mark.

    `bare_optional` = optional columns may stand alone: an absent text is empty, another value
    not known.
    """

    table: str
    columns: Mapping[str, Type]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    null_is_absent: frozenset[str] = NULL_IS_ABSENT
    bare_optional: bool = False


def schema_of(rtype: ResourceType) -> Schema:
    """The own columns of a resource type and the common ones that say something about it."""
    common = {n: t for n, t in COMMON.items() if not n.startswith("_") and n not in HIDDEN}
    own = {name: column.type for name, column in rtype.columns.items()}
    return Schema(rtype.table, {**common, **own}, rtype.relations, NULL_IS_ABSENT - own.keys())
