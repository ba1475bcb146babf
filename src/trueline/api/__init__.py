"""The Python API: `trueline.scan` and `trueline.check` (DESIGN §9).

In-process, with boto3's default credential chain; no subprocess, no signal handlers, no global
state. Errors are `trueline.errors.TruelineError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path

from trueline.errors import ConfigError
from trueline.pipeline import ScanOptions, check_change, check_code, open_workspace, scan_aws
from trueline.report import Report

__all__ = ["Report", "check", "scan"]


def scan(
    provider: str,
    *,
    profile: str | None = None,
    role_arns: Sequence[str] = (),
    accounts: Sequence[str] = (),
    regions: Sequence[str] = (),
    types: Sequence[str] = (),
    policies: Sequence[str] = (),
    home: str | PathLike[str] | None = None,
    config: str | PathLike[str] | None = None,
) -> Report:
    """Read a live cloud (`"aws"`), judge it, and return the report with all verdicts.

    `policies` and `types` are globs. With `home` the scan is recorded there, and its findings are
    kept (ActionError where that fails: the snapshot stands); None records nothing.
    """
    if provider != "aws":
        raise ConfigError("usage", f"unknown provider {provider!r}", "providers: aws")
    room = open_workspace(fspath(home) if home else None, fspath(config) if config else None)
    options = ScanOptions(
        profile=profile,
        role_arns=tuple(role_arns),
        accounts=tuple(accounts),
        regions=tuple(regions),
        types=tuple(types),
        policies=tuple(policies),
        record=home is not None,
        passes=True,
    )
    outcome = scan_aws(room, options)
    if outcome.state_error is not None:
        raise outcome.state_error
    return outcome.report


def check(
    path: str | PathLike[str],
    *,
    base: str | None = None,
    environment: str | None = None,
    policies: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    var_files: Sequence[str] = (),
    config: str | PathLike[str] | None = None,
) -> Report:
    """Judge Terraform source, or a plan in JSON form, and return the report; nothing is recorded.

    With `base`, a commit of git, the report says what the source on disk introduces since.
    """
    place = Path(path).resolve()
    start = place if place.is_dir() else place.parent
    file = fspath(config) if config else None
    if base is not None:
        return check_change(
            fspath(path), base, environment=environment, policies=policies,
            variables=variables, var_files=var_files, config=file, start=start,
        )  # fmt: skip
    return check_code(
        open_workspace(None, file, start), fspath(path), environment=environment,
        policies=policies, variables=variables, var_files=var_files,
    )  # fmt: skip
