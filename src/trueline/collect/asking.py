"""Makes the calls of one scope and turns each into a value, absent, unknown, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueline.collect.answers import Answer, CallError, Gone, Halt, Meter, Remote
from trueline.collect.compiled import CompiledCall, SharedCalls
from trueline.collect.ledger import Charge, Ledger
from trueline.collect.memo import Memo
from trueline.mapping import Unknown, is_unknown

__all__ = ["Asker", "ListingError", "SharedAnswer"]

SharedAnswer = tuple[Answer, Charge]
_WAITS = (0.5, 1.0, *[2.0] * 45)
"""Seconds between calls that are repeated until something is ready: a minute and a half in all."""


@dataclass(frozen=True, slots=True)
class _Answered:
    """An answer, the requests that this scope bears, and those it bears if nobody else does."""

    answer: Answer
    requests: int
    debt: Charge | None = None


class ListingError(Exception):
    """The listing did not come whole, for `cause`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Asker:
    """Asks for one scope. `home` is the region where its calls go unless they say otherwise."""

    def __init__(
        self,
        ledger: Ledger,
        home: str,
        remote: Remote,
        shared: SharedCalls,
        memo: Memo[SharedAnswer],
        halt: Halt,
    ) -> None:
        self.ledger = ledger
        self._home, self._remote = home, remote
        self._shared, self._memo, self._halt = shared, memo, halt

    def listing(self, call: CompiledCall, doc: Mapping[str, Any]) -> Iterator[Any]:
        """The rows of the listing, page by page. Raises ListingError where it ends early."""
        args = call.arguments(doc)
        if not isinstance(args, dict):
            raise ListingError(self.skip(call, args or Unknown("error")).cause)
        if call.name in self._shared or call.until is not None:
            answered = self._answer(call, doc, args)
            found = self._value(call, answered)
            if is_unknown(found) and not answered.answer.nothing_there:
                raise ListingError(found.cause)
            yield from found if isinstance(found, list) else ()
            return
        meter, count = Meter(), 0
        try:
            for page in self._remote.pages(call.name, self._region(call, doc), args, meter):
                rows = _rows(call, page)
                count += len(rows)
                yield from rows
        except CallError as failure:
            if failure.code in call.spec.absent:
                self.ledger.record(call.name, "absent", failure.code, requests=meter.sent)
                return
            self.ledger.record(
                call.name,
                failure.status,
                failure.code,
                requests=meter.sent,
                message=failure.message,
            )
            if failure.nothing_there:
                return
            raise ListingError(failure.status) from None
        self.ledger.record(call.name, "ok", requests=meter.sent, rows=count)

    def ask(self, call: CompiledCall, doc: Mapping[str, Any]) -> Any:
        """The value of a part: what was kept, None where it is absent, or Unknown. Raises Gone."""
        for before in call.first:
            ready = self.ask(before, doc)
            if is_unknown(ready):
                return self.skip(call, ready)
        args = call.arguments(doc)
        if args is None:
            return None
        if not isinstance(args, dict):
            return self.skip(call, args)
        return self.ask_with(call, doc, args)

    def ask_with(self, call: CompiledCall, doc: Mapping[str, Any], args: Mapping[str, Any]) -> Any:
        """The same, with the arguments at hand."""
        return self._value(call, self._answer(call, doc, args))

    def nameless(self, call: str) -> None:
        """Enter a row of the listing that could not be given an identity."""
        self.ledger.record(call, "error", "NoIdentity", message="a row without a readable uid")

    def skip(self, call: CompiledCall, why: Unknown) -> Unknown:
        """Enter a call that was not made, because what it needs to know is unknown."""
        self.ledger.record(
            call.name, "skipped", message=f"not called: what it needs is unknown ({why.cause})"
        )
        return Unknown(why.cause)

    def _region(self, call: CompiledCall, doc: Mapping[str, Any]) -> str:
        """Where the call goes. A region that is not known, or no region, leaves it at home."""
        if call.region is not None:
            region = call.region(doc)
            if isinstance(region, str) and self._remote.has_region(region):
                return region
        return self._home

    def _answer(
        self, call: CompiledCall, doc: Mapping[str, Any], args: Mapping[str, Any]
    ) -> _Answered:
        region = self._region(call, doc)
        if call.name not in self._shared:
            answer = self._send(call, region, args, call.rows is not None)
            return _Answered(answer, answer.requests)
        key = (region, call.spec.until, json.dumps(args, sort_keys=True, default=str))

        def make() -> SharedAnswer:
            answer = self._send(call, region, args, self._shared.paged(call.name))
            return answer, Charge(answer.requests)

        group = self._shared.group(call.name, region)
        (answer, charge), made = self._memo.get(group, key, make)
        if self.ledger.scope.type == self._shared.owner(call.name):
            return _Answered(answer, charge.take())
        return _Answered(answer, 0, charge if made else None)

    def _send(
        self, call: CompiledCall, region: str, args: Mapping[str, Any], paged: bool
    ) -> Answer:
        meter = Meter()
        try:
            pages = self._read(call, region, args, paged, meter)
            if call.until is None:
                return Answer(pages, meter.sent)
            for wait in _WAITS:
                if call.until(pages[0]) is True:
                    return Answer(pages, meter.sent)
                self._halt.sleep(wait)
                pages = self._read(call, region, args, paged, meter)
            raise CallError("timeout", "NotReady", "it was not ready in good time")
        except CallError as failure:
            return Answer(
                (),
                meter.sent,
                failure.status,
                failure.code,
                failure.message,
                failure.nothing_there,
            )

    def _read(
        self,
        call: CompiledCall,
        region: str,
        args: Mapping[str, Any],
        paged: bool,
        meter: Meter,
    ) -> tuple[Mapping[str, Any], ...]:
        pages = self._remote.pages(call.name, region, args, meter)
        return tuple(pages) if paged else (next(pages),)

    def _value(self, call: CompiledCall, answered: _Answered) -> Any:
        answer = answered.answer
        if answer.status != "ok":
            return self._failed(call, answered)
        if call.rows is not None:
            try:
                value: Any = [row for page in answer.pages for row in _rows(call, page)]
            except CallError as failure:
                self._record(call, answered, failure.status, failure.code, failure.message)
                return Unknown(failure.status)
        else:
            page = answer.pages[0]
            value = page if call.keep is None else call.keep(page)
        listed = len(value) if call.spec.name == "list" and isinstance(value, list) else 0
        self._record(call, answered, "ok", None, rows=listed)
        return value

    def _failed(self, call: CompiledCall, answered: _Answered) -> Unknown | None:
        """What the spec says of an error code goes before what the code says by itself."""
        answer = answered.answer
        if answer.code in call.spec.gone:
            self._record(call, answered, "gone", answer.code)
            raise Gone
        if answer.code in call.spec.absent:
            self._record(call, answered, "absent", answer.code)
            return None
        self._record(call, answered, answer.status, answer.code, answer.message)
        return Unknown(answer.status)

    def _record(
        self,
        call: CompiledCall,
        answered: _Answered,
        status: str,
        code: str | None,
        message: str | None = None,
        rows: int = 0,
    ) -> None:
        self.ledger.record(
            call.name, status, code, requests=answered.requests, rows=rows, message=message
        )
        if answered.debt is not None:
            self.ledger.owe(answered.debt, call.name, status, code)


def _rows(call: CompiledCall, page: Mapping[str, Any]) -> Sequence[Any]:
    """The rows on a page. A page without them is short, unless the spec says that it may be."""
    assert call.rows is not None
    rows = call.rows(page)
    if rows is None and call.spec.may_lack_rows:
        return ()
    if rows is None:
        raise CallError("truncated", "RowsMissing", f"an answer without {call.spec.rows}")
    listed = call.spec.name == "list"
    if not isinstance(rows, list) or (listed and any(is_unknown(row) for row in rows)):
        raise CallError("truncated", "RowsUnreadable", f"{call.spec.rows} could not be read")
    return rows
