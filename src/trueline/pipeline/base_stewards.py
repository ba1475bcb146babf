"""Owners and exceptions as the base of a change has them: a change approves nothing for itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.findings.codeowners import find_codeowners
from trueline.iac.git import GitTree
from trueline.iac.trees import DiskTree, Tree, TreeError
from trueline.pipeline.stewards import Stewards, code_paths
from trueline.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from trueline.findings.exception_files import FileException

__all__ = ["base_stewards", "overruled"]

_SAID = 10


def base_stewards(
    room: Workspace,
    root: Path,
    base: GitTree,
    name: str,
    folder: str | None,
    today: dt.date,
    say: Callable[[str], None],
) -> Stewards:
    """What says owners and exceptions in the commit `base`, which errors call `name`.

    `folder` below `root` is where the commits have exception files; None = the settings say it.
    Raises ConfigError where an exception file is broken.
    """
    from trueline.findings.exception_files import load_exceptions

    settings, policies = room.settings, room.catalog.policies
    disk = DiskTree(root)
    changed = list(_changed_owners(base, disk))
    if folder is None:
        exceptions: Sequence[FileException] = load_exceptions(
            settings.exceptions, settings, policies, today
        )
    else:
        exceptions = _exceptions(room, base, name, folder, today)
        changed += _changed_exceptions(base, disk, folder)
    for text in changed[:_SAID]:
        say(text)
    if len(changed) > _SAID:
        say(f"{len(changed) - _SAID:,} more such files hold as they are in the base")
    return Stewards(settings, code_paths(base, say), exceptions, today)


def overruled(file: str, known: bool) -> str:
    """What is said of a file that the change wants to be another; `known`: the base has it."""
    if known:
        return f"{file} holds as it is in the base, not as this change has it"
    return f"{file} is not in the base: it does not hold before it is merged"


def _exceptions(
    room: Workspace, base: GitTree, name: str, folder: str, today: dt.date
) -> Sequence[FileException]:
    from trueline.findings.exception_files import exception_sources, read_exceptions

    if not base.is_dir(folder):
        return ()
    sources = exception_sources(base, folder, f"{name}:{folder or '.'}")
    return read_exceptions(sources, room.settings, room.catalog.policies, today)


def _changed_owners(base: Tree, disk: Tree) -> Iterator[str]:
    was, now = find_codeowners(base), find_codeowners(disk)
    if was is None and now is not None:
        yield overruled(now, False)
    elif was is not None and (was != now or _bytes(base, was) != _bytes(disk, was)):
        yield overruled(was, True)


def _changed_exceptions(base: Tree, disk: Tree, folder: str) -> Iterator[str]:
    for name in sorted({*_names(base, folder), *_names(disk, folder)}):
        path = f"{folder}/{name}" if folder else name
        if _bytes(base, path) != _bytes(disk, path):
            yield overruled(path, base.is_file(path))


def _names(tree: Tree, folder: str) -> list[str]:
    from trueline.findings.exception_files import source_names

    return source_names(tree, folder) if tree.is_dir(folder) else []


def _bytes(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except TreeError:
        return None
