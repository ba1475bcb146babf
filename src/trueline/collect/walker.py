"""Reads one scope: the listing, then the parts of each row, then the row.

No resource type is named here. Rows go through the parts in groups; inside a group they run
concurrently, and where a call takes many ids the group waits for all its rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from trueline.collect.answers import Gone, Halt
from trueline.collect.asking import Asker, ListingError
from trueline.collect.compiled import CompiledCall, CompiledType
from trueline.collect.memo import Single
from trueline.collect.pools import Pool
from trueline.mapping import Unknown, finish_row, is_unknown
from trueline.model import Row, Scope, ScopeState, Sink

__all__ = ["Walker"]

_GROUP = 500
"""Rows read, mapped and handed over together."""

_Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Index:
    """The rows of a call by key; `open` = there may be more, for that cause."""

    rows: Mapping[Any, Any]
    open: Unknown | None = None


class Walker:
    """Reads `scope` of a type. `base` is what every document of the scope begins with."""

    def __init__(
        self,
        scope: Scope,
        compiled: CompiledType,
        base: _Doc,
        asker: Asker,
        pool: Pool,
        halt: Halt,
    ) -> None:
        self._scope, self._type, self._base = scope, compiled, base
        self._asker, self._pool, self._halt = asker, pool, halt
        self._once: Single[Any] = Single()
        self._nameless = False
        self.rows = 0

    def walk(self, sink: Sink) -> ScopeState:
        """Hand all rows to the sink; say whether the listing came whole. Raises Stopped.

        Rows of a listing that breaks later have been handed over by then: they count only if the
        state says `complete`.
        """
        cause = None
        try:
            for group in self._groups():
                rows = self._read(group)
                if rows:
                    sink.rows(self._scope, rows)
                self.rows += len(rows)
        except ListingError as failure:
            cause = failure.cause
        if cause is None and self._nameless:
            cause = "malformed:uid"
        return ScopeState(self._scope, cause is None, _now(), cause)

    def _groups(self) -> Iterator[list[_Doc]]:
        listing = self._type.listing
        if listing is None:
            yield [dict(self._base)]
            return
        size = self._group_size()
        found = self._asker.listing(listing, self._base)
        name = listing.spec.as_ or "self"
        while group := list(islice(found, size)):
            self._halt.check()
            yield [{**self._base, name: row} for row in group]

    def _group_size(self) -> int:
        """A whole number of batches, so that no call is sent half full."""
        sizes = [p.spec.batch_size for s in self._type.segments for p in s if p.spec.batch_size]
        largest = max(sizes, default=1)
        return max(largest, _GROUP - _GROUP % largest)

    def _read(self, docs: list[_Doc]) -> list[Row]:
        left: list[_Doc] = docs
        for segment in self._type.segments:
            if segment[0].spec.batch_size:
                self._batch(segment[0], left)
            elif all(part.once for part in segment):
                left = [doc for doc in left if self._advance(segment, doc)]
            else:
                self._prepare(segment, left)
                kept = self._pool.map(partial(self._advance, segment), left)
                left = [doc for doc, keep in zip(left, kept, strict=True) if keep]
            self._halt.check()
        rows = (self._row(doc) for doc in left)
        return [row for row in rows if row is not None]

    def _prepare(self, segment: Sequence[CompiledCall], docs: Sequence[_Doc]) -> None:
        """Make the calls that all rows share here, so that no row's thread waits for them."""
        for part in segment if docs else ():
            if part.once and part.when is None and not self._advance((part,), docs[0]):
                return

    def _advance(self, parts: Sequence[CompiledCall], doc: _Doc) -> bool:
        """Read these parts into the document; False where the resource vanished."""
        try:
            for part in parts:
                self._halt.check()
                doc[part.spec.name] = self._part(part, doc)
        except Gone:
            return False
        return True

    def _part(self, part: CompiledCall, doc: _Doc) -> Any:
        if part.when is not None:
            wanted = part.when(doc)
            if is_unknown(wanted):
                return self._asker.skip(part, wanted)
            if not wanted:
                return None
        if part.each is not None:
            return self._each(part, doc)
        if part.key is not None:
            index, _ = self._once.get(part.spec.name, lambda: self._index(part, self._base))
            return self._entry(part, index, doc)
        if part.once:
            value, _ = self._once.get(part.spec.name, lambda: self._asker.ask(part, doc))
            return value
        return self._asker.ask(part, doc)

    def _each(self, part: CompiledCall, doc: _Doc) -> Any:
        """One call per element; an element that vanished is left out."""
        assert part.each is not None
        items = part.each(doc)
        if is_unknown(items):
            return self._asker.skip(part, items)
        if items is None:
            return None
        found = []
        for item in items:
            self._halt.check()
            if is_unknown(item):
                found.append(item)
                continue
            try:
                found.append(self._asker.ask(part, {**doc, part.spec.as_ or "self": item}))
            except Gone:
                continue
        return found

    def _index(self, part: CompiledCall, doc: _Doc) -> _Index | Unknown | None:
        rows = self._asker.ask(part, doc)
        return rows if rows is None or is_unknown(rows) else _indexed(part, rows)

    def _entry(self, part: CompiledCall, index: _Index | Unknown | None, doc: _Doc) -> Any:
        """This resource's entry in the index."""
        if index is None or isinstance(index, Unknown):
            return index
        assert part.match is not None
        key = part.match(doc)
        if key is None or is_unknown(key):
            return key
        if key in index.rows:
            return index.rows[key]
        if index.open is not None:
            return index.open
        return None if part.spec.missing == "absent" else Unknown(f"missing:{part.spec.name}")

    def _batch(self, part: CompiledCall, docs: Sequence[_Doc]) -> None:
        """Ask for the ids of many rows at a time; each row gets its own entry."""
        assert part.match is not None
        asked: dict[Any, list[_Doc]] = {}
        for doc in docs:
            key = self._key_of(part, doc)
            if key is None or is_unknown(key):
                doc[part.spec.name] = key
            else:
                asked.setdefault(key, []).append(doc)
        ids, size = list(asked), part.spec.batch_size or 1
        chunks = [ids[at : at + size] for at in range(0, len(ids), size)]
        for index, chunk in zip(
            self._pool.map(partial(self._chunk, part), chunks), chunks, strict=True
        ):
            for key in chunk:
                for doc in asked[key]:
                    doc[part.spec.name] = self._entry(part, index.get(key), doc)

    def _key_of(self, part: CompiledCall, doc: _Doc) -> Any:
        assert part.match is not None
        if part.when is not None:
            wanted = part.when(doc)
            if is_unknown(wanted):
                return self._asker.skip(part, wanted)
            if not wanted:
                return None
        return part.match(doc)

    def _chunk(
        self, part: CompiledCall, ids: Sequence[Any]
    ) -> Mapping[Any, _Index | Unknown | None]:
        """What each id's entry is to be looked up in.

        Many services refuse a whole chunk for one id that vanished: it is then asked in halves.
        """
        self._halt.check()
        args = part.arguments(self._base)
        if not isinstance(args, dict):
            return dict.fromkeys(ids, args)
        try:
            rows = self._asker.ask_with(
                part, self._base, {**args, part.spec.batch_ids or "": list(ids)}
            )
        except Gone:
            if len(ids) == 1:
                return {ids[0]: None}
            half = len(ids) // 2
            return {**self._chunk(part, ids[:half]), **self._chunk(part, ids[half:])}
        if rows is None or is_unknown(rows):
            return dict.fromkeys(ids, rows)
        return dict.fromkeys(ids, _indexed(part, rows))

    def _row(self, doc: _Doc) -> Row | None:
        compiled, scope = self._type, self._scope
        uid = compiled.uid(doc)
        if not isinstance(uid, str) or not uid:
            self._nameless = True
            first = next(iter(compiled.calls()), None)
            self._asker.nameless(first.name if first else "")
            return None
        columns = compiled.mapper.row(doc)
        home = "global" if scope.region == "global" else scope.region
        region = home if compiled.region is None else compiled.region(doc)
        if is_unknown(region):
            columns["_why"]["region"] = region.cause
            region = None
        account = scope.account if compiled.account is None else compiled.account(doc)
        if is_unknown(account):
            columns["_why"]["account"] = account.cause
            account = None
        return finish_row(
            columns,
            compiled.rtype,
            uid=uid,
            plane="live",
            account=account,
            region=region,
            scope_account=scope.account,
            scope_region=scope.region,
            config=compiled.mapper.config(doc),
            collected_at=_now(),
            seen_from=(scope.region,),
            incarnation=_text(compiled.incarnation, doc),
        )


def _indexed(part: CompiledCall, rows: Iterable[Any]) -> _Index:
    assert part.key is not None
    index: dict[Any, Any] = {}
    unread = None
    for row in rows:
        key = row if is_unknown(row) else part.key(row)
        if is_unknown(key):
            unread = Unknown(key.cause)
        else:
            index.setdefault(key, row)
    return _Index(index, unread)


def _text(expression: Any, doc: _Doc) -> str | None:
    """An incarnation as text: an id, or a time of creation."""
    value = None if expression is None else expression(doc)
    if value is None or is_unknown(value):
        return None
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
