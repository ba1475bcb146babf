"""Real reports against docs/report.schema.json."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from docs_estate import Recorded

import trueline

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())


@pytest.fixture(scope="module")
def validator() -> jsonschema.protocols.Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def checked() -> dict[str, Any]:
    return trueline.check(ROOT / "tests" / "e2e" / "plan.json").to_dict()


def test_a_report_of_a_plan_fits_the_schema(
    validator: jsonschema.protocols.Validator, checked: dict[str, Any]
) -> None:
    assert checked["verdicts"]
    validator.validate(checked)


def test_a_report_of_a_scan_with_a_refused_call_fits_the_schema(
    validator: jsonschema.protocols.Validator, estate: Recorded
) -> None:
    report = estate.report.to_dict()
    assert {v["status"] for v in report["verdicts"]} == {"pass", "fail", "unknown"}
    assert "denied" in {c["status"] for c in report["coverage"]}
    validator.validate(report)


def test_the_schema_names_every_field_there_is(estate: Recorded, checked: dict[str, Any]) -> None:
    for report in (estate.report.to_dict(), checked):
        assert set(report) == set(SCHEMA["properties"])
        parts = SCHEMA["$defs"]
        assert set(report["summary"]) == set(SCHEMA["properties"]["summary"]["properties"])
        assert set(report["scan"]) == set(SCHEMA["properties"]["scan"]["properties"])
        assert set(report["coverage"][0]) == set(parts["coverage"]["properties"])
        assert set(report["verdicts"][0]) == set(parts["verdict"]["properties"])
        assert set(report["verdicts"][0]["resource"]) == set(parts["resource"]["properties"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdicts", 0, "status"), "good"),
        (("verdicts", 0, "severity"), None),
        (("verdicts", 0, "resource", "uid"), None),
        (("summary", "share_read"), 1.2),
        (("coverage", 0, "status"), "fine"),
        (("scan", "started_at"), "2026-01-01 00:00:00"),
        (("boundaries",), []),
        (("schema",), "trueline.report/2"),
    ],
)
def test_a_report_with_something_wrong_does_not_fit(
    path: tuple[str | int, ...],
    value: Any,
    validator: jsonschema.protocols.Validator,
    checked: dict[str, Any],
) -> None:
    broken: Any = copy.deepcopy(checked)
    *above, last = path
    inner = broken
    for step in above:
        inner = inner[step]
    inner[last] = value
    assert not validator.is_valid(broken)
