"""The one virtual row that rules speak of (DESIGN §5).

Environments, owners, exceptions, assets and filters are predicates over these columns.
"""

from __future__ import annotations

from collections.abc import Mapping

from trueline.model import Type

__all__ = ["FINDING", "SUBJECT", "unowned"]

_TEXT, _MAYBE = Type("text"), Type("text", optional=True)

SUBJECT: Mapping[str, Type] = {
    "uid": _TEXT,
    "type": _TEXT,
    "plane": _TEXT,
    "provider": _TEXT,
    "account": _TEXT,
    "account_path": _TEXT,
    "region": _MAYBE,
    "name": _MAYBE,
    "tags": Type("map"),
    "environment": _MAYBE,
    "owner": _MAYBE,
    "severity": _TEXT,
    "policy": _TEXT,
}
"""A policy on a resource. `account_path` is not known before an organisation is read."""

FINDING: Mapping[str, Type] = {
    **SUBJECT,
    "state": _TEXT,
    "due": Type("time"),
    "overdue": Type("bool"),
    "risk": Type("int"),
    "opened_at": Type("time"),
}
"""What findings have beside it."""


def unowned(columns: Mapping[str, Type]) -> dict[str, Type]:
    """The columns that a rule about owners may read: whose it is, is what it decides."""
    return {name: kind for name, kind in columns.items() if name != "owner"}
