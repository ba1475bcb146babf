"""Whatever is done to the audit trail before a kept head is found, on both stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from trueline.errors import ConfigError
from trueline.findings import Head, State, head, open_state, parse_head, verify
from trueline.findings.audit import Event, Seal

from .kit import T0

EVENTS = 3
FORGED = """INSERT INTO events (number, "transaction", kind) VALUES (13, {}, 'resolved')"""


@pytest.fixture
def state(state_url: str) -> Iterator[State]:
    """A store with four transactions of three events each."""
    made = open_state(state_url)
    for number in range(1, 5):
        with made.writing(T0, who="alice") as tx:
            for event in range(EVENTS):
                finding = f"f{number}{event}"
                tx.tell(Event("opened", finding, None, "because", {"owner": "Zoë"}))
    yield made
    made.close()


def change(state: State, *statements: str) -> None:
    with state.engine.begin() as conn:
        if state.sqlite:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        for statement in statements:
            assert conn.execute(text(statement)).rowcount > 0, statement


def end(state: State) -> Head:
    with state.reading() as conn:
        return head(conn)


def faults(state: State, *kept: Head) -> list[tuple[int, str]]:
    with state.reading() as conn:
        return [(f.transaction, f.message) for f in verify(conn, kept)[1]]


def rebuild(state: State, since: int) -> None:
    """Seal every transaction from one on anew, as somebody would who wants to hide a change."""
    with state.engine.begin() as conn:
        if state.sqlite:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        before = conn.execute(
            text("SELECT hash FROM transactions WHERE number = :n"), {"n": since - 1}
        ).scalar()
        previous = before or "0" * 64
        rows = conn.execute(
            text("SELECT * FROM transactions WHERE number >= :n ORDER BY number"), {"n": since}
        ).all()
        for row in rows:
            seal = Seal(previous, row.number, row.at, row.actor, row.snapshot)
            for event in conn.execute(
                text(
                    "SELECT number, kind, finding, exception, why, data FROM events "
                    'WHERE "transaction" = :n ORDER BY number'
                ),
                {"n": row.number},
            ):
                seal.add(tuple(event))
            previous = seal.digest()
            conn.execute(
                text("UPDATE transactions SET hash = :h WHERE number = :n"),
                {"h": previous, "n": row.number},
            )


def test_an_untouched_trail_has_no_fault(state: State) -> None:
    kept = end(state)
    assert (kept.number, faults(state), faults(state, kept)) == (4, [], [])
    with state.writing(T0) as tx:
        tx.tell(Event("opened", "later"))
    assert faults(state, kept, end(state)) == []


def test_an_empty_trail_has_no_fault_and_a_head(state_url: str) -> None:
    made = open_state(state_url)
    assert (end(made).number, faults(made, end(made))) == (0, [])
    made.close()


def test_a_transaction_without_events_leaves_no_trace(state: State) -> None:
    kept = end(state)
    with state.writing(T0):
        pass
    assert end(state) == kept


@pytest.mark.parametrize(
    "change_of",
    [
        "kind = 'resolved'", "finding = 'other'", "exception = 'E-1'", "why = 'nothing'",
        "why = NULL", "data = '{}'", "data = NULL",
    ],
)  # fmt: skip
def test_a_changed_event_is_found_where_it_is(state: State, change_of: str) -> None:
    change(state, f"UPDATE events SET {change_of} WHERE number = 5")
    assert faults(state) == [(2, "its hash does not fit what it holds")]


@pytest.mark.parametrize("change_of", ["actor = 'bob'", "at = at + 1", "snapshot = 7"])
def test_a_changed_transaction_is_found_where_it_is(state: State, change_of: str) -> None:
    change(state, f"UPDATE transactions SET {change_of} WHERE number = 3")
    assert faults(state) == [(3, "its hash does not fit what it holds")]


def test_a_removed_event_is_found(state: State) -> None:
    change(state, "DELETE FROM events WHERE number = 5")
    assert {number for number, _ in faults(state)} == {2}


def test_the_last_event_of_a_transaction_cannot_be_removed_unseen(state: State) -> None:
    change(state, "DELETE FROM events WHERE number = 6")
    assert (2, "events up to 6 are missing") in faults(state)


def test_a_removed_transaction_is_found(state: State) -> None:
    change(
        state,
        'DELETE FROM events WHERE "transaction" = 2',
        "DELETE FROM transactions WHERE number = 2",
    )
    assert (3, "transaction 2 is missing") in faults(state)


def test_the_first_transaction_cannot_be_removed_unseen(state: State) -> None:
    change(
        state,
        'DELETE FROM events WHERE "transaction" = 1',
        "DELETE FROM transactions WHERE number = 1",
    )
    assert (2, "transaction 1 is missing") in faults(state)


def test_what_is_cut_off_at_the_end_is_found_by_a_kept_head(state: State) -> None:
    kept = end(state)
    change(
        state,
        'DELETE FROM events WHERE "transaction" = 4',
        "DELETE FROM transactions WHERE number = 4",
    )
    assert faults(state) == []
    said = "the head that was noted elsewhere is not there any more"
    assert faults(state, kept) == [(4, said)]


def test_events_in_another_order_are_found(state: State) -> None:
    change(
        state,
        "UPDATE events SET number = 99 WHERE number = 4",
        "UPDATE events SET number = 4 WHERE number = 5",
        "UPDATE events SET number = 5 WHERE number = 99",
    )
    assert faults(state) == [(2, "its hash does not fit what it holds")]


def test_transactions_in_another_order_are_found(state: State) -> None:
    change(
        state,
        "UPDATE transactions SET number = 99 WHERE number = 2",
        "UPDATE transactions SET number = 2 WHERE number = 3",
        "UPDATE transactions SET number = 3 WHERE number = 99",
    )
    assert {2, 3} <= {number for number, _ in faults(state)}


def test_an_event_that_is_moved_to_another_transaction_is_found(state: State) -> None:
    change(state, 'UPDATE events SET "transaction" = 3 WHERE number = 6')
    assert {number for number, _ in faults(state)} == {2}


def test_a_border_that_is_moved_is_found(state: State) -> None:
    change(state, "UPDATE transactions SET last_event = 5 WHERE number = 2")
    assert {2, 3} <= {number for number, _ in faults(state)}


def test_an_event_that_was_put_in_is_found(state: State) -> None:
    change(state, FORGED.format(4))
    assert faults(state) == [(4, "there are events behind the last transaction")]


@pytest.mark.parametrize("owner", [1, 99])
def test_an_event_that_was_put_in_before_all_others_is_found(state: State, owner: int) -> None:
    change(state, FORGED.format(owner).replace("(13,", "(0,"))
    assert {number for number, _ in faults(state)} == {1}


def test_an_event_that_was_put_in_with_a_transaction_of_its_own_is_found(state: State) -> None:
    change(
        state,
        FORGED.format(5),
        "INSERT INTO transactions (number, at, actor, last_event, hash) "
        f"VALUES (5, 1, 'bob', 13, '{'0' * 64}')",
    )
    assert faults(state) == [(5, "its hash does not fit what it holds")]


def test_a_chain_that_was_built_anew_is_found_by_a_kept_head(state: State) -> None:
    kept = end(state)
    change(state, "UPDATE events SET why = 'nothing' WHERE number = 5")
    rebuild(state, 2)
    assert faults(state) == []
    assert faults(state, kept) == [(4, "the head that was noted elsewhere is another one")]


def test_a_kept_head_in_the_middle_finds_what_was_before_it(state: State) -> None:
    kept = end(state)
    with state.writing(T0) as tx:
        tx.tell(Event("opened", "later"))
    change(state, "UPDATE events SET finding = 'f' WHERE number = 1")
    rebuild(state, 1)
    assert faults(state) == []
    assert [number for number, _ in faults(state, kept, end(state))] == [4]


def test_a_head_is_read_as_it_was_printed(state: State) -> None:
    kept = end(state)
    assert parse_head(f" {kept}\n") == kept
    for wrong in ("", "4", f"x:{kept.hash}", "4:abc", f"{kept}0"):
        with pytest.raises(ConfigError, match="is no head"):
            parse_head(wrong)
