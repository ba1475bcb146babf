"""Exceptions: requested, approved by somebody else, for a while, and bound to what was accepted.

Requests and renewals wait until an approver decides. What an approval covers is what its rule
certainly matches at that moment; with `include_new`, also findings that open later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update

from trueline.errors import ActionError, ConfigError
from trueline.findings import acceptance
from trueline.findings.audit import Event
from trueline.findings.compensation import failing, undecided
from trueline.findings.filters import condition
from trueline.findings.lifecycle import update_findings, void
from trueline.findings.queries import one_exception
from trueline.findings.schema import acceptances, exceptions, findings
from trueline.findings.store import Tx, compact, moment_of
from trueline.findings.windows import DAY, longest_exception
from trueline.model import Policy
from trueline.settings import Settings

__all__ = ["Asked", "Desk"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says. `until` = the moment before which it holds, in microseconds."""

    rule: str
    justification: str
    until: int
    compensating: tuple[str, ...] = ()
    include_new: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """Where exceptions are handled, in one transaction."""

    tx: Tx
    settings: Settings
    policies: Mapping[str, Policy]

    def request(self, asked: Asked) -> str:
        """Ask for an exception; returns its id. Raises ActionError for what may never be."""
        self._check(asked.justification, asked.until)
        for policy in asked.compensating:
            if policy not in self.policies:
                raise ConfigError(
                    "unknown-policy",
                    f"there is no policy {policy!r} to compensate",
                    "trueline policy list",
                )
        matched = self.matched(asked.rule)
        if not matched and not asked.include_new:
            raise _refused(
                f"no unresolved finding certainly fits: {asked.rule}",
                "trueline finding list FILTER shows what a rule fits",
            )
        self._check_length(matched, asked.until)
        made = f"E-{secrets.token_hex(4)}"
        row = {
            "id": made,
            "file": None,
            "rule": asked.rule,
            "justification": asked.justification,
            "state": "requested",
            "requested_by": self.tx.who,
            "requested_at": self.tx.now,
            "approved_by": None,
            "approved_at": None,
            "until": asked.until,
            "compensating": compact(list(asked.compensating)),
            "include_new": asked.include_new,
            "renewals": 0,
            "renewal": None,
        }
        self.tx.conn.execute(insert(exceptions), row)
        said = {"rule": asked.rule, "until": _last_day(asked.until)}
        self._tell("exception_requested", made, asked.justification, said)
        return made

    def approve(self, wanted: str) -> int:
        """Approve a request or a waiting renewal; returns how many findings it covers now."""
        row = self.find(wanted)
        renewal = json.loads(row["renewal"]) if row["renewal"] else None
        if renewal is None and row["state"] != "requested":
            raise _refused(f"{row['id']} is {row['state']}; nothing waits for approval")
        self._may_approve(renewal["by"] if renewal else row["requested_by"])
        until = renewal["until"] if renewal else row["until"]
        self._check(renewal["why"] if renewal else row["justification"], until)
        matched = self.matched(row["rule"])
        self._check_length(matched, until)
        for finding in matched:
            self._check_compensation(row, finding)
        changed = {
            "state": "approved",
            "approved_by": self.tx.who,
            "approved_at": self.tx.now,
            "until": until,
            "renewal": None,
            "renewals": row["renewals"] + (renewal is not None),
        }
        if renewal:
            changed["justification"] = renewal["why"]
        self._set(row["id"], changed)
        kind = "exception_renewed" if renewal else "exception_approved"
        self._tell(kind, row["id"], None, {"until": _last_day(until)})
        self.accept(row["id"], matched)
        return len(matched)

    def reject(self, wanted: str, why: str) -> None:
        """Refuse a request or a waiting renewal; an exception that holds goes on until its end."""
        row = self.find(wanted)
        if row["renewal"]:
            self._may_approve(json.loads(row["renewal"])["by"])
            self._set(row["id"], {"renewal": None})
        elif row["state"] == "requested":
            self._may_approve(row["requested_by"])
            self._set(row["id"], {"state": "rejected"})
        else:
            raise _refused(f"{row['id']} is {row['state']}; nothing waits for approval")
        self._tell("exception_rejected", row["id"], why)

    def renew(self, wanted: str, until: int, why: str) -> None:
        """Ask for a longer life; it holds when an approver agrees."""
        row = self._own(wanted)
        if row["state"] not in ("approved", "expired"):
            raise _refused(f"{row['id']} is {row['state']} and cannot be renewed")
        self._check(why, until)
        self._check_length(self.matched(row["rule"]), until)
        said = {"by": self.tx.who, "until": until, "why": why}
        self._set(row["id"], {"renewal": compact(said)})
        self._tell("exception_renewal_requested", row["id"], why, {"until": _last_day(until)})

    def end(self, wanted: str, why: str) -> None:
        """End an exception before its time; what it covered is reopened."""
        row = self._own(wanted)
        if row["state"] not in ("approved", "requested"):
            raise _refused(f"{row['id']} is {row['state']} already")
        self.stop(row["id"], "ended", why)

    # what upkeep and files share

    def stop(self, wanted: str, state: str, why: str) -> None:
        """Let an exception hold no more, and void all that it accepted."""
        self._set(wanted, {"state": state, "renewal": None})
        self._tell(f"exception_{state}", wanted, why)
        self.release(wanted, (), f"exception {wanted} {state}: {why}")

    def release(self, wanted: str, kept: Collection[str], why: str) -> None:
        """Void what an exception accepted, but for the findings that are `kept`."""
        a = acceptances.c
        covered = self.tx.conn.execute(
            select(a.finding).where(a.exception == wanted, a.state == "active").order_by(a.finding)
        )
        for finding in covered.scalars().all():
            if finding not in kept:
                void(self.tx, self.settings, finding, wanted, why)

    def accept(self, wanted: str, matched: Iterable[Mapping[str, Any]]) -> None:
        """Bind an exception to what these findings say now."""
        a, rows, changed = acceptances.c, [], []
        for finding in matched:
            policy = self.policies.get(finding["policy"])
            if policy is None:
                continue
            self.tx.conn.execute(
                acceptances.delete().where(a.exception == wanted, a.finding == finding["id"])
            )
            rows.append(
                {
                    "exception": wanted,
                    "finding": finding["id"],
                    "at": self.tx.now,
                    "evidence": acceptance.accepted(finding["evidence"]),
                    "predicate": acceptance.predicate(
                        policy, self.settings, finding["environment"]
                    ),
                    "state": "active",
                    "why": None,
                    "verified": finding["unconfirmed_since"] is None,
                    "compensated": None,
                    "review_until": None,
                }
            )
            if finding["state"] != "excepted":
                excepted = {"state": "excepted", "exception": wanted, "next_step_at": None}
                changed.append({"b_id": finding["id"], **excepted})
                self._tell("excepted", wanted, None, finding=finding["id"])
        self.tx.insert(acceptances, rows)
        update_findings(self.tx, changed)

    def find(self, wanted: str) -> dict[str, Any]:
        """An exception by its id, or the beginning of one."""
        return one_exception(self.tx.conn, wanted)

    def new_matches(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a rule fits that is neither excepted nor was ever accepted and lost."""
        a = acceptances.c
        known = select(a.finding).where(a.exception == row["id"])
        return [
            finding
            for finding in self.matched(row["rule"], findings.c.id.not_in(known))
            if self.fits(finding, row["until"], row["approved_at"])
        ]

    # checks

    def _own(self, wanted: str) -> dict[str, Any]:
        """One that commands may change: files are changed in their repository."""
        row = self.find(wanted)
        if row["file"] is not None:
            raise _refused(
                f"{row['id']} stands in {row['file']}, which commands do not change",
                "change the file and have that reviewed",
            )
        return row

    def _check(self, justification: str, until: int) -> None:
        if not justification.strip():
            raise ConfigError(
                "no-justification", "an exception needs a justification", "say why it is acceptable"
            )
        if until <= self.tx.now:
            raise ConfigError(
                "past-expiry",
                f"it would have expired already: {_last_day(until)}",
                "give the last day on which it shall hold",
            )

    def _check_compensation(self, row: Mapping[str, Any], finding: Mapping[str, Any]) -> None:
        against = failing(self.tx, row, finding)
        if against:
            raise _refused(f"the compensating policy {against} fails for {finding['id']}")
        open_ = undecided(self.tx, row, finding, 0)
        if open_:
            raise _refused(
                f"the compensating policy {open_} is not known to hold for {finding['id']}",
                "trueline coverage says what could not be read",
            )

    def _may_approve(self, requester: str) -> None:
        names = self.settings.approvers
        if self.tx.who not in names:
            listed = ", ".join(names) or "nobody"
            raise _refused(
                f"{self.tx.who} is not an approver", f"[approvers] names lists: {listed}"
            )
        if self.tx.who == requester:
            raise _refused(
                f"{requester} asked for it and cannot approve it", "another approver must decide"
            )

    def _check_length(self, matched: Sequence[Mapping[str, Any]], until: int) -> None:
        for finding in matched:
            if not self.fits(finding, until, self.tx.now):
                most = self._longest(finding)
                last = moment_of(self.tx.now + most * DAY)
                where = finding["environment"] or "outside of the environments"
                raise _refused(
                    f"{finding['policy']} ({finding['severity']}, {where}) may be excepted for "
                    f"{most} days at most",
                    f"--until {last:%Y-%m-%d} or earlier" if most else "it must be fixed",
                )

    def fits(self, finding: Mapping[str, Any], until: int, since: int) -> bool:
        """`until` is the end of a day: a day's grace makes it as many days as are allowed."""
        most = self._longest(finding)
        return bool(most and until - since <= (most + 1) * DAY)

    def _longest(self, finding: Mapping[str, Any]) -> int:
        return longest_exception(
            self.settings, finding["policy"], finding["severity"], finding["environment"]
        )

    def matched(self, rule: str, *more: ColumnElement[bool]) -> list[dict[str, Any]]:
        """Unresolved findings that a rule certainly fits."""
        fitting = (findings.c.resolved_at.is_(None), condition(rule, self.tx.now), *more)
        rows = self.tx.conn.execute(select(findings).where(*fitting))
        return [dict(row) for row in rows.mappings()]

    def _set(self, wanted: str, values: Mapping[str, Any]) -> None:
        self.tx.conn.execute(update(exceptions).where(exceptions.c.id == wanted).values(**values))

    def _tell(
        self,
        kind: str,
        wanted: str,
        why: str | None,
        data: Mapping[str, Any] | None = None,
        finding: str | None = None,
    ) -> None:
        self.tx.tell(Event(kind, finding, wanted, why, data))


def _last_day(until: int) -> str:
    """The last day on which it holds: `until` is the moment behind it."""
    return f"{moment_of(until - 1):%Y-%m-%d}"


def _refused(message: str, hint: str | None = None) -> ActionError:
    return ActionError("exception-refused", message, hint)
