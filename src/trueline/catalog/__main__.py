"""Check content files: `python -m trueline.catalog [PATH …]`.

A PATH is a content file or a folder; shipped content is always read, and only the problems in
the paths given are printed. Folders that hold `resources/`, `policies/` or `frameworks/` are
added as content. Exit code 2 with an error, 0 otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from trueline.catalog.build import build
from trueline.catalog.files import KINDS, SHIPPED
from trueline.catalog.problems import Problem, render_problems


def main(arguments: Sequence[str]) -> int:
    """Print the problems; return the exit code."""
    wanted = [Path(argument).resolve() for argument in arguments]
    added = [path for path in wanted if _is_content(path) and path != SHIPPED]
    catalog, problems = build(added)
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
