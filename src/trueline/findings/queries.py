"""What is asked of stored findings: pages, one of them, its history, and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    true,
)

from trueline.errors import ConfigError
from trueline.findings.filters import (
    Apart,
    alternatives,
    apart,
    condition,
    may_be_unknown,
    or_unknown,
    reads,
    unplanned,
)
from trueline.findings.schema import (
    acceptances,
    confirmations,
    events,
    exceptions,
    findings,
    resources,
    transactions,
)
from trueline.findings.tags import FEW, few, narrowed
from trueline.findings.windows import DAY

__all__ = [
    "AGES",
    "GROUPS",
    "Group",
    "Wanted",
    "acceptances_of",
    "ageing",
    "counts",
    "find",
    "history",
    "listed",
    "listed_exceptions",
    "one_exception",
    "steps",
]

AGES = (("under 7 days", 0), ("7 to 30 days", 7), ("30 to 90 days", 30), ("over 90 days", 90))
"""Ageing: label and the days from which it holds."""
GROUPS = ("owner", "environment", "policy", "severity", "account", "type", "state", "age")
_MEDIAN_OF = 200_000
_LOOKED_AT, _AT_ONCE = 10_000, 500
"""How many of the riskiest findings that may fit are looked at before all are read, and how many
of them at once."""
_LOOKED_UP = 50_000
"""Of how few findings that may fit each is looked up, where all that fit are wanted."""
_LEAST = 4
"""An id may be given by so many of its first letters, or more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings: those that a filter fits, or may fit; resolved ones only where asked for.

    `unsure` = it is a part of a filter that may be unknown.
    """

    filter: str | None = None
    all: bool = False
    unsure: bool = False

    @property
    def _text(self) -> str:
        return (self.filter or "").strip() or "TRUE"

    @property
    def _resolved(self) -> bool:
        return self.all or "state" in reads(self._text)

    def where(self, now: int) -> ColumnElement[bool]:
        fits = condition(self._text, now)
        if self._unsure:
            fits = or_unknown(fits)
        if self._resolved:
            return fits
        return and_(findings.c.resolved_at.is_(None), fits)

    @property
    def _unsure(self) -> bool:
        return self.unsure or may_be_unknown(self._text)

    def apart(self, conn: Connection, now: int) -> Apart:
        return apart(self._text, now, conn, unsure=self._unsure)

    def alternatives(self) -> list[Wanted]:
        """What is wanted as several that are; none where the filter is no `OR`."""
        return [Wanted(each, self._resolved, self._unsure) for each in alternatives(self._text)]

    def among(self, conn: Connection, now: int, parts: Apart) -> ColumnElement[bool] | None:
        """What need be looked at, where tags, a name or a uid leave but a few."""
        if parts.one_name and not self._resolved:
            return true()  # an index of what is not resolved leads to it, in order of risk
        ids = few(conn, self._text, now, resolved=self._resolved)
        if ids is not None:
            return findings.c.id.in_(ids)
        for named in parts.named:
            some = select(resources.c.uid).where(named).limit(FEW + 1)
            uids = list(conn.execute(some).scalars())
            if len(uids) <= FEW:
                return findings.c.uid.in_(uids)
        return None

    def told(self, conn: Connection, now: int, parts: Apart) -> ColumnElement[bool]:
        """What the index by risk tells of fitting findings."""
        return and_(self._unresolved, *parts.told, narrowed(conn, self._text, now))

    @property
    def _unresolved(self) -> ColumnElement[bool]:
        return true() if self._resolved else findings.c.resolved_at.is_(None)

    def fits(self, now: int) -> ColumnElement[Any]:
        """NULL where it is not known whether the filter fits."""
        return condition(self._text, now) if self._unsure else literal(True)


def listed(
    conn: Connection, wanted: Wanted, now: int, *, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Findings, the riskiest first, each with `confirmed_at`, `fits` and its exception's facts."""
    where, parts = wanted.where(now), wanted.apart(conn, now)
    if (among := wanted.among(conn, now, parts)) is not None:
        yield from _page(conn, wanted, now, and_(among, where), _by_risk, limit)
        return
    told, found = wanted.told(conn, now, parts), findings.c.id
    if limit is None:
        beyond = select(found).where(told).offset(_LOOKED_UP).limit(1)
        if parts.whole or conn.execute(beyond).first() is None:
            yield from _page(conn, wanted, now, and_(told, where), _by_risk, None)
        else:
            yield from _page(conn, wanted, now, unplanned(where), _by_risk_sorted, None)
    elif not parts.whole and limit <= _LOOKED_AT and (several := wanted.alternatives()):
        pages = [row for each in several for row in listed(conn, each, now, limit=limit)]
        riskiest = sorted({(row["risk"], row["id"]) for row in pages}, reverse=True)[:limit]
        among = found.in_([id_ for _, id_ in riskiest])
        yield from _page(conn, wanted, now, and_(among, where), _by_risk, limit)
    else:
        yield from _riskiest(conn, wanted, now, told, limit, whole=parts.whole)


