"""Partial documents, the worlds they may stand for, and whether a result fits one of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from trueline.mapping import Unknown

Path = tuple[Any, ...]

NOT_KNOWN = Unknown("denied")
SET = Unknown("after_apply:x.id", present=True)


def places(doc: Any, path: Path = ()) -> Iterator[Path]:
    """Every place inside a document, the document itself left out."""
    inside = (
        doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    )
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def at(doc: Any, path: Path) -> Any:
    for key in path:
        doc = doc[key]
    return doc


def _is_blank(value: Any) -> bool:
    return value.__class__ is Unknown


@st.composite
def partial_documents(draw: Callable[..., Any], documents: st.SearchStrategy[Any]) -> Any:
    """A document in which one to three places are not known, or a list may go on."""
    doc = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(1, 3))):
        choices = [
            p for p in places(doc) if not any(_is_blank(at(doc, p[:i])) for i in range(len(p)))
        ]
        if not choices:
            break
        path = draw(st.sampled_from(choices))
        holder, value = at(doc, path[:-1]), at(doc, path)
        if isinstance(value, list) and draw(st.booleans()):
            value.insert(draw(st.integers(0, len(value))), NOT_KNOWN)
            continue
        scalar = not isinstance(value, (list, dict)) and value is not None
        holder[path[-1]] = SET if scalar and draw(st.booleans()) else NOT_KNOWN
    return doc


def completed(
    draw: Callable[..., Any], doc: Any, pool: st.SearchStrategy[Any], keys_stay: bool = False
) -> Any:
    """One of the worlds that a partial document may stand for.

    An unknown member may be anything or missing; an unknown element any number of elements.
    What is set is something, and one thing. `keys_stay`: the members of a written map are there,
    and may be null at most.
    """
    something = pool.filter(lambda value: value is not None and value not in ([], {}))
    if isinstance(doc, dict):
        out = {}
        for key, value in doc.items():
            if value is SET:
                out[key] = draw(something)
            elif not _is_blank(value):
                out[key] = completed(draw, value, pool, keys_stay)
            elif keys_stay or draw(st.booleans()):
                out[key] = draw(pool)
        return out
    if isinstance(doc, list):
        elements: list[Any] = []
        for value in doc:
            if value is SET:
                elements.append(draw(something))
            elif not _is_blank(value):
                elements.append(completed(draw, value, pool, keys_stay))
            else:
                elements.extend(draw(pool) for _ in range(draw(st.integers(0, 2))))
        return elements
    return doc


def agree(one: Any, other: Any) -> bool:
    """Can two results describe the same thing? Unknown agrees with everything.

    An unknown element agrees with any number of elements.
    """
    for this, that in ((one, other), (other, one)):
        if _is_blank(this):
            return not (this.present and that is None)
    if isinstance(one, dict) and isinstance(other, dict):
        return all(agree(one.get(k), other.get(k)) for k in one.keys() | other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return _lists_agree(one, other)
    return type(one) is type(other) and bool(one == other)


def _lists_agree(one: list[Any], other: list[Any]) -> bool:
    open_one = any(_is_blank(e) and not e.present for e in one)
    open_other = any(_is_blank(e) and not e.present for e in other)
    if open_one and open_other:
        return True
    known_one = [e for e in one if not (_is_blank(e) and not e.present)]
    known_other = [e for e in other if not (_is_blank(e) and not e.present)]
    if open_one:
        return _matched(known_one, known_other)
    if open_other:
        return _matched(known_other, known_one)
    return len(known_one) == len(known_other) and _matched(known_one, known_other)


def _matched(fewer: list[Any], more: list[Any]) -> bool:
    """Does each of `fewer` agree with another one of `more`?"""
    if not fewer:
        return True
    first, rest = fewer[0], fewer[1:]
    return any(
        agree(first, candidate) and _matched(rest, more[:i] + more[i + 1 :])
        for i, candidate in enumerate(more)
    )
