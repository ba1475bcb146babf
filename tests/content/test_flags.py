"""The flags of every shipped type: told as their cases say, and no part of a predicate is idle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from trueline.catalog import Catalog
from trueline.catalog.testing import NOW, case_scopes, expand_row
from trueline.evaluate import flag_rows
from trueline.lake import Tables
from trueline.language import compile_flag, mutants
from trueline.model import FLAGS, NEVER, Flag, Policy, PolicyTest, ResourceType

CASES: dict[str, dict[str, list[tuple[str, dict[str, Any]]]]] = yaml.safe_load(
    (Path(__file__).parent / "flags.yaml").read_text(encoding="utf-8")
)["types"]
CODES = {"is": 2, "not known": 1, "is not": 0}
GIVEN = [(table, flag) for table, flags in CASES.items() for flag in flags]


def told(rtype: ResourceType, variants: list[Flag], rows: list[dict[str, Any]]) -> list[list[int]]:
    """What each variant of one flag says of each row."""
    listed = [expand_row(rtype, row, None, index) for index, row in enumerate(rows)]
    order = [row["uid"] for row in listed]
    asked = Policy("p", "t", "low", rtype.table, "TRUE", "w")
    scopes = case_scopes(PolicyTest("case", "pass", {}), asked, {rtype.table: rtype})
    out = []
    with Tables.from_rows({rtype.table: rtype}, {rtype.table: listed}, scopes, few=True) as tables:
        for flag in variants:
            batches = flag_rows(tables, rtype, [compile_flag(flag, rtype)], NOW)
            codes = {row["uid"]: row[flag.name] for b in batches for row in b.to_pylist()}
            out.append([codes[uid] for uid in order])
    return out


def changed(flag: Flag, rtype: ResourceType) -> dict[str, Flag]:
    """The flag with one thing changed, by what is changed."""
    policy = Policy("p", "t", "low", rtype.table, flag.when, "w", applies_when=flag.known_when)
    return {
        mutant.label: replace(
            flag, when=mutant.policy.fails_when, known_when=mutant.policy.applies_when
        )
        for mutant in mutants(policy, {rtype.table: rtype})
    }


def test_every_flag_that_is_a_predicate_has_cases(catalog: Catalog) -> None:
    predicates = {
        (table, flag.name)
        for table, rtype in catalog.types.items()
        for flag in rtype.flags.values()
        if flag.when != NEVER
    }
    assert predicates == set(GIVEN)


@pytest.mark.parametrize(("table", "name"), GIVEN)
def test_its_cases_hold_and_notice_a_changed_predicate(
    catalog: Catalog, table: str, name: str
) -> None:
    rtype = catalog.types[table]
    flag = rtype.flags[name]
    cases = CASES[table][name]
    mutated = changed(flag, rtype)
    own, *others = told(rtype, [flag, *mutated.values()], [row for _, row in cases])
    wrong = [
        (said, code, row)
        for (said, row), code in zip(cases, own, strict=True)
        if CODES[said] != code
    ]
    assert not wrong
    wanted = {2, 1} if flag.known_when == NEVER else {2, 1, 0}
    assert set(own) == wanted
    survivors = [label for label, codes in zip(mutated, others, strict=True) if codes == own]
    assert not survivors


def test_what_is_never_true_of_a_type_is_known_of_rows_of_which_nothing_is(
    catalog: Catalog,
) -> None:
    for rtype in catalog.types.values():
        for flag in rtype.flags.values():
            if flag.when == NEVER:
                assert told(rtype, [flag], [{}, {"stale_since": NOW.isoformat()}]) == [[0, 0]]


def test_the_catalog_holds_the_flags_of_every_type_compiled(catalog: Catalog) -> None:
    given = {t: [f"flag:{f}" for f in r.flags] for t, r in catalog.types.items() if r.flags}
    assert {t: [c.id for c in compiled] for t, compiled in catalog.flags.items()} == given
    assert all(set(r.flags) <= set(FLAGS) for r in catalog.types.values())
    assert all(not c.relations and not c.params for cs in catalog.flags.values() for c in cs)
