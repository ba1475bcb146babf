"""What a place holds one policy to: an environment, or all that is outside of the environments.

A parameter's value is the environment's, else `[params]` of the configuration, else the policy's
default. A policy with a parameter that has none of these is not configured there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from trueline.errors import ConfigError, Where
from trueline.model import Param, Policy
from trueline.settings import Environment, PolicyOverride, Settings

__all__ = ["Held", "Value", "hold"]

_PYTHON = {"bool": (bool,), "int": (int,), "float": (int, float), "text": (str,), "list": (list,)}


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter's value and who says it; nobody says that of a parameter that lacks one."""

    value: Any
    source: Literal["default", "params", "environment"] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A policy in one place. `reason` says why it is not judged there, None = it is.

    `lacks` is the first parameter without a value. `max_exception_days` is the place's own limit
    for exceptions from this policy, None = only that of its severity holds.
    """

    policy: Policy
    severity: str
    state: Literal["on", "off", "not configured"] = "on"
    reason: str | None = None
    lacks: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    max_exception_days: int | None = None

    @property
    def differs(self) -> bool:
        """Is it held in another way than the policy itself says?"""
        return (
            self.state != "on"
            or self.severity != self.policy.severity
            or self.max_exception_days is not None
            or any(not _says(self.policy.params[n], v.value) for n, v in self.params.items())
        )


def _says(param: Param, value: Any) -> bool:
    return param.has_default and bool(param.default == value)


def hold(policy: Policy, settings: Settings, environment: Environment | None) -> Held:
    """Resolve one policy for an environment, None = outside of them.

    Raises ConfigError for a value that is not of the parameter's type.
    """
    said = environment.policies.get(policy.id) if environment else None
    override = said or PolicyOverride()
    params = {p.name: _value(p, policy, settings, override) for p in policy.params.values()}
    lacks = next((name for name, v in params.items() if v.source is None), None)
    state: Literal["on", "off", "not configured"] = "on"
    reason = None
    if override.enabled is False:
        state, reason = "off", f"switched off: {override.reason}"
    elif lacks:
        state, reason = "not configured", f"parameter {lacks} is not configured"
    return Held(
        policy,
        override.severity or policy.severity,
        state,
        reason,
        lacks,
        params,
        override.max_exception_days,
    )


def _value(param: Param, policy: Policy, settings: Settings, override: PolicyOverride) -> Value:
    if param.name in override.params:
        return Value(_checked(param, override.params[param.name], policy, settings), "environment")
    everywhere = settings.params.get(policy.id, {})
    if param.name in everywhere:
        return Value(_checked(param, everywhere[param.name], policy, settings), "params")
    return Value(param.default, "default") if param.has_default else Value(None, None)


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
        Where(str(settings.file)) if settings.file else None,
    )
