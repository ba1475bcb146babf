"""Which fails on code are under an exception: its rule is certainly true, and its terms are kept.

Nothing is recorded, so that nothing is known of what an exception has seen before.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from trueline.findings.exception_files import FileException
from trueline.findings.subjects import MARKED, Known, ask
from trueline.findings.windows import longest_exception
from trueline.language import compile_rule
from trueline.model import Verdict, VerdictException
from trueline.settings import Settings

__all__ = ["Excused", "excuse"]


@dataclass(frozen=True, slots=True)
class Excused:
    """The exception of each verdict, None = none; `said` tells of those whose terms are broken."""

    held: tuple[FileException | None, ...]
    said: tuple[str, ...] = ()

    def over(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The same verdicts, in the same order, with their exceptions."""
        return [_under(v, e) for v, e in zip(verdicts, self.held, strict=True)]

    def without_new(
        self, verdicts: Sequence[Verdict], plain: Sequence[Verdict]
    ) -> tuple[list[Verdict], list[str]]:
        """The verdicts with what a change introduces taken out of the exceptions that do not
        include it, and what is to be said of that; `plain` are the same without exceptions."""
        out, taken = [], Counter[str]()
        for verdict, without, exception in zip(verdicts, plain, self.held, strict=True):
            if exception and verdict.change == "introduced" and not exception.include_new:
                taken[exception.id] += 1
                verdict = replace(verdict, exception=without.exception)
            out.append(verdict)
        why = "this change introduces what it would cover, and it has no include_new: true"
        return out, [_sentence(name, count, why) for name, count in taken.items()]


def excuse(
    verdicts: Sequence[Verdict],
    exceptions: Sequence[FileException],
    settings: Settings,
    known: Mapping[str, Known],
    today: dt.date,
    judged: Collection[str],
) -> Excused:
    """Find the exception of each fail: the first by id whose rule is true and whose terms are kept.

    `verdicts` are all of a run, which `judged` these policies.
    """
    valid = [e for e in exceptions if e.holds_on(today)]
    at = [n for n, verdict in enumerate(verdicts) if verdict.status == "fail"]
    held: list[FileException | None] = [None] * len(verdicts)
    if not valid or not at:
        return Excused(tuple(held))
    rules = [compile_rule(e.rule, MARKED, e.where) for e in valid]
    answers = ask([verdicts[n] for n in at], known, rules)
    status = {(v.policy, v.resource.uid): v.status for v in verdicts}
    broken: Counter[tuple[str, str]] = Counter()
    for number, truths in zip(at, answers, strict=True):
        verdict, reasons = verdicts[number], []
        for exception in (e for e, true in zip(valid, truths, strict=True) if true is True):
            why = _too_long(exception, verdict, settings) or _uncompensated(
                exception, verdict, status, judged
            )
            if why is None:
                held[number] = exception
                break
            reasons.append((exception.id, why))
        else:
            broken.update(reasons)
    said = [_sentence(name, count, why) for (name, why), count in broken.items()]
    return Excused(tuple(held), tuple(said))


def _under(verdict: Verdict, exception: FileException | None) -> Verdict:
    """The verdict with its exception, which goes before a suppression in the code."""
    if exception is None:
        return verdict
    return replace(
        verdict,
        exception=VerdictException(
            "exception",
            exception.id,
            exception.justification,
            exception.until.isoformat(),
            exception.approved_by,
        ),
    )


def _too_long(exception: FileException, verdict: Verdict, settings: Settings) -> str | None:
    place, severity = verdict.environment, verdict.severity
    most = longest_exception(settings, verdict.policy, severity, place)
    if exception.days <= most:
        return None
    where = f" in {place}" if place else ""
    return f"it lives {exception.days} days, and {verdict.policy} ({severity}) allows {most}{where}"


def _uncompensated(
    exception: FileException,
    verdict: Verdict,
    status: Mapping[tuple[str, str], str],
    judged: Collection[str],
) -> str | None:
    """A compensating policy that is not known to hold; one that does not apply does not fail."""
    for policy in exception.compensating:
        found = status.get((policy, verdict.resource.uid))
        if found in ("fail", "unknown"):
            said = "fails" if found == "fail" else "is unknown"
            return f"the compensating {policy} {said} on the same resource"
        if found is None and policy not in judged:
            return f"the compensating {policy} was not judged"
    return None


def _sentence(name: str, count: int, why: str) -> str:
    fails = "1 fail" if count == 1 else f"{count:,} fails"
    return f"exception {name} does not hold for {fails}: {why}"
