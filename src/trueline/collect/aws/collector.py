"""Reads AWS accounts: who we are, which regions there are, then every scope of every type."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trueline.collect.answers import CallError, Halt, Stopped
from trueline.collect.asking import SharedAnswer
from trueline.collect.aws.faults import NO_CREDENTIALS, is_remote, refuses_identity
from trueline.collect.aws.regions import Regions, discover
from trueline.collect.aws.request import AwsRequest
from trueline.collect.aws.sessions import Identity, Refused, Sessions
from trueline.collect.aws.wire import Wire
from trueline.collect.compiled import SharedCalls, compile_type
from trueline.collect.memo import Memo
from trueline.collect.outcome import AccountRegions, Outcome
from trueline.collect.pools import Pool
from trueline.collect.progress import Progress, Silence
from trueline.collect.running import Finished, Task, run
from trueline.errors import ConfigError, RemoteError
from trueline.model import CoverageRow, ResourceType, Scope, ScopeState, Sink

__all__ = ["collect"]

_PROVIDER = "aws"
_ACCOUNT = "aws_account"
"""The type that the ledger rows of discovery stand on, where it is read."""
_OPENERS = 16
_RENEW = "renew them; outside the commercial partition name one of its regions as well"
_READ = ("ok", "absent", "gone")


def collect(
    request: AwsRequest,
    types: Mapping[str, ResourceType],
    sink: Sink,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Read these types of every account that the credentials give, into the sink.

    Scopes that the sink has already are left out. `stop` ends the run between two requests; what
    is not finished then is not handed over. Raises ConfigError for an unknown profile, role or
    region; RemoteError if credentials or endpoints failed and nothing at all was read.
    """
    halt = Halt(stop or threading.Event())
    return _Collection(request, types, sink, progress or Silence(), halt).run()


@dataclass(slots=True)
class _Account:
    """An account that is being read; `left` scopes are not finished."""

    identity: Identity
    regions: Regions
    chosen: AccountRegions
    memo: Memo[SharedAnswer] = field(default_factory=Memo)
    left: int = 0


