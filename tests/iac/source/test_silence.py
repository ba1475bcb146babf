"""What is shipped of the provider's defaults is what the provider does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from content.plans import plan_each
from iac.source.examples import example_code, example_plans
from iac.source.facts import silence_facts, untold
from terraform import provider_schemas
from trueline.catalog import load
from trueline.iac.terraform.source import silence

pytestmark = pytest.mark.needs("terraform")
FILE = Path(silence.__file__).with_name("silence.json")


def test_the_shipped_facts_are_those_of_the_provider(
    tf_mirror: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    catalog = load()
    silent = {"silent": (Path(__file__).parent / "silent.tf").read_text()}
    plans = example_plans(tmp_path_factory, example_code(catalog))
    plans |= plan_each(tmp_path_factory.mktemp("silent"), silent)
    types = [t for t in catalog.types.values() if "terraform" in t.readers]
    made = silence_facts(
        types, json.loads(provider_schemas()), (json.loads(plan) for plan in plans.values())
    )
    lines = (f"{json.dumps(kind)}: {json.dumps(facts)}" for kind, facts in made.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if os.environ.get("TRUELINE_WRITE_FACTS"):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text


NOT_SHOWN = ["aws_lambda_function environment.variables"]
"""The provider leaves an empty block out of the plan."""


def test_the_facts_tell_everything_that_code_may_leave_out(tf_mirror: Path) -> None:
    facts = json.loads(FILE.read_text(encoding="utf-8"))
    types = [t for t in load().types.values() if "terraform" in t.readers]
    assert untold(types, json.loads(provider_schemas()), facts) == NOT_SHOWN


def test_no_fixed_default_is_left_unseen() -> None:
    unseen = {
        f"{kind}.{path}"
        for kind, facts in json.loads(FILE.read_text(encoding="utf-8")).items()
        for path, value in facts.items()
        if value == silence.UNSEEN
    }
    assert not unseen, "an example must leave these out once, so that a plan shows what they become"
