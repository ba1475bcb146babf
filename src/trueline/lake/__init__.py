"""The lake: the only door to the tables."""

from trueline.lake.schema import arrow_schema, arrow_type, record_batches
from trueline.lake.tables import Tables

__all__ = ["Tables", "arrow_schema", "arrow_type", "record_batches"]