class _Collection:
    """One run."""

    def __init__(
        self,
        request: AwsRequest,
        types: Mapping[str, ResourceType],
        sink: Sink,
        progress: Progress,
        halt: Halt,
    ) -> None:
        self._request, self._sink, self._progress, self._halt = request, sink, progress, halt
        self._sessions = Sessions(request, halt, progress)
        self._types = [
            compile_type(rtype)
            for _, rtype in sorted(types.items())
            if rtype.provider == _PROVIDER and rtype.live is not None
        ]
        names = [compiled.rtype.table for compiled in self._types]
        self._ledger_type = _ACCOUNT if _ACCOUNT in names else next(iter(names), _ACCOUNT)
        self._accounts: dict[str, _Account] = {}
        self._unused: list[Identity] = []
        self._refused: list[Refused] = []
        self._codes: Counter[tuple[str, str | None]] = Counter()

    def run(self) -> Outcome:
        leftover: list[CoverageRow] = []
        try:
            self._identify()
            self._choose_regions()
            tasks, leftover = self._plan()
            self._progress.planned(len(tasks))
            self._give_up_refused()
            self._pass_over_skipped()
            run(tasks, self._sink, self._progress, self._halt, self._finished)
        except Stopped:
            pass
        except BaseException:
            self._halt.fail()
            raise
        finally:
            for identity in self._identities():
                identity.remote.close()
        if not self._halt.interrupted:
            self._check_read()
        return self._outcome(leftover)

    def _identify(self) -> None:
        """Obtain every identity; an account that several give is read once."""
        openers = self._sessions.openers()
        pool = Pool(_OPENERS, "trueline-open")
        opened = pool.map(lambda opener: opener(), openers, self._halt)
        wanted = self._request.accounts
        seen = [found for found in opened if isinstance(found, Identity)]
        for identity in seen:
            if not wanted or identity.account in wanted:
                found = _Account(identity, Regions(()), AccountRegions(()))
                self._accounts.setdefault(identity.account, found)
        used = [account.identity for account in self._accounts.values()]
        self._unused = [identity for identity in seen if identity not in used]
        self._refused = [found for found in opened if isinstance(found, Refused)]
        if self._accounts:
            regions = pool.map(
                lambda a: discover(a.identity, self._sessions.geography),
                list(self._accounts.values()),
                self._halt,
            )
            for account, found_regions in zip(self._accounts.values(), regions, strict=True):
                account.regions = found_regions
                names = (*found_regions.enabled, *found_regions.disabled)
                account.identity.remote.learn(names, found_regions.confirmed)
        pool.close()
        self._check_identities(seen)

    def _identities(self) -> list[Identity]:
        """All that were obtained, also those that are not read."""
        return [*(account.identity for account in self._accounts.values()), *self._unused]

    def _check_identities(self, seen: Sequence[Identity]) -> None:
        if self._accounts:
            return
        geography = self._sessions.geography
        for name in geography.unknown(self._request.regions):
            raise geography.refuse(name, geography.regions, "is not a region")
        if self._refused:
            raise _no_credentials(self._refused[0].failure)
        given = sorted(
            {i.account for i in seen} | {a.split(":")[4] for a in self._request.role_arns}
        )
        raise ConfigError(
            "aws.account",
            f"none of the accounts {', '.join(self._request.accounts)} is among the credentials",
            f"they give {', '.join(given)}; name a role of the account with --role-arn",
        )

    def _choose_regions(self) -> None:
        """Which regions of each account are read. Raises ConfigError for a name nobody has."""
        asked = self._request.regions
        for account in self._accounts.values():
            known = account.regions
            account.chosen = AccountRegions(
                tuple(r for r in known.enabled if not asked or r in asked),
                tuple(r for r in known.disabled if not asked or r in asked),
                tuple(r for r in known.enabled if asked and r not in asked),
            )
        has = {
            r for a in self._accounts.values() for r in (*a.regions.enabled, *a.regions.disabled)
        }
        geography = self._sessions.geography
        for name in asked:
            if name not in has:
                known_name = name in geography.regions
                why = "is not a region of these accounts" if known_name else "is not a region"
                raise geography.refuse(name, has, why)

    def _plan(self) -> tuple[list[Task], list[CoverageRow]]:
        """The scopes to read, account by account, and ledger rows that none of them carries."""
        tasks: list[Task] = []
        leftover: list[CoverageRow] = []
        for account in self._accounts.values():
            planned = self._tasks(account)
            account.left = len(planned)
            for row in self._beside(account):
                carrier = _carrier(planned, row)
                if carrier is None:
                    leftover.append(row)
                else:
                    planned[carrier] = replace(
                        planned[carrier], carries=(*planned[carrier].carries, row)
                    )
            tasks.extend(planned)
        return tasks, leftover

    def _tasks(self, account: _Account) -> list[Task]:
        """Scopes that are not read yet: global ones first, then region by region."""
        identity = account.identity
        home = self._sessions.geography.home(identity.partition)
        places = [(home, "global", "global")]
        places += [(region, region, "region") for region in account.chosen.read]
        wanted = [
            (Scope(_PROVIDER, identity.account, name, compiled.rtype.table), compiled, region)
            for region, name, kind in places
            for compiled in self._types
            if compiled.scope == kind
        ]
        wanted = [item for item in wanted if not self._sink.is_done(item[0])]
        active = {compiled.rtype.table: compiled for _, compiled, _ in wanted}
        shared = SharedCalls(active.values())
        return [
            Task(
                scope=scope,
                compiled=compiled,
                home=region,
                base=_base(identity, region),
                remote=identity.remote,
                shared=shared,
                memo=account.memo,
            )
            for scope, compiled, region in wanted
        ]

    def _beside(self, account: _Account) -> list[CoverageRow]:
        """Ledger rows of the account that stand beside its scopes: discovery, disabled regions."""
        name = account.identity.account
        rows = self._own_calls(account.identity.wire, name)
        rows += [
            self._row(
                name, "global", self._ledger_type, a.call, a.status, a.requests, a.code, a.message
            )
            for a in account.regions.asked
        ]
        rows += [
            self._row(
                name,
                region,
                compiled.rtype.table,
                next(iter(compiled.calls())).name,
                "disabled",
                message="the region is not enabled",
            )
            for region in account.chosen.disabled
            for compiled in self._types
            if compiled.scope == "region"
        ]
        return rows

    def _own_calls(self, wire: Wire, account: str) -> list[CoverageRow]:
        """What a session sent by itself since it was last asked."""
        return [
            self._row(account, "global", self._ledger_type, call, "ok", count)
            for call, count in sorted(wire.unbooked().items())
        ]

    def _wires(self) -> list[tuple[Wire, str]]:
        """Every wire once, and the account that its own calls are entered under."""
        named = [(identity.wire, identity.account) for identity in self._identities()]
        named += [(refused.wire, refused.account or "") for refused in self._refused]
        named.append((self._sessions.wire, next(iter(self._accounts), "")))
        return list({id(wire): (wire, name) for wire, name in reversed(named)}.values())

    @staticmethod
    def _row(
        account: str,
        region: str,
        table: str,
        call: str,
        status: str,
        calls: int = 0,
        code: str | None = None,
        message: str | None = None,
    ) -> CoverageRow:
        return CoverageRow(
            _PROVIDER, account, region, table, call, status,
            calls=calls, code=code, message=message,
        )  # fmt: skip

    def _give_up_refused(self) -> None:
        """Finish every scope of an account whose role was refused: nothing of it could be read."""
        for refused in self._refused:
            account = refused.account
            if account is None or account in self._accounts:
                continue
            regions = self._request.regions or self._sessions.geography.regions_of(
                refused.partition
            )
            sent = refused.wire.unbooked().total()
            for compiled in self._types:
                for region in ("global",) if compiled.scope == "global" else regions:
                    scope = Scope(_PROVIDER, account, region, compiled.rtype.table)
                    failure, table = refused.failure, compiled.rtype.table
                    row = self._row(
                        account, region, table, refused.call, failure.status, sent,
                        failure.code, failure.message,
                    )  # fmt: skip
                    sent = 0
                    if not self._sink.is_done(scope):
                        now = dt.datetime.now(dt.UTC)
                        self._sink.done(ScopeState(scope, False, now, failure.status), (row,))

    def _pass_over_skipped(self) -> None:
        """Finish every scope of a region that was not asked for: it may hold anything."""
        for name, account in self._accounts.items():
            for compiled in self._types:
                for region in account.chosen.skipped if compiled.scope == "region" else ():
                    scope = Scope(_PROVIDER, name, region, compiled.rtype.table)
                    call = next(iter(compiled.calls())).name
                    row = self._row(name, region, scope.type, call, "skipped")
                    now = dt.datetime.now(dt.UTC)
                    self._sink.done(ScopeState(scope, False, now, "not_collected"), (row,))

    def _finished(self, finished: Finished) -> None:
        for row in finished.coverage:
            self._codes[row.status, row.code] += 1
        account = self._accounts[finished.state.scope.account]
        account.left -= 1
        if account.left == 0:
            account.identity.remote.close()

    def _check_read(self) -> None:
        """Raise RemoteError if credentials or the connection let nothing at all be read."""
        if any(status in _READ for status, _ in self._codes):
            return
        for (status, code), _ in self._codes.most_common():
            if code is not None and is_remote(code):
                raise _no_credentials(CallError(status, code))

    def _outcome(self, leftover: Iterable[CoverageRow]) -> Outcome:
        accounts = self._accounts
        wires = self._wires()
        late = [row for wire, account in wires for row in self._own_calls(wire, account)]
        seen = tuple(sorted(accounts))
        expected = {*self._request.expected_accounts, *self._request.accounts}
        failed = {r.account for r in self._refused if r.account and r.account not in accounts}
        return Outcome(
            accounts=seen,
            failed=tuple(sorted(failed)),
            missing=tuple(sorted(expected - set(seen))),
            regions={name: account.chosen for name, account in sorted(accounts.items())},
            requests=sum(wire.total for wire, _ in wires),
            interrupted=self._halt.interrupted,
            coverage=(*leftover, *late),
        )


def _carrier(tasks: Sequence[Task], row: CoverageRow) -> int | None:
    """The scope that a ledger row is handed over with: one of its type, else the first."""
    same = (at for at, task in enumerate(tasks) if task.scope.type == row.type)
    return next(same, 0 if tasks else None)


def _base(identity: Identity, region: str) -> dict[str, Any]:
    return {
        "scope": {
            "account": identity.account,
            "region": region,
            "partition": identity.partition,
        }
    }


def _no_credentials(failure: CallError) -> RemoteError:
    code, status = failure.code, failure.status
    if refuses_identity(code):
        message, hint = f"AWS refused the credentials ({code})", _RENEW
    elif failure.message == NO_CREDENTIALS:
        message = f"no usable AWS credentials were found ({code})"
        hint = "set AWS_PROFILE or --profile, or log in: aws sso login"
    elif is_remote(code):
        message = f"AWS could not be reached ({code})"
        hint = "check the network, the proxy and AWS_ENDPOINT_URL"
    else:
        message = f"AWS did not say who we are ({status}, {code})"
        hint = "check that the credentials, or the role's trust policy, allow it"
    return RemoteError("aws.credentials", message, hint)
