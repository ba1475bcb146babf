"""When a finding opens, stays, is in doubt, closes and comes back, on both stores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trueline.findings import micros
from trueline.model import Param
from trueline.settings import Environment, OwnerRule, Owners, PolicyOverride

from .kit import (
    CATALOG,
    HERE,
    HOUR,
    OPEN,
    PLAIN,
    T0,
    THERE,
    Clock,
    Estate,
    dump,
    edited,
    public,
    statement,
    without,
)
from .kit import queue as passing

PRODUCTION = Environment("production", "tag('env') = 'prod'")


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = rows
    return row


def first_then(
    estate: Estate, clock: Clock, read: dict[str, Any], lost: dict[str, str] | None = None
) -> dict[str, Any]:
    """A public queue is found; an hour later something else is read."""
    estate.scan({HERE: [public("a")]})
    estate.sync()
    clock.shift(HOUR)
    estate.scan(read, lost)
    return only(estate.sync())


def state_of(row: dict[str, Any]) -> tuple[str, str | None, bool]:
    return row["state"], row["resolved_reason"], row["unconfirmed_since"] is not None


STILL_OPEN = ("open", None, False)
IN_DOUBT = ("open", None, True)
FIXED = ("resolved", "fixed", False)
GONE = ("resolved", "gone", False)


def test_a_failing_resource_opens_one_finding(estate: Estate) -> None:
    estate.scan({HERE: [public("a"), passing("b")]})
    row = only(estate.sync())
    assert (row["policy"], row["name"], row["severity"]) == (OPEN, "a", "high")
    assert (row["first_snapshot"], row["opened_at"], row["first_seen"]) == (1, *[micros(T0)] * 2)
    assert state_of(row) == STILL_OPEN
    assert estate.kinds() == ["opened"]


def test_each_policy_that_fails_is_a_finding_of_its_own(estate: Estate) -> None:
    estate.scan({HERE: [public("a", sse_sqs=False)]})
    assert [r["policy"] for r in estate.sync()] == [OPEN, PLAIN]


def test_a_finding_that_is_read_again_the_same_leaves_no_event(
    estate: Estate, clock: Clock
) -> None:
    row = first_then(estate, clock, {HERE: [public("a")]})
    assert state_of(row) == STILL_OPEN
    assert estate.kinds() == ["opened"]


def test_what_passes_when_read_again_is_fixed(estate: Estate, clock: Clock) -> None:
    row = first_then(estate, clock, {HERE: [passing("a")]})
    assert state_of(row) == FIXED
    assert (row["last_confirmed"], row["resolved_at"] - row["last_confirmed"]) == (
        micros(T0),
        HOUR * 1_000_000,
    )
    assert estate.kinds() == ["opened", "resolved"]


def test_what_is_not_listed_any_more_is_gone(estate: Estate, clock: Clock) -> None:
    assert state_of(first_then(estate, clock, {HERE: []})) == GONE


def test_what_fails_again_is_the_same_finding_opened_again(estate: Estate, clock: Clock) -> None:
    was = first_then(estate, clock, {HERE: [passing("a")]})
    clock.shift(HOUR)
    estate.scan({HERE: [public("a")]})
    row = only(estate.sync())
    assert (row["id"], row["first_seen"]) == (was["id"], was["first_seen"])
    assert (row["opened_at"], row["resolved_at"]) == (was["resolved_at"] + HOUR * 1_000_000, None)
    assert state_of(row) == STILL_OPEN
    assert row["due_at"] > was["due_at"]
    assert estate.kinds() == ["opened", "resolved", "reopened"]


def test_a_failed_scope_resolves_nothing(estate: Estate, clock: Clock) -> None:
    row = first_then(estate, clock, {}, {HERE: "denied"})
    assert state_of(row) == IN_DOUBT
    assert (row["unconfirmed_cause"], row["last_confirmed"]) == ("denied", micros(T0))
    assert row["unconfirmed_since"] == micros(T0) + HOUR * 1_000_000


def test_doubt_is_said_once_and_since_when_it_began(estate: Estate, clock: Clock) -> None:
    was = first_then(estate, clock, {}, {HERE: "denied"})
    clock.shift(HOUR)
    estate.scan({}, {HERE: "throttled"})
    row = only(estate.sync())
    assert row["unconfirmed_since"] == was["unconfirmed_since"]
    assert estate.kinds() == ["opened", "unconfirmed"]


def test_a_finding_in_doubt_is_confirmed_by_the_next_read(estate: Estate, clock: Clock) -> None:
    first_then(estate, clock, {}, {HERE: "denied"})
    clock.shift(HOUR)
    estate.scan({HERE: [public("a")]})
    row = only(estate.sync())
    assert state_of(row) == STILL_OPEN
    assert (row["unconfirmed_cause"], row["last_confirmed"]) == (None, None)
    assert row["opened_at"] == micros(T0)
    assert estate.kinds() == ["opened", "unconfirmed", "confirmed"]


@pytest.mark.parametrize(("rows", "reason"), [([passing("a")], "fixed"), ([], "gone")])
def test_a_finding_in_doubt_is_resolved_by_the_next_read(
    estate: Estate, clock: Clock, rows: list[Any], reason: str
) -> None:
    first_then(estate, clock, {}, {HERE: "denied"})
    clock.shift(HOUR)
    estate.scan({HERE: rows})
    row = only(estate.sync())
    assert state_of(row) == ("resolved", reason, False)
    assert row["last_confirmed"] == micros(T0)


def test_an_attribute_that_was_not_read_leaves_its_finding_in_doubt(
    estate: Estate, clock: Clock
) -> None:
    row = first_then(
        estate, clock, {HERE: [passing("a", statements=None, _why={"statements": "denied"})]}
    )
    assert state_of(row) == IN_DOUBT
    assert row["unconfirmed_cause"] == "denied"


def test_a_scan_of_another_region_changes_nothing(estate: Estate, clock: Clock) -> None:
    row = first_then(estate, clock, {THERE: []})
    assert state_of(row) == STILL_OPEN
    assert estate.kinds() == ["opened"]


def test_a_policy_edit_does_not_resolve_what_was_not_read_since(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    clock.shift(HOUR)
    estate.catalog = edited(CATALOG, OPEN, fails_when="retention_seconds < 60")
    estate.scan({THERE: []})
    assert state_of(only(estate.sync())) == STILL_OPEN
    clock.shift(HOUR)
    estate.scan({HERE: [public("a")]})
    assert state_of(only(estate.sync())) == FIXED


def test_a_policy_edit_after_doubt_waits_for_a_read_too(estate: Estate, clock: Clock) -> None:
    first_then(estate, clock, {}, {HERE: "denied"})
    clock.shift(HOUR)
    estate.catalog = edited(CATALOG, OPEN, fails_when="retention_seconds < 60")
    estate.scan({THERE: []}, {HERE: "denied"})
    assert state_of(only(estate.sync())) == IN_DOUBT
    clock.shift(HOUR)
    estate.scan({THERE: []})
    assert state_of(only(estate.sync())) == IN_DOUBT


def test_another_incarnation_is_another_finding(estate: Estate, clock: Clock) -> None:
    estate.scan({HERE: [public("a", incarnation="one")]})
    estate.sync()
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", incarnation="two")]})
    old, new = estate.sync()
    assert state_of(old) == ("resolved", "recreated", False)
    assert state_of(new) == STILL_OPEN
    assert (old["key"], old["id"] != new["id"]) == (None, True)
    assert (new["first_snapshot"], new["incarnation"]) == (2, "two")
    assert estate.kinds() == ["opened", "resolved", "opened"]


def test_another_incarnation_that_passes_resolves_the_finding_as_recreated(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a", incarnation="one")]})
    estate.sync()
    clock.shift(HOUR)
    estate.scan({HERE: [passing("a", incarnation="two")]})
    assert state_of(only(estate.sync())) == ("resolved", "recreated", False)


def test_an_incarnation_that_was_gone_before_is_not_resolved_twice(
    estate: Estate, clock: Clock
) -> None:
    for rows in (
        [public("a", incarnation="one")],
        [],
        [public("a", incarnation="two")],
    ):
        estate.scan({HERE: rows})
        old = estate.sync()[0]
        clock.shift(HOUR)
    assert state_of(old) == GONE
    assert estate.kinds(old["id"]) == ["opened", "resolved"]
    assert estate.kinds() == ["opened", "resolved", "opened"]


def test_another_incarnation_of_which_nothing_is_known_is_not_the_old_finding(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a", incarnation="one")]})
    estate.sync()
    clock.shift(HOUR)
    unread = passing("a", statements=None, _why={"statements": "denied"}, incarnation="two")
    estate.scan({HERE: [unread]})
    assert state_of(only(estate.sync())) == ("resolved", "recreated", False)
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", incarnation="two")]})
    old, new = estate.sync()
    assert estate.kinds(old["id"]) == ["opened", "resolved"]
    assert state_of(new) == STILL_OPEN


def test_an_incarnation_that_comes_back_counts_on(estate: Estate, clock: Clock) -> None:
    for name in ("one", "two", "one", "two"):
        estate.scan({HERE: [public("a", incarnation=name)]})
        rows = estate.sync()
        clock.shift(HOUR)
    assert len({r["id"] for r in rows}) == 4
    assert [r["state"] for r in rows] == ["resolved"] * 3 + ["open"]


def test_an_incarnation_that_is_not_known_this_time_is_the_same(
    estate: Estate, clock: Clock
) -> None:
    for name in ("one", None, "one"):
        estate.scan({HERE: [public("a", incarnation=name)]})
        row = only(estate.sync())
        clock.shift(HOUR)
    assert state_of(row) == STILL_OPEN
    assert row["incarnation"] == "one"
    assert estate.kinds() == ["opened"]


def test_a_policy_that_is_switched_off_where_it_failed_resolves_with_the_reason(
    estate: Estate, clock: Clock
) -> None:
    estate.set(environments=(PRODUCTION,))
    estate.scan({HERE: [public("a", tags={"env": "prod"}), public("b")]})
    estate.sync()
    clock.shift(HOUR)
    off = {OPEN: PolicyOverride(enabled=False, reason="the gateway filters")}
    estate.set(environments=(replace(PRODUCTION, policies=off),))
    a, b = estate.sync()
    assert state_of(a) == ("resolved", "switched_off", False)
    assert estate.events(a["id"])[-1] == ("resolved", "switched off: the gateway filters")
    assert state_of(b) == STILL_OPEN


def test_a_resource_that_moves_to_where_its_policy_is_off_is_not_called_fixed(
    estate: Estate, clock: Clock
) -> None:
    off = {OPEN: PolicyOverride(enabled=False, reason="the gateway filters")}
    sandbox = Environment("sandbox", "tag('env') = 'play'", off)
    estate.set(environments=(PRODUCTION, sandbox))
    estate.scan({HERE: [public("a", tags={"env": "prod"})]})
    estate.sync()
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", tags={"env": "play"})]})
    assert state_of(only(estate.sync())) == ("resolved", "switched_off", False)


def test_a_policy_whose_parameter_is_not_configured_leaves_doubt(
    estate: Estate, clock: Clock
) -> None:
    least = {"least": Param("least", "int", "Seconds.")}
    estate.catalog = edited(CATALOG, PLAIN, fails_when="retention_seconds < :least", params=least)
    estate.set(params={PLAIN: {"least": 400_000}}, environments=(PRODUCTION,))
    for read in ([passing("a"), passing("b", tags={"env": "prod"})], [passing("a")]):
        estate.scan({HERE: read})
        estate.sync()
        clock.shift(HOUR)
    estate.set(
        params={},
        environments=(
            replace(PRODUCTION, policies={PLAIN: PolicyOverride(params={"least": 400_000})}),
        ),
    )
    estate.scan({HERE: [passing("a")]})
    a, _ = estate.sync()
    assert state_of(a) == IN_DOUBT
    assert a["unconfirmed_cause"] == "parameter least is not configured"


def test_a_policy_that_is_not_there_any_more_resolves_its_findings(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a", sse_sqs=False)]})
    estate.sync()
    estate.catalog = without(CATALOG, PLAIN)
    open_, plain = estate.sync()
    assert state_of(open_) == STILL_OPEN
    assert state_of(plain) == ("resolved", "policy_removed", False)


def test_a_policy_that_was_not_judged_leaves_doubt_and_when_it_was_confirmed(
    estate: Estate, clock: Clock
) -> None:
    row = first_then(estate, clock, {HERE: [public("a")]})
    estate.judged = (PLAIN,)
    clock.shift(HOUR)
    estate.scan({THERE: []})
    row = only(estate.sync())
    assert state_of(row) == IN_DOUBT
    assert row["unconfirmed_cause"] == "not_judged"
    assert row["last_confirmed"] == micros(T0) + HOUR * 1_000_000


def test_what_changes_beside_the_evidence_is_told(estate: Estate, clock: Clock) -> None:
    estate.set(owners=Owners(tag="team"), environments=(PRODUCTION,))
    estate.scan({HERE: [public("a", tags={"team": "blue"})]})
    was = only(estate.sync())
    clock.shift(HOUR)
    severe = replace(PRODUCTION, policies={OPEN: PolicyOverride(severity="critical")})
    estate.set(environments=(severe,))
    estate.scan({HERE: [public("a", tags={"team": "red", "env": "prod"})]})
    row = only(estate.sync())
    assert estate.kinds() == ["opened", "changed", "owner_changed"]
    assert estate.told("changed") == {
        "severity": ["high", "critical"],
        "environment": [None, "production"],
    }
    assert estate.told("owner_changed") == {"owner": ["blue", "red"]}
    assert (was["due_at"] - row["due_at"]) == 23 * 86_400_000_000
    assert row["tags"] == {"team": "red", "env": "prod"}
    assert row["risk"] > was["risk"]


def test_other_evidence_is_told_by_its_mark(estate: Estate, clock: Clock) -> None:
    more = public("a", statements=[statement(), statement(sid="t")])
    row = first_then(estate, clock, {HERE: [more]})
    assert estate.kinds() == ["opened", "changed"]
    assert estate.told("changed")["evidence"][1] == row["evidence_mark"]


def test_tags_are_kept_as_they_are_whether_new_or_changed(estate: Estate, clock: Clock) -> None:
    estate.scan(
        {HERE: [public("a", tags={"k": "1"}), public("b", tags=None, _why={"tags": "denied"})]}
    )
    assert [r["tags"] for r in estate.sync()] == [{"k": "1"}, None]
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", tags={"k": "2"}), public("b", tags={})]})
    assert [r["tags"] for r in estate.sync()] == [{"k": "2"}, {}]


def test_many_findings_at_once_are_kept_as_few_are(estate: Estate) -> None:
    estate.scan({HERE: [public(f"q{i:03}", tags={"n": str(i)}) for i in range(150)]})
    rows = estate.sync()
    assert [r["tags"]["n"] for r in rows] == [str(i) for i in range(150)]


def test_changed_settings_are_applied_without_a_new_snapshot(estate: Estate) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    estate.set(owners=Owners(rules=(OwnerRule("name = 'a'", "blue"),)))
    assert only(estate.sync())["owner"] == "blue"
    assert estate.kinds() == ["opened", "owner_changed"]


def test_applying_again_changes_nothing(estate: Estate, clock: Clock) -> None:
    estate.scan({HERE: [public("a"), passing("b", sse_sqs=False)]})
    estate.sync()
    clock.shift(HOUR)
    estate.scan({HERE: [passing("b", sse_sqs=False)]}, {THERE: "denied"})
    estate.sync()
    with estate.opened() as state:
        before = dump(state)
    clock.shift(HOUR)
    estate.sync()
    with estate.opened() as state:
        assert dump(state) == before


def test_snapshots_are_applied_in_order_however_many_wait(
    tmp_path: Path, estate: Estate, clock: Clock
) -> None:
    step_by_step = Estate(tmp_path / "home")
    step_by_step.set(state=f"sqlite:///{tmp_path / 'other.sqlite'}")
    for rows in ([public("a")], [], [public("a"), public("b")], [passing("a")]):
        estate.scan({HERE: rows})
        step_by_step.sync()
        clock.shift(HOUR)
    estate.sync()
    assert [k for k in estate.kinds() if k != "escalated"] == step_by_step.kinds()
    assert [state_of(r) for r in estate.sync()] == [state_of(r) for r in step_by_step.sync()]


def test_a_parameter_that_is_configured_again_resolves_nothing_before_the_next_scan(
    estate: Estate, clock: Clock
) -> None:
    least = {"least": Param("least", "int", "Seconds.")}
    estate.catalog = edited(CATALOG, PLAIN, fails_when="retention_seconds < :least", params=least)
    for params in ({PLAIN: {"least": 400_000}}, {}):
        estate.set(params=params)
        estate.scan({HERE: [passing("a")]})
        estate.sync()
        clock.shift(HOUR)
    estate.set(params={PLAIN: {"least": 400_000}})
    assert state_of(only(estate.sync())) == IN_DOUBT
    estate.scan({HERE: [passing("a")]})
    assert state_of(only(estate.sync())) == STILL_OPEN


def test_a_policy_that_is_switched_on_again_after_a_scan_was_not_judged_there(
    estate: Estate, clock: Clock
) -> None:
    off = PolicyOverride(enabled=False, reason="the gateway filters")
    estate.set(environments=(Environment("all", "TRUE"),))
    estate.scan({HERE: [public("a")]})
    estate.sync()
    clock.shift(HOUR)
    estate.set(environments=(Environment("all", "TRUE", {OPEN: off}),))
    estate.scan({HERE: [public("a")]})
    estate.set(environments=(Environment("all", "TRUE"),))
    assert state_of(only(estate.sync())) == IN_DOUBT
