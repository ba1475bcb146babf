"""Applies one snapshot to the store: opens, confirms, doubts, changes and resolves findings.

A finding closes only by a newer read: its scope was collected whole after what last confirmed it.
What could not be read stays open and is unconfirmed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import pyarrow as pa
from sqlalchemy import Integer, cast, select

from trueline.findings import acceptance, resources
from trueline.findings.audit import Event
from trueline.findings.comparing import KNOWN, Comparison, Place
from trueline.findings.compensation import note_doubts, watched
from trueline.findings.confirming import Confirmed, confirm, confirmed_by, last_confirmed
from trueline.findings.identity import id_of
from trueline.findings.lifecycle import (
    active_acceptances,
    begun,
    end_acceptances,
    mark_verified,
    update_findings,
    void,
)
from trueline.findings.owners import Owning
from trueline.findings.risk import Weighing, with_age
from trueline.findings.schema import findings
from trueline.findings.store import Tx, compact, micros, read_rows
from trueline.findings.tags import TagSets
from trueline.findings.windows import due_at, next_step
from trueline.model import Policy, ScopeState
from trueline.settings import Settings

__all__ = ["Applying", "Rules"]

_CHUNK = 500
_MANY = 1_000
"""Findings to open at once from which on it pays to make the indexes afterwards."""
_SAME = (
    "policy", "uid", "incarnation", "type", "provider", "name", "account", "region",
    "scope_account", "scope_region", "environment", "severity", "tags", "owner",
    "owner_step", "owner_gap", "evidence", "evidence_mark", "subject_mark",
)  # fmt: skip
"""What a finding takes from the snapshot as it is."""
_same = itemgetter(*_SAME)
_weighty = itemgetter(
    "policy", "severity", "exposed", "environment", "sensitivity", "criticality", "privileged"
)
_REASONS = {
    "fixed": "read again, it no longer fails",
    "gone": "the resource is not there any more",
    "recreated": "the resource was made anew",
    "switched_off": "the policy does not hold here any more",
    "policy_removed": "there is no such policy any more",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What configuration and content say of findings.

    `held` names why an environment does not judge a policy, by (environment, policy id).
    """

    settings: Settings
    policies: Mapping[str, Policy]
    held: Mapping[tuple[str | None, str], str]
    owning: Owning

    def held_back(self, environment: str | None, policy: str) -> str | None:
        """Why the policy is not judged for rows of this environment, None = it is."""
        return self.held.get((environment, policy))