def _riskiest(
    conn: Connection,
    wanted: Wanted,
    now: int,
    told: ColumnElement[bool],
    limit: int,
    *,
    whole: bool,
) -> list[dict[str, Any]]:
    """The first page of findings that the index by risk tells of: of most filters those that fit,
    of the others those that may.

    Where few of those that may do, all are read in the order in which they stand: that takes a
    tenth of the time of looking each up.
    """
    where, rows, looked_at = wanted.where(now), list[dict[str, Any]](), 0
    riskiest = select(findings.c.id).where(told).order_by(*_by_risk(findings.c))
    for most in (limit,) if whole else (_AT_ONCE, _LOOKED_AT):
        ids = list(conn.execute(riskiest.limit(most)).scalars())
        for start in range(looked_at, len(ids), _AT_ONCE):
            near = and_(findings.c.id.in_(ids[start : start + _AT_ONCE]), where)
            rows += _page(conn, wanted, now, near, _by_risk, limit - len(rows))
            if len(rows) == limit:
                return rows
        if whole or len(ids) < most:
            return rows
        looked_at = most
    return list(_page(conn, wanted, now, unplanned(where), _by_risk_sorted, limit))


def _by_risk(columns: Any) -> Sequence[ColumnElement[Any]]:
    return columns.risk.desc(), columns.id.desc()


def _by_risk_sorted(columns: Any) -> Sequence[ColumnElement[Any]]:
    """The same order, in which no index is followed."""
    return (columns.risk + 0).desc(), columns.id.desc()


def _page(
    conn: Connection,
    wanted: Wanted,
    now: int,
    where: ColumnElement[bool],
    order: Callable[[Any], Sequence[ColumnElement[Any]]],
    limit: int | None,
) -> Iterator[dict[str, Any]]:
    c, e = confirmations.c, exceptions.c
    page = (
        select(findings, wanted.fits(now).label("fits"))
        .where(where)
        .order_by(*order(findings.c))
        .limit(limit)
        .subquery()
    )
    p = page.c
    rows = conn.execute(
        select(
            page,
            c.at.label("confirmed_at"),
            e.justification.label("exception_reason"),
            e.until.label("exception_until"),
            e.approved_by.label("exception_approved_by"),
        )
        .outerjoin(
            confirmations,
            and_(c.policy == p.policy, c.account == p.scope_account, c.region == p.scope_region),
        )
        .outerjoin(exceptions, e.id == p.exception)
        .order_by(*order(p))
        .execution_options(stream_results=limit is None, yield_per=2_000)
    )
    for row in rows.mappings():
        yield dict(row)


