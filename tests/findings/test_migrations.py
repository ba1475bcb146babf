"""The migrations make the tables that the code knows, on both stores."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from trueline.findings import open_state
from trueline.findings.schema import metadata


def test_a_migrated_store_has_the_tables_and_indexes_of_the_schema(state_url: str) -> None:
    state = open_state(state_url)
    try:
        with state.engine.connect() as conn:
            found = MigrationContext.configure(conn, opts={"compare_type": True})
            listed = compare_metadata(found, metadata)
        # A column's changes come as a list of their own; comments explain the code alone.
        changes = [c for each in listed for c in (each if isinstance(each, list) else [each])]
        assert [c for c in changes if not c[0].endswith("_comment")] == []
    finally:
        state.close()
