"""What the store should say, in plain Python: a model that knows no SQL and no snapshot files.

Resources are queues with open statements (named by `sids`) and a retention. Two policies judge
them: `OPEN` fails by the statements, `SHORT` by a parameter that may lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

OPEN, SHORT = "aws-sqs-queue-open-to-everyone", "aws-sqs-queue-unencrypted"
DAY = 86_400
REGION_OF = {"a": "eu-west-1", "b": "eu-west-1", "c": "us-east-1"}
"""Where each queue is, whenever it is."""


@dataclass(frozen=True)
class Resource:
    """A queue as it is; `readable` = whether its statements can be read."""

    incarnation: str
    sids: frozenset[str]
    retention: int
    readable: bool = True


@dataclass(frozen=True)
class Rules:
    """What the configuration says: is `OPEN` on, is its second version in force, and `SHORT`'s
    parameter, None = not configured."""

    on: bool = True
    second: bool = False
    least: int | None = 200

    def held(self, policy: str) -> bool:
        return not self.on if policy == OPEN else self.least is None

    def asked(self, policy: str) -> object:
        """What an exception's acceptance is bound to."""
        return self.second if policy == OPEN else self.least

    def verdict(self, policy: str, resource: Resource) -> Verdict | None:
        """None = it passes."""
        if policy == SHORT:
            assert self.least is not None
            return (
                Verdict(frozenset({resource.retention}), False)
                if (resource.retention < self.least)
                else None
            )
        if not resource.readable:
            return Verdict(None, True)
        found = resource.sids - {"a"} if self.second else resource.sids
        return Verdict(frozenset(found), True) if found else None


@dataclass(frozen=True)
class Verdict:
    """`evidence` None = unknown; `listed` = a list, of which less is no more than was accepted."""

    evidence: frozenset[object] | None
    listed: bool


@dataclass
class Finding:
    policy: str
    name: str
    incarnation: str
    state: str = "open"
    reason: str | None = None
    doubt: bool = False
    last: float = 0.0
    evidence: frozenset[object] = frozenset()
    current: bool = True
    exception: str | None = None


@dataclass
class Accepted:
    """That an exception covers a finding."""

    exception: str
    finding: Finding
    evidence: frozenset[object]
    asked: object
    listed: bool
    active: bool = True
    review_until: float | None = None


@dataclass(frozen=True)
class Region:
    """What is recorded of a region; `at` None = it was never read whole."""

    rows: Mapping[str, Resource] = field(default_factory=dict)
    at: float | None = None
    failed: bool = False


@dataclass(frozen=True)
class Snapshot:
    """What a scan recorded, and how it was judged then; what passed has no verdict."""

    regions: Mapping[str, Region]
    rules: Rules
    verdicts: Mapping[tuple[str, str], Verdict]

    def resource(self, name: str) -> Resource | None:
        return self.regions[REGION_OF[name]].rows.get(name)


