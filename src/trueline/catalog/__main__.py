"""Check content files: `python -m trueline.catalog [--schema FILE] [PATH …]`.

A PATH is a content file or a folder; shipped content is always read, and only the problems in
the paths given are printed. Folders that hold `resources/`, `policies/` or `frameworks/` are
added as content. Calls are checked against botocore's models, and, with FILE an output of
`terraform providers schema -json`, Terraform paths against the provider. Exit code 2 with an
error, 0 otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from trueline.catalog.build import build
from trueline.catalog.call_check import check_calls
from trueline.catalog.files import KINDS, SHIPPED
from trueline.catalog.problems import Problem, render_problems
from trueline.catalog.provider_check import check_terraform, read_schemas


def main(arguments: Sequence[str]) -> int:
    """Print the problems; return the exit code."""
    options = argparse.ArgumentParser(prog="python -m trueline.catalog")
    options.add_argument("paths", nargs="*", type=Path)
    options.add_argument("--schema", type=Path)
    given = options.parse_args(arguments)
    wanted = [path.resolve() for path in given.paths]
    added = [path for path in wanted if _is_content(path) and path != SHIPPED]
    catalog, problems = build(added)
    for rtype in catalog.types.values():
        problems += check_calls(rtype)
    if given.schema:
        schemas = read_schemas([json.loads(given.schema.read_text())])
        problems += [p for rtype in catalog.types.values() for p in check_terraform(rtype, schemas)]
    shown = [problem for problem in problems if not wanted or _within(problem, wanted)]
    if shown:
        sys.stdout.write(render_problems(shown) + "\n\n")
    errors = sum(not problem.warning for problem in shown)
    sys.stdout.write(
        f"{len(catalog.types)} resource types, {len(catalog.policies)} policies "
        f"({len(catalog.compiled)} compiled): "
        f"{errors} errors, {len(shown) - errors} warnings\n"
    )
    return 2 if errors else 0


def _is_content(path: Path) -> bool:
    return any((path / kind).is_dir() for kind in KINDS)


def _within(problem: Problem, wanted: Sequence[Path]) -> bool:
    path = Path(problem.where.file).resolve()
    return any(path == want or want in path.parents for want in wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
