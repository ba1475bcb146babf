"""The Python API: in-process, no global state, plain frozen results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import trueline
from e2e.conftest import REGION, ROLE, Estate
from trueline.errors import ConfigError

PLAN = Path(__file__).parents[1] / "e2e" / "plan.json"


def test_check_returns_the_contract_and_frozen_verdicts() -> None:
    report = trueline.check(PLAN)
    data = report.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["schema"] == "trueline.report/1"
    with pytest.raises(AttributeError):
        report.verdicts[0].status = "pass"  # type: ignore[misc]


def test_scan_without_a_home_records_nothing(
    estate: Estate,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in estate.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TRUELINE_HOME", str(tmp_path / "home"))
    report = trueline.scan("aws", role_arns=[ROLE], regions=[REGION], policies=["aws-sqs-*"])
    assert {v.policy.partition("-queue-")[0] for v in report.verdicts} == {"aws-sqs"}
    assert {v.status for v in report.verdicts} == {"pass", "fail"}
    assert not (tmp_path / "home").exists()


def test_an_unknown_provider_is_a_usage_error() -> None:
    with pytest.raises(ConfigError, match="unknown provider"):
        trueline.scan("acme")
