"""Comments in code that silence policies: where they stand, and which fails they cover.

A comment stands on the block or attribute whose line it shares or precedes; other comments may
stand between. On a resource, data or module block it holds for everything there and beneath; on an
attribute or nested block for what is decided there. Comments of other tools hold for the whole
block, wherever in it they stand. An expired one covers nothing.
"""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trueline.iac.comments import Names, Said, said
from trueline.iac.terraform.syntax import Attribute, Block, Body, File, parse
from trueline.iac.trees import Tree, TreeError
from trueline.model import CodeComment, Location, Place, Suppression, Verdict, VerdictException

__all__ = ["Mark", "added", "find_marks", "suppress"]


_HINT = "; above the whole block it holds for all of it"


@dataclass(frozen=True, slots=True)
class Mark:
    """A suppression and what it stands on; `place` None = nothing.

    `policies` are ids, `unknown` the names that no policy has. `key` names the place by folder,
    block and attribute, so that it stays the same when lines move; `whole` = a block of the file.
    `around` are the beginnings of the nested blocks that hold the place.
    """

    id: str
    said: Said
    policies: frozenset[str]
    unknown: tuple[str, ...]
    place: Location | None
    key: tuple[str, ...] = ()
    whole: bool = False
    around: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Spot:
    """A block or attribute, and the names on the way to it."""

    node: Block | Attribute
    key: tuple[str, ...]


def find_marks(
    tree: Tree, comments: Iterable[CodeComment], names: Names, prefix: str = ""
) -> list[Mark]:
    """Every suppression in these comments; `prefix` is the judged path below the tree's root."""
    files: dict[str, tuple[File, list[str]]] = {}
    marks = []
    for comment in comments:
        path = posixpath.normpath(posixpath.join(prefix, comment.file))
        if path not in files:
            try:
                data = tree.read(path)
            except TreeError:
                data = b""
            files[path] = (parse(data, path), data.decode("utf-8", "replace").split("\n"))
        way = _standing(*files[path], comment)
        for each in said(comment.text):
            spots = way if each.tool == "trueline" else way[:1]
            found = [names.find(each.tool, name) for name in each.names]
            marks.append(
                Mark(
                    f"{comment.file}:{comment.line + each.line}",
                    each,
                    frozenset().union(*found),
                    tuple(name for name, ids in zip(each.names, found, strict=True) if not ids),
                    _location(comment.file, spots[-1]) if spots else None,
                    (posixpath.dirname(path), *spots[-1].key) if spots else (),
                    len(spots) == 1,
                    tuple((s.node.span.line, s.node.span.column) for s in spots[1:-1]),
                )
            )
    return marks


def _location(file: str, spot: _Spot) -> Location:
    return Location(file, *spot.node.span)


def _standing(file: File, lines: Sequence[str], comment: CodeComment) -> list[_Spot]:
    """The way from a block of the file to what a comment stands on; empty = on nothing."""
    if not comment.alone:
        return _way(file.body, comment.line, starts=True) or _way(file.body, comment.line)
    taken = {n for c in file.comments if c.alone for n in range(c.line, c.end_line + 1)}
    below = comment.end_line + 1
    while below in taken:
        below += 1
    if below <= len(lines) and lines[below - 1].strip():
        way = _way(file.body, below, starts=True)
        if way:
            return way
    return _way(file.body, comment.line)


def _way(body: Body, line: int, *, starts: bool = False) -> list[_Spot]:
    """To the outermost that starts on a line, or to the innermost that holds it."""
    key: tuple[str, ...] = ()
    way: list[_Spot] = []
    inside: Body | None = body
    while inside is not None:
        nodes: list[Block | Attribute] = [*inside.attributes.values(), *inside.blocks]
        node = next((n for n in nodes if n.span.line <= line <= n.span.end_line), None)
        if node is None:
            break
        key += (node.type, *node.labels) if isinstance(node, Block) else (node.name,)
        way.append(_Spot(node, key))
        if starts and node.span.line == line:
            return way
        inside = node.body if isinstance(node, Block) else None
    return [] if starts else way


