"""`trueline baseline`: what environments are held to."""

from __future__ import annotations

import pytest

from e2e.conftest import Program

TOML = """\
[params."aws-region-used-without-approval"]
allowed_regions = ["eu-west-1", "eu-central-1"]

[[environments]]
name = "production"
match = "tag('env') = 'prod'"
owner = "payments"

[environments.windows]
critical = 3

[environments.policies."aws-s3-bucket-without-access-logging"]
severity = "high"
max_exception_days = 0

[[environments]]
name = "sandbox"
match = "account = '444455556666'"
inherits = "production"

[environments.policies."aws-rds-instance-deletion-unprotected"]
enabled = false
reason = "Thrown away every night"

[environments.policies."aws-region-used-without-approval"]
params = {allowed_regions = ["eu-west-1"]}
"""
OFF = "aws-rds-instance-deletion-unprotected"
REGIONS = "aws-region-used-without-approval"
LOGGING = "aws-s3-bucket-without-access-logging"


@pytest.fixture
def configured(program: Program) -> Program:
    (program.directory / "trueline.toml").write_text(TOML)
    return program


def test_environments_are_listed_strictest_first_and_the_rest_last(configured: Program) -> None:
    head, *lines = configured("baseline", "show").out.splitlines()
    assert head.split()[:2] == ["environment", "inherits"]
    assert [line.split()[0] for line in lines] == ["production", "sandbox", "-"]
    assert "3/30/90/180" in lines[1]
    assert "7/30/90/180" in lines[2]
    assert lines[0].endswith("tag('env') = 'prod'")
    listed = configured("baseline", "show", "--format", "json").json()
    assert [e["name"] for e in listed] == ["production", "sandbox", None]


def test_one_environment_is_shown_whole(configured: Program) -> None:
    shown = configured("baseline", "show", "sandbox")
    assert "inherits       production" in shown.out
    assert "owner          payments" in shown.out
    lines = {line.split()[1]: line for line in shown.out.splitlines() if " aws-" in line}
    assert lines[OFF].endswith("Thrown away every night")
    assert lines[LOGGING].split()[0] == "high"
    assert lines[LOGGING].endswith("its own severity is low; no exceptions")
    assert lines[REGIONS].endswith('allowed_regions = ["eu-west-1"] (environment)')
    assert "--all shows the others" in shown.err
    outside = configured("baseline", "show", "-")
    assert '["eu-west-1", "eu-central-1"] ([params])' in outside.out
    assert OFF not in outside.out


def test_all_policies_are_shown_only_when_asked_for(configured: Program) -> None:
    few = configured("baseline", "show", "sandbox", "--format", "json").json()
    every = configured("baseline", "show", "sandbox", "--all", "--format", "json").json()
    assert few["counts"] == every["counts"]
    assert sum(every["counts"].values()) == len(every["policies"])
    assert {p["id"] for p in every["policies"] if p["differs"]} == {
        p["id"] for p in few["policies"]
    }
    by_id = {p["id"]: p for p in every["policies"]}
    assert by_id[OFF]["state"] == "off"
    assert by_id[LOGGING]["max_exception_days"] == 0
    assert by_id[REGIONS]["params"]["allowed_regions"]["from"] == "environment"
    default = by_id["aws-account-password-too-short"]["params"]
    assert {value["from"] for value in default.values()} == {"default"}


def test_two_environments_differ_by_what_they_are_held_to(configured: Program) -> None:
    found = configured("baseline", "diff", "-", "sandbox", "--format", "json").json()
    assert (found["a"], found["b"]) == (None, "sandbox")
    said = {(d["policy"], d["setting"]): (d["a"], d["b"]) for d in found["differences"]}
    assert said[None, "windows.critical"] == (7, 3)
    assert said[None, "owner"] == (None, "payments")
    assert said[LOGGING, "severity"] == ("low", "high")
    assert said[OFF, "judged"] == ("yes", "switched off: Thrown away every night")
    assert (None, "windows.high") not in said
    table = configured("baseline", "diff", "-", "sandbox")
    assert table.out.splitlines()[0].split("  ")[0] == "policy"
    assert "A: - (outside)" in table.out
    assert f"{len(said)} differences" in table.err
    same = configured("baseline", "diff", "sandbox", "sandbox")
    assert (same.code, same.out) == (0, "")


@pytest.mark.parametrize("arguments", [("show", "sandbx"), ("diff", "production", "sandbx")])
def test_an_unknown_environment_is_corrected(
    configured: Program, arguments: tuple[str, ...]
) -> None:
    outcome = configured("baseline", *arguments)
    assert outcome.code == 2
    assert "there is no environment 'sandbx'" in outcome.err
    assert "did you mean 'sandbox'?" in outcome.err


def test_without_configuration_there_is_only_what_is_outside(program: Program) -> None:
    assert [e["name"] for e in program("baseline", "show", "--format", "json").json()] == [None]
    outcome = program("baseline", "show", "production")
    assert outcome.code == 2
    assert "configured: none" in outcome.err
