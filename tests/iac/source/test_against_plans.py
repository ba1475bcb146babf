"""Source and plan of the same code: nothing that both know is told differently."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from iac.source.comparing import Difference, differences
from iac.source.examples import example_code, example_plans
from iac.source.kit import read, write
from terraform import AWS_PROVIDER, plan_json
from trueline.catalog import Catalog, load
from trueline.iac.terraform import read_plan

pytestmark = pytest.mark.needs("terraform")
ESTATE = Path(__file__).parents[2] / "e2e" / "estate"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


@pytest.fixture(scope="module")
def found(
    tf_mirror: Path, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> list[Difference]:
    """Every difference in the examples of the content."""
    code = example_code(catalog)
    plans = example_plans(tmp_path_factory, code)
    out = []
    for name, hcl in code.items():
        provider = "" if 'provider "aws"' in hcl else AWS_PROVIDER
        folder = write(tmp_path_factory.mktemp(name), {"main.tf": hcl + provider})
        source = read(folder, catalog.types)
        assert {c.status for c in source.coverage} <= {"ok", "unsupported"}, name
        plan = read_plan(
            plans[name].encode(),
            "plan.json",
            catalog.types,
            judged_root=folder,
            path=folder / "plan.json",
        )
        out += [(name, d) for d in differences(source, plan, catalog.types)]
    return [Difference(d.kind, f"{n}: {d.address}", d.column, d.source, d.plan) for n, d in out]


def test_no_cell_of_an_example_contradicts_its_plan(found: list[Difference]) -> None:
    wrong = [d for d in found if d.kind != "hidden"]
    assert not wrong, "\n".join(map(str, wrong))


def test_what_a_plan_of_an_example_tells_source_tells_too(found: list[Difference]) -> None:
    hidden = [d for d in found if d.kind == "hidden"]
    assert not hidden, "\n".join(map(str, hidden))


def test_the_estate_as_source_is_the_estate_as_planned(
    tf_mirror: Path, catalog: Catalog, tmp_path: Path
) -> None:
    shutil.copytree(ESTATE, tmp_path / "estate")
    (tmp_path / "estate" / "package.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    values = 'image = "ami-0123"\npackage = "package.zip"\n'
    (tmp_path / "estate" / "terraform.tfvars").write_text(values)
    source = read(tmp_path / "estate", catalog.types)
    files = {
        path.name: path.read_text()
        for path in (tmp_path / "estate").iterdir()
        if path.suffix in (".tf", ".tfvars")
    }
    # Planned alone, without a simulated AWS that could tell the account.
    main = files.pop("main.tf").replace("skip_requesting_account_id  = false", "")
    skip = "skip_region_validation      = true"
    main = main.replace(skip, f"{skip}\n  skip_requesting_account_id = true")
    folder = tmp_path / "planned"
    folder.mkdir()
    shutil.copy(tmp_path / "estate" / "package.zip", folder)
    data = plan_json(folder, main, files=files)
    plan = read_plan(
        data, "plan.json", catalog.types, judged_root=folder, path=folder / "plan.json"
    )
    wrong = list(differences(source, plan, catalog.types))
    assert not wrong, "\n".join(map(str, wrong))
