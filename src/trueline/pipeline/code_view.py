"""What formats for people show of judged code: lines, fixes, and where the path stands."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.iac.trees import DiskTree, TreeError
from trueline.model import Policy, ResourceType, Verdict

if TYPE_CHECKING:
    from trueline.report import CodeView

__all__ = ["code_view"]


def code_view(
    root: Path,
    folder: str,
    verdicts: Iterable[Verdict],
    policies: Mapping[str, Policy],
    types: Mapping[str, ResourceType],
) -> CodeView:
    """Lines and fixes for the fails and unknowns among the verdicts; `folder` is below `root`."""
    from trueline.report import CodeView
    from trueline.report.excerpts import excerpts
    from trueline.report.fixes import attribute_fixes

    tree = DiskTree(root)

    def lines(file: str) -> list[str]:
        path = posixpath.normpath(posixpath.join(folder, file))
        try:
            return tree.read(path).decode("utf-8", "replace").splitlines()
        except TreeError:
            return []  # what was read a moment ago is gone: a report without a line of it

    shown = [v for v in verdicts if v.status != "pass" and v.location is not None]
    failing: Collection[str] = {v.policy for v in shown if v.status == "fail"}
    return CodeView(
        folder,
        excerpts(shown, policies, lines),
        attribute_fixes((policies[i] for i in failing), types),
    )
