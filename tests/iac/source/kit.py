"""Small folders of Terraform source, read as `check` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trueline.iac.terraform.source import SourceOptions, read_source
from trueline.iac.trees import DiskTree
from trueline.model import CodeRows, ResourceType, Row

__all__ = ["read", "row", "write"]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by path; the folder, for `read`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        (folder / name).write_bytes(text)
    return folder


def read(
    folder: Path,
    types: Mapping[str, ResourceType],
    path: str = "",
    options: SourceOptions | None = None,
) -> CodeRows:
    """What is read of the source at or below a path in a judged root."""
    return read_source(DiskTree(folder), path, types, options, top=folder.as_posix())


def row(found: CodeRows, address: str) -> Row:
    """The one row of an address."""
    rows = [r for rows in found.rows.values() for r in rows if r["address"] == address]
    assert len(rows) == 1, (address, [r["uid"] for rows in found.rows.values() for r in rows])
    return rows[0]
