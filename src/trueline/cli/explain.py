"""`trueline explain`: what a policy, a resource type, or a cause of unknown means."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.options import home_options, workspace
from trueline.errors import ConfigError

if TYPE_CHECKING:
    from trueline.model import ResourceType
    from trueline.pipeline import Workspace

__all__ = ["CAUSES", "explain", "policy_data", "policy_text"]

CAUSES = {
    "denied": "The call is not allowed; `trueline permissions aws` prints what lacks.",
    "throttled": "The service kept refusing for too many requests, after all retries.",
    "timeout": "The service did not answer in time.",
    "error": "The call failed for another reason; the ledger has the code and the message.",
    "truncated": "The answer came incomplete; an incomplete answer is never taken as an empty one.",
    "disabled": "The region or service is switched off in this account.",
    "unsupported": "The service does not exist in this region, or code cannot say this.",
    "not_collected": "Nothing asked for it: another selection, or a column newer than the data.",
    "stale": "The newest read of the scope failed; the value is from an earlier scan.",
    "account_not_scanned": "It points into an account that this estate does not include.",
    "sensitive": "The value is marked sensitive and is never read.",
    "missing": "The answer lacks this member, and silence has no documented meaning.",
    "malformed": "The value does not have the form it should have.",
    "after_apply": "Terraform knows it only after apply: this attribute will decide.",
    "provider_decides": "The code does not say it, and the provider or service chooses.",
    "unresolved": "This expression could not be resolved from what is at hand.",
    "dangling": "It points to something that was not found where everything was read.",
    "open_list": "The list is known in part: there may be more elements.",
}
"""Cause of an unknown (before a colon) → what it means."""


@click.command()
@click.argument("name", metavar="POLICY|ALIAS|TYPE|CAUSE")
@home_options
def explain(name: str, home: str | None, config: str | None) -> None:
    """Explain a policy, a resource type, or a cause such as `denied`.

    A policy is also found by the id that another tool has for the same question.
    """
    cause = name.partition(":")[0]
    if cause in CAUSES:
        click.echo(f"{cause}\n  {CAUSES[cause]}")
        return
    room = workspace(home, config)
    if name in room.catalog.types:
        click.echo(_type_text(room, room.catalog.types[name]))
        return
    click.echo(policy_text(room, name))


def policy_data(room: Workspace, name: str) -> dict[str, Any]:
    """A policy with what is derived from it, as plain data."""
    from trueline.catalog.select import columns_read
    from trueline.evaluate import unreadable

    policies, types = room.catalog.policies, room.catalog.types
    same = [p for p in policies.values() if name in (p.id, *p.formerly)]
    same += [p for p in policies.values() if any(name in ids for ids in p.aliases.values())]
    found = same[0] if same else None
    if found is None:
        near = difflib.get_close_matches(name, [*policies, *types, *CAUSES], 1)
        raise ConfigError(
            "usage",
            f"there is no policy, type or cause {name!r}",
            f"did you mean {near[0]!r}?" if near else "trueline policy list shows the policies",
        )
    compiled = room.catalog.compiled[found.id]
    return {
        "id": found.id,
        "title": found.title,
        "severity": found.severity,
        "resource": found.resource,
        "applies_when": found.applies_when,
        "fails_when": found.fails_when,
        "params": {
            p.name: {"type": p.type, "default": p.default, "about": p.about}
            for p in found.params.values()
        },
        "why": found.why,
        "fix": {
            "steps": list(found.steps),
            "cli": found.cli,
            "terraform": found.terraform,
            "caution": found.caution,
        },
        "verify": found.verify,
        "prevent": found.prevent,
        "fixed_by": found.fixed_by,
        "automation": found.automation,
        "categories": list(found.categories),
        "aliases": {k: list(v) for k, v in found.aliases.items()},
        "needs": {t: sorted(c) for t, c in columns_read(compiled)},
        "judged": {
            plane: unreadable(compiled, types, plane) or "yes" for plane in ("live", "plan")
        },
        "file": str(found.where) if found.where else None,
    }


def policy_text(room: Workspace, name: str) -> str:
    """A policy for a person to read."""
    data = policy_data(room, name)
    lines = [
        click.style(data["title"], bold=True),
        f"{data['id']}  ·  {data['severity']}  ·  {data['resource']}",
        "",
        data["why"],
        "",
    ]
    if data["applies_when"]:
        lines.append(f"Applies when   {' '.join(data['applies_when'].split())}")
    lines.append(f"Fails when     {' '.join(data['fails_when'].split())}")
    for param, said in data["params"].items():
        default = json.dumps(said["default"], ensure_ascii=False)
        lines.append(f"  :{param} {said['type']} = {default}  {said['about']}")
    lines += ["", "Fix"]
    lines += [f"  {n}. {step}" for n, step in enumerate(data["fix"]["steps"], 1)]
    for label, text in (("CLI", data["fix"]["cli"]), ("Terraform", data["fix"]["terraform"])):
        if text:
            lines += ["", label, *("  " + line for line in text.strip().splitlines())]
    for label, key in (("Caution", "caution"), ("Verify", "verify"), ("Prevent", "prevent")):
        text = data["fix"].get(key) or data.get(key)
        if text:
            lines += ["", f"{label}", f"  {' '.join(text.split())}"]
    lines += ["", f"Fixed by {data['fixed_by']}; automation: {data['automation']}"]
    if data["aliases"]:
        same = "; ".join(f"{tool} {', '.join(ids)}" for tool, ids in data["aliases"].items())
        lines.append(f"Same question: {same}")
    lines.append("Reads " + "; ".join(f"{t}: {', '.join(c)}" for t, c in data["needs"].items()))
    for plane, answer in data["judged"].items():
        lines.append(f"Judged on {plane}: {answer if answer == 'yes' else 'no, ' + answer}")
    return "\n".join(lines)


def _type_text(room: Workspace, rtype: ResourceType) -> str:
    lines = [click.style(rtype.title, bold=True), rtype.table, ""]
    width = max(len(n) for n in rtype.columns)
    for name, column in rtype.columns.items():
        lines.append(f"  {name:<{width}}  {column.type!s:<20} {column.about}")
    if rtype.relations:
        lines += ["", "Relations"]
        lines += [f"  {n} → {r.target} (by {r.by})" for n, r in rtype.relations.items()]
    if rtype.live:
        calls = dict.fromkeys(c.call for c in rtype.live.calls())
        lines += ["", "Live calls: " + ", ".join(calls)]
    for reader, code in rtype.readers.items():
        blocks = ", ".join(code.resource or tuple(r for s in code.singletons for r in s.resource))
        lines.append(f"{reader.capitalize()}: {blocks}")
    judged = sorted(p.id for p in room.catalog.policies.values() if p.resource == rtype.table)
    lines += ["", f"Policies ({len(judged)})", *(f"  {p}" for p in judged)]
    return "\n".join(lines)
