"""However Terraform lets one write a thing, the verdict is the one that an expert would give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from trueline.pipeline import Workspace, check_code, open_workspace

FOLDER = Path(__file__).parent / "spellings"


@dataclass(frozen=True)
class Case:
    """One way to write it: the files, and the verdict of one policy on one resource."""

    theme: str
    name: str
    policy: str
    address: str
    verdict: str
    files: dict[str, str]


def cases() -> Iterator[Case]:
    for page in sorted(FOLDER.glob("*.txt")):
        for part in ("\n" + page.read_text()).split("\n=== ")[1:]:
            head, _, body = part.partition("\n")
            first, *others = body.split("\n--- ")
            files = {"main.tf": first}
            for other in others:
                name, _, text = other.partition("\n")
                files[name.strip()] = text
            name, policy, address, verdict = (word.strip() for word in head.split("|"))
            yield Case(page.stem, name, policy, address, verdict, files)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return open_workspace(str(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("case", list(cases()), ids=lambda c: f"{c.theme}: {c.name}")
def test_a_spelling_gets_its_verdict(case: Case, workspace: Workspace, tmp_path: Path) -> None:
    for name, text in case.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    report = check_code(workspace, str(tmp_path), policies=[case.policy])
    found = {v.resource.address: v for v in report.verdicts}
    verdict = found[case.address]
    assert verdict.status == case.verdict, verdict
    if case.verdict == "unknown":
        assert all(cause.cause for cause in verdict.unknown)
