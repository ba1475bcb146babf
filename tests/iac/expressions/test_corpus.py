"""Expressions have the values that Terraform gives them."""

from __future__ import annotations

import pytest
from tests.iac.expressions import kit, record

from trueline.mapping import Unknown


@pytest.mark.parametrize("name", kit.names())
def test_expressions_have_the_values_that_terraform_recorded(name: str) -> None:
    wrong: list[str] = []
    for case in kit.cases(name):
        value, complaints = kit.evaluated(case.expression)
        if case.error:
            if not isinstance(value, Unknown) and not complaints:
                wrong.append(f"{case.expression}: {value!r}, and Terraform fails")
        elif found := kit.difference(kit.shown(value), case.value):
            wrong.append(f"{case.expression}: {found} {complaints}")
    assert not wrong, "\n".join(wrong)


def test_the_corpus_is_recorded_whole_and_large() -> None:
    recorded = {name: [case.expression for case in kit.cases(name)] for name in kit.names()}
    assert recorded == {name: kit.expressions(name) for name in kit.names()}
    assert sum(map(len, recorded.values())) >= 400


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("name", kit.names())
def test_terraform_still_says_what_was_recorded(name: str) -> None:
    rows = record.recorded(name)
    assert record.written(rows) == (kit.CORPUS / f"{name}.json").read_text()
