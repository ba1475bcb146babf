"""Turns wide rows into verdicts, and failed listings into verdicts of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from trueline.evaluate.judge import Layout, PolicyLayout
from trueline.language import CAUSES, causes_of
from trueline.model import Cause, Policy, ResourceRef, ScopeState, Verdict

__all__ = ["Severities", "read_verdicts", "scope_verdicts"]

Severities = Mapping[tuple[str | None, str], str]
"""(environment, policy id) → severity, only where an environment says another one."""

_STATUS = ("pass", "unknown", "fail")


def read_verdicts(
    layout: Layout,
    batches: Iterable[pa.RecordBatch],
    policies: Mapping[str, Policy],
    severities: Severities,
) -> Iterator[Verdict]:
    """Every applicable verdict in these wide rows, resource by resource.

    A policy that the catalog no longer has is left out: its verdicts have no meaning any more.
    """
    known = [p for p in layout.policies if p.policy in policies]
    read = {CAUSES, *(column for place in known for _, column in place.evidence)}
    for batch in batches:
        columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
        for name in read & (layout.json | {CAUSES}):
            columns[name] = [None if text is None else json.loads(text) for text in columns[name]]
        columns |= {name: [said] * batch.num_rows for name, said in layout.constant.items()}
        for index in range(batch.num_rows):
            row = {name: values[index] for name, values in columns.items()}
            if all(row[p.code] is None for p in known):
                continue
            resource = _resource(row)
            for place in known:
                if row[place.code] is not None:
                    policy = policies[place.policy]
                    yield _verdict(row, place, policy, resource, severities)


def _verdict(
    row: Mapping[str, Any],
    place: PolicyLayout,
    policy: Policy,
    resource: ResourceRef,
    severities: Severities,
) -> Verdict:
    status, last_known = _STATUS[row[place.code]], None
    unknown: tuple[Cause, ...] = ()
    if status == "unknown":
        unknown = tuple(Cause(*each) for each in causes_of(row[CAUSES], place.reasons, place.code))
    if row["stale_since"] is not None:
        status, last_known, unknown = "unknown", status, (Cause("*", "stale"),)
    environment = row["environment"]
    return Verdict(
        policy=policy.id,
        status=status,
        severity=severities.get((environment, policy.id), policy.severity),
        environment=environment,
        resource=resource,
        aliases=policy.aliases,
        evidence={label: row[name] for label, name in place.evidence},
        unknown=tuple(dict.fromkeys(unknown)),
        last_known=last_known,
    )


def _resource(row: Mapping[str, Any]) -> ResourceRef:
    return ResourceRef(
        uid=row["uid"],
        type=row["type"],
        name=row["name"],
        provider=row["provider"],
        account=row["account"],
        region=row["region"],
        plane=row["plane"],
        address=row["address"],
        file=row["source_file"],
        line=row["source_line"],
    )


def scope_verdicts(
    scopes: Sequence[ScopeState], policies: Iterable[Policy], severities: Severities
) -> Iterator[Verdict]:
    """One unknown verdict per policy and scope whose listing failed (DESIGN §9).

    Where every scope of an account failed for a type, one verdict stands for all of them.
    A scope that nobody asked for has not failed.
    """
    by_type: dict[str, dict[tuple[str, str], list[ScopeState]]] = {}
    for state in scopes:
        key = (state.scope.provider, state.scope.account)
        by_type.setdefault(state.scope.type, {}).setdefault(key, []).append(state)
    for policy in policies:
        for (provider, account), states in by_type.get(policy.resource, {}).items():
            failed = [s for s in states if not s.complete and s.cause != "not_collected"]
            whole = len(failed) == len(states) > 1
            for state in failed[:1] if whole else failed:
                region = "*" if whole else state.scope.region
                uid = f"scope:{provider}:{account}:{region}:{policy.resource}"
                yield Verdict(
                    policy=policy.id,
                    status="unknown",
                    severity=severities.get((None, policy.id), policy.severity),
                    environment=None,
                    resource=ResourceRef(
                        uid, policy.resource, None, provider, account, region, "live"
                    ),
                    aliases=policy.aliases,
                    unknown=(Cause("*", state.cause or "error"),),
                )
