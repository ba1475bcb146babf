"""A simulated estate, and the program run in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trueline.demo import ACCOUNTS, Refusal, build_estate, simulated_aws
from trueline.demo.server import Door

REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNTS['sandbox']}:role/trueline-audit"


@dataclass(frozen=True)
class Estate:
    """One account in one region, and the environment in which the program reaches it."""

    endpoint: str
    door: Door
    env: dict[str, str]


@contextmanager
def refusing(estate: Estate, *refusals: Refusal) -> Iterator[None]:
    """Refuse calls at the estate's door for a while."""
    estate.door.refusals, estate.door.closed = refusals, True
    try:
        yield
    finally:
        estate.door.refusals, estate.door.closed = (), False


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out, self
        return json.loads(self.out)


class Program:
    """Runs `trueline` with a home of its own."""

    def __init__(self, directory: Path, env: dict[str, str] | None = None) -> None:
        self.directory, self.home = directory, directory / "home"
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TRUELINE_"))}
        self.env = clean | {
            "TRUELINE_HOME": str(self.home),
            "TRUELINE_CACHE": os.environ["TRUELINE_TEST_CACHE"],
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(directory / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(directory / "aws-credentials"),
            "HOME": str(directory),
            **(env or {}),
        }

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "trueline", *arguments],
            cwd=self.directory,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, stdin: str | None = None, **env: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "trueline", *arguments],
            cwd=self.directory,
            env=self.env | env,
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    def scan(self, *more: str, **env: str) -> Outcome:
        """A scan of the one account and region of the estate, quietly."""
        return self("scan", "aws", "--role-arn", ROLE, "--region", REGION, "--quiet", *more, **env)


@pytest.fixture(scope="session", autouse=True)
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One catalog cache for all commands, so that only the first one compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUELINE_TEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def estate() -> Iterator[Estate]:
    """The sandbox of the demo in one region; nothing is refused until the door is closed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with simulated_aws() as (endpoint, door):
            build_estate(endpoint, accounts=("sandbox",), regions=(REGION,))
            env = {
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": REGION,
            }
            yield Estate(endpoint, door, env)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program without any cloud."""
    return Program(tmp_path)


@pytest.fixture
def live(tmp_path: Path, estate: Estate) -> Program:
    """The program with the estate in reach."""
    return Program(tmp_path, estate.env)
