"""What tests need beside Python: programs and material that may be absent.

`@pytest.mark.needs("terraform")` skips a test where the program is missing (`"postgresql"`: those
of its server, on the path or where packages put them), and the fixtures `recorded` and `tf_mirror`
where their environment variable is unset. Every such skip is listed at
the end of the run. A name in `TRUELINE_REQUIRE` (comma-separated) turns its skips into failures.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest


def _required() -> set[str]:
    return {name.strip() for name in os.environ.get("TRUELINE_REQUIRE", "").split(",")} - {""}


def _lacks(name: str, why: str) -> None:
    """Skip the running test, or fail it where the thing is required."""
    if name in _required():
        pytest.fail(f"{name} is required by TRUELINE_REQUIRE: {why}", pytrace=False)
    pytest.skip(f"needs {name}: {why}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests stay in one process, one after the other: moto is one AWS a process."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            if not _installed(program):
                _lacks(program, "the program is not installed")


def _installed(program: str) -> bool:
    if program == "postgresql":
        from postgresql import programs

        return programs() is not None
    return shutil.which(program) is not None


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded cloud answers: $TRUELINE_RECORDED."""
    return _folder("TRUELINE_RECORDED", "a folder of recorded answers of cloud APIs")


@pytest.fixture(scope="session")
def tf_mirror() -> Path:
    """The folder of Terraform providers, laid out as a filesystem mirror: $TRUELINE_TF_MIRROR."""
    return _folder("TRUELINE_TF_MIRROR", "a filesystem mirror of Terraform providers")


def _folder(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        _lacks(variable, f"it names {what}")
    assert value is not None
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"{variable} is no folder: {value}", pytrace=False)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what was not tested here, and what each of it would have needed."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("not tested here")
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"{count:5d}  {reason}")
