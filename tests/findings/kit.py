"""A small estate of queues whose scans a test makes up: what was read, what failed, what says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lake.support import row
from trueline.catalog import load
from trueline.evaluate import readable
from trueline.findings import State
from trueline.findings.schema import findings
from trueline.lake import Lake, RunSelection
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
    settings: Settings = field(default_factory=Settings)
    catalog: Any = CATALOG

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
            [c for c in catalog.compiled.values() if c.table == QUEUE and c.id in (OPEN, PLAIN)],
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

    def sync(self) -> list[dict[str, Any]]:
        """Apply what is outstanding; the findings, by policy and uid."""
        state = self.state()
        try:
            bring_up_to_date(self.room, state)
            return self.findings(state)
        finally:
            state.close()

    def findings(self, state: State) -> list[dict[str, Any]]:
        order = (findings.c.policy, findings.c.uid, findings.c.first_snapshot)
        with state.reading() as conn:
            return [dict(r) for r in conn.execute(select(findings).order_by(*order)).mappings()]
