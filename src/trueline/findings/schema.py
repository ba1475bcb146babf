"""The tables of the state store, alike on SQLite and PostgreSQL.

Times are microseconds since 1970, UTC; texts called JSON hold compact JSON.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

__all__ = [
    "FACETS",
    "STATES",
    "acceptances",
    "confirmations",
    "doubts",
    "events",
    "exceptions",
    "facts",
    "findings",
    "metadata",
    "numbers",
    "resources",
    "snapshots",
    "tag_values",
    "transactions",
]

STATES = ("open", "acknowledged", "excepted", "resolved")
FACETS = ("severity", "environment", "owner", "account", "region", "type", "policy")
"""What findings are filtered by most; each of their values has a number."""

metadata = MetaData()


def _only(condition: str) -> dict[str, Any]:
    """What makes an index one of the rows for which a condition holds."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_UNRESOLVED = _only("resolved_at IS NULL")


facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="What the store knows of itself: its lake, and the digest of what was last applied by.",
)

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True, comment="Stable; made of the identity it opened with"),
    Column("key", Text, comment="Digest of policy and uid; NULL when a new incarnation has it"),
    Column("policy", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("incarnation", Text),
    Column("type", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("name", Text),
    Column("account", Text),
    Column("region", Text),
    Column("scope_account", Text, nullable=False),
    Column("scope_region", Text, nullable=False),
    Column("environment", Text),
    Column("severity", Text, nullable=False),
    Column("tags", JSON(none_as_null=True), comment="NULL = not known"),
    Column("tag_set", BigInteger, comment="Digest of the tags; NULL = not in tag_values"),
    Column("owner", Text),
    Column("owner_step", Integer, nullable=False),
    Column("owner_gap", Boolean, nullable=False),
    Column("assigned_by", Text, comment="Who assigned the owner; NULL = the chain decides"),
    Column("state", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("first_snapshot", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("resolved_reason", Text),
    Column("last_confirmed", BigInteger, comment="Set while unconfirmed or resolved"),
    Column("unconfirmed_since", BigInteger),
    Column("unconfirmed_cause", Text),
    Column("evidence", Text, nullable=False, comment="JSON"),
    Column("evidence_mark", Text, nullable=False, comment="Digest without times"),
    Column("subject_mark", Text, nullable=False, comment="Digest of the rest that may change"),
    Column("exception", Text),
    Column("risk", Integer, nullable=False),
    Column("factors", Text, nullable=False, comment="JSON: the parts of the risk"),
    Column("age_step", Integer, nullable=False),
    Column("escalation", Integer, nullable=False, comment="Steps of the ladder taken"),
    Column("next_step_at", BigInteger, comment="When the next step is due"),
    *(Column(f"{facet}_number", Integer) for facet in FACETS),
    Index("findings_key", "key", unique=True),
    # All that a snapshot is compared with: SQLite need not read the rows for it.
    Index(
        "findings_type",
        *("type", "policy", "key", "resolved_at", "unconfirmed_since"),
        *("incarnation", "evidence_mark", "subject_mark"),
    ),
    Index("findings_uid", "uid"),
    Index("findings_name", "name", "risk", "id", **_UNRESOLVED),
    Index("findings_policy", "policy", **_UNRESOLVED),
    # What is listed is listed by risk, and this says of what; it is read whole where few are it.
    Index(
        "findings_risk",
        *("risk", "id", "resolved_at", "opened_at", "due_at", "state", "tag_set"),
        *(f"{facet}_number" for facet in FACETS),
    ),
    Index("findings_tags", "tag_set", "resolved_at"),
    Index("findings_exception", "exception", **_only("exception IS NOT NULL")),
    Index("findings_next_step", "next_step_at", **_only("next_step_at IS NOT NULL")),
    Index("findings_age", "age_step", "opened_at", **_UNRESOLVED),
)

tag_values = Table(
    "tag_values",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("tag_set", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="What each set of tags holds, or has held: it finds the few findings that a tag fits.",
)

resources = Table(
    "resources",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, comment="Empty = none"),
    sqlite_with_rowid=False,
    comment="What findings are, or have been, of: a part of a name is looked for here.",
)

numbers = Table(
    "numbers",
    metadata,
    Column("facet", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    comment="The number of each value that a facet of findings has, or has had.",
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("policy", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("snapshot", Integer, nullable=False),
    Column("at", BigInteger, nullable=False, comment="When the scope was collected"),
    comment="What was last read of a policy's rows in a scope; it confirms what stays open there.",
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
    Column("applied_at", BigInteger, nullable=False),
    Column("changes", Text, nullable=False, comment="JSON: events by kind"),
)

transactions = Table(
    "transactions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False, comment="As asserted"),
    Column("snapshot", Integer),
    Column("last_event", BigInteger, nullable=False),
    Column("hash", Text, nullable=False, comment="Over the previous hash, this row and its events"),
)

events = Table(
    "events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("finding", Text),
    Column("exception", Text),
    Column("why", Text),
    Column("data", Text, comment="JSON"),
    Index("events_finding", "finding"),
    Index("events_exception", "exception", **_only("exception IS NOT NULL")),
)

exceptions = Table(
    "exceptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file", Text, comment="The file it stands in; NULL = made by command"),
    Column("rule", Text, nullable=False),
    Column("justification", Text, nullable=False),
    Column("state", Text, nullable=False, comment="requested, approved, rejected, ended, expired"),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", BigInteger),
    Column("until", BigInteger, nullable=False, comment="It holds before this moment"),
    Column("compensating", Text, nullable=False, comment="JSON: ids of policies"),
    Column("include_new", Boolean, nullable=False),
    Column("renewals", Integer, nullable=False),
    Column("renewal", Text, comment="JSON: a renewal that waits for approval"),
)

doubts = Table(
    "doubts",
    metadata,
    Column("policy", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("type", Text, nullable=False),
    comment="What the newest snapshot could not judge, of policies that exceptions count on.",
)

acceptances = Table(
    "acceptances",
    metadata,
    Column("exception", Text, ForeignKey("exceptions.id"), primary_key=True),
    Column("finding", Text, ForeignKey("findings.id"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False, comment="JSON, without values derived from time"),
    Column("predicate", Text, nullable=False, comment="Digest of the policy that was accepted"),
    Column("state", Text, nullable=False, comment="active, void, ended"),
    Column("why", Text),
    Column("verified", Boolean, nullable=False, comment="Was the evidence read since?"),
    Column("compensated", Boolean, comment="Are compensating policies known to hold?"),
    Column("review_until", BigInteger, comment="The predicate has changed: look again until then"),
    Index("acceptances_finding", "finding"),
)
