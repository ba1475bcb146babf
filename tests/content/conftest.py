"""The shipped content, built once; and parameters that name every shipped file."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueline.catalog import Catalog, Problem
from trueline.catalog.build import build
from trueline.catalog.files import SHIPPED, content_files
from trueline.model import Policy, ResourceType

_FILES = content_files([SHIPPED])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`resource_file` and `policy_file` run a test once per shipped file."""
    for fixture, kind in (("resource_file", "resources"), ("policy_file", "policies")):
        if fixture in metafunc.fixturenames:
            paths = [Path(file.path) for file in _FILES if file.kind == kind]
            metafunc.parametrize(fixture, paths, ids=[path.stem for path in paths])


@pytest.fixture(scope="session")
def content() -> tuple[Catalog, list[Problem]]:
    return build()


@pytest.fixture(scope="session")
def catalog(content: tuple[Catalog, list[Problem]]) -> Catalog:
    return content[0]


@pytest.fixture
def rtype(catalog: Catalog, resource_file: Path) -> ResourceType:
    """The type of a resource file; a file with errors has none."""
    for found in catalog.types.values():
        if found.where is not None and Path(found.where.file) == resource_file:
            return found
    pytest.fail(f"{resource_file.name} has errors", pytrace=False)


@pytest.fixture
def policy(catalog: Catalog, policy_file: Path) -> Policy:
    """The policy of a file; a file with errors has none."""
    found = catalog.policies.get(policy_file.stem)
    if found is None or found.id not in catalog.compiled:
        pytest.fail(f"{policy_file.name} has errors", pytrace=False)
    return found
