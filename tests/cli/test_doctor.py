"""`trueline doctor`: what of the configuration cannot work, and what it makes of a snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import Program
from lake.support import row, scope, whole
from lake.test_commit import ledger, no_verdicts, scan_info
from trueline.catalog import load
from trueline.lake import Lake, RunSelection

TABLE = "aws_sqs_queue"
HERE = scope(table=TABLE)
OVERLAPPING = """\
[[environments]]
name = "production"
match = "tag('env') = 'prod'"
[[environments]]
name = "europe"
match = "region = 'eu-west-1'"
"""


def record(home: Path, **queues: dict[str, Any]) -> None:
    """A snapshot of queues with these uids."""
    rtype = load().types[TABLE]
    lake = Lake(home)
    run = lake.begin(RunSelection("aws", {TABLE: rtype}))
    run.rows(HERE, [row(rtype, uid, HERE, **values) for uid, values in queues.items()])
    run.done(whole(HERE), [ledger(HERE)])
    lake.commit(run, scan_info(run), no_verdicts)


@pytest.fixture
def recorded_home(program: Program) -> Program:
    record(
        program.home,
        a={"tags": {"env": "prod", "owner": "payments"}},
        b={"tags": {"env": "prod"}},
        c={"tags": {"env": "test"}},
    )
    return program


def looked(program: Program, toml: str, **env: str) -> list[dict[str, Any]]:
    """What doctor says beyond what it says of everyone."""
    (program.directory / "trueline.toml").write_text(toml)
    outcome = program("doctor", "--format", "json", **env)
    found: list[dict[str, Any]] = json.loads(outcome.out)
    assert outcome.code == (2 if any(f["state"] == "wrong" for f in found) else 0)
    usual = ("trueline", "extra ", "configuration", "content", "home", "AWS ", "aws-")
    return [f for f in found if not f["subject"].startswith(usual)]


def test_each_rule_that_does_not_compile_is_told_with_its_line(program: Program) -> None:
    toml = """\
assets = [{match = "nmae = 'x'"}]
[[environments]]
name = "production"
match = "rgion = 'x'"
[[owners.rules]]
match = "owner = 'x'"
owner = "x"
[[owners.rules]]
match = "TRUE AND"
owner = "x"
[risk]
assets = "assets.toml"
"""
    (program.directory / "assets.toml").write_text('[[assets]]\nmatch = "siz = 1"\n')
    found = {f["subject"]: f for f in looked(program, toml)}
    assert {f["state"] for f in found.values()} == {"wrong"}
    places = {
        "environment production": ("trueline.toml:4", "rgion"),
        "rule 1 of [owners]": ("trueline.toml:6", "owner"),
        "rule 2 of [owners]": ("trueline.toml:9", ""),
        "rule 1 of assets": ("trueline.toml:1", "nmae"),
        "rule 2 of assets": ("assets.toml:2", "siz"),
    }
    assert set(found) == set(places)
    for subject, (place, word) in places.items():
        assert place in found[subject]["said"], found[subject]
        assert word in found[subject]["said"]
    assert "region" in found["environment production"]["hint"]


def test_a_file_of_assets_that_cannot_be_read_is_wrong(program: Program) -> None:
    (one,) = looked(program, '[risk]\nassets = "missing.toml"\n')
    assert (one["subject"], one["state"]) == ("assets", "wrong")
    assert "missing.toml" in one["said"]


def test_environments_that_share_resources_are_noted(recorded_home: Program) -> None:
    (one,) = looked(recorded_home, OVERLAPPING)
    assert (one["subject"], one["state"]) == ("environments production and europe", "note")
    assert one["said"] == "2 resources of snapshot 1 fit both, such as a"
    assert "production" in one["hint"]


def test_without_a_snapshot_nothing_is_tried_and_nothing_made(program: Program) -> None:
    rules = '[[owners.rules]]\nmatch = "name = \'x\'"\nowner = "x"\n'
    assert looked(program, OVERLAPPING + rules) == []
    assert not program.home.exists()


def test_rules_of_owners_that_fit_nothing_are_noted(recorded_home: Program) -> None:
    toml = """\
