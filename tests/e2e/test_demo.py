"""The demo: an ordinary scan of a simulated estate, and its report."""

from __future__ import annotations

import json
import re
from pathlib import Path

from e2e.conftest import Program


def test_the_demo_writes_a_report_that_names_the_denied_calls(program: Program) -> None:
    outcome = program("demo", "--output", "out.html")
    assert outcome.code == 0, outcome
    path = Path(outcome.out.strip().splitlines()[-1])
    assert path == program.directory / "out.html"
    page = path.read_text(encoding="utf-8")
    found = re.search(r'id="data">(.*?)</script>', page, re.S)
    assert found is not None
    data = json.loads(found[1])
    denied = {c["call"] for c in data["coverage"] if c["status"] == "denied"}
    assert {"s3.GetBucketPolicy", "kms.GetKeyPolicy", "ec2.DescribeFlowLogs"} <= denied
    assert data["summary"]["fail"] > 100
    assert data["summary"]["unknown"] > 0
    assert data["summary"]["resources"] > 200
    assert {c["account"] for c in data["coverage"]} >= {"111122223333", "444455556666"}
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert not program.home.exists()


def test_the_demo_leaves_the_users_own_credentials_alone(program: Program) -> None:
    outcome = program("demo", "-q", AWS_PROFILE="does-not-exist", AWS_ENDPOINT_URL="http://x.test")
    assert outcome.code == 0, outcome
    assert (program.directory / "trueline-demo.html").exists()
