"""Which folders are root modules: those with source that no other judged folder calls."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from trueline.iac.terraform.source.text import Fault, Texts, constant, is_source
from trueline.iac.terraform.source.world import local_source
from trueline.iac.trees import Tree, TreeError

__all__ = ["find_roots"]

_MOST_FOLDERS = 50_000


def find_roots(texts: Texts, path: str, faults: list[Fault]) -> list[str]:
    """The root modules at or below a folder, sorted; `faults` gets what could not be looked into.

    Folders whose names begin with a dot are not looked into. Where folders call each other in a
    circle, the first of them is a root.
    """
    folders = sorted(_folders(texts.tree, path, faults))
    calls = {folder: _called(texts, folder) for folder in folders}
    called = {inner for folder, found in calls.items() for inner in found if inner != folder}
    roots = [folder for folder in folders if folder not in called]
    reached = _reached(roots, calls)
    for folder in folders:
        if folder not in reached:
            roots.append(folder)
            reached |= _reached([folder], calls)
    return sorted(roots)


def _reached(roots: list[str], calls: dict[str, set[str]]) -> set[str]:
    found, left = set(roots), list(roots)
    while left:
        new = calls.get(left.pop(), set()) - found
        found |= new
        left.extend(new)
    return found


def _called(texts: Texts, folder: str) -> set[str]:
    """The folders of the local modules that a folder calls, their links followed."""
    found = set()
    for call in texts.of(folder).calls.values():
        inner = local_source(folder, constant(call.body, "source") or "")
        if inner is not None:
            try:
                found.add(texts.tree.real(inner))
            except TreeError:
                continue
    return found


def _folders(tree: Tree, path: str, faults: list[Fault]) -> Iterator[str]:
    """Folders that hold source, by their real paths, each once."""
    seen: set[str] = set()
    left = [path]
    while left:
        folder = left.pop()
        try:
            real = tree.real(folder)
            if real in seen or len(seen) >= _MOST_FOLDERS:
                continue
            seen.add(real)
            names = tree.list(real)
        except TreeError as error:
            if error.cause != "outside":
                faults.append(Fault(folder, 0, error.message))
            continue
        places = [(name, posixpath.join(real, name)) for name in names]
        if any(is_source(name) for name, _ in places):
            yield real
        left.extend(p for n, p in places if not n.startswith(".") and tree.is_dir(p))
