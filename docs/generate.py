"""Writes the pages of the documentation that follow from the program: `python -m docs.generate`.

With `--check` nothing is written; pages that are out of date are named, and the exit code is 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from docs.command_pages import commands_page
from docs.content_pages import aliases_page, policies_page, type_page, types_index
from docs.function_page import functions_page
from docs.recordings import calls_page, unrecorded
from docs.unknown_page import unknowns_page
from trueline.catalog import load
from trueline.errors import TruelineError

HERE = Path(__file__).parent
MARK = "<!-- Written by `make docs` from the program; do not edit by hand. -->\n\n"


def pages(recorded: Path | None) -> dict[str, str]:
    """Every generated page by its path under docs/; `recorded` is a folder of recorded answers."""
    catalog = load()
    silent = unrecorded(catalog, recorded)
    out = {
        "reference/types/README.md": types_index(catalog),
        "reference/policies.md": policies_page(catalog),
        "reference/aliases.md": aliases_page(catalog),
        "reference/commands.md": commands_page(),
        "reference/calls-without-recording.md": calls_page(catalog, silent),
        "reference/functions.md": functions_page(),
        "unknowns.md": unknowns_page(),
    }
    for rtype in catalog.types.values():
        out[f"reference/types/{rtype.table}.md"] = type_page(catalog, rtype)
    marked = {path: MARK + text for path, text in out.items()}
    return {"unrecorded.txt": "".join(f"{call}\n" for call in silent), **marked}


def stale(wanted: Mapping[str, str]) -> list[str]:
    """Pages that differ from what the program says now, and pages that it no longer has."""
    old = {p for p in wanted if not (HERE / p).is_file() or (HERE / p).read_text() != wanted[p]}
    there = {p.relative_to(HERE).as_posix() for p in (HERE / "reference").rglob("*.md")}
    return sorted(old | (there - set(wanted)))


def main(arguments: list[str]) -> int:
    folder = os.environ.get("TRUELINE_RECORDED")
    wanted = pages(Path(folder) if folder else None)
    outdated = stale(wanted)
    if "--check" in arguments:
        for path in outdated:
            sys.stderr.write(f"out of date: docs/{path}; run make docs\n")
        return 1 if outdated else 0
    for path in outdated:
        target = HERE / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path])
        else:
            target.unlink()
    sys.stderr.write(f"{len(wanted)} pages, {len(outdated)} written or removed\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TruelineError as error:
        sys.exit(error.render())
