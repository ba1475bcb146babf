"""Plan bytes -> checked plan JSON, or an error that says what was found instead and what to do.

Source: the "JSON Output Format" of Terraform's internals documentation; OpenTofu writes the same.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from trueline.errors import ConfigError, Where

__all__ = ["MAX_BYTES", "decode"]

MAX_BYTES = 256 * 1024 * 1024
"""A larger plan is refused: it would not fit into memory on common machines."""

_MAJORS = (0, 1)
_SHOW = "write it with: terraform show -json plan.out > plan.json"
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_CUT_LITERAL = re.compile(r"(t(r(ue?)?)?|f(a(l(se?)?)?)?|n(u(ll?)?)?|-)?\s*")


def decode(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object of a plan with a format version that this reader knows.

    Raises ConfigError (`plan-…`): too large, empty, binary, not JSON, cut off, another kind of
    Terraform's JSON, or an unknown major version.
    """
    where = Where(name)
    if len(data) > MAX_BYTES:
        seen = f"{len(data) / 1024 / 1024:.0f} MB"
        message = f"a plan of at most {MAX_BYTES // 1024 // 1024} MB was expected, this is {seen}"
        raise ConfigError("plan-too-large", message, "split the root module, or plan a part", where)
    if data.startswith(b"PK\x03\x04"):
        message = "a plan as JSON was expected, this is the binary plan file"
        raise ConfigError("plan-binary", message, _SHOW, where)
    plan = _parse(data, where)
    if not isinstance(plan, dict):
        _refuse("a JSON value that is not an object", where)
    _check_kind(plan, where)
    _check_version(plan.get("format_version"), where)
    return plan


def _parse(data: bytes, where: Where) -> Any:
    encoding = json.detect_encoding(data) if data.startswith(_MARKS) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        _refuse("neither JSON nor text", where)
    if not text.strip():
        message = "a plan as JSON was expected, the input is empty"
        raise ConfigError("plan-empty", message, _SHOW, where)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        _explain(error, text, where)
    except RecursionError:
        message = "a plan was expected, this JSON is nested deeper than any plan"
        raise ConfigError("plan-too-deep", message, _SHOW, where) from None
    except ValueError as error:
        message = f"a plan as JSON was expected: {error}"
        raise ConfigError("plan-not-json", message, _SHOW, where) from None


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _explain(error: json.JSONDecodeError, text: str, where: Where) -> NoReturn:
    """Tell a cut-off plan, a log of JSON lines and a text of another kind apart."""
    place = Where(where.file, error.lineno, error.colno)
    rest = text[error.pos :]
    started = text.lstrip().startswith(("{", "["))
    if error.msg == "Extra data" and '"@level"' in text[:4096]:
        message = "a plan was expected, this is the log that `terraform plan -json` prints"
        raise ConfigError("plan-not-a-plan", message, _SHOW, where) from None
    cut = (
        error.msg.startswith("Unterminated string")
        or (error.msg.startswith("Invalid \\") and len(rest) <= len(r"\u0000"))
        or _CUT_LITERAL.fullmatch(rest[:64]) is not None
    )
    if started and cut:
        message = f"a whole plan was expected, the JSON ends after {len(text)} characters"
        raise ConfigError("plan-truncated", message, "write the file again", place) from None
    message = f"a plan as JSON was expected: {error.msg}"
    raise ConfigError("plan-not-json", message, _SHOW, place) from None


def _check_kind(plan: dict[str, Any], where: Where) -> None:
    """Say by name what else Terraform writes as JSON."""
    if "lineage" in plan and "serial" in plan:
        _refuse("a Terraform state file", where)
    if "provider_schemas" in plan:
        _refuse("the output of `terraform providers schema`", where)
    if "@level" in plan:
        _refuse("the log that `terraform plan -json` prints", where)
    if "format_version" not in plan:
        _refuse("a JSON object without format_version", where)
    if not plan.keys() & {"planned_values", "resource_changes", "configuration"}:
        if "values" in plan or plan.keys() <= {"format_version", "terraform_version"}:
            _refuse("a state, as `terraform show -json` prints it without a plan file", where)
        if "diagnostics" in plan:
            _refuse("the output of `terraform validate -json`", where)
        _refuse("a JSON object without resource changes", where)


def _refuse(seen: str, where: Where) -> NoReturn:
    message = f"a Terraform plan as JSON was expected, this is {seen}"
    raise ConfigError("plan-not-a-plan", message, _SHOW, where)


def _check_version(version: Any, where: Where) -> None:
    match = re.fullmatch(r"(\d{1,6})\.(\d{1,6})", version) if isinstance(version, str) else None
    if match is None or int(match[1]) not in _MAJORS:
        seen = version if isinstance(version, str) else type(version).__name__
        message = f"a plan of format version 0.x or 1.x was expected, this says {seen[:40]!r}"
        hint = "use a release of Trueline that knows this version, or an older Terraform"
        raise ConfigError("plan-version", message, hint, where)
