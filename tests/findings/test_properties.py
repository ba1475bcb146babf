"""Whatever happens, in whatever order: the store says what a plain model of it says."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from postgresql import Cluster
from trueline.findings import Asked, Head, State, verify
from trueline.findings.schema import acceptances, events, exceptions
from trueline.model import Param
from trueline.settings import Environment, PolicyOverride

from .kit import CATALOG, HERE, T0, THERE, Estate, edited, queue, statement
from .model import DAY, OPEN, REGION_OF, SHORT, Model, Region, Resource, Rules

LEAST = {"least": Param("least", "int", "Seconds.")}
FIRST = edited(CATALOG, SHORT, fails_when="retention_seconds < :least", params=LEAST)
SECOND = edited(
    FIRST,
    OPEN,
    fails_when="any_of(statements, s -> s.effect = 'Allow' AND s.principal_is_anyone "
    "AND s.sid <> 'a')",
)
OFF = PolicyOverride(enabled=False, reason="it is filtered elsewhere")
NAMES = st.sampled_from(sorted(REGION_OF))
REGIONS = st.sampled_from([HERE, THERE])
SIDS = st.sampled_from([frozenset(s) for s in ("a", "b", "ab", "bc", "abc", "")])
RESOURCES = st.builds(
    Resource,
    incarnation=st.sampled_from(["one", "one", "one", "two"]),
    sids=SIDS,
    retention=st.sampled_from([100, 150, 150, 300]),
    readable=st.sampled_from([True, True, True, False]),
)


class Store(RuleBasedStateMachine):
    """A store beside its model; every rule is followed by a comparison."""

    def __init__(self) -> None:
        super().__init__()
        self.time = time_machine.travel(T0, tick=False)
        self.clock = self.time.start()
        self.scratch = tempfile.TemporaryDirectory()
        self.estate = Estate(Path(self.scratch.name))
        self.estate.set(state=self.new_url())
        self.model = Model({HERE: Region(), THERE: Region()})
        self.world: dict[str, Resource] = {}
        self.heads: list[Head] = []
        self.configure(Rules())

    def new_url(self) -> str | None:
        return None

    def teardown(self) -> None:
        self.time.stop()
        self.scratch.cleanup()

    def now(self) -> float:
        return dt.datetime.now(dt.UTC).timestamp()

    def configure(self, rules: Rules) -> None:
        self.model.rules = rules
        self.estate.catalog = SECOND if rules.second else FIRST
        off = {} if rules.on else {OPEN: OFF}
        params = {} if rules.least is None else {SHORT: {"least": rules.least}}
        self.estate.set(environments=(Environment("all", "TRUE", off),), params=params)

    # the world

    @initialize(resources=st.tuples(RESOURCES, RESOURCES, RESOURCES))
    def begin(self, resources: tuple[Resource, ...]) -> None:
        self.world = dict(zip(sorted(REGION_OF), resources, strict=True))
        self.scan({HERE, THERE}, set())

    @rule(name=NAMES, resource=RESOURCES, seen=st.booleans())
    def make(self, name: str, resource: Resource, seen: bool) -> None:
        self.world[name] = resource
        self.look(seen)

    @rule(name=NAMES, sids=SIDS, readable=st.sampled_from([True, True, False]))
    def change(self, name: str, sids: frozenset[str], readable: bool) -> None:
        if name in self.world:
            self.world[name] = replace(self.world[name], sids=sids, readable=readable)
        self.look(True)

    @rule(name=NAMES, seen=st.booleans())
    def delete(self, name: str, seen: bool) -> None:
        self.world.pop(name, None)
        self.look(seen)

    def look(self, seen: bool) -> None:
        if seen:
            self.scan({HERE, THERE}, set())

    @rule(days=st.sampled_from([1, 5, 15, 31]))
    def wait(self, days: int) -> None:
        self.clock.shift(days * DAY)

    # scans

    @rule(read=st.sets(REGIONS), failed=st.sets(REGIONS))
    def scan(self, read: set[str], failed: set[str]) -> None:
        self.clock.shift(60)
        if read | failed:
            rows = {
                region: {q: r for q, r in self.world.items() if REGION_OF[q] == region}
                for region in sorted(read - failed)
            }
            self.model.scan(rows, failed, self.now())
            self.estate.scan(
                {
                    region: [_row(q, r) for q, r in listed.items()]
                    for region, listed in rows.items()
                },
                dict.fromkeys(sorted(failed), "denied"),
            )

    @rule(read=st.sets(REGIONS, min_size=1), name=NAMES, resource=RESOURCES)
    def scan_twice_before_anybody_looks(
        self, read: set[str], name: str, resource: Resource
    ) -> None:
        self.scan({HERE, THERE}, set())
        self.world[name] = resource
        self.scan(read, set())

    # configuration and content

    @rule(
        on=st.sampled_from([True, True, True, False]),
        second=st.booleans(),
        least=st.sampled_from([None, 120, 200, 200]),
        read=st.sets(REGIONS),
    )
    def decree(self, on: bool, second: bool, least: int | None, read: set[str]) -> None:
        self.configure(Rules(on, second, least))
        self.scan(read, set())

    @rule(region=REGIONS, second=st.booleans(), least=st.sampled_from([120, 200]))
    def edit_and_scan_one_region(self, region: str, second: bool, least: int) -> None:
        self.scan({HERE, THERE}, set())
        self.the_store_says_what_the_model_says()
        self.configure(Rules(True, second, least))
        self.scan({region}, set())

    @rule(off=st.booleans(), looked=st.booleans())
    def suspend_for_one_scan(self, off: bool, looked: bool) -> None:
        self.configure(Rules())
        self.scan({HERE, THERE}, set())
        self.the_store_says_what_the_model_says()
        self.configure(Rules(on=not off, least=200 if off else None))
        self.scan({HERE, THERE}, set())
        if looked:
            self.the_store_says_what_the_model_says()
        self.configure(Rules())

    # exceptions

    def matched(self, name: str) -> list[Any]:
        return [f for f in self.model.findings if f.name == name and f.state != "resolved"]

    @precondition(lambda self: any(f.state != "resolved" for f in self.model.findings))
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        self.ask(data, 80, "y")

    @precondition(lambda self: any(f.state != "resolved" for f in self.model.findings))
    @rule(data=st.data(), days=st.sampled_from([2, 20, 80]), approve=st.sampled_from("yyyn-"))
    def ask(self, data: st.DataObject, days: int, approve: str) -> None:
        names = sorted({f.name for f in self.model.findings if f.state != "resolved"})
        name = data.draw(st.sampled_from(names))
        until = self.now() + days * DAY
        with self.estate.desk("alice") as desk:
            made = desk.request(Asked(f"name = '{name}'", "because", round(until * 1_000_000)))
        self.model.request(made, until)
        if approve != "-":
            self.decide(made, approve == "y")

    @precondition(lambda self: "requested" in self.model.exceptions.values())
    @rule(yes=st.booleans())
    def decide_later(self, yes: bool) -> None:
        made = next(e for e, s in self.model.exceptions.items() if s == "requested")
        self.decide(made, yes and self.model.until[made] > self.now())

    def decide(self, made: str, yes: bool) -> None:
        with self.estate.desk("bob") as desk:
            if yes:
                name = desk.find(made)["rule"].split("'")[1]
                assert desk.approve(made) == len(self.matched(name))
                self.model.approve(made, self.matched(name))
            else:
                desk.reject(made, "no")
                self.model.exceptions[made] = "rejected"

    @precondition(lambda self: "approved" in self.model.exceptions.values())
    @rule()
    def end(self) -> None:
        made = next(e for e, s in self.model.exceptions.items() if s == "approved")
        with self.estate.desk("alice") as desk:
            desk.end(made, "over")
        self.model.stop(made, "ended")

    # what must hold

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        self.estate.sync()
        self.model.sync(self.now())
        with self.estate.opened() as state:
            rows = self.estate.findings(state)
            self._same_findings(rows)
            self._same_exceptions(state)
            self._replayed(state, rows)
            with state.reading() as conn:
                head, faults = verify(conn, self.heads)
            assert faults == []
            self.heads = [*self.heads[:1], head]

    def _same_findings(self, rows: list[dict[str, Any]]) -> None:
        assert len({r["id"] for r in rows}) == len(rows)
        stored = sorted(_stored(row) for row in rows)
        assert stored == sorted(
            (
                *(f.policy, f.name, f.incarnation, f.state, f.reason or "", f.doubt, f.current),
                f.exception is not None,
                round(f.last * 1_000_000) if f.doubt or f.state == "resolved" else 0,
            )
            for f in self.model.findings
        )

    def _same_exceptions(self, state: State) -> None:
        with state.reading() as conn:
            listed = conn.execute(select(exceptions.c.id, exceptions.c.state)).all()
            a = acceptances.c
            active = conn.execute(select(a.exception).where(a.state == "active")).scalars().all()
        assert {row.id: row.state for row in listed} == self.model.exceptions
        held = [a.exception for a in self.model.accepted if a.active]
        assert sorted(active) == sorted(held)

    def _replayed(self, state: State, rows: list[dict[str, Any]]) -> None:
        """The states of findings follow from the events alone."""
        states = {"opened": "open", "reopened": "open", "excepted": "excepted"}
        said: dict[str, tuple[str, bool]] = {}
        with state.reading() as conn:
            told = conn.execute(select(events.c.finding, events.c.kind).order_by(events.c.number))
            for finding, kind in told:
                was, doubt = said.get(finding, ("", False))
                if kind in ("unconfirmed", "confirmed"):
                    assert doubt == (kind == "confirmed"), "said twice"
                    said[finding] = was, kind == "unconfirmed"
                elif kind == "resolved":
                    assert was != "resolved", "resolved twice"
                    said[finding] = "resolved", False
                elif kind in states:
                    assert was != states[kind], "said twice"
                    said[finding] = states[kind], doubt
        assert said == {r["id"]: (r["state"], r["unconfirmed_since"] is not None) for r in rows}


def _row(name: str, resource: Resource) -> dict[str, Any]:
    unread: dict[str, Any] = (
        {}
        if resource.readable
        else {
            "statements": None,
            "_why": {"statements": "denied"},
        }
    )
    return queue(
        name,
        REGION_OF[name],
        **{
            "incarnation": resource.incarnation,
            "retention_seconds": resource.retention,
            "statements": [statement(sid=sid) for sid in sorted(resource.sids)],
            **unread,
        },
    )


def _stored(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        *(row["policy"], row["name"], row["incarnation"], row["state"]),
        *(row["resolved_reason"] or "", row["unconfirmed_since"] is not None),
        *(row["key"] is not None, row["exception"] is not None, row["last_confirmed"] or 0),
    )


def bounded(examples: int, steps: int) -> settings:
    """The same steps every time."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def test_the_store_on_sqlite_says_what_the_model_says() -> None:
    run_state_machine_as_test(Store, settings=bounded(11, 22))


@pytest.mark.needs("postgresql")
def test_the_store_on_postgresql_says_what_the_model_says(cluster: Cluster) -> None:
    made: list[str] = []

    class OnPostgresql(Store):
        def new_url(self) -> str:
            made.append(cluster.url())
            return made[-1]

        def teardown(self) -> None:
            super().teardown()
            cluster.drop(made[-1])

    run_state_machine_as_test(OnPostgresql, settings=bounded(4, 12))