def find(conn: Connection, wanted: str, now: int) -> dict[str, Any]:
    """One finding by its id or the beginning of it. Raises ConfigError."""
    f = findings.c
    ids = (
        conn.execute(
            select(f.id).where(f.id >= wanted, f.id < wanted + "g").order_by(f.id).limit(6)
        )
        .scalars()
        .all()
    )
    exact = [i for i in ids if i == wanted] or ids
    if len(exact) != 1 or len(wanted) < _LEAST:
        said = f"no finding has the id {wanted!r}"
        if len(wanted) < _LEAST:
            said = f"{wanted!r} is too short: give at least 4 characters of the id"
        elif ids:
            said = f"{wanted!r} is the beginning of several ids: {', '.join(ids[:5])}"
        raise ConfigError("unknown-finding", said, "trueline finding list shows ids")
    c, e = confirmations.c, exceptions.c
    row = (
        conn.execute(
            select(
                findings,
                literal(True).label("fits"),
                c.at.label("confirmed_at"),
                e.justification.label("exception_reason"),
                e.until.label("exception_until"),
                e.approved_by.label("exception_approved_by"),
            )
            .outerjoin(
                confirmations,
                and_(
                    c.policy == f.policy, c.account == f.scope_account, c.region == f.scope_region
                ),
            )
            .outerjoin(exceptions, e.id == f.exception)
            .where(f.id == exact[0])
        )
        .mappings()
        .one()
    )
    return dict(row)


