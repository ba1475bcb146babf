"""The shipped content as a whole."""

from __future__ import annotations

from pathlib import Path

from trueline.catalog import Catalog, Problem, render_problems
from trueline.catalog.files import SHIPPED, content_files, examples_of


def test_the_shipped_content_has_no_errors_and_no_warnings(
    content: tuple[Catalog, list[Problem]],
) -> None:
    _, problems = content
    assert not problems, "\n" + render_problems(problems)


def test_every_policy_is_compiled(catalog: Catalog) -> None:
    assert set(catalog.compiled) == set(catalog.policies)


def test_every_policy_stands_in_the_folder_of_its_cloud() -> None:
    for file in content_files([SHIPPED]):
        path = Path(file.path)
        if file.kind == "policies":
            assert path.stem.startswith(f"{path.parent.parent.name}-"), path


def test_every_examples_file_belongs_to_a_resource_file() -> None:
    types = {examples_of(Path(f.path)) for f in content_files([SHIPPED]) if f.kind == "resources"}
    assert set(SHIPPED.rglob("*.examples.yaml")) == types
