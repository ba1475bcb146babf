"""Every resource type: its plan examples, planned by Terraform, become the rows they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terraform import provider_schemas
from trueline.catalog import Catalog, render_problems
from trueline.catalog.examples import Examples, load_examples
from trueline.catalog.provider_check import Schemas, check_terraform, read_schemas
from trueline.iac.terraform import read_plan
from trueline.model import ResourceType

from .matching import mismatches
from .plans import plan_each, shared_between_workers

UNDECIDED = ("after_apply:", "provider_decides:", "unresolved:", "sensitive", "missing:")


@pytest.fixture
def examples(rtype: ResourceType, resource_file: Path) -> Examples:
    if "terraform" not in rtype.readers:
        pytest.skip("has no Terraform resource")
    return load_examples(resource_file, rtype)


@pytest.fixture(scope="session")
def plans(
    tf_mirror: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The plan of each example alone, by table and number; Terraform runs once."""
    code = {}
    for table, rtype in catalog.types.items():
        if "terraform" in rtype.readers and rtype.where is not None:
            cases = load_examples(Path(rtype.where.file), rtype).plan
            code |= {f"{table}_{number}": case.terraform for number, case in enumerate(cases)}
    return shared_between_workers(
        tmp_path_factory, "plans.json", lambda folder: plan_each(folder, code)
    )


@pytest.fixture(scope="session")
def schemas(tf_mirror: Path) -> Schemas:
    return read_schemas([json.loads(provider_schemas())])


def test_it_has_a_full_a_minimal_and_an_undecided_plan_example(examples: Examples) -> None:
    assert {"full", "minimal"} <= {case.name for case in examples.plan}
    rows = [row for case in examples.plan for row in case.rows]
    assert any(
        row.known_set or any(cause.startswith(UNDECIDED) for cause in row.why.values())
        for row in rows
    ), "no example has a value that the plan does not know"


@pytest.mark.needs("terraform")
def test_its_plan_examples_become_the_rows_they_say(
    examples: Examples, rtype: ResourceType, plans: dict[str, str], tmp_path: Path
) -> None:
    problems = []
    for number, case in enumerate(examples.plan):
        plan = plans[f"{rtype.table}_{number}"].encode()
        types = {rtype.table: rtype}
        read = read_plan(plan, "plan.json", types, judged_root=tmp_path, path=None)
        problems += mismatches(case.rows, read.rows.get(rtype.table, ()), rtype)
    assert not problems, "\n" + "\n".join(problems)


def test_each_terraform_column_has_a_value_in_an_example(
    examples: Examples, rtype: ResourceType
) -> None:
    proven = {name for case in examples.plan for row in case.rows for name in row.columns}
    proven |= {name for case in examples.plan for row in case.rows for name in row.known_set}
    mapped = {name for name, column in rtype.columns.items() if "terraform" in column.mappings}
    assert not mapped - proven, f"no example expects a value of {sorted(mapped - proven)}"


@pytest.mark.needs("terraform")
def test_its_terraform_paths_exist_in_the_provider(rtype: ResourceType, schemas: Schemas) -> None:
    problems = check_terraform(rtype, schemas)
    assert not problems, "\n" + render_problems(problems)
