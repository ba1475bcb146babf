"""Every shipped policy: its own cases hold, and would notice a changed predicate."""

from __future__ import annotations

import pytest

from trueline.catalog import Catalog
from trueline.language import mutants
from trueline.model import Policy
from trueline.pipeline import Workspace
from trueline.proof import policy_proof
from trueline.settings import Settings


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("home"), Settings(), catalog)


def test_its_cases_hold_and_notice_a_changed_predicate(
    workspace: Workspace, policy: Policy
) -> None:
    proof = policy_proof(workspace, policy)
    wrong = [
        f"{case.where}: {case.case}: expected {case.expected}, seen {case.seen} {case.causes}"
        for case in proof.cases
        if not case.ok
    ]
    assert not wrong, "\n" + "\n".join(wrong)
    assert not proof.missing, f"no case expects {proof.missing}"
    assert not proof.survivors, f"no case notices {proof.survivors}"


def test_its_equivalent_mutants_exist_and_say_why(policy: Policy, catalog: Catalog) -> None:
    labels = {mutant.label for mutant in mutants(policy, catalog.types)}
    assert set(policy.equivalent_mutants) <= labels
    assert all(len(reason) > 20 for reason in policy.equivalent_mutants.values())


def test_its_playbook_is_complete(policy: Policy) -> None:
    assert policy.steps
    assert policy.verify
    # What only a person at a console can do is never automated.
    assert policy.cli or policy.terraform or policy.automation == "never"
    assert policy.categories
