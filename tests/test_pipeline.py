"""The order of the stages: checks of plans, and reports of snapshots."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.plan import make_plan
from lake.support import failed, row, whole
from trueline.catalog import load
from trueline.catalog.select import select_policies, select_types
from trueline.errors import ConfigError
from trueline.evaluate import readable
from trueline.lake import Lake, RunSelection
from trueline.model import SEVERITIES, CoverageRow, Param, Row, ScanInfo, Scope
from trueline.pipeline import (
    Workspace,
    check_code,
    make_bench,
    open_workspace,
    snapshot_report,
    type_verdicts,
)
from trueline.report import Report
from trueline.settings import Environment, PolicyOverride, Settings

PLAN = Path(__file__).parent / "e2e" / "plan.json"
NOW = dt.datetime.now(dt.UTC)
ACCOUNT = "111122223333"
QUEUE = "aws_sqs_queue"
OPEN = "aws-sqs-queue-open-to-everyone"
CATALOG = load()


def workspace(tmp_path: Path, *environments: Environment, **params: Any) -> Workspace:
    return Workspace(tmp_path, Settings(params=params, environments=environments), CATALOG)


def off(name: str, *policies: str) -> Environment:
    switched = PolicyOverride(enabled=False, reason="not here")
    return Environment(name, "TRUE", dict.fromkeys(policies, switched))


# --- check ---------------------------------------------------------------------------------------


def test_verdicts_stand_fails_first_then_worst_first(tmp_path: Path) -> None:
    verdicts = check_code(workspace(tmp_path), str(PLAN)).verdicts
    order = ["fail", "unknown", "pass"]
    places = [
        (order.index(v.status), SEVERITIES.index(v.severity), v.policy, v.resource.uid)
        for v in verdicts
    ]
    assert places == sorted(places)
    assert {v.status for v in verdicts} == set(order)


def test_few_rows_judged_as_they_come_have_the_verdicts_of_a_planned_judgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(make_plan(60)))
    for plan in (PLAN, file):
        hasty = check_code(workspace(tmp_path), str(plan)).verdicts
        with monkeypatch.context() as patch:
            patch.setattr("trueline.pipeline.check.FEW_ROWS", 0)
            planned = check_code(workspace(tmp_path), str(plan)).verdicts
        assert hasty == planned
        assert {v.status for v in hasty} == {"fail", "unknown", "pass"}


def test_policy_globs_narrow_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    room = workspace(tmp_path)
    only = check_code(room, str(PLAN), policies=["aws-rds-*"])
    assert only.verdicts
    assert {v.policy.startswith("aws-rds-") for v in only.verdicts} == {True}
    assert all(n.policy.startswith("aws-rds-") for n in only.not_judged)
    with pytest.raises(ConfigError, match="no policy is called"):
        check_code(room, str(PLAN), policies=["nonsense-*"])


def test_a_scan_reads_the_types_that_its_policies_need(tmp_path: Path) -> None:
    assert set(select_types(CATALOG, "aws", ["aws_sqs_*"], None)) == {QUEUE}
    assert QUEUE in select_types(CATALOG, "aws", [], [OPEN])
    assert len(select_types(CATALOG, "aws", [], [OPEN])) < len(CATALOG.types)


@pytest.mark.parametrize("name", [".", "nowhere.json"])
def test_an_input_that_cannot_be_read_says_how_to_make_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_code(workspace(tmp_path), str(tmp_path / name))
    assert caught.value.code == "input-unreadable"
    assert "terraform show -json" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "\x00"])
def test_what_is_no_plan_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.json"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        check_code(workspace(tmp_path), str(file))
    assert "p.json" in str(caught.value.where)


def test_a_forced_environment_holds_for_every_row(tmp_path: Path) -> None:
    room = workspace(tmp_path, Environment("strict", "TRUE"), Environment("lax", "FALSE"))
    assert {v.environment for v in check_code(room, str(PLAN)).verdicts} == {"strict"}
    forced = check_code(room, str(PLAN), environment="lax")
    assert {v.environment for v in forced.verdicts} == {"lax"}
    with pytest.raises(ConfigError, match="there is no environment 'x'"):
        check_code(room, str(PLAN), environment="x")


def test_a_policy_that_is_switched_off_has_no_verdict_and_is_said_once(tmp_path: Path) -> None:
    judged = check_code(workspace(tmp_path), str(PLAN)).verdicts[0].policy
    room = workspace(tmp_path, off("calm", judged))
    for forced in (None, "calm"):
        report = check_code(room, str(PLAN), environment=forced)
        assert judged not in {v.policy for v in report.verdicts}
        (said,) = [n for n in report.not_judged if n.policy == judged]
        assert said.reason == "switched off: not here" + ("" if forced else " (calm)")


# --- reports of a snapshot -----------------------------------------------------------------------


def queue(name: str, region: str, **values: Any) -> Row:
    rtype = CATALOG.types[QUEUE]
    where = Scope("aws", ACCOUNT, region, QUEUE)
    return row(rtype, f"arn:aws:sqs:{region}:{ACCOUNT}:{name}", where, name=name, **values)


STATEMENT: dict[str, Any] = {
    f.name: None
    for f in CATALOG.types[QUEUE].columns["statements"].type.item.fields  # type: ignore[union-attr]
}
WIDE = STATEMENT | {"effect": "Allow", "principal_is_anyone": True, "is_narrowed": False}


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Workspace, Lake]:
    """Queues of two regions: open, closed, unknown; a third region whose listing failed."""
    room = workspace(tmp_path)
    store = Lake(tmp_path)
    types = {QUEUE: CATALOG.types[QUEUE]}
    run = store.begin(RunSelection("aws", types, (), (), note=""), False)
    for region, rows in {
        "eu-west-1": [queue("open", "eu-west-1", statements=[WIDE])],
        "us-east-1": [
            queue("closed", "us-east-1", statements=[]),
            queue("dark", "us-east-1", _why={"statements": "denied"}),
        ],
    }.items():
        where = Scope("aws", ACCOUNT, region, QUEUE)
        run.rows(where, rows)
        run.done(whole(where, NOW), (CoverageRow("aws", ACCOUNT, region, QUEUE, "sqs.List", "ok"),))
    lost = Scope("aws", ACCOUNT, "eu-west-3", QUEUE)
    run.done(failed(lost, "denied", NOW), ())
    bench = make_bench(room, NOW)
    compiled, not_judged = readable(
        [c for c in CATALOG.compiled.values() if c.table == QUEUE], CATALOG.types, "live"
    )
    store.commit(
        run,
        ScanInfo(run.id, NOW, NOW, "0.1", ("live",)),
        lambda tables: type_verdicts(bench, tables, compiled, types),
        types=CATALOG.types,
        not_judged=not_judged,
    )
    run.close()
    return room, store


def told(room: Workspace, store: Lake, passes: bool, *globs: str, regions: Any = None) -> Report:
    snapshot = store.snapshot()
    assert snapshot is not None
    scopes = [s.scope for s in snapshot.states if regions is None or s.scope.region in regions]
    chosen = select_policies(room.catalog, globs)
    return snapshot_report(room, store, snapshot, chosen=chosen, scopes=scopes, passes=passes)


def bad(report: Report) -> set[tuple[str, str, str, tuple[Any, ...]]]:
    return {
        (v.policy, v.resource.uid, v.status, v.unknown)
        for v in report.verdicts
        if v.status != "pass"
    }


def test_a_report_with_passes_says_the_same_as_one_without(lake: tuple[Workspace, Lake]) -> None:
    stored, again = told(*lake, passes=False), told(*lake, passes=True)
    assert bad(stored) == bad(again)
    assert stored.summary == again.summary
    assert stored.summary.passed == sum(v.status == "pass" for v in again.verdicts) > 0
    assert stored.summary.resources == 3
    assert "pass" not in {v.status for v in stored.verdicts}


def test_a_report_keeps_to_the_policies_and_scopes_asked_for(lake: tuple[Workspace, Lake]) -> None:
    for passes in (False, True):
        report = told(*lake, passes, OPEN, regions=("us-east-1",))
        assert {v.policy for v in report.verdicts} == {OPEN}
        assert (report.summary.resources, report.summary.passed) == (2, 1)
        assert (report.summary.failed, report.summary.unknown) == (0, 1)


def statuses(report: Report) -> dict[str, str]:
    return {v.resource.uid.rpartition(":")[2]: v.status for v in report.verdicts}


def test_a_failed_listing_has_a_verdict_beside_the_rows(lake: tuple[Workspace, Lake]) -> None:
    report = told(*lake, True, OPEN)
    assert statuses(report) == {
        "open": "fail", "dark": "unknown", "closed": "pass", QUEUE: "unknown",
    }  # fmt: skip
    (scope,) = [v for v in report.verdicts if v.resource.uid.startswith("scope:")]
    assert scope.resource.uid == f"scope:aws:{ACCOUNT}:eu-west-3:{QUEUE}"


def test_a_failed_listing_says_nothing_of_a_policy_that_is_judged_nowhere(
    lake: tuple[Workspace, Lake],
) -> None:
    room, store = lake
    owned = replace(CATALOG.policies[OPEN], params={"who": Param("who", "text", "its owner")})
    catalog = replace(CATALOG, policies={**CATALOG.policies, OPEN: owned})
    report = told(replace(room, catalog=catalog), store, False, OPEN)
    assert not [v for v in report.verdicts if v.resource.uid.startswith("scope:")]


def test_a_report_is_plain_json(lake: tuple[Workspace, Lake]) -> None:
    data = told(*lake, passes=True).to_dict()
    assert json.loads(json.dumps(data)) == data


def test_a_workspace_reads_configuration_and_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUELINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "trueline.toml").write_text('[accounts]\nexpected = ["1"]\n')
    room = open_workspace(str(tmp_path / "home"), None, tmp_path)
    assert room.settings.expected_accounts == ("1",)
    assert OPEN in room.catalog.policies
    assert not (tmp_path / "home").exists()