@dataclass(slots=True)
class Applying:
    """One snapshot on its way into the store. `at` is when it was made."""

    tx: Tx
    rules: Rules
    number: int
    at: int
    _inserts: list[dict[str, Any]] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    _weights: dict[tuple[Any, ...], tuple[int, str]] = field(default_factory=dict)
    _beginnings: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    _tag_sets: TagSets = field(default_factory=TagSets)

    def type(
        self, comparison: Comparison, states: Iterable[ScopeState], judged: frozenset[str]
    ) -> None:
        """Apply what the snapshot says of one type. `judged`: the policies that were."""
        table = comparison.said.table
        scopes = {(s.scope.account, s.scope.region): s for s in states}
        confirmed = confirmed_by(self.tx, judged)
        comparison.prepare(self._known(table))
        try:
            for rows in comparison.changes():
                self._changes(rows, scopes, confirmed)
            for keys in comparison.missing():
                self._missing(comparison, keys, scopes, confirmed, judged)
            counted = watched(self.tx) & judged
            unread = [place for place, state in scopes.items() if not state.complete]
            lost = [(p, f"scope:{r}", a) for a, r in unread for p in sorted(counted)]
            note_doubts(self.tx, table, counted, [*comparison.unknown(counted), *lost])
        finally:
            comparison.close()
        self._flush()
        confirm(self.tx, self.number, judged, scopes, confirmed)

    # what the store says

    def _known(self, table: str) -> Iterator[pa.RecordBatch]:
        if self.tx.first:  # what it holds by now is of other types, and has no index yet
            return
        f = findings.c
        query = select(
            f.key, cast(f.resolved_at.is_not(None), Integer),
            cast(f.unconfirmed_since.is_not(None), Integer), f.incarnation,
            f.evidence_mark, f.subject_mark,
        ).where(f.type == table, f.key.is_not(None))  # fmt: skip
        for part in read_rows(self.tx.conn, query):
            columns = zip(zip(*part, strict=True), KNOWN, strict=True)
            arrays = [pa.array(values, kind.type) for values, kind in columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=KNOWN)

    def _stored(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        out: dict[str, dict[str, Any]] = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            rows = self.tx.conn.execute(select(findings).where(findings.c.key.in_(chunk)))
            out |= {row["key"]: dict(row) for row in rows.mappings()}
        return out

    # what the snapshot says otherwise

    def _changes(
        self,
        rows: Sequence[dict[str, Any]],
        scopes: Mapping[tuple[str, str], ScopeState],
        confirmed: Confirmed,
    ) -> None:
        old = self._stored([row["key"] for row in rows if row["todo"] != "open"])
        self._identify([r for r in rows if r["todo"] == "recreate" or r["key"] not in old])
        updates: list[dict[str, Any]] = []
        for row in rows:
            todo, was = row["todo"], old.get(row["key"])
            if was is None:
                self._open(row)
            elif todo == "doubt":
                cause = row["cause"] or "error"
                scope = scopes.get((row["scope_account"], row["scope_region"]))
                if cause == "stale" and scope is not None and scope.cause:
                    cause = scope.cause
                updates.append(self._doubt(was, cause, confirmed))
            elif todo == "recreate":
                gone = was["resolved_at"] is not None
                closed = {"b_id": was["id"]} if gone else self._resolve(was, "recreated", confirmed)
                updates.append({**closed, "key": None})
                self._open(row)
            elif todo == "replaced":
                updates.append(self._resolve(was, "recreated", confirmed))
            elif todo == "reopen":
                updates.append(self._reopen(was, row, "it fails again"))
            else:
                updates.append(self._change(was, row))
        self._update(updates)
        self._flush()
        if not self.tx.first:
            resources.note(self.tx, rows)
        changed = [row for row in rows if row["todo"] in ("change", "confirm", "doubt")]
        self._hold_to_acceptance(changed, old)

    def _hold_to_acceptance(
        self, rows: Sequence[Mapping[str, Any]], old: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Excepted findings: void what says more than was accepted, mark what was not read."""
        excepted = {
            old[row["key"]]["id"]: row
            for row in rows
            if row["key"] in old and old[row["key"]]["state"] == "excepted"
        }
        for held in active_acceptances(self.tx, list(excepted)):
            row = excepted[held["finding"]]
            was = old[row["key"]]
            found = acceptance.Compared(None, False)
            if row["fails"]:
                found = acceptance.compare(held["evidence"], row["evidence"], row["unread"] or ())
            if found.beyond:
                void(self.tx, self.rules.settings, was["id"], held["exception"], found.beyond)
            elif found.whole != held["verified"]:
                mark_verified(self.tx, held, found.whole)

    def _open(self, row: Mapping[str, Any]) -> None:
        made = {
            **self._made(row),
            "id": self._new_id(row),
            "key": row["key"],
            "assigned_by": None,
            "first_seen": self.at,
            "first_snapshot": self.number,
            **self._begun(row),
            **self.tx.numbers.of(row),
        }
        self._inserts.append(made)
        data = {"severity": made["severity"], "owner": made["owner"], "mark": row["evidence_mark"]}
        self.tx.tell(Event("opened", made["id"], data=data))

    def _identify(self, rows: Sequence[dict[str, Any]]) -> None:
        """Give rows the id of their identity, and learn which of these earlier findings have."""
        for row in rows:
            row["id"] = id_of(row["policy"], row["uid"], row["incarnation"])
        if rows and not self.tx.first:
            made = [row["id"] for row in rows]
            found = self.tx.conn.execute(select(findings.c.id).where(findings.c.id.in_(made)))
            self._taken = set(found.scalars())

    def _new_id(self, row: Mapping[str, Any]) -> str:
        """The id of its identity; counted on where an earlier finding has it."""
        made, again = str(row["id"]), 0
        f = findings.c
        while made in self._taken:
            again += 1
            made = id_of(row["policy"], row["uid"], row["incarnation"], again)
            if self.tx.conn.execute(select(f.id).where(f.id == made)).first():
                self._taken.add(made)
        return made

    def _made(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the snapshot says of a finding, as columns of the store."""
        risk, factors = self._weighed(row)
        tag_set = self._tag_sets.kept(row["tag_set"], row["tags"])
        said = dict(zip(_SAME, _same(row), strict=True))
        return {**said, "tag_set": tag_set, "risk": risk, "factors": factors}

    def _weighed(self, row: Mapping[str, Any]) -> tuple[int, str]:
        """The risk without age, and its parts as JSON: of a million findings few are different."""
        said = _weighty(row)
        if said not in self._weights:
            policy = self.rules.policies[row["policy"]]
            factors = Weighing(self.rules.settings).factors(row, policy.categories)
            risk, parts = with_age(factors, 0)
            self._weights[said] = risk, compact(parts)
        return self._weights[said]

    def _begun(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What an opening now sets."""
        said = (row["severity"], row["environment"])
        if said not in self._beginnings:
            self._beginnings[said] = begun(self.rules.settings, row, self.at)
        return self._beginnings[said]

    def _reopen(self, was: Mapping[str, Any], row: Mapping[str, Any], why: str) -> dict[str, Any]:
        made = self._kept_owner(was, self._made(row))
        self.tx.tell(Event("reopened", was["id"], why=why))
        return {"b_id": was["id"], **made, **self._begun(made)}

    def _change(self, was: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """It fails as before; something of it may be otherwise, or it had been in doubt."""
        made = self._kept_owner(was, self._made(row))
        made["incarnation"] = row["incarnation"] or was["incarnation"]
        if was["unconfirmed_since"] is not None:
            self.tx.tell(Event("confirmed", was["id"]))
        self._tell_changes(was, made)
        settings = self.rules.settings
        due = due_at(settings, was["opened_at"], made["severity"], made["environment"])
        risk, parts = with_age(_ageless(made["factors"]), was["age_step"])
        made |= {
            "risk": risk,
            "factors": compact(parts),
            "due_at": due,
            "last_confirmed": None,
            "unconfirmed_since": None,
            "unconfirmed_cause": None,
        }
        if was["next_step_at"] is not None:
            made["next_step_at"] = next_step(settings, was["escalation"], was["opened_at"], due)
        return {"b_id": was["id"], **made}

    def _tell_changes(self, was: Mapping[str, Any], made: Mapping[str, Any]) -> None:
        said = {
            name: [was[name], made[name]]
            for name in ("severity", "environment")
            if was[name] != made[name]
        }
        if was["evidence_mark"] != made["evidence_mark"]:
            said["evidence"] = [was["evidence_mark"], made["evidence_mark"]]
        if said:
            self.tx.tell(Event("changed", was["id"], data=said))
        if was["owner"] != made["owner"]:
            data = {"owner": [was["owner"], made["owner"]]}
            self.tx.tell(Event("owner_changed", was["id"], data=data))

    def _kept_owner(self, was: Mapping[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        """An explicit assignment wins over the chain."""
        if was["assigned_by"] is not None:
            made |= {name: was[name] for name in ("owner", "owner_step", "owner_gap")}
        return made

    def _doubt(self, was: Mapping[str, Any], cause: str, confirmed: Confirmed) -> dict[str, Any]:
        self.tx.tell(Event("unconfirmed", was["id"], why=cause))
        return {
            "b_id": was["id"],
            "last_confirmed": last_confirmed(was, confirmed),
            "unconfirmed_since": self.at,
            "unconfirmed_cause": cause,
        }

    # what the snapshot does not say any more

    def _missing(
        self,
        comparison: Comparison,
        keys: Sequence[str],
        scopes: Mapping[tuple[str, str], ScopeState],
        confirmed: Confirmed,
        judged: frozenset[str],
    ) -> None:
        rows = sorted(self._stored(keys).values(), key=lambda row: str(row["id"]))
        confirmed = {**confirmed, **confirmed_by(self.tx, {r["policy"] for r in rows} - judged)}
        standing = comparison.standing([row["uid"] for row in rows])
        updates = []
        for was in rows:
            place = standing.get(was["uid"])
            policy, environment = was["policy"], place[3] if place else was["environment"]
            held = self.rules.held_back(environment, policy)
            said = policy in judged and (environment, policy) not in comparison.said.unjudged
            if held is not None and held.startswith("switched off"):
                updates.append(self._resolve(was, "switched_off", confirmed, held))
            elif place is None or (held is None and said):
                home = place[:2] if place else (was["scope_account"], was["scope_region"])
                updates += self._settled(was, scopes.get(home), place, confirmed)
            else:
                updates += self._doubted(was, held or "not_judged", confirmed)
        self._update(updates)
        self._leave_unverified(rows, updates)

    def _leave_unverified(
        self, rows: Sequence[Mapping[str, Any]], updates: Sequence[Mapping[str, Any]]
    ) -> None:
        """What was accepted of findings that are in doubt now could not be read again."""
        doubted = {u["b_id"] for u in updates if u["unconfirmed_since"] is not None}
        excepted = [r["id"] for r in rows if r["id"] in doubted and r["state"] == "excepted"]
        for held in active_acceptances(self.tx, excepted):
            if held["verified"]:
                mark_verified(self.tx, held, False)

    def _settled(
        self,
        was: Mapping[str, Any],
        scope: ScopeState | None,
        place: Place | None,
        confirmed: Confirmed,
    ) -> list[dict[str, Any]]:
        """Resolved where a newer and whole read proves it, else as it was or in doubt."""
        if scope is None or not scope.complete:
            return self._doubted(was, (scope and scope.cause) or "not_collected", confirmed)
        if micros(scope.collected_at) <= last_confirmed(was, confirmed):
            return []
        if place is None:
            return [self._resolve(was, "gone", confirmed)]
        anew = place[2] and was["incarnation"] and place[2] != was["incarnation"]
        return [self._resolve(was, "recreated" if anew else "fixed", confirmed)]

    def _doubted(
        self, was: Mapping[str, Any], cause: str, confirmed: Confirmed
    ) -> list[dict[str, Any]]:
        return [] if was["unconfirmed_since"] is not None else [self._doubt(was, cause, confirmed)]

    def _resolve(
        self,
        was: Mapping[str, Any],
        reason: str,
        confirmed: Confirmed,
        why: str | None = None,
    ) -> dict[str, Any]:
        self.tx.tell(Event("resolved", was["id"], why=why or _REASONS[reason]))
        if was["exception"] is not None:
            end_acceptances(self.tx, was["id"], _REASONS[reason])
        return {
            "b_id": was["id"],
            "state": "resolved",
            "resolved_at": self.at,
            "resolved_reason": reason,
            "last_confirmed": last_confirmed(was, confirmed),
            "unconfirmed_since": None,
            "unconfirmed_cause": None,
            "exception": None,
            "next_step_at": None,
        }

    def removed(self, types: Iterable[str]) -> None:
        """Resolve what stands under policies, or types, that the content no longer has."""
        f = findings.c
        known = set(types)
        listed = self.tx.conn.execute(select(f.type, f.policy).distinct())
        for table, policy in sorted(map(tuple, listed)):
            if policy in self.rules.policies and table in known:
                continue
            rows = self.tx.conn.execute(
                select(findings)
                .where(f.resolved_at.is_(None), f.policy == policy, f.type == table)
                .order_by(f.id)
            )
            confirmed = confirmed_by(self.tx, [policy])
            self._update(
                [self._resolve(dict(r), "policy_removed", confirmed) for r in rows.mappings()]
            )

    def done(self) -> None:
        """Keep what a first snapshot named: one statement for all of it."""
        if self.tx.first:
            resources.note_all(self.tx)

    # writing

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        update_findings(self.tx, rows)

    def _flush(self) -> None:
        if len(self._inserts) >= _MANY and self.tx.first:
            self.tx.leave_out_indexes()
        self.tx.insert(findings, self._inserts)
        self._inserts = []
        self._tag_sets.write(self.tx)


def _ageless(factors: str) -> dict[str, Any]:
    import json

    parts: dict[str, Any] = json.loads(factors)
    parts.pop("age", None)
    return parts
