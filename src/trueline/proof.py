"""What a policy's own cases show of it: test rows are judged, by the policy and by its mutants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from trueline.catalog.select import tables_named
from trueline.errors import Where
from trueline.model import Policy, PolicyTest, Verdict
from trueline.pipeline import Bench, Workspace
from trueline.settings import Settings

if TYPE_CHECKING:
    from trueline.language import CompiledPolicy

__all__ = ["CaseResult", "Proof", "judge_cases", "policy_proof"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of a policy's own tests: what was expected and what came."""

    policy: str
    case: str
    expected: str
    seen: str
    causes: tuple[str, ...] = ()
    where: Where | None = None

    @property
    def ok(self) -> bool:
        return self.expected == self.seen


def judge_cases(
    workspace: Workspace, policy: Policy, variants: Mapping[str, CompiledPolicy]
) -> dict[str, list[CaseResult]]:
    """Judge each case of a policy by every variant of it (itself, its mutants), by label."""
    from trueline.catalog.testing import NOW, case_batches
    from trueline.evaluate import baseline, read_verdicts
    from trueline.lake import Tables

    catalog = workspace.catalog
    compiled = [replace(c, id=label) for label, c in variants.items()]
    policies = {label: replace(policy, id=label) for label in variants}
    types = {t: catalog.types[t] for t in tables_named(compiled)}
    related = any(c.relations for c in compiled)
    found: dict[tuple[str, str], CaseResult] = {}
    for batch in case_batches(policy, catalog.types, related=related):
        given = batch.cases[0].params
        params = {label: dict(given) for label in variants} if given else {}
        base = baseline(Settings(params=params), policies)
        used = {t: r for t, r in batch.rows.items() if t in types}
        with Tables.from_rows(types, used, batch.scopes, ()) as tables:
            (judged,) = Bench(catalog, base, (), NOW).judge(tables, compiled, "all")
            verdicts = {
                (v.policy, v.resource.uid): v
                for v in read_verdicts(judged.layout, judged.all(), policies, {})
            }
        for case, uid in zip(batch.cases, batch.uids, strict=True):
            for label in variants:
                result = _case_result(policy.id, case, verdicts.get((label, uid)))
                found[label, case.name] = result
    return {label: [found[label, case.name] for case in policy.tests] for label in variants}


def _case_result(policy: str, case: PolicyTest, verdict: Verdict | None) -> CaseResult:
    causes = verdict.unknown if verdict else ()
    return CaseResult(
        policy,
        case.name,
        case.expect,
        verdict.status if verdict else "not_applicable",
        tuple(f"{c.column}: {c.cause}" for c in causes),
        case.where,
    )


@dataclass(frozen=True, slots=True)
class Proof:
    """What a policy's own cases show of it.

    `survivors` are changes of the predicate that no case notices, `missing` the expectations
    that no case has.
    """

    policy: str
    cases: tuple[CaseResult, ...]
    mutants: int
    survivors: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return all(c.ok for c in self.cases) and not self.survivors and not self.missing

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "ok": self.ok,
            "cases": [
                {"name": c.case, "expect": c.expected, "seen": c.seen, "causes": list(c.causes)}
                for c in self.cases
            ],
            "mutants": self.mutants,
            "survivors": list(self.survivors),
            "missing": list(self.missing),
        }


def policy_proof(workspace: Workspace, policy: Policy, *, mutation: bool = True) -> Proof:
    """Judge a policy's cases by itself and, with `mutation`, by each of its mutants.

    A mutant that the policy names as equivalent, with its reason, may survive.
    """
    catalog = workspace.catalog
    variants = {policy.id: catalog.compiled[policy.id]}
    if mutation:
        from trueline.language import compile_policy, mutants

        for mutant in mutants(policy, catalog.types):
            if mutant.label not in policy.equivalent_mutants:
                variants[mutant.label] = compile_policy(mutant.policy, catalog.types)
    results = judge_cases(workspace, policy, variants)
    own = results.pop(policy.id)
    survivors = [
        label
        for label, cases in results.items()
        if all(c.seen == o.seen for c, o in zip(cases, own, strict=True))
    ]
    expected = {case.expect for case in policy.tests}
    return Proof(
        policy.id,
        tuple(own),
        len(results),
        tuple(survivors),
        tuple(e for e in ("pass", "fail", "unknown") if e not in expected),
    )
