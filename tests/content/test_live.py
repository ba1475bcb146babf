"""Every resource type: its calls exist, and its live examples become the rows they say."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest

from trueline.catalog import render_problems
from trueline.catalog.call_check import check_calls, used_members
from trueline.catalog.examples import Examples, LiveCase, load_examples
from trueline.model import ResourceType

from .answers import Collected, collect_case, occurs, operation_model, shaped
from .matching import mismatches


@pytest.fixture
def examples(rtype: ResourceType, resource_file: FilePath) -> Examples:
    if rtype.live is None:
        pytest.skip("has no live plane")
    return load_examples(resource_file, rtype)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: FilePath) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_its_calls_arguments_and_members_exist(rtype: ResourceType) -> None:
    problems = check_calls(rtype)
    assert not problems, "\n" + render_problems(problems)


def test_it_has_a_full_a_minimal_and_a_denied_live_example(examples: Examples) -> None:
    names = {case.name for case in examples.live}
    assert {"full", "minimal", "denied"} <= names
    denied = next(case for case in examples.live if case.name == "denied")
    assert any(reply.error for replies in denied.answers.values() for reply in replies)


def test_its_live_examples_become_the_rows_they_say(
    examples: Examples, rtype: ResourceType
) -> None:
    problems = []
    for case in examples.live:
        collected = collect_case(case, rtype)
        problems += mismatches(case.rows, collected.kept, rtype)
        problems += _wrong_states(case, collected, rtype)
    assert not problems, "\n" + "\n".join(problems)


def _wrong_states(case: LiveCase, collected: Collected, rtype: ResourceType) -> list[str]:
    """A scope is complete exactly when its listing came."""
    listing = rtype.live.list if rtype.live else None
    replies = case.answers.get(listing.call, ()) if listing else ()
    failed = bool(replies) and all(reply.error for reply in replies)
    if not collected.states:
        return [f"{case.where}: no scope was finished"]
    return [
        f"{case.where}: the scope is {'' if state.complete else 'not '}complete ({state.cause})"
        for state in collected.states.values()
        if state.complete == failed
    ]


def test_each_live_column_has_a_value_in_an_example(
    examples: Examples, rtype: ResourceType
) -> None:
    proven = {name for case in examples.live for row in case.rows for name in row.columns}
    live = {name for name, column in rtype.columns.items() if "live" in column.mappings}
    assert not live - proven, f"no example expects a value of {sorted(live - proven)}"


def test_each_call_has_an_answer_with_every_member_used(
    examples: Examples, rtype: ResourceType
) -> None:
    missing = []
    for call, paths in used_members(rtype).items():
        answers = [
            shaped(reply.answer, operation_model(call).output_shape, call)
            for case in examples.live
            for reply in case.answers.get(call, ())
            if reply.error is None
        ]
        missing += [f"{call}: {'.'.join(p)}" for p in paths if not occurs(p, answers)]
    assert not missing, f"in no example answer: {missing}"
