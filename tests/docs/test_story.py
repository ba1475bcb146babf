"""The story of docs/story.md, from its first command to its last, and what it shows on the way."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from story import Console, commands, differs, steps

from trueline.demo import Refusal, simulated_aws
from trueline.demo.server import Door

PAGE = Path(__file__).resolve().parents[2] / "docs" / "story.md"
START = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def test_the_story_goes_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = steps(PAGE)
    assert {s.verb for s in told} == {"file", "run", "passes", "denied", "allowed"}
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "TRUELINE_ACTOR", "TRUELINE_STATE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    with simulated_aws() as (url, door), time_machine.travel(START) as clock:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": str(tmp_path / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "TRUELINE_HOME": str(tmp_path / "home"),
        }.items():
            monkeypatch.setenv(name, value)
        console = Console(tmp_path)
        for step in told:
            if step.verb == "passes":
                days, unit = step.what.split()
                assert unit in ("day", "days"), step
                clock.shift(dt.timedelta(days=int(days)))
            elif step.verb == "file":
                (tmp_path / step.what).write_text(step.text)
            elif step.verb == "run":
                play(console, step.text)
            else:
                close(door, step.what)


def test_the_readme_shows_a_moment_of_the_story() -> None:
    readme = (PAGE.parent.parent / "README.md").read_text()
    shown = readme.partition("$ trueline finding list\n")[2].partition("```")[0]
    assert shown.count("\n") > 3
    assert shown in PAGE.read_text()


def play(console: Console, block: str) -> None:
    """Run a block's commands; each prints what the page shows."""
    for line, shown in commands(block):
        printed = console(line)
        difference = differs(shown, printed, console.known)
        assert difference is None, f"$ {line}\n{difference}"


def close(door: Door, what: str) -> None:
    """From here on a call is refused in a region, or, with nothing said, none is."""
    door.closed = bool(what)
    if what:
        service, action, region = what.split()
        door.refusals = (Refusal(service, action=action, region=region),)
