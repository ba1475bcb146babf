"""When an exception holds, and what makes it void, on both stores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from trueline.errors import ActionError, ConfigError
from trueline.findings import Asked, micros
from trueline.findings.schema import exceptions
from trueline.settings import Environment, PolicyOverride

from .kit import (
    CATALOG,
    DAY,
    HERE,
    HOUR,
    OPEN,
    PLAIN,
    T0,
    Clock,
    Estate,
    edited,
    public,
    queue,
    statement,
)

UNTIL = micros(T0) + 30 * DAY * 1_000_000

STRICTER = edited(CATALOG, OPEN, fails_when="any_of(statements, s -> s.effect = 'Allow')")


def excepted(estate: Estate, *rows: dict[str, Any], **values: Any) -> str:
    """An approved exception for a public queue."""
    estate.scan({HERE: rows or [public("a")]})
    estate.sync()
    return estate.grant(f"name = 'a' AND policy = '{OPEN}'", **values)


def after(
    estate: Estate, clock: Clock, *rows: dict[str, Any], cause: str | None = None
) -> dict[str, Any]:
    """The finding an hour later, when these rows are read, or cannot be for a cause."""
    clock.shift(HOUR)
    estate.scan({} if cause else {HERE: rows}, {HERE: cause} if cause else {})
    return finding(estate)


def finding(estate: Estate) -> dict[str, Any]:
    return next(r for r in estate.sync() if r["policy"] == OPEN)


def state(estate: Estate, made: str) -> str:
    with estate.opened() as opened, opened.reading() as conn:
        wanted = select(exceptions.c.state).where(exceptions.c.id == made)
        return str(conn.execute(wanted).scalar())


def why_reopened(estate: Estate, row: dict[str, Any]) -> str | None:
    """The reason of the newest event, which is that the finding was reopened."""
    kind, why = estate.events(row["id"])[-1]
    assert kind == "reopened"
    assert (row["state"], row["exception"]) == ("open", None)
    assert [a["state"] for a in estate.accepted(row["id"])].count("active") == 0
    return why


def test_an_approved_exception_takes_its_finding_out_of_work(estate: Estate) -> None:
    made = excepted(estate)
    row = finding(estate)
    assert (row["state"], row["exception"], row["next_step_at"]) == ("excepted", made, None)
    assert estate.kinds()[-3:] == ["exception_requested", "exception_approved", "excepted"]


def test_a_request_alone_changes_nothing(estate: Estate) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with estate.desk("alice") as desk:
        desk.request(Asked("name = 'a'", "because", UNTIL))
    assert finding(estate)["state"] == "open"


@pytest.mark.parametrize(
    ("who", "message"),
    [("alice", "cannot approve it"), ("mallory", "is not an approver")],
)
def test_only_another_approver_may_approve(estate: Estate, who: str, message: str) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with estate.desk("alice") as desk:
        made = desk.request(Asked("name = 'a'", "because", UNTIL))
    with pytest.raises(ActionError, match=message), estate.desk(who) as desk:
        desk.approve(made)
    assert (state(estate, made), finding(estate)["state"]) == ("requested", "open")
    assert estate.kinds()[-1] == "exception_requested"


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (Asked("name = 'a'", " ", UNTIL), ConfigError, "justification"),
        (Asked("name = 'a'", "x", micros(T0)), ConfigError, "expired already"),
        (Asked("name = 'z'", "x", UNTIL), ActionError, "no unresolved finding"),
        (Asked("name = 'a'", "x", UNTIL + 100 * DAY * 1_000_000), ActionError, "90 days"),
        (Asked("name = 'a'", "x", UNTIL, ("no-such",)), ConfigError, "no policy 'no-such'"),
    ],
)
def test_what_may_never_be_is_refused_when_it_is_asked_for(
    estate: Estate, asked: Asked, error: type[Exception], message: str
) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with pytest.raises(error, match=message), estate.desk("alice") as desk:
        desk.request(asked)
    assert estate.kinds() == ["opened"]


def test_a_hard_limit_of_an_environment_cannot_be_exceeded(estate: Estate) -> None:
    limits = {OPEN: PolicyOverride(max_exception_days=0)}
    estate.set(environments=(Environment("production", "TRUE", limits),))
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with pytest.raises(ActionError, match="0 days"), estate.desk("alice") as desk:
        desk.request(Asked("name = 'a'", "because", UNTIL))


def test_the_same_evidence_or_less_keeps_the_exception(estate: Estate, clock: Clock) -> None:
    excepted(estate, public("a", statements=[statement(), statement(sid="t")]))
    row = after(estate, clock, public("a", statements=[statement(sid="t")]))
    assert row["state"] == "excepted"
    assert estate.kinds(row["id"])[-1] == "changed"


def test_a_new_element_of_the_evidence_voids_it(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    row = after(estate, clock, public("a", statements=[statement(), statement(sid="new")]))
    assert (why_reopened(estate, row) or "").startswith("statements has 1 more:")
    assert row["opened_at"] == micros(T0) + HOUR * 1_000_000


def test_another_value_of_the_evidence_voids_it(estate: Estate, clock: Clock) -> None:
    estate.catalog = edited(CATALOG, OPEN, fails_when="retention_seconds > 100")
    excepted(estate, queue("a", retention_seconds=200))
    row = after(estate, clock, queue("a", retention_seconds=300))
    assert why_reopened(estate, row) == "retention_seconds was 200 and is 300"


def test_evidence_that_cannot_be_read_keeps_it_unverified(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    row = after(estate, clock, cause="denied")
    assert (row["state"], row["unconfirmed_cause"]) == ("excepted", "denied")
    assert [a["verified"] for a in estate.accepted(row["id"])] == [False]
    row = after(estate, clock, public("a"))
    assert (row["state"], row["unconfirmed_since"]) == ("excepted", None)
    assert [a["verified"] for a in estate.accepted(row["id"])] == [True]
    assert estate.kinds(row["id"])[-4:] == [
        "unconfirmed", "exception_unverified", "confirmed", "exception_verified",
    ]  # fmt: skip


def test_an_exception_whose_policy_is_not_judged_is_unverified(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate)
    estate.judged = (PLAIN,)
    row = after(estate, clock, public("a"))
    assert (row["state"], row["unconfirmed_cause"]) == ("excepted", "not_judged")
    assert [a["verified"] for a in estate.accepted(row["id"])] == [False]


def test_what_comes_out_of_doubt_with_more_evidence_is_reopened_and_not_in_doubt(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate)
    after(estate, clock, cause="denied")
    row = after(estate, clock, public("a", statements=[statement(), statement(sid="new")]))
    assert "1 more" in (why_reopened(estate, row) or "")
    assert (row["unconfirmed_since"], row["last_confirmed"]) == (None, None)


def test_another_incarnation_is_not_excepted(estate: Estate, clock: Clock) -> None:
    excepted(estate, public("a", incarnation="one"))
    clock.shift(HOUR)
    estate.scan({HERE: [public("a", incarnation="two")]})
    old, new = estate.sync()
    assert (old["state"], new["state"]) == ("resolved", "open")
    (held,) = estate.accepted(old["id"])
    assert (held["state"], held["why"]) == ("ended", "the resource was made anew")
    assert estate.accepted(new["id"]) == []


def test_another_incarnation_of_which_nothing_is_known_keeps_no_exception(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate, public("a", incarnation="one"))
    unread = queue("a", statements=None, _why={"statements": "denied"}, incarnation="two")
    assert after(estate, clock, unread)["state"] == "resolved"


def test_a_finding_that_is_fixed_ends_what_was_accepted(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    row = after(estate, clock, queue("a"))
    assert (row["state"], row["exception"]) == ("resolved", None)
    assert after(estate, clock, public("a"))["state"] == "open"


def test_a_compensating_policy_that_fails_voids_it(estate: Estate, clock: Clock) -> None:
    excepted(estate, compensating=(PLAIN,))
    row = after(estate, clock, public("a", sse_sqs=False))
    assert why_reopened(estate, row) == f"the compensating policy {PLAIN} fails"


def test_a_compensating_policy_that_fails_already_is_no_compensation(estate: Estate) -> None:
    with pytest.raises(ActionError, match=f"{PLAIN} fails"):
        excepted(estate, public("a", sse_sqs=False), compensating=(PLAIN,))
    assert finding(estate)["state"] == "open"


def test_a_compensating_policy_that_could_not_be_judged_leaves_it_unverified(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate, compensating=(PLAIN,))
    dark = public("a", sse_sqs=None, _why={"sse_sqs": "denied"})
    assert after(estate, clock, dark)["state"] == "excepted"
    assert estate.kinds()[-1] == "exception_unverified"
    assert after(estate, clock, public("a"))["state"] == "excepted"
    assert estate.kinds()[-1] == "exception_verified"


def test_a_compensating_policy_that_was_never_judged_is_no_compensation(estate: Estate) -> None:
    with pytest.raises(ActionError, match="is not known to hold"):
        excepted(estate, compensating=("aws-s3-bucket-without-versioning",))
    assert finding(estate)["state"] == "open"


def test_an_element_of_which_a_part_was_not_read_is_no_new_one(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate)
    row = after(estate, clock, public("a", statements=[statement(sid=None)]))
    assert row["state"] == "excepted"
    assert estate.kinds()[-1] == "exception_unverified"


def test_it_ends_with_its_last_moment_and_says_so(estate: Estate, clock: Clock) -> None:
    made = excepted(estate, days=10)
    clock.shift(10 * DAY - 1)
    assert finding(estate)["state"] == "excepted"
    clock.shift(1)
    row = finding(estate)
    assert why_reopened(estate, row) == f"exception {made} expired: it held until 2026-01-15"
    assert (state(estate, made), row["opened_at"]) == ("expired", micros(T0) + 10 * DAY * 1_000_000)


def test_a_changed_predicate_is_reviewed_within_14_days(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    estate.catalog = STRICTER
    assert finding(estate)["state"] == "excepted"
    assert estate.kinds()[-1] == "exception_needs_review"
    clock.shift(14 * DAY - 1)
    assert finding(estate)["state"] == "excepted"
    clock.shift(1)
    row = finding(estate)
    assert why_reopened(estate, row) == "the policy was changed and nobody reviewed it in 14 days"


def test_a_predicate_that_is_changed_back_needs_no_review(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    estate.catalog = STRICTER
    estate.sync()
    estate.catalog = CATALOG
    clock.shift(20 * DAY)
    row = finding(estate)
    assert (row["state"], estate.accepted(row["id"])[0]["review_until"]) == ("excepted", None)


def test_a_renewal_reviews_a_changed_predicate(estate: Estate, clock: Clock) -> None:
    made = excepted(estate)
    estate.catalog = STRICTER
    estate.sync()
    with estate.desk("alice") as desk:
        desk.renew(made, UNTIL + DAY * 1_000_000, "looked again")
    with estate.desk("bob") as desk:
        assert desk.approve(made) == 1
    clock.shift(20 * DAY)
    assert finding(estate)["state"] == "excepted"


def test_a_finding_with_two_exceptions_is_reopened_when_both_are_void(
    estate: Estate, clock: Clock
) -> None:
    first = excepted(estate)
    second = estate.grant("name = 'a'", days=20)
    with estate.desk("alice") as desk:
        desk.end(first, "not needed")
    row = finding(estate)
    assert (row["state"], row["exception"]) == ("excepted", second)
    with estate.desk("alice") as desk:
        desk.end(second, "not needed either")
    assert "not needed either" in (why_reopened(estate, finding(estate)) or "")


def test_more_evidence_voids_every_exception_at_once(estate: Estate, clock: Clock) -> None:
    excepted(estate)
    for days in (20, 21):
        estate.grant("name = 'a'", days=days)
    row = after(estate, clock, public("a", statements=[statement(), statement(sid="new")]))
    assert "1 more" in (why_reopened(estate, row) or "")
    assert estate.kinds(row["id"]).count("exception_voided") == 3


def test_every_exception_that_waited_too_long_for_review_is_void_at_once(
    estate: Estate, clock: Clock
) -> None:
    excepted(estate)
    for days in (25, 27):
        estate.grant("name = 'a'", days=days)
    estate.catalog = STRICTER
    estate.sync()
    clock.shift(15 * DAY)
    assert "nobody reviewed" in (why_reopened(estate, finding(estate)) or "")


def test_a_refused_request_never_holds(estate: Estate) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    with estate.desk("alice") as desk:
        made = desk.request(Asked("name = 'a'", "because", UNTIL))
    with estate.desk("bob") as desk:
        desk.reject(made, "no")
    with pytest.raises(ActionError, match="nothing waits"), estate.desk("bob") as desk:
        desk.approve(made)
    assert (state(estate, made), finding(estate)["state"]) == ("rejected", "open")


def test_new_findings_are_covered_only_where_the_exception_says_so(
    estate: Estate, clock: Clock
) -> None:
    estate.scan({HERE: [public("a")]})
    estate.sync()
    estate.grant("name LIKE 'a%'")
    estate.grant(f"name LIKE 'b%' AND policy = '{OPEN}'", include_new=True)
    clock.shift(HOUR)
    estate.scan({HERE: [public("a"), public("a2"), public("b")]})
    assert {r["name"]: r["state"] for r in estate.sync()} == {
        "a": "excepted", "a2": "open", "b": "excepted",
    }  # fmt: skip


def test_a_finding_that_an_exception_lost_is_not_taken_again(estate: Estate, clock: Clock) -> None:
    excepted(estate, include_new=True)
    row = after(estate, clock, public("a", statements=[statement(), statement(sid="new")]))
    assert row["state"] == "open"
    assert after(estate, clock, public("a"))["state"] == "open"


def test_another_severity_is_not_another_predicate(estate: Estate, clock: Clock) -> None:
    production = Environment("production", "TRUE")
    estate.set(environments=(production,))
    excepted(estate)
    severe = replace(production, policies={OPEN: PolicyOverride(severity="medium")})
    estate.set(environments=(severe,))
    finding(estate)
    assert "exception_needs_review" not in estate.kinds()
