"""A flag of a resource type → compiled fragments, which fuse like those of a policy."""

from __future__ import annotations

from trueline.errors import Where
from trueline.language import nodes as n
from trueline.language.compiled import CompiledPolicy
from trueline.language.conditions import RowCompiler
from trueline.language.evidence import evidence, gaps, reasons, used
from trueline.language.guards import ALL_GUARDS
from trueline.language.parser import Context, parse
from trueline.language.schema import schema_of
from trueline.model import Flag, ResourceType

__all__ = ["compile_flag"]


def compile_flag(flag: Flag, rtype: ResourceType, where: Where | None = None) -> CompiledPolicy:
    """Parse, type-check and compile a flag; its code is 2 yes, 1 not known, 0 no, never NULL.

    `where` is the place at which both predicates begin. Raises LanguageError, whose message
    opens with `flag NAME`, or with `known_when` where the error is there.
    """
    schema = schema_of(rtype)
    row = RowCompiler("p", schema, {rtype.table: schema}, ALL_GUARDS)

    def read(text: str, part: str) -> tuple[n.Expr, str]:
        tree = parse(text, Context(schema, {}, {}, part, where, row_only=True))
        return tree, row.code(tree)

    tree, code = read(flag.when, f"flag {flag.name}")
    conditions = [tree]
    if flag.known_when is not None:
        tree, known = read(flag.known_when, f"known_when of flag {flag.name}")
        conditions.append(tree)
        code = f"greatest({code}, 1 - {known} // 2)"
    found = used(conditions)
    return CompiledPolicy(
        f"flag:{flag.name}",
        rtype.table,
        found.columns,
        (),
        (),
        code,
        evidence(row, found),
        gaps(row, found),
        reasons(row, found),
    )