[owners]
rules = [
    {match = "tag('env') = 'prod'", owner = "a"},
    {match = "tag('env') = 'prdo'", owner = "a"},
    {match = "policy = 'aws-sqs-queue-unencrypted'", owner = "a"},
    {match = "policy = 'aws-sqs-queue-unencrpted'", owner = "a"},
    {match = "severity = 'high' AND tag('env') = 'prod'", owner = "a"},
]
"""
    found = {f["subject"]: f for f in looked(recorded_home, toml)}
    states = {subject: f["state"] for subject, f in found.items()}
    assert states == {
        "rule 2 of [owners]": "note",
        "rule 4 of [owners]": "note",
        "rule 5 of [owners]": "ok",
    }
    assert "fits nothing in snapshot 1" in found["rule 2 of [owners]"]["said"]
    assert "trueline.toml:2" in found["rule 2 of [owners]"]["said"]


def test_leads_of_owners_that_nothing_names_are_noted(recorded_home: Program) -> None:
    toml = """\
[[environments]]
name = "e"
match = "TRUE"
owner = "network"
[owners]
tag = "owner"
default = "platform"
rules = [{match = "TRUE", owner = "identity"}]
[owners.leads]
network = "a"
platform = "b"
identity = "c"
payments = "d"
paymnets = "e"
"""
    (one,) = looked(recorded_home, toml)
    assert (one["subject"], one["state"]) == ("[owners] leads", "note")
    assert one["said"].startswith("paymnets has a lead")


def test_a_tag_may_name_any_owner_until_something_is_recorded(program: Program) -> None:
    leads = '[owners]\nleads = {payments = "d"}\n'
    assert looked(program, leads + 'tag = "owner"\n') == []
    assert [f["subject"] for f in looked(program, leads)] == ["[owners] leads"]


def test_exceptions_that_nobody_may_approve_are_noted(program: Program) -> None:
    folder = program.directory / "exceptions"
    folder.mkdir()
    (folder / ".keep").write_text("")
    assert looked(program, "") == []
    (folder / "one.yaml").write_text("")
    (one,) = looked(program, "")
    assert (one["subject"], one["state"]) == ("approvers", "note")
    assert "1 file" in one["said"]
    assert looked(program, '[approvers]\nnames = ["ada"]\n') == []


def test_a_postgresql_state_needs_its_driver(program: Program, tmp_path: Path) -> None:
    url = 'state = "postgresql://me:hunter2@db/x"\n'
    assert looked(program, url) == []
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'psycopg' else find(name, *more)\n"
    )
    paths = f"{hidden}:{program.env.get('PYTHONPATH', '')}".rstrip(":")
    (one,) = looked(program, url, PYTHONPATH=paths)
    assert (one["subject"], one["state"]) == ("state", "note")
    assert one["hint"] == 'pip install "trueline[postgresql]"'
    extras = json.loads(program("doctor", "--format", "json", PYTHONPATH=paths).out)
    (extra,) = (f for f in extras if f["subject"] == "extra postgresql")
    assert (extra["state"], extra["hint"]) == ("note", 'pip install "trueline[postgresql]"')


def test_names_of_a_cloud_do_not_reach_the_terminal_as_they_are(program: Program) -> None:
    record(program.home, **{"\x1b[2Jx": {"tags": {"env": "prod"}}})
    (program.directory / "trueline.toml").write_text(OVERLAPPING)
    shown = program("doctor").out
    assert "such as \\u001b[2Jx" in shown
    assert "\x1b" not in shown


def test_what_is_switched_off_needs_no_parameter(program: Program) -> None:
    policy = "aws-sqs-queue-unencrypted"
    toml = f"""\
[[environments]]
name = "e"
match = "TRUE"
[environments.policies."{policy}"]
enabled = false
reason = "why"
"""
    (program.directory / "trueline.toml").write_text(toml)
    found = {f["subject"]: f for f in program("doctor", "--format", "json").json()}
    assert (found[policy]["said"], found[policy]["hint"]) == ("switched off: why (e)", None)
    assert "[params." in found["aws-ec2-instance-type-not-approved"]["hint"]
