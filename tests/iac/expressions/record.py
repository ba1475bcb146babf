"""Writes down what Terraform makes of the corpus: `python -m tests.iac.expressions.record`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.iac.expressions.kit import CORPUS, UNKNOWN, expressions, names

_NAMED = re.compile(r'output value "e(\d+)"')
"""An output whose value cannot be written as JSON, such as infinity."""


def recorded(name: str) -> list[dict[str, Any]]:
    """What Terraform says of every expression of a corpus file; what fails is an error."""
    asked = expressions(name)
    failed: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder)
        for path in CORPUS.iterdir():
            if path.suffix not in (".txt", ".json"):
                (module / path.name).write_bytes(path.read_bytes())
        (module / "probe.tf").write_text("")
        _terraform(module, "init")
        while True:
            faults = _faults(module, asked, failed)
            if not faults:
                break
            failed |= faults
        shown = _terraform(module, "show", "-json", "plan").stdout
        plan = json.loads(shown, parse_float=lambda digits: {"number": digits})
    rows: list[dict[str, Any]] = []
    for number, expression in enumerate(asked):
        row: dict[str, Any] = {"expression": expression}
        if number in failed:
            rows.append({**row, "error": True})
            continue
        change = plan["output_changes"][f"e{number}"]
        rows.append({**row, "value": _holes(change.get("after"), change["after_unknown"])})
    return rows


def _faults(module: Path, asked: list[str], failed: set[int]) -> set[int]:
    """The expressions for which Terraform refuses to plan, beside those known to fail."""
    lines: list[str] = []
    owners: dict[int, int] = {}
    for number, expression in enumerate(asked):
        if number not in failed:
            block = f'output "e{number}" {{\n  value = {expression}\n}}'.split("\n")
            owners |= dict.fromkeys(range(len(lines) + 1, len(lines) + len(block) + 1), number)
            lines += block
    (module / "probe.tf").write_text("\n".join(lines) + "\n")
    done = _terraform(module, "plan", "-out=plan", "-json", "-input=false")
    found: set[int] = set()
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event.get("@level") == "error":
            place = event["diagnostic"].get("range") or {}
            named = _NAMED.findall(event["diagnostic"]["detail"])
            if place.get("filename") == "probe.tf":
                found.add(owners[place["start"]["line"]])
            elif named:
                found |= {int(number) for number in named}
            else:
                raise SystemExit(json.dumps(event, indent=1))
    return found


def _holes(value: Any, unknown: Any) -> Any:
    """The value with a mark where Terraform does not know it yet."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict):
        known = value or {}
        names_ = [*known, *(key for key in unknown if key not in known)]
        return {key: _holes(known.get(key), unknown.get(key, False)) for key in names_}
    if isinstance(unknown, list):
        known = list(value or [])
        known += [None] * (len(unknown) - len(known))
        marks = [*unknown, *[False] * (len(known) - len(unknown))]
        return [_holes(item, mark) for item, mark in zip(known, marks, strict=True)]
    return value


def _terraform(module: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", f"-chdir={module}", *args], capture_output=True, text=True, check=False
    )


def written(rows: list[dict[str, Any]]) -> str:
    """The rows as a corpus file holds them: one a line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n{lines}\n]\n"


def main(chosen: list[str]) -> None:
    """Record these corpus files, or all."""
    for name in chosen or names():
        rows = recorded(name)
        (CORPUS / f"{name}.json").write_text(written(rows))
        print(name, len(rows), sum("error" in row for row in rows), "errors")


if __name__ == "__main__":
    main(sys.argv[1:])
