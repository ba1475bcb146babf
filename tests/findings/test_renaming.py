"""A policy that is called otherwise now keeps its findings, on both stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from trueline.findings.schema import confirmations, exceptions

from .kit import (
    CATALOG,
    HERE,
    HOUR,
    OPEN,
    PLAIN,
    THERE,
    Clock,
    Estate,
    edited,
    public,
    queue,
    without,
)

NEW = "aws-sqs-queue-public"
RENAMED = edited(CATALOG, OPEN, id=NEW, formerly=(OPEN,))
BOTH = edited(CATALOG, OPEN, id=NEW)
BOTH.policies[OPEN] = CATALOG.policies[OPEN]  # type: ignore[index]
BOTH.compiled[OPEN] = CATALOG.compiled[OPEN]  # type: ignore[index]
RENAMED_LATER = edited(without(BOTH, OPEN), NEW, formerly=(OPEN,))


def rename(estate: Estate) -> list[dict[str, Any]]:
    estate.catalog, estate.judged = RENAMED, (NEW, PLAIN)
    return estate.sync()


def test_a_renamed_policy_keeps_its_findings(estate: Estate) -> None:
    estate.scan({HERE: [public("a")]})
    (was,) = estate.sync()
    (row,) = rename(estate)
    assert (row["id"], row["policy"], row["state"]) == (was["id"], NEW, "open")
    assert estate.kinds() == ["opened", "renamed"]


def test_a_renamed_policy_resolves_and_reopens_the_same_finding(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a")]})
    (was,) = estate.sync()
    rename(estate)
    for rows, state in (([], "resolved"), ([public("a")], "open")):
        clock.shift(HOUR)
        estate.scan({HERE: rows})
        (row,) = estate.sync()
        assert (row["id"], row["state"]) == (was["id"], state)


def test_what_was_read_under_the_former_name_is_remembered(estate: Estate, clock: Clock) -> None:
    for _ in range(2):
        estate.scan({HERE: [public("a")]})
        estate.sync()
        clock.shift(HOUR)
    estate.catalog = edited(RENAMED, NEW, fails_when="retention_seconds < 60")
    estate.judged = (NEW, PLAIN)
    estate.scan({THERE: []})
    (row,) = estate.sync()
    assert row["state"] == "open"
    with estate.opened() as state, state.reading() as conn:
        held = set(conn.execute(select(confirmations.c.policy)).scalars())
    assert held == {NEW, PLAIN}


def two_policies(estate: Estate, clock: Clock, first: str, second: str) -> None:
    """A queue fails the one policy, and an hour later both."""
    estate.catalog = BOTH
    for judged in ((first,), (first, second)):
        estate.judged = judged
        estate.scan({HERE: [public("a")]})
        estate.sync()
        clock.shift(HOUR)


def merge(estate: Estate) -> dict[str, dict[str, Any]]:
    """The findings by the policy they opened under."""
    before = {r["id"]: r["policy"] for r in estate.sync()}
    estate.catalog, estate.judged = RENAMED_LATER, (NEW,)
    return {before[r["id"]]: r for r in estate.sync()}


def test_of_two_findings_that_become_one_the_older_stays(estate: Estate, clock: Clock) -> None:
    two_policies(estate, clock, OPEN, NEW)
    rows = merge(estate)
    assert [(r["state"], r["policy"]) for r in rows.values()].count(("open", NEW)) == 1
    assert (rows[OPEN]["state"], rows[NEW]["state"]) == ("open", "resolved")
    assert (rows[NEW]["resolved_reason"], rows[NEW]["key"]) == ("merged", None)
    assert rows[NEW]["last_confirmed"] is not None
    assert estate.kinds(rows[NEW]["id"]) == ["opened", "resolved"]


def test_the_older_stays_under_whichever_name_it_was(estate: Estate, clock: Clock) -> None:
    two_policies(estate, clock, NEW, OPEN)
    rows = merge(estate)
    assert (rows[NEW]["state"], rows[OPEN]["state"]) == ("open", "resolved")


def test_a_resolved_finding_never_stays_in_place_of_an_open_one(
    estate: Estate, clock: Clock
) -> None:
    two_policies(estate, clock, NEW, OPEN)
    estate.catalog = edited(BOTH, NEW, fails_when="retention_seconds < 60")
    estate.scan({HERE: [public("a")]})
    assert [r["state"] for r in estate.sync()] == ["open", "resolved"]
    clock.shift(HOUR)
    estate.scan({}, {HERE: "denied"})
    rows = merge(estate)
    assert (rows[OPEN]["state"], rows[NEW]["state"]) == ("open", "resolved")
    assert rows[NEW]["resolved_reason"] == "fixed"


def test_an_exception_ends_for_the_finding_that_was_merged(estate: Estate, clock: Clock) -> None:
    two_policies(estate, clock, OPEN, NEW)
    estate.grant(f"policy = '{NEW}'")
    rows = merge(estate)
    assert rows[OPEN]["state"] == "open"
    assert [a["state"] for a in estate.accepted(rows[NEW]["id"])] == ["ended"]


def test_an_exception_goes_on_for_the_finding_that_stays(estate: Estate) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    estate.grant("name = 'a'")
    (row,) = rename(estate)
    assert row["state"] == "excepted"
    assert "exception_needs_review" not in estate.kinds()


def test_an_exception_relies_on_the_same_policy_when_that_is_renamed(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [queue("a", sse_sqs=False)]})
    estate.sync()
    made = estate.grant("name = 'a'", compensating=(OPEN,))
    rename(estate)
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", sse_sqs=False)]})
    plain = next(r for r in estate.sync() if r["policy"] == PLAIN)
    assert plain["state"] == "open"
    with estate.opened() as state, state.reading() as conn:
        found = conn.execute(select(exceptions.c.compensating)).scalar()
    assert (made != "", found) == (True, f'["{NEW}"]')
