"""The chain of owners over verdicts on code: tag, code path, rules, environment, default."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from report.kit import resource, verdict
from trueline.findings.code_owning import with_owners
from trueline.findings.codeowners import CodePaths, read_codeowners
from trueline.findings.subjects import Known
from trueline.iac.trees import DiskTree
from trueline.model import Location, Verdict
from trueline.settings import Environment, OwnerRule, Owners, Settings

IN_NET = resource("a", plane="source", region=None, file="net/main.tf", line=3)
ALL = Settings(
    owners=Owners(
        tag="owner",
        default="platform",
        rules=(
            OwnerRule("severity = 'critical'", "security"),
            OwnerRule("region <> 'eu-west-1'", "abroad"),
        ),
    ),
    environments=(Environment("production", "TRUE", owner="ops"),),
)
TAGS = {"owner": " team "}


@pytest.fixture
def paths(tmp_path: Path) -> CodePaths | None:
    (tmp_path / "CODEOWNERS").write_text("/infra/net/ @net\n/infra/made/\n")
    return read_codeowners(DiskTree(tmp_path))


def owned(
    paths: CodePaths | None = None,
    known: Known | None = None,
    settings: Settings = ALL,
    **more: object,
) -> tuple[str | None, str | None]:
    given = verdict("fail", **{"resource": IN_NET, **more})
    (found,) = with_owners(
        [given], settings, {given.resource.uid: known} if known else {}, paths, "infra/{}".format
    )
    return found.owner, found.owner_reason


def test_a_tag_goes_before_the_code_path(paths: CodePaths | None) -> None:
    assert owned(paths, Known(TAGS)) == ("team", "tag owner")


def test_the_code_path_goes_before_the_rules(paths: CodePaths | None) -> None:
    found = owned(paths, Known({}), severity="critical")
    assert found == ("@net", "CODEOWNERS: CODEOWNERS:1 /infra/net/")


def test_the_place_that_decides_goes_before_the_block(paths: CodePaths | None) -> None:
    elsewhere = Location("app/main.tf", 1, 1, 1, 9)
    assert owned(paths, Known({}), location=elsewhere)[0] == "platform"


def test_a_plan_that_lies_alone_is_no_code(paths: CodePaths | None) -> None:
    plan = resource("a", plane="plan", file="net/plan.json", line=None)
    assert owned(paths, Known({}), resource=plan)[0] == "platform"


def test_rules_go_before_the_environment_and_that_before_the_default() -> None:
    rule = owned(None, Known({}), severity="critical", environment="production")
    assert rule == ("security", "rule 1 of [owners]: severity = 'critical'")
    place = owned(None, Known({}, ("region",)), environment="production")
    assert place[0] == "abroad"
    known = resource("a", region="eu-west-1")
    assert owned(None, Known({}), resource=known, environment="production") == (
        "ops",
        "owner of the environment",
    )
    assert owned(None, Known({}), resource=known) == ("platform", "default of [owners]")


@pytest.mark.parametrize("known", [None, Known(None), Known({"owner": None})])
def test_a_tag_that_is_not_known_is_passed_over_and_said(
    paths: CodePaths | None, known: Known | None
) -> None:
    gap = "; a step before it could not be decided"
    assert owned(paths, known) == ("@net", f"CODEOWNERS: CODEOWNERS:1 /infra/net/{gap}")
    assert owned(None, known) == ("platform", f"default of [owners]{gap}")


def test_a_rule_over_what_is_not_known_is_passed_over_and_said() -> None:
    owner, reason = owned(None, Known({}))
    assert owner == "platform"
    assert reason == "default of [owners]; a step before it could not be decided"


def test_a_line_that_names_nobody_lets_the_chain_go_on(paths: CodePaths | None) -> None:
    made = resource("a", plane="source", region="eu-west-1", file="made/main.tf", line=1)
    found = owned(paths, Known({}), resource=made)
    assert found == ("platform", "default of [owners]; CODEOWNERS:2 /infra/made/ names nobody")


def test_a_file_that_could_not_be_read_is_a_gap() -> None:
    known = resource("a", plane="source", region="eu-west-1", file="x.tf", line=1)
    owner, reason = owned(CodePaths("CODEOWNERS", None), Known({}), resource=known)
    assert (owner, reason) == (
        "platform",
        "default of [owners]; a step before it could not be decided",
    )


def test_the_code_path_alone_loads_no_database_and_no_parser() -> None:
    code = (
        "import sys; import trueline.findings.code_owning\n"
        "assert not {'duckdb', 'sqlglot'} & set(sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_code_path_alone_decides_without_any_configuration(paths: CodePaths | None) -> None:
    found = owned(paths, None, Settings())
    assert found == ("@net", "CODEOWNERS: CODEOWNERS:1 /infra/net/")
    nobody = Verdict("p", "fail", "low", None, resource("b"))
    (unowned,) = with_owners([nobody], Settings(), {}, paths, str)
    assert (unowned.owner, unowned.owner_reason) == (None, "no step of the chain says an owner")
