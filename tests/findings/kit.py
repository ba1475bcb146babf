"""A small estate of queues whose scans a test makes up: what was read, what failed, what says."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select

from lake.support import row
from trueline.catalog import Catalog, load
from trueline.evaluate import readable
from trueline.findings import Asked, Desk, State, micros
from trueline.findings.schema import acceptances, events, findings, metadata
from trueline.lake import Lake, RunSelection
from trueline.language import compile_policy
from trueline.model import CoverageRow, ResourceType, ScanInfo, Scope, ScopeState
from trueline.model.structs import STRUCTS
from trueline.pipeline import Workspace, make_bench, type_verdicts
from trueline.pipeline.findings import bring_up_to_date, open_findings
from trueline.settings import Settings

CATALOG = load()
QUEUE = "aws_sqs_queue"
ACCOUNT = "111122223333"
HERE, THERE = "eu-west-1", "us-east-1"
OPEN = "aws-sqs-queue-open-to-everyone"
PLAIN = "aws-sqs-queue-unencrypted"
T0 = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
HOUR, DAY = 3_600, 86_400


class Clock(Protocol):
    """The time of a test, in seconds."""

    def shift(self, delta: float) -> None: ...

    def move_to(self, destination: dt.datetime) -> None: ...


def edited(catalog: Catalog, policy: str, **values: Any) -> Catalog:
    """A catalog in which a policy says otherwise, or is called otherwise (`id`)."""
    made = replace(catalog.policies[policy], **values)
    policies = {made.id if k == policy else k: v for k, v in catalog.policies.items()}
    compiled = {made.id if k == policy else k: v for k, v in catalog.compiled.items()}
    policies[made.id] = made
    compiled[made.id] = compile_policy(made, catalog.types)
    return _anew(catalog, policies=policies, compiled=compiled)


def without(catalog: Catalog, policy: str) -> Catalog:
    """A catalog that has a policy no more."""
    policies = {k: v for k, v in catalog.policies.items() if k != policy}
    compiled = {k: v for k, v in catalog.compiled.items() if k != policy}
    return _anew(catalog, policies=policies, compiled=compiled)


def _anew(catalog: Catalog, **values: Any) -> Catalog:
    said = repr([(p.id, p.fails_when, p.formerly) for p in values["policies"].values()])
    return replace(catalog, digest=hashlib.sha256(said.encode()).hexdigest(), **values)


def statement(who: str = "*", **values: Any) -> dict[str, Any]:
    """A statement that lets everyone in, unless it says otherwise."""
    neutral: dict[str, Any] = {"text": "", "bool": False}
    return {
        **{f.name: neutral.get(f.type.kind, []) for f in STRUCTS["iam_statement"]},
        "sid": "s",
        "effect": "Allow",
        "actions": ["sqs:*"],
        "resources": ["*"],
        "principals": [who],
        "principal_is_anyone": who == "*",
        **values,
    }


def queue(name: str, region: str = HERE, account: str = ACCOUNT, **values: Any) -> dict[str, Any]:
    """A queue that passes, unless `values` say otherwise."""
    rtype = CATALOG.types[QUEUE]
    made: dict[str, Any] = {
        "name": name,
        "url": f"https://sqs.{region}.amazonaws.com/{account}/{name}",
        "sse_sqs": True,
        "retention_seconds": 345600,
        "statements": [],
        "tags": {},
        "created_at": T0,
        "_absent": ["kms_key_id", "dead_letter_arn"],
        "_why": {},
    }
    made |= values
    uid = f"arn:aws:sqs:{region}:{account}:{name}"
    return row(rtype, uid, Scope("aws", account, region, QUEUE), **made)


def public(name: str, region: str = HERE, **values: Any) -> dict[str, Any]:
    """A queue that fails `OPEN`."""
    return queue(name, region, **{"statements": [statement()], **values})


@dataclass
class Estate:
    """A home with settings, and the scans made in it."""

    home: Path
    settings: Settings = field(default_factory=lambda: Settings(approvers=("alice", "bob")))
    catalog: Catalog = CATALOG
    judged: tuple[str, ...] = (OPEN, PLAIN)
    said: list[str] = field(default_factory=list)

    @property
    def room(self) -> Workspace:
        return Workspace(self.home, self.settings, self.catalog)

    def set(self, **values: Any) -> None:
        self.settings = replace(self.settings, **values)

    def scan(
        self,
        read: Mapping[str, Sequence[Mapping[str, Any]]],
        lost: Mapping[str, str] | None = None,
        at: dt.datetime | None = None,
    ) -> int:
        """Record a snapshot: rows by region read whole, and regions that failed for a cause."""
        now = at or dt.datetime.now(dt.UTC)
        catalog = self.catalog
        rtype: ResourceType = catalog.types[QUEUE]
        lake = Lake(self.home)
        types = {QUEUE: rtype}
        run = lake.begin(RunSelection("aws", types, (), (), note=""), False)
        for region, rows in read.items():
            where = Scope("aws", ACCOUNT, region, QUEUE)
            run.rows(where, [dict(r) | {"collected_at": now} for r in rows])
            row = CoverageRow("aws", ACCOUNT, region, QUEUE, "sqs.ListQueues", "ok")
            run.done(ScopeState(where, True, now), (row,))
        for region, cause in (lost or {}).items():
            where = Scope("aws", ACCOUNT, region, QUEUE)
            run.done(ScopeState(where, False, now, cause), ())
        bench = replace(make_bench(self.room, now), now=now)
        compiled, not_judged = readable(
            [c for c in catalog.compiled.values() if c.table == QUEUE and c.id in self.judged],
            catalog.types,
            "live",
        )
        snapshot = lake.commit(
            run,
            ScanInfo(run.id, now, now, "0", ("live",)),
            lambda tables: type_verdicts(bench, tables, compiled, types),
            types={QUEUE: rtype, "aws_kms_key": catalog.types["aws_kms_key"]},
            not_judged=not_judged,
        )
        run.close()
        return snapshot.number

    def state(self) -> State:
        return open_findings(self.room)

    @contextmanager
    def opened(self) -> Iterator[State]:
        state = self.state()
        try:
            yield state
        finally:
            state.close()

    def sync(self) -> list[dict[str, Any]]:
        """Apply what is outstanding; the findings, by policy and uid."""
        with self.opened() as state:
            bring_up_to_date(self.room, state, self.said.append)
            return self.findings(state)

    def findings(self, state: State) -> list[dict[str, Any]]:
        order = (findings.c.policy, findings.c.uid, findings.c.first_snapshot)
        with state.reading() as conn:
            return [dict(r) for r in conn.execute(select(findings).order_by(*order)).mappings()]

    def events(self, finding: str | None = None) -> list[tuple[str, str | None]]:
        """Kind and reason of each event in order, of one finding or of all."""
        with self.opened() as state, state.reading() as conn:
            rows = conn.execute(select(events).order_by(events.c.number)).all()
        return [(r.kind, r.why) for r in rows if finding is None or r.finding == finding]

    def kinds(self, finding: str | None = None) -> list[str]:
        return [kind for kind, _ in self.events(finding)]

    def told(self, kind: str) -> dict[str, Any]:
        """The data of the newest event of a kind."""
        with self.opened() as state, state.reading() as conn:
            wanted = select(events.c.data).where(events.c.kind == kind)
            data = conn.execute(wanted.order_by(events.c.number.desc()).limit(1)).scalar()
        return dict(json.loads(data or "{}"))

    def accepted(self, finding: str) -> list[dict[str, Any]]:
        """What was accepted of a finding."""
        wanted = select(acceptances).where(acceptances.c.finding == finding)
        with self.opened() as state, state.reading() as conn:
            return [dict(r) for r in conn.execute(wanted.order_by(acceptances.c.at)).mappings()]

    @contextmanager
    def desk(self, who: str) -> Iterator[Desk]:
        """Where somebody handles exceptions, in a transaction of now."""
        with self.opened() as state, state.writing(dt.datetime.now(dt.UTC), who=who) as tx:
            yield Desk(tx, self.settings, self.catalog.policies)

    def grant(self, rule: str, days: int = 30, **values: Any) -> str:
        """An exception that alice asked for and bob approved."""
        until = micros(dt.datetime.now(dt.UTC)) + days * DAY * 1_000_000
        with self.desk("alice") as desk:
            made = desk.request(Asked(rule, "it is meant to be so", until, **values))
        with self.desk("bob") as desk:
            desk.approve(made)
        return made


def dump(state: State) -> str:
    """Everything that a store holds, as text."""
    lines = []
    with state.reading() as conn:
        for table in metadata.sorted_tables:
            rows = conn.execute(select(table).order_by(*table.primary_key.columns))
            lines += [f"{table.name} {tuple(row)!r}" for row in rows]
    return "\n".join(lines)
