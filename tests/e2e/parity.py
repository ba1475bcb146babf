"""Compares rows of a plan with the live rows of what it became, cell by cell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.model import ResourceType

__all__ = ["KINDS", "Cell", "compare", "table_of"]

KINDS = ("equal", "partly known", "set, value not known", "not known", "contradiction")


@dataclass(frozen=True)
class Cell:
    """One column of one resource on both planes; `kind` is one of KINDS."""

    table: str
    resource: str
    column: str
    kind: str
    plan: Any
    live: Any

    def __str__(self) -> str:
        return f"{self.resource} {self.column}: plan {self.plan!r}, live {self.live!r}"


def compare(
    rtype: ResourceType, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> Iterator[Cell]:
    """Every cell that both planes can show, of pairs (plan row, live row)."""
    for plan, live in pairs:
        for name, column in rtype.columns.items():
            if "terraform" not in column.mappings or "live" not in column.mappings:
                continue
            if state(live, name) == "unknown":
                continue
            kind = _kind(plan, live, name)
            yield Cell(
                rtype.table, str(plan["address"]), name, kind, _shown(plan, name), live[name]
            )


def state(row: Mapping[str, Any], name: str) -> str:
    if row[name] is not None:
        return "value"
    return "absent" if name in row["_absent"] else "unknown"


def _kind(plan: Mapping[str, Any], live: Mapping[str, Any], name: str) -> str:
    ours, theirs = state(plan, name), state(live, name)
    if ours == "unknown":
        if name not in plan["_set"]:
            return "not known"
        return "contradiction" if theirs == "absent" else "set, value not known"
    if ours != theirs:
        return "contradiction"
    if _canon(plan[name]) == _canon(live[name]):
        return "equal"
    return "partly known" if _fits(plan[name], live[name]) else "contradiction"


def _shown(row: Mapping[str, Any], name: str) -> Any:
    return row[name] if state(row, name) != "unknown" else row["_why"].get(name)


def _canon(value: Any) -> str:
    """Lists are sets here: neither API nor plan promises an order."""
    if isinstance(value, list):
        return json.dumps(sorted(_canon(v) for v in value))
    if isinstance(value, dict):
        return json.dumps({k: _canon(v) for k, v in sorted(value.items())})
    return json.dumps(value, sort_keys=True, default=str)


def _fits(plan: Any, live: Any) -> bool:
    """May this planned value, unknown leaves and open lists in it, become this live one?"""
    if plan is None:
        return True
    if isinstance(plan, dict) and isinstance(live, dict):
        return all(_fits(v, live.get(k)) for k, v in plan.items())
    if isinstance(plan, list) and isinstance(live, list):
        known = [v for v in plan if v is not None]
        if None not in plan and len(known) != len(live):
            return False
        return all(any(_fits(a, b) for b in live) for a in known)
    return bool(plan == live)


def table_of(cells: Sequence[Cell]) -> str:
    """Counts per type as a Markdown table."""
    lines = [
        "| type | " + " | ".join(KINDS) + " |",
        "|---|" + "--:|" * len(KINDS),
    ]
    by_type: dict[str, Counter[str]] = {}
    for cell in cells:
        by_type.setdefault(cell.table, Counter())[cell.kind] += 1
    total: Counter[str] = Counter()
    for table, counts in sorted(by_type.items()):
        total += counts
        lines.append(f"| {table} | " + " | ".join(str(counts[k]) for k in KINDS) + " |")
    lines.append("| **all** | " + " | ".join(f"**{total[k]}**" for k in KINDS) + " |")
    return "\n".join(lines)