def added(head: Sequence[Mark], base: Sequence[Mark]) -> frozenset[Mark]:
    """The suppressions that the base does not have there, or not as wide or as long."""
    left = list(base)
    new = set()
    for mark in head:
        known = next((b for b in left if _covers(b, mark)), None)
        if known is None:
            new.add(mark)
        elif known.key == mark.key:
            left.remove(known)
    return frozenset(new)


def _covers(base: Mark, mark: Mark) -> bool:
    same = base.key == mark.key[: len(base.key)] and bool(base.key)
    return same and mark.policies <= base.policies and _as_long(base.said.until, mark.said.until)


def _as_long(base: dt.date | None, head: dt.date | None) -> bool:
    return base is None or (head is not None and head <= base)


def suppress(
    verdicts: Sequence[Verdict],
    marks: Sequence[Mark],
    places: Mapping[str, Place],
    today: dt.date,
    *,
    judged: Collection[str],
    new: Collection[Mark] = (),
) -> tuple[list[Verdict], list[Suppression]]:
    """Excuse the fails that suppressions cover, and say of each suppression what became of it.

    `judged` are the ids of policies that were asked for, `new` the suppressions that a change adds:
    an older one is preferred where both cover a fail.
    """
    by_policy: dict[str, list[Mark]] = {}
    for mark in sorted(marks, key=lambda m: m in new):
        if mark.said.problem is None and mark.place is not None:
            for policy in mark.policies:
                by_policy.setdefault(policy, []).append(mark)
    seen: dict[Mark, list[str]] = {}
    out = []
    for verdict in verdicts:
        covering = [
            mark
            for mark in by_policy.get(verdict.policy, ())
            if _stands_there(mark, verdict, places.get(verdict.resource.uid))
        ]
        for mark in covering:
            seen.setdefault(mark, []).append(verdict.status)
        valid = [m for m in covering if m.said.until is None or m.said.until >= today]
        if valid and verdict.status == "fail" and verdict.exception is None:
            verdict = replace(verdict, exception=_exception(valid[0], valid[0] in new))
        out.append(verdict)
    return out, [_outcome(m, seen.get(m, []), today, judged, m in new) for m in marks]


def _exception(mark: Mark, new: bool) -> VerdictException:
    until = mark.said.until.isoformat() if mark.said.until else None
    return VerdictException("suppression", mark.id, mark.said.reason, until, None, new)


def _stands_there(mark: Mark, verdict: Verdict, place: Place | None) -> bool:
    """Does a verdict depend on what the mark stands on?"""
    assert mark.place is not None
    block = place.block if place else None
    if mark.whole:
        spots = (verdict.location, block, *(verdict.calls or (place.calls if place else ())))
        return any(_within(spot, mark.place) for spot in spots)
    decides = verdict.location or block
    if decides is None or decides.file != mark.place.file:
        return False
    # A nested block that decides is told by its first line.
    return _within(decides, mark.place) or (decides.line, decides.column) in mark.around


def _within(inner: Location | None, outer: Location | None) -> bool:
    if inner is None or outer is None or inner.file != outer.file:
        return False
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _outcome(
    mark: Mark, seen: Sequence[str], today: dt.date, judged: Collection[str], new: bool
) -> Suppression:
    fails = seen.count("fail")
    notes = [f"no policy is called {name!r}" for name in mark.unknown]
    if mark.said.tool != "trueline":
        notes = [f"no policy has the {mark.said.tool} name {name!r}" for name in mark.unknown]
    if mark.said.problem is not None:
        status, notes, fails = "malformed", [mark.said.problem], 0
    elif mark.said.until is not None and mark.said.until < today:
        status, fails = "expired", 0
    elif fails:
        status = "used"
    elif mark.unknown and not mark.policies:
        status = "unknown_policy"
    elif not mark.policies & set(judged):
        status = "not_judged"
    else:
        status = "unused"
        if mark.place is None:
            notes.append("it stands on no block or attribute")
        elif "unknown" in seen:
            notes.append("what it would silence is unknown")
        else:
            notes.append("nothing that it names fails there" + _HINT * (not mark.whole))
    return Suppression(
        mark.id,
        mark.said.tool,
        mark.said.names,
        mark.said.reason,
        mark.said.until.isoformat() if mark.said.until else None,
        status,
        fails,
        new,
        "; ".join(notes) or None,
    )
