"""Findings and exceptions as documents (DESIGN §9 and the issue's contract)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from trueline.findings.risk import with_age
from trueline.findings.store import moment_of
from trueline.report.model import plain

__all__ = ["acceptance_dict", "event_dict", "exception_dict", "finding_dict"]

Reason = Callable[[int, bool, str | None], str]
"""What says why somebody owns a finding: `Owning.reason`."""


def finding_dict(row: Mapping[str, Any], now: int, reason: Reason) -> dict[str, Any]:
    """One finding; times are RFC 3339, `evidence` as when it last changed."""
    confirmed = row["last_confirmed"] or row["confirmed_at"] or row["first_seen"]
    resolved = row["resolved_at"] is not None
    return {
        "id": row["id"],
        "policy": row["policy"],
        "severity": row["severity"],
        "state": row["state"],
        "environment": row["environment"],
        "owner": row["owner"],
        "owner_reason": reason(row["owner_step"], bool(row["owner_gap"]), row["assigned_by"]),
        "opened_at": _time(row["opened_at"]),
        "due": _time(row["due_at"]),
        "overdue": not resolved and row["state"] != "excepted" and row["due_at"] < now,
        "risk": row["risk"],
        "risk_parts": with_age(json.loads(row["factors"]), row["age_step"])[1],
        "first_seen": _time(row["first_seen"]),
        "last_confirmed": _time(confirmed),
        "unconfirmed_since": _time(row["unconfirmed_since"]),
        "unconfirmed_cause": row["unconfirmed_cause"],
        "resolved_at": _time(row["resolved_at"]),
        "resolved_reason": row["resolved_reason"],
        "exception": row["exception"]
        and {
            "kind": "exception",
            "id": row["exception"],
            "reason": row["exception_reason"],
            "until": _last_day(row["exception_until"]),
            "approved_by": row["exception_approved_by"],
            "introduced": False,
        },
        "resource": {
            "uid": row["uid"],
            "type": row["type"],
            "name": row["name"],
            "provider": row["provider"],
            "account": row["account"],
            "region": row["region"],
            "plane": "live",
            "address": None,
            "file": None,
            "line": None,
        },
        "tags": row["tags"],
        "evidence": json.loads(row["evidence"]),
        "fits": None if row["fits"] else "not known",
    }


def exception_dict(row: Mapping[str, Any]) -> dict[str, Any]:
    """One exception, with what it covers and lost."""
    renewal = json.loads(row["renewal"]) if row["renewal"] else None
    return {
        "id": row["id"],
        "state": row["state"],
        "rule": row["rule"],
        "justification": row["justification"],
        "requested_by": row["requested_by"],
        "requested_at": _time(row["requested_at"]),
        "approved_by": row["approved_by"],
        "approved_at": _time(row["approved_at"]),
        "until": _last_day(row["until"]),
        "compensating": json.loads(row["compensating"]),
        "include_new": bool(row["include_new"]),
        "renewals": row["renewals"],
        "renewal": renewal
        and {"by": renewal["by"], "until": _last_day(renewal["until"]), "why": renewal["why"]},
        "file": row["file"],
        "covers": row["covers"] or 0,
        "voided": row["voided"] or 0,
        "unverified": row["unverified"] or 0,
        "to_review": row["to_review"] or 0,
    }


def acceptance_dict(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an exception accepted of a finding, and whether that still holds."""
    return {
        "exception": row["exception"],
        "finding": row["finding"],
        "policy": row["policy"],
        "uid": row["uid"],
        "severity": row["severity"],
        "environment": row["environment"],
        "at": _time(row["at"]),
        "state": row["state"],
        "why": row["why"],
        "verified": bool(row["verified"]),
        "compensated": None if row["compensated"] is None else bool(row["compensated"]),
        "review_until": _time(row["review_until"]),
        "evidence": json.loads(row["evidence"]),
    }


def event_dict(row: Mapping[str, Any]) -> dict[str, Any]:
    """One event: who, when, what, why, from which snapshot."""
    return {
        "number": row["number"],
        "at": _time(row["at"]),
        "actor": row["actor"],
        "snapshot": row["snapshot"],
        "kind": row["kind"],
        "finding": row["finding"],
        "exception": row["exception"],
        "why": row["why"],
        "data": json.loads(row["data"]) if row["data"] else None,
    }


def _time(value: int | None) -> Any:
    return None if value is None else plain(moment_of(value))


def _last_day(until: int | None) -> str | None:
    """The last day on which an exception holds: `until` is the moment behind it."""
    return None if until is None else f"{moment_of(until - 1):%Y-%m-%d}"
