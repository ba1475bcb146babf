"""Which policies hold where, with which parameters and severities.

A parameter's value is the environment's, else `[params]` of the configuration, else the policy's
default. A policy with a parameter that has none of these is not configured: it is not judged
there. The report says once of such a policy, and of one that is switched off, where and why.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.catalog.select import columns_read
from trueline.errors import ConfigError, Where
from trueline.language import CompiledPolicy, PolicySettings
from trueline.model import READERS, NotJudged, Param, Policy, ResourceType
from trueline.settings import Environment, PolicyOverride, Settings

__all__ = ["Baseline", "baseline", "readable", "unreadable"]

_NOTHING = Environment("", "")
_PYTHON = {"bool": (bool,), "int": (int,), "float": (int, float), "text": (str,), "list": (list,)}
_READER_OF = {"live": "live", "plan": "terraform", "source": "terraform"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """`settings` for the language, severities that differ, and what is not judged everywhere.

    `nowhere` are the policies that no environment has: neither switched on nor configured.
    """

    settings: tuple[PolicySettings, ...]
    severities: Mapping[tuple[str | None, str], str]
    not_judged: tuple[NotJudged, ...]
    nowhere: frozenset[str]


def baseline(
    settings: Settings, policies: Mapping[str, Policy], only: Environment | None = None
) -> Baseline:
    """Resolve the configuration against the policies; `only` = every row is of this environment.

    Raises ConfigError for what fits no policy or parameter.
    """
    _check_names(settings, policies)
    resolved: list[PolicySettings] = []
    severities: dict[tuple[str | None, str], str] = {}
    reasons: dict[str, dict[str, list[str | None]]] = {}
    for environment in (only,) if only else (*settings.environments, None):
        name = environment.name if environment else None
        said = (environment or _NOTHING).policies
        enabled: dict[str, bool] = {}
        params: dict[str, dict[str, Any]] = {}
        for policy in policies.values():
            override = said.get(policy.id, PolicyOverride())
            params[policy.id], lacking = _values(policy, settings, override)
            reason = _reason(override, lacking)
            enabled[policy.id] = reason is None
            if reason:
                reasons.setdefault(policy.id, {}).setdefault(reason, []).append(name)
            if override.severity:
                severities[name, policy.id] = override.severity
        resolved.append(PolicySettings(environment=name, enabled=enabled, params=params))
    return Baseline(
        tuple(resolved),
        severities,
        tuple(
            NotJudged(policy, "*", _everywhere(by_reason, len(resolved)))
            for policy, by_reason in sorted(reasons.items())
        ),
        frozenset(p for p in policies if not any(s.enabled[p] for s in resolved)),
    )


def _reason(override: PolicyOverride, lacking: str | None) -> str | None:
    """Why an environment does not judge a policy."""
    if override.enabled is False:
        return f"switched off: {override.reason}"
    return f"parameter {lacking} is not configured" if lacking else None


def _everywhere(by_reason: Mapping[str, Sequence[str | None]], environments: int) -> str:
    """Each reason and, unless it holds everywhere, where."""
    return "; ".join(
        reason
        if len(names) == environments
        else f"{reason} ({', '.join(n or 'outside the environments' for n in names)})"
        for reason, names in by_reason.items()
    )


def _values(
    policy: Policy, settings: Settings, override: PolicyOverride
) -> tuple[dict[str, Any], str | None]:
    """The value of each parameter, and the first that has none."""
    values: dict[str, Any] = {}
    lacking = None
    for param in policy.params.values():
        if param.name in override.params:
            values[param.name] = _checked(param, override.params[param.name], policy, settings)
        elif param.name in settings.params.get(policy.id, {}):
            values[param.name] = _checked(
                param, settings.params[policy.id][param.name], policy, settings
            )
        elif param.has_default:
            values[param.name] = param.default
        else:
            values[param.name] = None
            lacking = lacking or param.name
    return values, lacking


def _checked(param: Param, value: Any, policy: Policy, settings: Settings) -> Any:
    kind = param.type.partition("<")[0]
    fits = isinstance(value, _PYTHON.get(kind, (object,)))
    if isinstance(value, bool) and kind != "bool":
        fits = False
    if fits:
        return value
    raise ConfigError(
        "config-invalid",
        f"{policy.id}: parameter {param.name} is of type {param.type}, seen {value!r}",
        param.about,
        _where(settings),
    )


def _check_names(settings: Settings, policies: Mapping[str, Policy]) -> None:
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
