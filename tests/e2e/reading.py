"""Verdicts by policy and resource, and what may become of them when less can be read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from trueline.catalog import Catalog
from trueline.catalog.select import relations_used
from trueline.model import Call, ResourceType, Verdict

__all__ = ["Verdicts", "by_resource", "calls_of", "changed", "reached_by", "untruths"]

Verdicts = Mapping[tuple[str, str], Verdict]
"""(policy, uid of the resource or failed scope) → verdict."""


def by_resource(verdicts: Iterable[Verdict]) -> Verdicts:
    """No resource is judged twice by a policy."""
    found: dict[tuple[str, str], Verdict] = {}
    for verdict in verdicts:
        key = (verdict.policy, verdict.resource.uid)
        assert key not in found, key
        found[key] = verdict
    return found


def untruths(healthy: Verdicts, seen: Verdicts) -> Iterator[str]:
    """Every verdict that turned, vanished or appeared otherwise than by becoming unknown.

    A resource that cannot be listed any more leaves an unknown verdict of each policy for its
    scope, or for all scopes of its account. Whether a policy applies may become unknown too.
    """
    resources = {uid for _, uid in healthy}
    for (policy, uid), was in healthy.items():
        now = seen.get((policy, uid))
        if now is None:
            if not any((policy, scope) in seen for scope in _scopes_of(was)):
                yield f"{policy} of {uid}: {was.status} vanished"
        elif now.status not in (was.status, "unknown"):
            yield f"{policy} of {uid}: {was.status} became {now.status}"
    for (policy, uid), now in seen.items():
        if now.status == "unknown" and not any(c.cause for c in now.unknown):
            yield f"{policy} of {uid}: unknown without a cause"
        if (policy, uid) in healthy or uid.startswith("scope:"):
            continue
        if uid not in resources:
            yield f"{policy} of {uid}: {now.status} of a resource that nobody saw before"
        elif now.status != "unknown":
            yield f"{policy} of {uid}: {now.status} where it did not apply"


def changed(healthy: Verdicts, seen: Verdicts) -> list[Verdict]:
    """The verdicts that are other than in the healthy run."""
    return [v for key, v in seen.items() if key not in healthy or healthy[key].status != v.status]


def _scopes_of(verdict: Verdict) -> Iterator[str]:
    """The uids under which a failed listing of this resource may be reported."""
    where = verdict.resource
    for region in (where.region, "global", "*"):
        yield f"scope:{where.provider}:{where.account}:{region}:{where.type}"


def calls_of(rtype: ResourceType) -> set[str]:
    """Every call of a type's spec."""
    live = rtype.live
    if live is None:
        return set()
    parts = (*((live.list,) if live.list else ()), *live.parts)
    return {name for part in parts for name in _names(part)}


def _names(call: Call) -> Iterator[str]:
    yield call.call
    for before in call.first:
        yield from _names(before)


def reached_by(catalog: Catalog, makers: Collection[str]) -> tuple[set[str], set[str]]:
    """The types whose verdicts hang on what `makers` read, and all that judging those needs."""
    used = {i: relations_used(c) for i, c in catalog.compiled.items()}
    targets = {
        policy: {catalog.types[t].relations[r].target for t, r in pairs}
        for policy, pairs in used.items()
    }
    judged = set(makers) | {
        catalog.compiled[policy].table for policy, to in targets.items() if to & set(makers)
    }
    needed = judged | {
        table for i, to in targets.items() for table in to if catalog.compiled[i].table in judged
    }
    return judged, needed
