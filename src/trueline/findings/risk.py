"""The risk of a finding: one sum of weighted factors, 0–100, each part shown.

    risk = Σ weight × value,  value from 0 to 1

A factor that is not known counts half of its weight and says so: it is never taken for zero.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.findings.subject import SUBJECT
from trueline.settings import Risk, Settings, load_assets, weights

__all__ = ["AGE_DAYS", "AGE_POINTS", "WEIGHTS", "Weighing", "levels_sql", "with_age", "young"]

WEIGHTS = {
    "severity": 40,
    "exposure": 15,
    "environment": 10,
    "sensitivity": 10,
    "criticality": 10,
    "privileges": 10,
    "age": 5,
}
"""The points that each factor gives at most; they add up to 100."""

SEVERITY = {"critical": 1.0, "high": 0.7, "medium": 0.4, "low": 0.15}
AGE_DAYS = (7, 30, 90)
"""Days open after which a finding's age weighs more, a step each."""
AGE_POINTS = (0, 1, 3, 5)
"""The points of each step."""
_UNKNOWN = 0.5
_EXPOSED, _PRIVILEGED = "internet-exposed", "privilege"
"""Categories of policies that say a factor by failing."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the settings say of environments and levels."""

    settings: Settings

    def factors(self, row: Mapping[str, Any], categories: Sequence[str]) -> dict[str, Any]:
        """The parts of a finding's risk but its age: factor → value (None = not known), points."""
        levels = self.settings.risk.levels
        values = {
            "severity": SEVERITY[row["severity"]],
            "exposure": 1.0 if _EXPOSED in categories else _flag(row["exposed"]),
            "environment": weights(self.settings.environments).get(row["environment"] or ""),
            "sensitivity": _level(levels, row["sensitivity"]),
            "criticality": _level(levels, row["criticality"]),
            "privileges": 1.0
            if any(c.startswith(_PRIVILEGED) for c in categories)
            else _flag(row["privileged"]),
        }
        return {
            name: {
                "value": value,
                "points": round(WEIGHTS[name] * (_UNKNOWN if value is None else value), 1),
                "of": WEIGHTS[name],
            }
            for name, value in values.items()
        }


def with_age(factors: Mapping[str, Any], step: int) -> tuple[int, dict[str, Any]]:
    """The risk of these factors after so many steps of age, and all its parts."""
    points = AGE_POINTS[step]
    age = {"value": points / WEIGHTS["age"], "points": points, "of": WEIGHTS["age"]}
    parts = {**factors, "age": age}
    return round(sum(part["points"] for part in parts.values())), parts


def young(factors: str) -> tuple[int, dict[str, Any]]:
    """Risk and parts of a finding whose age begins anew; `factors` is the JSON it had."""
    parts = json.loads(factors)
    parts.pop("age", None)
    return with_age(parts, 0)


def levels_sql(settings: Settings) -> tuple[str, str]:
    """Data sensitivity and criticality of a subject under the alias `p` as SQL; NULL = not known.

    A tag wins over the rules; the first rule that certainly holds and says the level decides.
    Raises LanguageError with the rule's place.
    """
    risk, rules = settings.risk, load_assets(settings.risk)
    compiled: list[str] = []
    if rules:
        from trueline.language import compile_rule

        compiled = [compile_rule(rule.match, SUBJECT, rule.where) for rule in rules]
    out = []
    for tag, attribute in (
        (risk.sensitivity_tag, "sensitivity"),
        (risk.criticality_tag, "criticality"),
    ):
        whens = [
            f"WHEN {sql} THEN {_text(level.lower())}"
            for sql, rule in zip(compiled, rules, strict=True)
            if (level := getattr(rule, attribute)) is not None
        ]
        ruled = f"CASE {' '.join(whens)} END" if whens else "NULL::VARCHAR"
        out.append(f"coalesce({_tagged(risk, tag)}, {ruled})" if tag else ruled)
    return out[0], out[1]


def _tagged(risk: Risk, tag: str) -> str:
    value = f"lower(trim(p.tags[{_text(tag)}]))"
    known = ", ".join(_text(level) for level in risk.levels)
    return f"CASE WHEN {value} IN ({known}) THEN {value} END"


def _level(levels: Mapping[str, float], name: str | None) -> float | None:
    return None if name is None else levels[name]


def _flag(code: int | None) -> float | None:
    """A flag's code: 2 = yes, 0 = no, 1 or none = not known."""
    return {2: 1.0, 0: 0.0}.get(code) if code is not None else None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
