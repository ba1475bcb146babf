"""Which policies hold where, with which parameters and severities.

What each environment makes of a policy is `held`'s to say. The report says once of a policy that
is switched off or not configured, where and why.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.catalog.select import columns_read
from trueline.errors import ConfigError, Where
from trueline.evaluate.held import hold
from trueline.language import CompiledPolicy, PolicySettings
from trueline.model import READERS, NotJudged, Policy, ResourceType
from trueline.settings import Environment, Settings

__all__ = ["Baseline", "baseline", "check_names", "readable", "unreadable"]

_READER_OF = {"live": "live", "plan": "terraform", "source": "terraform"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """`settings` for the language, severities that differ, and what is not judged everywhere.

    `held` says why an environment (None = outside of them) does not judge a policy, by (its name,
    policy id). `nowhere` are the policies that no environment has: neither switched on nor
    configured.
    """

    settings: tuple[PolicySettings, ...]
    severities: Mapping[tuple[str | None, str], str]
    held: Mapping[tuple[str | None, str], str]
    not_judged: tuple[NotJudged, ...]
    nowhere: frozenset[str]


def baseline(
    settings: Settings, policies: Mapping[str, Policy], only: Environment | None = None
) -> Baseline:
    """Resolve the configuration against the policies; `only` = every row is of this environment.

    Raises ConfigError for what fits no policy or parameter.
    """
    check_names(settings, policies)
    resolved: list[PolicySettings] = []
    severities: dict[tuple[str | None, str], str] = {}
    reasons: dict[tuple[str | None, str], str] = {}
    for environment in (only,) if only else (*settings.environments, None):
        name = environment.name if environment else None
        all_held = [hold(policy, settings, environment) for policy in policies.values()]
        for held in all_held:
            if held.reason:
                reasons[name, held.policy.id] = held.reason
            if held.severity != held.policy.severity:
                severities[name, held.policy.id] = held.severity
        resolved.append(
            PolicySettings(
                environment=name,
                enabled={h.policy.id: h.reason is None for h in all_held},
                params={h.policy.id: {n: v.value for n, v in h.params.items()} for h in all_held},
            )
        )
    return Baseline(
        tuple(resolved),
        severities,
        reasons,
        _not_judged(reasons, len(resolved)),
        frozenset(p for p in policies if not any(s.enabled[p] for s in resolved)),
    )


def _not_judged(
    held: Mapping[tuple[str | None, str], str], environments: int
) -> tuple[NotJudged, ...]:
    """Each policy that some environment does not judge, once."""
    by_policy: dict[str, dict[str, list[str | None]]] = {}
    for (name, policy), reason in held.items():
        by_policy.setdefault(policy, {}).setdefault(reason, []).append(name)
    return tuple(
        NotJudged(policy, "*", _everywhere(by_reason, environments))
        for policy, by_reason in sorted(by_policy.items())
    )


def _everywhere(by_reason: Mapping[str, Sequence[str | None]], environments: int) -> str:
    """Each reason and, unless it holds everywhere, where."""
    return "; ".join(
        reason
        if len(names) == environments
        else f"{reason} ({', '.join(n or 'outside the environments' for n in names)})"
        for reason, names in by_reason.items()
    )


def check_names(settings: Settings, policies: Mapping[str, Policy]) -> None:
    """A setting of a policy or parameter that does not exist would silently do nothing."""
    said: list[tuple[Mapping[str, Mapping[str, Any]], Environment | None]]
    said = [(settings.params, None)]
    for each in settings.environments:
        said.append(({k: v.params for k, v in each.policies.items()}, each))
    for by_policy, environment in said:
        where = environment.where if environment else _where(settings)
        for policy, values in by_policy.items():
            if policy not in policies:
                raise _unknown("policy", policy, policies, where)
            for name in values:
                if name not in policies[policy].params:
                    raise _unknown(f"parameter of {policy}", name, policies[policy].params, where)


def _unknown(kind: str, name: str, known: Collection[str], where: Where | None) -> ConfigError:
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"did you mean {near[0]!r}?" if near else "known: " + (", ".join(known) or "none")
    if kind == "policy" and not near:
        hint = "trueline policy list shows them all"
    return ConfigError("config-invalid", f"unknown {kind} {name!r}", hint, where)


def _where(settings: Settings) -> Where | None:
    return Where(str(settings.file)) if settings.file else None


def unreadable(
    compiled: CompiledPolicy, types: Mapping[str, ResourceType], plane: str
) -> str | None:
    """Why a plane cannot judge a policy: the first column it cannot show; None = it can."""
    reader = _READER_OF.get(plane, plane)
    assert reader in READERS
    needed = [(table, c) for table, columns in columns_read(compiled) for c in columns]
    for table, name in needed:
        rtype = types[table]
        if rtype.live is None if reader == "live" else reader not in rtype.readers:
            return f"{table} cannot be read from {reader}"
        column = rtype.columns.get(name)
        if column and reader not in column.mappings:
            prefix = "" if table == compiled.table else f"{table}."
            return f"needs column {prefix}{name}"
    return None


def readable(
    policies: Sequence[CompiledPolicy], types: Mapping[str, ResourceType], plane: str
) -> tuple[list[CompiledPolicy], list[NotJudged]]:
    """Split policies into those that a plane can judge and those that it cannot."""
    judged, not_judged = [], []
    for compiled in policies:
        reason = unreadable(compiled, types, plane)
        if reason is None:
            judged.append(compiled)
        else:
            not_judged.append(NotJudged(compiled.id, plane, reason))
    return judged, not_judged
