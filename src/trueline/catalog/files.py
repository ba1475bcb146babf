"""Where content files are: the shipped ones, and those of the user's directories."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KINDS", "SHIPPED", "ContentFile", "content_files", "examples_of"]

SHIPPED = Path(__file__).resolve().parent.parent / "content"
KINDS = ("resources", "policies", "frameworks")
_EXAMPLES = ".examples.yaml"


@dataclass(frozen=True, slots=True)
class ContentFile:
    """`kind` is one of KINDS; `root` counts the directories, 0 being the shipped content."""

    kind: str
    root: int
    path: str
    size: int
    mtime_ns: int


def content_files(roots: Sequence[Path]) -> list[ContentFile]:
    """Every resource, policy and framework file under the roots, in a fixed order."""
    out = []
    for number, root in enumerate(roots):
        for kind in KINDS:
            found = _walk(os.path.join(root, kind))  # noqa: PTH118  (warm start: no Path objects)
            for path, size, mtime in sorted(found):
                out.append(ContentFile(kind, number, path, size, mtime))
    return out


def examples_of(path: Path) -> Path:
    """The examples file that belongs to a resource file."""
    return path.with_name(path.name.removesuffix(".yaml") + _EXAMPLES)


def _is_content(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and not name.endswith(_EXAMPLES)


def _walk(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and mtime of each content file; links to directories are not followed."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif _is_content(entry.name) and entry.is_file():
            stat = entry.stat()
            yield entry.path, stat.st_size, stat.st_mtime_ns
