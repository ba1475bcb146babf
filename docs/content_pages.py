"""Reference of resource types and policies, from the content files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from docs.markdown import code, codes, table, text
from trueline.catalog import Catalog
from trueline.catalog.iam import permissions_of
from trueline.evaluate import unreadable
from trueline.model import (
    ABSENT,
    COMMON,
    FLAGS,
    NEVER,
    SEVERITIES,
    STRUCTS,
    UNSAID,
    Call,
    CodeReader,
    Column,
    Policy,
    Relation,
    ResourceType,
    Type,
)

__all__ = ["aliases_page", "policies_page", "type_page", "types_index"]

PLANES = ("live", "plan")
COMMON_ABOUT = {
    "uid": "Unique in a snapshot: the ARN, or for code `code:<root>:<address>`",
    "live_uid": "On code planes: the uid of the live resource, where plan or state knows it",
    "name": "Name of the resource",
    "type": "The table's own name",
    "provider": "`aws`",
    "account": "Account in which the resource lives",
    "region": "Region in which the resource lives, or `global`",
    "scope_account": "Account whose listing showed it",
    "scope_region": "Region whose listing showed it, or `global`",
    "seen_from": "Further scopes that show the same resource",
    "environment": "The configured environment it falls under; assigned when policies are judged",
    "tags": "Tags",
    "plane": "Where the row came from: `live` or `plan`",
    "source_file": "On code planes: the file",
    "source_line": "On code planes: the line, where it is known",
    "address": "On code planes: the address, such as `module.a.aws_sqs_queue.b[0]`",
    "incarnation": "Creation id or time; another one means that the thing was made anew",
    "config": "What the mappings read of the raw answer, as JSON without secrets",
    "fingerprint": "Changes whenever a column of the type changes",
    "collected_at": "When the scope was read, UTC",
    "stale_since": "Since when the row has not been confirmed, because reading its scope failed",
    "_absent": "Columns known to be not there",
    "_set": "Columns known to be set to a value that is not known yet",
    "_defaulted": "Columns that hold a default nobody wrote",
    "_why": "Column → cause, for each unknown column",
}


def _struct_of(kind: Type) -> str | None:
    inner = kind.item or kind
    return inner.struct


def _kind(kind: Type, here: str = "README.md") -> str:
    struct = _struct_of(kind)
    return f"[{code(str(kind))}]({here}#{struct})" if struct else code(str(kind))


def types_index(catalog: Catalog) -> str:
    """Every table, the columns that all have, and the structs."""
    rows = [
        (
            f"[{t.table}]({t.table}.md)",
            text(t.title),
            str(len(t.columns)),
            str(sum(p.resource == t.table for p in catalog.policies.values())),
        )
        for t in catalog.types.values()
    ]
    out = ["# Resource types\n\n", f"{len(rows)} tables. The columns of all tables and the structs"]
    out += [" stand below.\n\n", table(("table", "what", "columns", "policies"), rows)]
    out.append("\n## Columns that every table has\n\n")
    rows = [(code(n), code(str(k)), COMMON_ABOUT[n]) for n, k in COMMON.items()]
    out.append(table(("column", "type", "what it says"), rows))
    out.append("\nHow to read a `NULL`: see [query.md](../../query.md).\n\n## Structs\n")
    for name, fields in STRUCTS.items():
        rows = [(code(f.name), code(str(f.type)), text(f.about)) for f in fields]
        out.append(f"\n### {name}\n\n{table(('field', 'type', 'what it says'), rows)}")
    return "".join(out)


def type_page(catalog: Catalog, rtype: ResourceType) -> str:
    """One table: columns, relations, flags, calls, code blocks, policies."""
    out = [f"# {rtype.table}\n\n{text(rtype.title)}. [All tables](README.md); there stand the "]
    out.append("columns that every table has, too.\n\n## Columns\n\n")
    rows = [
        (code(c.name), _kind(c.type), text(c.about), *_planes(c), _silence(c))
        for c in rtype.columns.values()
    ]
    head = ("column", "type", "what it says", "live", "Terraform", "when nothing is said")
    out.append(table(head, rows))
    if rtype.relations:
        out.append("\n## Relations\n\n")
        rows = [_relation(r) for r in rtype.relations.values()]
        out.append(table(("name", "leads to", "through", "complete listings needed"), rows))
    out.append("\n## Flags\n\n")
    out.append(table(("flag", "when", "a no is known"), [_flag(rtype, name) for name in FLAGS]))
    if rtype.live:
        rows_per = "One listing" if rtype.live.list else "Exactly one row"
        place = {"global": "account"}.get(rtype.live.scope, f"account and {rtype.live.scope}")
        out.append(f"\n## Live calls\n\n{rows_per} per {place}.\n\n")
        rows = [_call(c) for c in rtype.live.calls()]
        out.append(table(("call", "permission", "fills", "means absent", "means gone"), rows))
    for reader, section in rtype.readers.items():
        out.append(f"\n## {reader.capitalize()}\n\n")
        out.append(table(("block", "how it joins"), _blocks(section)))
    judged = [p for p in catalog.policies.values() if p.resource == rtype.table]
    out.append("\n## Policies\n\n")
    out.append(_policy_table(catalog, judged, "../policies.md") if judged else "None.\n")
    return "".join(out)


def _planes(column: Column) -> tuple[str, str]:
    return (
        "yes" if "live" in column.mappings else "–",
        "yes" if "terraform" in column.mappings else "–",
    )


def _silence(column: Column) -> str:
    """What it means that the answer or the code does not say the column."""
    said = []
    if "live" in column.mappings:
        silent = "absent" if column.type.optional else "unknown"
        said.append(f"live: {silent if column.omitted is UNSAID else _plain(column.omitted)}")
    if "terraform" in column.mappings:
        default = column.defaults.get("terraform", UNSAID)
        said.append(f"code: {'unknown' if default is UNSAID else _plain(default)}")
    return "; ".join(said)


def _plain(value: Any) -> str:
    return "absent" if value is ABSENT else code(json.dumps(value, ensure_ascii=False))


def _relation(relation: Relation) -> tuple[str, str, str, str]:
    keys = codes(relation.keys)
    through = (
        f"our {code(relation.by)} names their {keys}"
        if relation.to
        else f"their {code(relation.by)} names our {keys}"
    )
    target = f"[{relation.target}]({relation.target}.md)"
    return code(relation.name), target, through, relation.within


def _flag(rtype: ResourceType, name: str) -> tuple[str, str, str]:
    flag = rtype.flags.get(name)
    if flag is None:
        return code(name), "not known of this type", "–"
    when = "never" if flag.when == NEVER else code(flag.when)
    known = {None: "always", NEVER: "never"}.get(flag.known_when)
    return code(name), when, known or "where " + code(flag.known_when or "")


def _call(call: Call) -> tuple[str, str, str, str, str]:
    needs = codes(permissions_of(call.call)) or "none"
    name = "the rows" if call.name == "list" else code(call.name)
    return code(call.call), needs, name, codes(call.absent) or "–", codes(call.gone) or "–"


def _blocks(reader: CodeReader) -> Iterator[tuple[str, str]]:
    for block in reader.resource:
        yield code(block), "the resource itself"
    for part in reader.parts:
        at = f"its {code(part.by or '')} points here" if part.by else f"our {code(part.via or '')}"
        yield codes(part.resource), at
    for part in reader.singletons:
        yield codes(part.resource), "a setting of the whole account or region"


def policies_page(catalog: Catalog) -> str:
    """All policies by service."""
    groups: dict[str, list[Policy]] = {}
    for policy in catalog.policies.values():
        service = PurePath(policy.where.file).parent.name if policy.where else "other"
        groups.setdefault(service, []).append(policy)
    out = [f"# Policies\n\n{len(catalog.policies)} policies. `trueline policy show ID` prints the "]
    out.append("predicate and the playbook of one; [aliases.md](aliases.md) finds them by the id ")
    out.append("of another tool; [policies.md](../policies.md) says how they are written.\n")
    for service in sorted(groups):
        out.append(f"\n## {service}\n\n{_policy_table(catalog, groups[service], '')}")
    return "".join(out)


def _policy_table(catalog: Catalog, policies: list[Policy], page: str) -> str:
    order = sorted(policies, key=lambda p: (SEVERITIES.index(p.severity), p.id))
    rows = [(p.severity, code(p.id), text(p.title), _judged(catalog, p)) for p in order]
    if not page:
        rows = [(*row, _aliases(p)) for row, p in zip(rows, order, strict=True)]
        return table(("severity", "id", "what is wrong", "judged on", "also known as"), rows)
    return table(("severity", "id", "what is wrong", "judged on"), rows)


def _judged(catalog: Catalog, policy: Policy) -> str:
    compiled = catalog.compiled[policy.id]
    found = {plane: unreadable(compiled, catalog.types, plane) for plane in PLANES}
    yes = [plane for plane, why in found.items() if why is None]
    lacking = [f"{plane}: {why}" for plane, why in found.items() if why]
    return ", ".join(yes) + (f" ({text(lacking[0])})" if lacking else "")


def _aliases(policy: Policy) -> str:
    return "; ".join(f"{tool} {codes(ids)}" for tool, ids in sorted(policy.aliases.items())) or "–"


def aliases_page(catalog: Catalog) -> str:
    """Our policies by the ids that other tools give to the same question."""
    found: dict[str, list[tuple[str, str]]] = {}
    for policy in catalog.policies.values():
        for tool, ids in policy.aliases.items():
            found.setdefault(tool, []).extend((i, policy.id) for i in ids)
    out = ["# Policies by the ids of other tools\n\nAn alias is set where both ask the same "]
    out.append("question. Where the answers still differ on purpose, ")
    out.append("[differences.md](../differences.md) says why.\n")
    for tool in sorted(found):
        rows = [(code(theirs), code(ours)) for theirs, ours in sorted(found[tool])]
        out.append(f"\n## {tool}\n\n{table(('their id', 'our policy'), rows)}")
    return "".join(out)
