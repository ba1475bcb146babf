"""Exceptions that stand in files, taken into the store."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import time_machine

from findings.kit import HERE, OPEN, T0, Estate, public, queue, statement
from trueline.catalog.problems import ContentError
from trueline.errors import ActionError
from trueline.findings import Desk

FILE = """\
id: partners
rule: policy = '{policy}' AND name = 'a'
justification: The partners' queue, until they can sign.
requested_by: alice
approved_by: bob
approved_on: {on}
until: {until}
"""


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    made = Estate(tmp_path / "home")
    folder = tmp_path / "exceptions"
    folder.mkdir()
    made.set(exceptions=folder, approvers=("bob",))
    return made


def write(estate: Estate, text: str | None = None, **values: str) -> None:
    assert estate.settings.exceptions is not None
    said = {"policy": OPEN, "on": "2026-01-05", "until": "2026-02-01"} | values
    (estate.settings.exceptions / "partners.yaml").write_text(text or FILE.format(**said))


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in rows}


def test_a_file_covers_what_its_rule_fits_until_it_is_over(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False) as clock:
        estate.scan({HERE: [public("a"), public("b")]})
        write(estate)
        rows = estate.sync()
        assert states(rows) == {"a": "excepted", "b": "open"}
        assert [r["exception"] for r in rows] == ["partners", None]
        assert states(estate.sync()) == {"a": "excepted", "b": "open"}
        clock.move_to(dt.datetime(2026, 2, 1, 23, 59, tzinfo=dt.UTC))
        assert states(estate.sync())["a"] == "excepted"
        clock.move_to(dt.datetime(2026, 2, 2, 0, 1, tzinfo=dt.UTC))
        assert states(estate.sync())["a"] == "open"
        write(estate, on="2026-02-02", until="2026-03-01")
        assert states(estate.sync())["a"] == "excepted"


def test_a_file_that_goes_reopens_what_it_covered(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False):
        estate.scan({HERE: [public("a")]})
        write(estate)
        assert states(estate.sync()) == {"a": "excepted"}
        assert estate.settings.exceptions is not None
        (estate.settings.exceptions / "partners.yaml").unlink()
        assert states(estate.sync()) == {"a": "open"}


def test_a_file_that_says_another_rule_releases_what_it_fits_no_more(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False):
        estate.scan({HERE: [public("a"), public("b")]})
        write(estate)
        estate.sync()
        write(
            estate,
            FILE.format(policy=OPEN, on="2026-01-05", until="2026-02-01").replace("'a'", "'b'"),
        )
        assert states(estate.sync()) == {"a": "open", "b": "excepted"}


def test_what_worsens_is_not_covered_until_the_file_says_so_again(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False) as clock:
        estate.scan({HERE: [public("a")]})
        write(estate)
        assert states(estate.sync()) == {"a": "excepted"}
        clock.shift(3600)
        estate.scan({HERE: [public("a", statements=[statement(), statement(sid="t")])]})
        assert states(estate.sync()) == {"a": "open"}
        assert states(estate.sync()) == {"a": "open"}
        write(estate, until="2026-02-02")
        assert states(estate.sync()) == {"a": "excepted"}


def test_a_file_that_lives_too_long_covers_nothing_and_says_so(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False):
        estate.scan({HERE: [public("a")]})
        write(estate, until="2026-12-01")
        assert states(estate.sync()) == {"a": "open"}


def test_commands_do_not_change_what_stands_in_a_file(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False) as clock:
        estate.scan({HERE: [public("a"), queue("b")]})
        write(estate)
        estate.sync()
        state = estate.state()
        now = dt.datetime.now(dt.UTC)
        with pytest.raises(ActionError, match="commands do not change"), state.writing(now) as tx:
            Desk(tx, estate.settings, estate.catalog.policies).end("partners", "no")
        state.close()
        del clock


def test_a_broken_file_stops_before_anything_is_written(estate: Estate) -> None:
    with time_machine.travel(T0, tick=False):
        estate.scan({HERE: [public("a")]})
        write(estate, "id: partners\nrule: severty = 'high'\n")
        with pytest.raises(ContentError):
            estate.sync()
        state = estate.state()
        assert estate.findings(state) == []
        state.close()
