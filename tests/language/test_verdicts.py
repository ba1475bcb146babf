"""The meaning of every construct, as a table of predicates, rows and verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kit import NOW, VERDICTS, Written, param, policy

TABLE = yaml.safe_load((Path(__file__).parent / "verdicts.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry["fails_when"])
def test_each_row_gets_the_verdict_written_beside_it(entry: dict[str, Any]) -> None:
    params = {}
    for name, (kind, default) in entry.get("params", {}).items():
        params |= param(name, kind, default)
    judged = policy(entry["fails_when"], entry.get("applies_when"), params)
    rows = [row for _, row in entry["rows"]]
    assert Written(rows).estate().verdicts(judged) == [verdict for verdict, _ in entry["rows"]]


def test_the_clock_is_the_one_that_was_given() -> None:
    estate = Written([{"made_at": NOW.isoformat()}]).estate()
    statement, rows = estate.fused([policy("days_since(made_at) = 0")])
    assert VERDICTS[rows[0][statement.codes["p"]]] == "fail"
