"""Groups verdicts on code by what causes them: one line of code, however often it is used.

A module called fifty times, or a block with `count`, says a thing once; so does a report.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trueline.model import SEVERITIES, Location, Verdict

__all__ = ["Entry", "entries"]

_KEYS = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+|\*)\]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy at one place: `verdicts` are those of every resource that the place makes."""

    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Verdict:
        return self.verdicts[0]

    @property
    def policy(self) -> str:
        return self.first.policy

    @property
    def severity(self) -> str:
        """The worst severity among the resources: environments may differ."""
        return min((v.severity for v in self.verdicts), key=SEVERITIES.index)

    @property
    def file(self) -> str | None:
        return self.first.location.file if self.first.location else self.first.resource.file

    @property
    def line(self) -> int | None:
        return self.first.location.line if self.first.location else self.first.resource.line

    @property
    def calls(self) -> tuple[Location, ...]:
        """Every module call on the way to any of the resources, the innermost first."""
        return tuple(dict.fromkeys(call for v in self.verdicts for call in v.calls))

    @property
    def names(self) -> tuple[str, ...]:
        """What the resources are called: addresses where there are any.

        Each once: root modules may have resources of the same address.
        """
        names = (v.resource.address or v.resource.name or v.resource.uid for v in self.verdicts)
        return tuple(dict.fromkeys(names))

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose the verdicts are, each once; tags and environments may differ at one place."""
        return tuple(dict.fromkeys(v.owner for v in self.verdicts if v.owner))

    @property
    def fingerprint(self) -> str:
        """Stays the same when lines move: policy, type, and the first address without keys."""
        resource = self.first.resource
        beginning, _, _ = resource.uid.partition(resource.address or "\0")
        address = _KEYS.sub("", resource.address or "")
        text = "\0".join((self.policy, resource.type, beginning, address))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def entries(verdicts: Iterable[Verdict]) -> list[Entry]:
    """Group verdicts of code by place, worst first; others stand alone."""
    groups: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(_cause(verdict), []).append(verdict)
    made = [Entry(tuple(group)) for group in groups.values()]
    return sorted(made, key=_order)


def _cause(verdict: Verdict) -> tuple[object, ...]:
    """What verdicts of one entry share."""
    resource = verdict.resource
    place: Sequence[object] = (verdict.location,)
    if verdict.location is None:
        place = (resource.file, resource.line) if resource.line else (resource.uid,)
    return (verdict.policy, verdict.status, verdict.change, verdict.exception, *place)


def _order(entry: Entry) -> tuple[object, ...]:
    status = ("fail", "unknown", "pass").index(entry.first.status)
    return (
        status,
        SEVERITIES.index(entry.severity),
        entry.policy,
        entry.file or "",
        entry.line or 0,
    )
