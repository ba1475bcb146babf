"""What the store knows of verdicts: whose they are, and the exception that covers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from trueline.findings.identity import key_of
from trueline.findings.schema import exceptions, findings
from trueline.findings.store import moment_of
from trueline.model import VerdictException

__all__ = ["Standing", "standing_of"]

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding's owner, why, and the exception that holds for it."""

    owner: str | None
    owner_reason: str
    exception: VerdictException | None


def standing_of(
    conn: Connection,
    wanted: Sequence[tuple[str, str]],
    reason: Callable[[int, bool, str | None], str],
) -> dict[tuple[str, str], Standing]:
    """The standing of these (policy, uid) as far as there are findings that are not resolved."""
    f, e = findings.c, exceptions.c
    keys = [key_of(policy, uid) for policy, uid in wanted]
    out = {}
    for start in range(0, len(keys), _CHUNK):
        rows = conn.execute(
            select(
                f.policy, f.uid, f.owner, f.owner_step, f.owner_gap, f.assigned_by,
                e.id, e.justification, e.until, e.approved_by,
            )
            .outerjoin(exceptions, e.id == f.exception)
            .where(f.key.in_(keys[start : start + _CHUNK]), f.resolved_at.is_(None))
        )  # fmt: skip
        for row in rows:
            exception = None
            if row.id is not None:
                last = f"{moment_of(row.until - 1):%Y-%m-%d}"
                exception = VerdictException(
                    "exception", row.id, row.justification, last, row.approved_by
                )
            why = reason(row.owner_step, bool(row.owner_gap), row.assigned_by)
            out[row.policy, row.uid] = Standing(row.owner, why, exception)
    return out
