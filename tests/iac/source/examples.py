"""The code of every example of the content, and its plans: Terraform makes them once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from content.plans import plan_each, shared_between_workers
from trueline.catalog import Catalog
from trueline.catalog.examples import load_examples

__all__ = ["example_code", "example_plans"]


def example_code(catalog: Catalog) -> dict[str, str]:
    """The Terraform of each example, by table and number."""
    code = {}
    for table, rtype in catalog.types.items():
        if "terraform" in rtype.readers and rtype.where is not None:
            for number, case in enumerate(load_examples(Path(rtype.where.file), rtype).plan):
                code[f"{table}_{number}"] = case.terraform
    return code


def example_plans(factory: pytest.TempPathFactory, code: Mapping[str, str]) -> dict[str, str]:
    """The plan of each alone, as JSON text; shared with the tests of the content."""
    return shared_between_workers(factory, "plans.json", lambda folder: plan_each(folder, code))
