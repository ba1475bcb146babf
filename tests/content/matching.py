"""Expected rows against rows that came."""

from __future__ import annotations

from collections.abc import Sequence

from trueline.catalog.examples import ExpectedRow, differences
from trueline.model import ResourceType, Row

__all__ = ["mismatches"]


def mismatches(
    expected: Sequence[ExpectedRow], rows: Sequence[Row], rtype: ResourceType
) -> list[str]:
    """What keeps the rows from being exactly the expected ones; empty when they are.

    Each expected row takes the row that differs least from it.
    """
    left = list(rows)
    problems = []
    if len(expected) != len(rows):
        names = [row["address"] or row["uid"] for row in rows]
        problems.append(f"expected {len(expected)} rows, seen {len(rows)}: {names}")
    for want in expected:
        if not left:
            break
        closest = min(left, key=lambda row: len(differences(want, row, rtype)))
        left.remove(closest)
        found = differences(want, closest, rtype)
        problems += [f"{want.where}: {difference}" for difference in found]
    return problems
