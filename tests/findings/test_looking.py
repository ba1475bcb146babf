"""What lists look things up by: numbers of values, and the names that resources have had."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from trueline.findings import queries, store
from trueline.findings.queries import Wanted, listed
from trueline.findings.schema import findings, numbers, resources
from trueline.findings.store import micros

from .kit import HERE, T0, Estate, public

NOW = micros(T0)


def _found(estate: Estate, text: str, *, all_: bool = False) -> list[str]:
    with estate.opened() as state, state.reading() as conn:
        return [row["name"] for row in listed(conn, Wanted(text, all=all_), NOW, limit=10)]


@pytest.mark.parametrize("few", [0, 1_000])
def test_what_is_resolved_is_found_by_the_name_it_had(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(queries, "FEW", few)
    bare = public("bare") | {"name": None}
    old = public("web-old") | {"incarnation": "1"}
    estate.scan({HERE: [old, bare]})
    estate.sync()
    estate.scan({HERE: [old | {"name": "web-new", "incarnation": "2"}, bare]})
    estate.sync()
    assert _found(estate, "name LIKE '%old%'") == []
    assert _found(estate, "name LIKE '%old%'", all_=True) == ["web-old"]
    assert _found(estate, "name LIKE '%new%'", all_=True) == ["web-new"]
    assert sorted(map(str, _found(estate, "uid LIKE '%:%'"))) == ["None", "web-new"]
    assert _found(estate, "is_absent(name)") == [None]
    assert sorted(map(str, _found(estate, "name LIKE '%'"))) == ["None", "web-new"]


def test_a_resource_is_kept_once_under_each_name(estate: Estate) -> None:
    for name in ("one", "two", "one", "two"):
        estate.scan({HERE: [public("one") | {"name": name}]})
        estate.sync()
    with estate.opened() as state, state.reading() as conn:
        kept = conn.execute(select(resources.c.number, resources.c.name)).all()
    assert sorted(map(tuple, kept)) == [(0, "one"), (1, "two")]


def test_a_value_keeps_its_number(estate: Estate) -> None:
    for name in ("one", "two", "three"):
        estate.scan({HERE: [public(name)]})
        estate.sync()
    with estate.opened() as state, state.reading() as conn:
        kept = [(row.facet, row.value) for row in conn.execute(select(numbers))]
        used = conn.execute(select(findings.c.severity_number).distinct()).scalars().all()
    assert len(set(kept)) == len(kept)
    assert len(used) == 1


def test_after_much_an_index_of_postgresql_answers_by_itself(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_MANY", 1)
    estate.scan({HERE: [public("one")]})
    estate.sync()
    with estate.opened() as state, state.engine.connect() as conn:
        if state.sqlite:
            assert _found(estate, "name:one") == ["one"]
        else:
            seen = text("SELECT relallvisible FROM pg_class WHERE relname = 'findings'")
            assert conn.execute(seen).scalar() == 1
