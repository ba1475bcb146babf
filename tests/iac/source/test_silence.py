"""What is shipped of the provider's defaults is what the provider does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from iac.source.examples import example_code, example_plans
from iac.source.facts import silence_facts
from terraform import plan_json, provider_schemas
from trueline.catalog import load
from trueline.iac.terraform.source import silence

SILENT = Path(__file__).with_name("silent.tf")
FILE = Path(silence.__file__).with_name("silence.json")


@pytest.mark.needs("terraform")
def test_the_shipped_facts_are_those_of_the_provider(
    tf_mirror: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    catalog = load()
    plans = [*example_plans(tmp_path_factory, example_code(catalog)).values()]
    plans.append(plan_json(tmp_path_factory.mktemp("silent") / "root", SILENT.read_text()).decode())
    types = [t for t in catalog.types.values() if "terraform" in t.readers]
    made = silence_facts(
        types, json.loads(provider_schemas()), (json.loads(plan) for plan in plans)
    )
    lines = (f"{json.dumps(kind)}: {json.dumps(facts)}" for kind, facts in made.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if os.environ.get("TRUELINE_WRITE_FACTS"):
        FILE.write_text(text, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == text


def test_no_fixed_default_is_left_unseen() -> None:
    unseen = {
        f"{kind}.{path}"
        for kind, facts in json.loads(FILE.read_text(encoding="utf-8")).items()
        for path, value in facts.items()
        if value == silence.UNSEEN
    }
    # A plan leaves out the whole block when nothing stands in it.
    unseen.discard("aws_lambda_function.environment.variables")
    assert not unseen, "silent.tf must leave these out, so that a plan shows what they become"
