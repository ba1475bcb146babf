"""The page of causes: what the program says of each, and what can be done."""

from __future__ import annotations

from pathlib import Path

from trueline.catalog.document import plain, read_document
from trueline.cli.explain import CAUSES

__all__ = ["unknowns_page"]

HERE = Path(__file__).parent


def unknowns_page() -> str:
    """One heading a cause. KeyError for a cause without a remedy in docs/unknowns.yaml."""
    said = plain(read_document(HERE / "unknowns.yaml").root)
    causes = said["causes"]
    if extra := set(causes) - set(CAUSES):
        raise KeyError(f"docs/unknowns.yaml has causes that do not exist: {sorted(extra)}")
    out = [f"# Unknowns\n\n{said['intro'].strip()}\n\n## Causes\n"]
    for cause, meaning in CAUSES.items():
        form = causes[cause].get("written", cause)
        out.append(f"\n### {cause}\n\n{meaning}\n\n")
        out.append(f"- Written: `{form}`\n- What to do: {' '.join(causes[cause]['do'].split())}\n")
    return "".join(out)
