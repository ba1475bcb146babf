"""What an approval accepted: the evidence of a finding, without what only time changes.

It is void when the finding says more than was accepted: a list with a new element, another value.
What could not be read says nothing: it keeps the approval, and leaves it unverified.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from trueline.model import Policy
from trueline.settings import Settings

__all__ = ["Compared", "accepted", "compare", "lean", "predicate"]

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


_LONGEST = 160
"""Characters of a value in a reason."""


@dataclass(frozen=True, slots=True)
class Compared:
    """`beyond`: what the evidence says beyond what was accepted, in words, None = nothing.
    `whole`: could all of it be read?"""

    beyond: str | None
    whole: bool


def accepted(evidence: str) -> str:
    """The evidence to keep, as JSON."""
    return json.dumps(_lasting(json.loads(evidence)), ensure_ascii=False, separators=(",", ":"))


def compare(kept: str, now: str, unread: Collection[str] = ()) -> Compared:
    """Hold the evidence of now against what was kept; `unread` are labels that are not known."""
    old, new = json.loads(kept), _lasting(json.loads(now))
    whole = True
    for label in sorted(old.keys() | new.keys()):
        was, value = old.get(label), new.get(label)
        if label in unread and value is None:
            whole = False
        elif isinstance(was, list) and isinstance(value, list):
            new_ones = [e for e in value if e not in was]
            more = [e for e in new_ones if not any(_within(e, old) for old in was)]
            more = [e for e in more if e is not None]
            whole = whole and len(new_ones) == len(more)
            if more:
                return Compared(f"{label} has {len(more)} more: {_brief(more[0])}", whole)
        elif value != was:
            return Compared(f"{label} was {_brief(was)} and is {_brief(value)}", whole)
    return Compared(None, whole)


def predicate(policy: Policy, settings: Settings, environment: str | None) -> str:
    """A digest of what a policy asks in an environment: conditions and parameters."""
    params = {name: param.default for name, param in policy.params.items()}
    params |= settings.params.get(policy.id, {})
    for each in settings.environments:
        if each.name == environment and policy.id in each.policies:
            params |= each.policies[policy.id].params
    said = [policy.applies_when, policy.fails_when, sorted(params.items())]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


def _within(value: Any, accepted_value: Any) -> bool:
    """Is this what was accepted, as far as it could be read? Inside of lists null is not known."""
    if isinstance(value, dict) and isinstance(accepted_value, dict):
        return value.keys() == accepted_value.keys() and all(
            v is None or _within(v, accepted_value[k]) for k, v in value.items()
        )
    return bool(value == accepted_value)


def _lasting(value: Any) -> Any:
    """The value without times."""
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if not _is_time(v)}
    if isinstance(value, list):
        return [_lasting(v) for v in value if not _is_time(v)]
    return value


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def lean(value: Any) -> Any:
    """The value without members that say nothing: empty texts and lists, false, null."""
    if isinstance(value, dict):
        return {k: lean(v) for k, v in value.items() if v not in ("", [], {}, False, None)}
    return [lean(v) for v in value] if isinstance(value, list) else value


def _brief(value: Any) -> str:
    text = json.dumps(lean(value), ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