@dataclass
class Model:
    """The store, and what waits for it. Times are seconds."""

    regions: dict[str, Region]
    rules: Rules = field(default_factory=Rules)
    waiting: list[Snapshot] = field(default_factory=list)
    newest: Snapshot | None = None
    applied_by: Rules | None = None
    findings: list[Finding] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    exceptions: dict[str, str] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    confirmed: dict[tuple[str, str], float] = field(default_factory=dict)

    # snapshots

    def scan(
        self, read: Mapping[str, Mapping[str, Resource]], failed: set[str], now: float
    ) -> None:
        """Record it, and judge everything that is recorded by the rules of now."""
        for name, rows in read.items():
            self.regions[name] = Region(dict(rows), now)
        for name in failed:
            self.regions[name] = replace(self.regions[name], failed=True)
        verdicts = {}
        for region in self.regions.values():
            for name, resource in region.rows.items():
                for policy in (OPEN, SHORT):
                    if self.rules.held(policy):
                        continue
                    verdict = self.rules.verdict(policy, resource)
                    if region.failed:
                        verdict = Verdict(None, policy == OPEN)
                    if verdict is not None:
                        verdicts[policy, name] = verdict
        self.waiting.append(Snapshot(dict(self.regions), self.rules, verdicts))

    def sync(self, now: float) -> None:
        """Apply what waits, or the newest again where the rules are others; then what is due."""
        if not self.waiting and self.newest and self.rules != self.applied_by:
            self.waiting = [self.newest]
        for snapshot in self.waiting:
            self._apply(snapshot)
        self.waiting = []
        self._keep_up(now)

    def _apply(self, snapshot: Snapshot) -> None:
        self.newest, self.applied_by = snapshot, self.rules
        said = {k: v for k, v in snapshot.verdicts.items() if not self.rules.held(k[0])}
        before = {(f.policy, f.name): f for f in self.findings if f.current}
        for (policy, name), verdict in said.items():
            resource = snapshot.resource(name)
            assert resource is not None
            known = before.get((policy, name))
            self._say(policy, name, resource.incarnation, verdict, known)
        for key, finding in before.items():
            if key not in said and finding.state != "resolved":
                self._miss(finding, snapshot)
        for name, region in snapshot.regions.items():
            if region.at is not None and not region.failed:
                for policy in (OPEN, SHORT):
                    self.confirmed[policy, name] = region.at

    def _say(
        self, policy: str, name: str, incarnation: str, verdict: Verdict, known: Finding | None
    ) -> None:
        if known is not None and known.incarnation != incarnation:
            if known.state != "resolved":
                self._resolve(known, "recreated")
            if verdict.evidence is not None:
                known.current = False
                known = None
            else:
                return
        if verdict.evidence is None:
            if known is not None and known.state != "resolved":
                self._doubt(known)
            return
        if known is None:
            self.findings.append(Finding(policy, name, incarnation, evidence=verdict.evidence))
            return
        if known.state == "resolved":
            known.state, known.reason = "open", None
        known.doubt, known.evidence = False, verdict.evidence
        for held in self._active(known):
            more = verdict.evidence - held.evidence
            if more if held.listed else verdict.evidence != held.evidence:
                self._void(held)

    def _miss(self, finding: Finding, snapshot: Snapshot) -> None:
        if self.rules.held(finding.policy) and finding.policy == OPEN:
            self._resolve(finding, "switched_off")
            return
        resource = snapshot.resource(finding.name)
        unjudged = self.rules.held(finding.policy) or snapshot.rules.held(finding.policy)
        if resource is not None and unjudged:
            self._doubt(finding)
            return
        region = snapshot.regions[REGION_OF[finding.name]]
        if region.failed:
            self._doubt(finding)
        elif region.at is not None and region.at > self._last(finding):
            anew = resource is not None and resource.incarnation != finding.incarnation
            fixed = "recreated" if anew else "fixed"
            self._resolve(finding, "gone" if resource is None else fixed)

    def _last(self, finding: Finding) -> float:
        if finding.doubt:
            return finding.last
        return self.confirmed[finding.policy, REGION_OF[finding.name]]

    def _doubt(self, finding: Finding) -> None:
        if not finding.doubt:
            finding.last, finding.doubt = self._last(finding), True

    def _resolve(self, finding: Finding, reason: str) -> None:
        finding.last = self._last(finding)
        finding.state, finding.reason, finding.doubt = "resolved", reason, False
        finding.exception = None
        for held in self._active(finding):
            held.active = False

    # exceptions

    def _active(self, finding: Finding) -> list[Accepted]:
        return [a for a in self.accepted if a.active and a.finding is finding]

    def _void(self, held: Accepted) -> None:
        held.active = False
        left = self._active(held.finding)
        if not left:
            held.finding.state, held.finding.exception = "open", None
        elif held.finding.exception == held.exception:
            held.finding.exception = left[0].exception

    def request(self, exception: str, until: float) -> None:
        self.exceptions[exception], self.until[exception] = "requested", until

    def approve(self, exception: str, matched: list[Finding]) -> None:
        self.exceptions[exception] = "approved"
        for finding in matched:
            asked, listed = self.rules.asked(finding.policy), finding.policy == OPEN
            self.accepted.append(Accepted(exception, finding, finding.evidence, asked, listed))
            if finding.state != "excepted":
                finding.state, finding.exception = "excepted", exception

    def stop(self, exception: str, state: str) -> None:
        self.exceptions[exception] = state
        for held in self.accepted:
            if held.active and held.exception == exception:
                self._void(held)

    def _keep_up(self, now: float) -> None:
        """What time brings."""
        for exception, state in self.exceptions.items():
            if state == "approved" and self.until[exception] <= now:
                self.stop(exception, "expired")
        for held in self.accepted:
            if not held.active:
                continue
            if held.asked == self.rules.asked(held.finding.policy):
                held.review_until = None
            elif held.review_until is None:
                held.review_until = now + 14 * DAY
            elif held.review_until <= now:
                self._void(held)
