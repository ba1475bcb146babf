"""Who a finding is: policy and uid, and the incarnation of the resource where the API says one."""

from __future__ import annotations

import hashlib

__all__ = ["id_of", "key_of"]


def key_of(policy: str, uid: str) -> str:
    """What finds the current finding of a policy on a uid; as `comparing.key_sql`."""
    return _digest(f"{policy}\n{uid}")


def id_of(policy: str, uid: str, incarnation: str | None, again: int = 0) -> str:
    """The id that a finding opens with and keeps; `again` counts earlier ones of the same."""
    return _digest(f"{policy}\n{uid}\n{incarnation or ''}\n{again or ''}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
