"""The queries of docs/query.md, run over a recorded estate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs_estate import Recorded

from trueline.catalog import load
from trueline.errors import ConfigError
from trueline.lake import Lake, query

PAGE = Path(__file__).resolve().parents[2] / "docs" / "query.md"
EXAMPLES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.parametrize("sql", EXAMPLES, ids=[e.split("\n")[0][:60] for e in EXAMPLES])
def test_each_example_finds_something_unless_it_looks_for_failed_listings(
    sql: str, estate: Recorded
) -> None:
    with query(Lake(estate.home), sql, load().types) as result:
        rows = list(result.rows())
    assert bool(rows) is ("FROM scopes" not in sql), rows


def test_the_refused_statements_of_the_page_are_refused(estate: Recorded) -> None:
    for sql in ("DESCRIBE aws_sqs_queue", "SELECT repeat('a', 9)", "SELECT * FROM aws_sqs_queues"):
        with pytest.raises(ConfigError, match=r"not available|no table"):
            query(Lake(estate.home), sql, load().types)
