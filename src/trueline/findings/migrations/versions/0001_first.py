"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "confirmations",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "account", "region"),
    )
    op.create_table(
        "doubts",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "uid", "account"),
    )
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("exception", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("events_exception", "events", ["exception"], **_only("exception IS NOT NULL"))
    op.create_index("events_finding", "events", ["finding"], unique=False)
    op.create_table(
        "exceptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("compensating", sa.Text(), nullable=False),
        sa.Column("include_new", sa.Boolean(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("renewal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    facets = ("severity", "environment", "owner", "account", "region", "type", "policy")
    op.create_table(
        "findings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("scope_account", sa.Text(), nullable=False),
        sa.Column("scope_region", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("tag_set", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_step", sa.Integer(), nullable=False),
        sa.Column("owner_gap", sa.Boolean(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("first_snapshot", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_reason", sa.Text(), nullable=True),
        sa.Column("last_confirmed", sa.BigInteger(), nullable=True),
        sa.Column("unconfirmed_since", sa.BigInteger(), nullable=True),
        sa.Column("unconfirmed_cause", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_mark", sa.Text(), nullable=False),
        sa.Column("subject_mark", sa.Text(), nullable=False),
        sa.Column("exception", sa.Text(), nullable=True),
        sa.Column("risk", sa.Integer(), nullable=False),
        sa.Column("factors", sa.Text(), nullable=False),
        sa.Column("age_step", sa.Integer(), nullable=False),
        sa.Column("escalation", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.BigInteger(), nullable=True),
        *(sa.Column(f"{facet}_number", sa.Integer(), nullable=True) for facet in facets),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("findings_key", "findings", ["key"], unique=True)
    compared = ["key", "resolved_at", "unconfirmed_since", "incarnation"]
    marks = ["evidence_mark", "subject_mark"]
    op.create_index("findings_type", "findings", ["type", "policy", *compared, *marks])
    unresolved = _only("resolved_at IS NULL")
    op.create_index("findings_uid", "findings", ["uid"])
    op.create_index("findings_name", "findings", ["name", "risk", "id"], **unresolved)
    op.create_index("findings_policy", "findings", ["policy"], **unresolved)
    told = ["resolved_at", "opened_at", "due_at", "state", "tag_set"]
    numbers = [f"{facet}_number" for facet in facets]
    op.create_index("findings_risk", "findings", ["risk", "id", *told, *numbers])
    op.create_index("findings_tags", "findings", ["tag_set", "resolved_at"])
    op.create_index(
        "findings_exception", "findings", ["exception"], **_only("exception IS NOT NULL")
    )
    op.create_index(
        "findings_next_step", "findings", ["next_step_at"], **_only("next_step_at IS NOT NULL")
    )
    op.create_index("findings_age", "findings", ["age_step", "opened_at"], **unresolved)
    op.create_table(
        "numbers",
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("facet", "number"),
    )
    op.create_table(
        "resources",
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uid", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshots",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "tag_values",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("tag_set", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "value", "tag_set"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transactions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Integer(), nullable=True),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "acceptances",
        sa.Column("exception", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("predicate", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("compensated", sa.Boolean(), nullable=True),
        sa.Column("review_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exception"],
            ["exceptions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["findings.id"],
        ),
        sa.PrimaryKeyConstraint("exception", "finding"),
    )
    op.create_index("acceptances_finding", "acceptances", ["finding"], unique=False)


def _only(condition: str) -> dict[str, Any]:
    """What makes an index one of the rows for which a condition holds."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