def history(
    conn: Connection,
    *,
    finding: str | None = None,
    exception: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Events, the newest first: what, when, who, why, from which snapshot."""
    e, t = events.c, transactions.c
    query = (
        select(e.number, t.at, t.actor, t.snapshot, e.kind, e.finding, e.exception, e.why, e.data)
        .join(transactions, t.number == e.transaction)
        .order_by(e.number.desc())
        .limit(limit)
    )
    if finding is not None:
        query = query.where(e.finding == finding)
    if exception is not None:
        query = query.where(e.exception == exception)
    return [dict(row) for row in conn.execute(query).mappings()]


def acceptances_of(
    conn: Connection, *, finding: str | None = None, exception: str | None = None
) -> list[dict[str, Any]]:
    """What was accepted of a finding, or under an exception."""
    a, f = acceptances.c, findings.c
    query = select(acceptances, f.policy, f.uid, f.severity, f.environment).join(
        findings, f.id == a.finding
    )
    if finding is not None:
        query = query.where(a.finding == finding)
    if exception is not None:
        query = query.where(a.exception == exception)
    return [dict(r) for r in conn.execute(query.order_by(a.at, a.finding)).mappings()]


def one_exception(conn: Connection, wanted: str) -> dict[str, Any]:
    """An exception by its id, or the beginning of one. Raises ConfigError."""
    e = exceptions.c
    like = e.id.startswith(wanted, autoescape=True)
    ids = conn.execute(select(e.id).where(like).order_by(e.id).limit(6)).scalars().all()
    exact = [i for i in ids if i == wanted] or (ids if len(wanted) >= _LEAST else [])
    if len(exact) != 1:
        several = f"{wanted!r} is the beginning of several ids: {', '.join(ids[:5])}"
        said = several if len(exact) > 1 else f"no exception has the id {wanted!r}"
        raise ConfigError("unknown-exception", said, "trueline exception list --all shows ids")
    return listed_exceptions(conn, wanted=exact[0])[0]


def listed_exceptions(
    conn: Connection, *, all_: bool = False, wanted: str | None = None
) -> list[dict[str, Any]]:
    """Exceptions with the number of findings each covers, lost, and has to be reviewed for."""
    e, a = exceptions.c, acceptances.c
    query = (
        select(
            exceptions,
            func.sum(case((a.state == "active", 1), else_=0)).label("covers"),
            func.sum(case((a.state == "void", 1), else_=0)).label("voided"),
            func.sum(
                case(
                    (
                        and_(
                            a.state == "active",
                            or_(a.verified.is_(False), a.compensated.is_(False)),
                        ),
                        1,
                    ),
                    else_=0,
                )
            ).label("unverified"),
            func.sum(
                case((and_(a.state == "active", a.review_until.is_not(None)), 1), else_=0)
            ).label("to_review"),
        )
        .outerjoin(acceptances, a.exception == e.id)
        .group_by(e.id)
        .order_by(e.until, e.id)
    )
    if wanted is not None:
        query = query.where(e.id == wanted)
    elif not all_:
        query = query.where(e.state.in_(("requested", "approved")) | e.renewal.is_not(None))
    return [dict(row) for row in conn.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Group:
    """Counts of one group: unresolved findings by state, those overdue and unconfirmed, the worst
    risk, and how long it took to fix the median of what was fixed (microseconds)."""

    name: str | None
    open: int
    acknowledged: int
    excepted: int
    overdue: int
    unconfirmed: int
    by_severity: Mapping[str, int]
    worst: int
    fixed: int
    median_to_fix: int | None


def counts(conn: Connection, by: str, now: int, wanted: Wanted | None = None) -> list[Group]:
    """Findings in groups, the most overdue and most numerous first."""
    group = _group_of(by, now)
    chosen = wanted or Wanted()
    where = unplanned(Wanted(chosen.filter, all=by == "state" or chosen.all).where(now))
    f = findings.c
    overdue = and_(f.state != "excepted", f.resolved_at.is_(None), f.due_at < now)
    rows = conn.execute(
        select(
            group.label("name"),
            f.state,
            f.severity,
            func.count().label("many"),
            func.sum(case((overdue, 1), else_=0)).label("overdue"),
            func.sum(case((f.unconfirmed_since.is_not(None), 1), else_=0)).label("unconfirmed"),
            func.max(f.risk).label("worst"),
        )
        .where(where)
        .group_by(group, f.state, f.severity)
    )
    medians = _medians(conn, by, now)
    merged: dict[str | None, list[Any]] = {name: [] for name in medians}
    for row in rows:
        merged.setdefault(row.name, []).append(row)
    found = [_group(name, listed, medians.get(name, ())) for name, listed in merged.items()]
    return sorted(found, key=lambda g: (-g.overdue, -(g.open + g.acknowledged), str(g.name)))


def _group(name: str | None, rows: Sequence[Any], times: Sequence[int]) -> Group:
    states: dict[str, int] = {}
    severities: dict[str, int] = {}
    for row in rows:
        states[row.state] = states.get(row.state, 0) + row.many
        if row.state in ("open", "acknowledged"):
            severities[row.severity] = severities.get(row.severity, 0) + row.many
    ordered = sorted(times)
    return Group(
        name,
        states.get("open", 0),
        states.get("acknowledged", 0),
        states.get("excepted", 0),
        sum(row.overdue or 0 for row in rows),
        sum(row.unconfirmed or 0 for row in rows),
        severities,
        max((row.worst for row in rows), default=0),
        len(ordered),
        ordered[len(ordered) // 2] if ordered else None,
    )


def _medians(conn: Connection, by: str, now: int) -> dict[str | None, list[int]]:
    """How long each fix took, by group; of very many the newest."""
    f = findings.c
    group = _group_of(by, now)
    rows = conn.execute(
        select(group.label("name"), (f.resolved_at - f.opened_at).label("took"))
        .where(f.resolved_reason == "fixed")
        .order_by(f.resolved_at.desc())
        .limit(_MEDIAN_OF)
    )
    out: dict[str | None, list[int]] = {}
    for row in rows:
        out.setdefault(row.name, []).append(row.took)
    return out


def ageing(conn: Connection, now: int) -> dict[str | None, dict[str, int]]:
    """By owner, how many unresolved findings are how old."""
    f, owner, age = findings.c, _group_of("owner", now), _age(now)
    rows = conn.execute(
        select(owner.label("owner"), age.label("age"), func.count().label("many"))
        .where(unplanned(and_(f.resolved_at.is_(None), f.state != "excepted")))
        .group_by(owner, age)
    )
    out: dict[str | None, dict[str, int]] = {}
    for row in rows:
        out.setdefault(row.owner, {label: 0 for label, _ in AGES})[row.age] = row.many
    return out


def _group_of(by: str, now: int) -> ColumnElement[Any]:
    """What findings are grouped by, in a form without an index: in its order each row would be
    looked up by itself."""
    return _age(now) if by == "age" else func.coalesce(findings.c[by], null())


def _age(now: int) -> ColumnElement[Any]:
    opened = findings.c.opened_at
    whens = [(opened <= now - days * DAY, label) for label, days in reversed(AGES) if days]
    return case(*whens, else_=AGES[0][0])


def steps(conn: Connection) -> dict[int, int]:
    """How many unresolved findings each step of the owners' chain decided."""
    f = findings.c
    rows = conn.execute(
        select(f.owner_step, func.count()).where(f.resolved_at.is_(None)).group_by(f.owner_step)
    )
    return {row[0]: row[1] for row in rows}
