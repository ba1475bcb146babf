"""`trueline policy`: list, show, test, lint, new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trueline.cli.options import home_options, many, talk, workspace
from trueline.errors import ActionError, ConfigError

if TYPE_CHECKING:
    from trueline.catalog import Problem

__all__ = ["policy"]

MODES = click.Choice(("table", "json"))


@click.group()
def policy() -> None:
    """Policies: list, show, test, lint, new."""


@policy.command("list")
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@click.option("--severity", type=click.Choice(("critical", "high", "medium", "low")))
@click.option("--type", "resource", metavar="TABLE", help="Only policies on this resource type.")
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def list_(
    globs: tuple[str, ...],
    severity: str | None,
    resource: str | None,
    format_: str,
    home: str | None,
    config: str | None,
) -> None:
    """List policies, worst first."""
    from trueline.catalog.select import select_policies
    from trueline.model import SEVERITIES

    room = workspace(home, config)
    chosen = [
        p
        for p in select_policies(room.catalog, globs).values()
        if severity in (None, p.severity) and resource in (None, p.resource)
    ]
    chosen.sort(key=lambda p: (SEVERITIES.index(p.severity), p.id))
    if format_ == "json":
        rows = [
            {
                "id": p.id,
                "title": p.title,
                "severity": p.severity,
                "resource": p.resource,
                "categories": list(p.categories),
                "aliases": {k: list(v) for k, v in p.aliases.items()},
            }
            for p in chosen
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max((len(p.id) for p in chosen), default=0)
    colours = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}
    for p in chosen:
        mark = click.style(
            f"{p.severity:<9}", fg=colours[p.severity], bold=p.severity == "critical"
        )
        click.echo(f"{mark} {p.id:<{width}}  {p.title}")
    talk(many(len(chosen), "policy"))


@policy.command()
@click.argument("policy_id")
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def show(policy_id: str, format_: str, home: str | None, config: str | None) -> None:
    """Show a policy: predicate, playbook, aliases, what it needs."""
    from trueline.cli.explain import policy_data, policy_text

    room = workspace(home, config)
    if format_ == "json":
        click.echo(json.dumps(policy_data(room, policy_id), indent=2, ensure_ascii=False))
    else:
        click.echo(policy_text(room, policy_id))


@policy.command()
@click.argument("globs", nargs=-1, metavar="[GLOB]...")
@click.option("--no-mutation", is_flag=True, help="Only the cases, not their strength.")
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def test(
    globs: tuple[str, ...], no_mutation: bool, format_: str, home: str | None, config: str | None
) -> None:
    """Judge every policy's own cases, and prove that they would notice a changed predicate.

    A mutant is the predicate with one operator, boundary, quantifier or list element changed;
    one that no case notices means that a case is missing.
    """
    from trueline.catalog.select import select_policies
    from trueline.proof import policy_proof

    room = workspace(home, config)
    failed = 0
    proofs = []
    for chosen in select_policies(room.catalog, globs).values():
        proof = policy_proof(room, chosen, mutation=not no_mutation)
        proofs.append(proof)
        failed += not proof.ok
        if format_ == "table":
            _say_proof(proof)
    if format_ == "json":
        click.echo(json.dumps([p.to_dict() for p in proofs], indent=2, ensure_ascii=False))
    cases = sum(len(p.cases) for p in proofs)
    mutants = sum(p.mutants for p in proofs)
    counted = (many(len(proofs), "policy"), many(cases, "case"), many(mutants, "mutant"))
    talk(f"{', '.join(counted)}; {failed} failed")
    if failed:
        raise ActionError(
            "policy-test",
            f"{failed} of {len(proofs)} policies do not pass their own tests",
            "see the lines above; trueline policy test ID looks at one",
        )


def _say_proof(proof: Any) -> None:
    mark = click.style("ok  ", fg="green") if proof.ok else click.style("FAIL", fg="red", bold=True)
    click.echo(f"{mark} {proof.policy}  {len(proof.cases)} cases, {proof.mutants} mutants")
    for case in proof.cases:
        if not case.ok:
            causes = f" ({'; '.join(case.causes)})" if case.causes else ""
            click.echo(
                f"     case {case.case!r}: expected {case.expected}, seen {case.seen}{causes}"
            )
            if case.where:
                click.echo(f"       --> {case.where}")
    for label in proof.survivors:
        click.echo(f"     no case notices this change: {label}")
    for kind in proof.missing:
        click.echo(f"     there is no case that expects {kind}")


@policy.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "format_", type=MODES, default="table")
@home_options
def lint(paths: tuple[Path, ...], format_: str, home: str | None, config: str | None) -> int:
    """Check content: shipped, configured, and the directories given.

    Every problem is told with its place; API calls and members are checked against the AWS
    models where the aws extra is installed.
    """
    from trueline.catalog import render_problems
    from trueline.catalog.build import build
    from trueline.settings import find_config, home_directory, load_settings

    settings = load_settings(find_config(config, home_directory(home)))
    catalog, problems = build((*settings.content, *paths))
    problems = [*problems, *_call_problems(catalog)]
    if format_ == "json":
        click.echo(json.dumps([_problem(p) for p in problems], indent=2, ensure_ascii=False))
    elif problems:
        click.echo(render_problems(problems))
    errors = sum(not p.warning for p in problems)
    talk(f"{len(catalog.types)} types, {len(catalog.policies)} policies; {errors} errors")
    return 2 if errors else 0


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "file": problem.where.file,
        "line": problem.where.line or None,
        "column": problem.where.column or None,
        "hint": problem.hint,
        "warning": problem.warning,
    }


def _call_problems(catalog: Any) -> list[Any]:
    try:
        from trueline.catalog.call_check import check_calls
    except ImportError:
        talk("API calls are not checked: the aws extra is not installed")
        return []
    return [p for t in catalog.types.values() for p in check_calls(t)]


@policy.command()
@click.argument("policy_id")
@click.option("--resource", required=True, metavar="TABLE", help="The resource type it judges.")
@click.option(
    "--directory", type=click.Path(path_type=Path), default=Path("content"), show_default=True,
    help="Content directory to write to; name it under `content` in trueline.toml.",
)  # fmt: skip
@home_options
def new(
    policy_id: str, resource: str, directory: Path, home: str | None, config: str | None
) -> None:
    """Write the skeleton of a policy with failing tests, ready to be filled in."""
    room = workspace(home, config)
    rtype = room.catalog.types.get(resource)
    if rtype is None:
        from trueline.catalog.problems import closest

        raise ConfigError(
            "usage", f"unknown resource type {resource!r}", closest(resource, room.catalog.types)
        )
    if policy_id in room.catalog.policies:
        raise ConfigError(
            "usage", f"the policy {policy_id!r} is there already", "choose another id"
        )
    service = resource.split("_")[1]
    path = directory / "policies" / rtype.provider / service / f"{policy_id}.yaml"
    if path.exists():
        raise ActionError("exists", f"{path} is there already", "choose another id")
    flag = next((n for n, c in rtype.columns.items() if str(c.type) == "bool"), None)
    predicate, row = (f"NOT {flag}", flag) if flag else ("name LIKE 'forbidden-%'", "name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _SKELETON.format(
            id=policy_id,
            resource=resource,
            title=rtype.title,
            predicate=predicate,
            column=row,
            bad="false" if flag else "forbidden-x",
            good="true" if flag else "x",
        ),
        encoding="utf-8",
    )
    click.echo(str(path))
    if directory.resolve() not in {place.resolve() for place in room.settings.content}:
        talk(f'first: name its directory in trueline.toml: content = ["{directory}"]')
    talk(f"next: edit it, then trueline policy test {policy_id}")


_SKELETON = """\
id: {id}
title: {title} …
severity: medium
resource: {resource}
fails_when: {predicate}
why: What can happen because of this, in one or two plain sentences.
fix:
  steps:
    - What to change, safely.
  caution: What this may break.
verify: How to see that it worked.
fixed_by: platform
automation: never
tests:
  - {{name: bad, expect: fail, row: {{{column}: {bad}}}}}
  - {{name: good, expect: pass, row: {{{column}: {good}}}}}
  - {{name: not read, expect: unknown, row: {{}}}}
"""
