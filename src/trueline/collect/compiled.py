"""Live specs made ready to run: compiled expressions, and what can be known before the first call.

Known from the specs alone: which parts are the same for every row of a scope, where rows must be
gathered for calls that take many ids, and which calls several types or scopes have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trueline.mapping import (
    Mapper,
    Unknown,
    compile_condition,
    compile_expression,
    expression_paths,
    is_unknown,
)
from trueline.model import Call, ResourceType

__all__ = ["CompiledCall", "CompiledType", "SharedCalls", "compile_type"]

Expression = Callable[[Any], Any]
_Argument = Expression | tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class CompiledCall:
    """One call with its expressions; `once` = the same for every row of a scope."""

    spec: Call
    args: Mapping[str, _Argument]
    keep: Expression | None
    rows: Expression | None
    when: Expression | None
    each: Expression | None
    key: Expression | None
    match: Expression | None
    until: Expression | None
    region: Expression | None
    first: tuple[CompiledCall, ...]
    once: bool

    @property
    def name(self) -> str:
        return self.spec.call

    def arguments(self, doc: Mapping[str, Any]) -> dict[str, Any] | Unknown | None:
        """The arguments; unknown as soon as one is, None where one is known to be absent."""
        made = dict(self.spec.fixed)
        absent = False
        for name, argument in self.args.items():
            value = (
                [item(doc) for item in argument] if isinstance(argument, tuple) else argument(doc)
            )
            unknown = _unknown_in(value)
            if unknown is not None:
                return unknown
            absent = absent or value is None
            made[name] = value
        return None if absent else made


@dataclass(frozen=True, slots=True)
class CompiledType:
    """A resource type ready to be read.

    `segments` are its parts, cut before and after each call that takes the ids of many rows.
    """

    rtype: ResourceType
    mapper: Mapper
    scope: str
    listing: CompiledCall | None
    segments: tuple[tuple[CompiledCall, ...], ...]
    uid: Expression
    region: Expression | None
    account: Expression | None
    incarnation: Expression | None

    def calls(self) -> Iterable[CompiledCall]:
        if self.listing is not None:
            yield self.listing
        for segment in self.segments:
            for part in segment:
                yield from part.first
                yield part


def compile_type(rtype: ResourceType) -> CompiledType:
    """Compile the live spec of a type that has one. Raises ExpressionError."""
    live = rtype.live
    assert live is not None
    constant = {"scope"}
    parts = []
    for part in live.parts:
        once = live.list is not None and _independent(part, constant)
        if once and part.key is None:
            constant.add(part.name)
        parts.append(_compile(part, once))
    return CompiledType(
        rtype=rtype,
        mapper=Mapper(rtype, "live"),
        scope=live.scope,
        listing=_compile(live.list) if live.list else None,
        segments=_segments(parts),
        uid=compile_expression(live.uid),
        region=_maybe(live.region),
        account=_maybe(live.account),
        incarnation=_maybe(live.incarnation),
    )


class SharedCalls:
    """Which calls more than one reader may make with the same arguments, and who bears them.

    A call is shared if several parts or types make it, or if scopes send it to another region than
    their own: a trail is seen from every region, and asked for its status at home.
    """

    def __init__(self, types: Iterable[CompiledType]) -> None:
        users: dict[str, list[tuple[CompiledType, CompiledCall]]] = {}
        for compiled in types:
            for call in compiled.calls():
                users.setdefault(call.name, []).append((compiled, call))
        self._owners: dict[str, str] = {}
        self._paged: set[str] = set()
        self._abroad: set[str] = set()
        for name, uses in users.items():
            abroad = any(c.region is not None and t.scope == "region" for t, c in uses)
            if len(uses) > 1 or abroad:
                self._owners[name] = min(t.rtype.table for t, _ in uses)
            if any(c.rows is not None for _, c in uses):
                self._paged.add(name)
            if any(c.region is not None for _, c in uses):
                self._abroad.add(name)

    def __contains__(self, call: str) -> bool:
        return call in self._owners

    def owner(self, call: str) -> str:
        """The type that bears the requests: the first by name of those that make the call."""
        return self._owners[call]

    def paged(self, call: str) -> bool:
        """Are all pages read? The first suffices where no user joins pages."""
        return call in self._paged

    def group(self, call: str, region: str) -> tuple[str, str]:
        """What answers are kept and dropped together; `region` is where the call is sent."""
        return (call, "" if call in self._abroad else region)

    def groups(self, compiled: CompiledType, home: str) -> set[tuple[str, str]]:
        """The groups that a scope may use."""
        return {self.group(c.name, home) for c in compiled.calls() if c.name in self}


def _segments(parts: list[CompiledCall]) -> tuple[tuple[CompiledCall, ...], ...]:
    out: list[tuple[CompiledCall, ...]] = []
    run: list[CompiledCall] = []
    for part in parts:
        if part.spec.batch_size:
            out.extend((tuple(run), (part,)))
            run = []
        else:
            run.append(part)
    return tuple(segment for segment in (*out, tuple(run)) if segment)


def _independent(call: Call, constant: set[str]) -> bool:
    """Does the answer depend on nothing but the scope?"""
    if call.each is not None or call.batch_size:
        return False
    if call.key is not None:
        return True
    texts = [call.when, call.region]
    for argument in call.args.values():
        texts.extend(argument if isinstance(argument, tuple) else (argument,))
    roots = {path[:1] for text in texts if text is not None for path in expression_paths(text)}
    return all(root and root[0] in constant for root in roots)


def _compile(call: Call, once: bool = False) -> CompiledCall:
    return CompiledCall(
        spec=call,
        args={name: _argument(text) for name, text in call.args.items()},
        keep=_maybe(call.keep),
        rows=_maybe(call.rows),
        when=_test(call.when),
        each=_maybe(call.each),
        key=_maybe(call.key),
        match=_maybe(call.match),
        until=_test(call.until),
        region=_maybe(call.region),
        first=tuple(_compile(before) for before in call.first),
        once=once,
    )


def _argument(text: str | tuple[str, ...]) -> _Argument:
    if isinstance(text, tuple):
        return tuple(compile_expression(item) for item in text)
    return compile_expression(text)


def _maybe(text: str | None) -> Expression | None:
    return None if text is None else compile_expression(text)


def _test(text: str | None) -> Expression | None:
    return None if text is None else compile_condition(text)


def _unknown_in(value: Any) -> Unknown | None:
    """The first unknown anywhere in an argument."""
    if is_unknown(value):
        return value
    if isinstance(value, (list, tuple)):
        inner: Iterable[Any] = value
    elif isinstance(value, dict):
        inner = value.values()
    else:
        return None
    return next((found for item in inner if (found := _unknown_in(item)) is not None), None)
