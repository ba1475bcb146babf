"""The files of the commit that a change is compared with, and what is no part of either commit."""

from __future__ import annotations

import posixpath

from trueline.iac.git import GitTree
from trueline.iac.trees import DiskTree, Tree, TreeError, normal

__all__ = ["BaseTree"]

_SOURCE = (".tf", ".tf.json", ".tofu", ".tofu.json")
_TERRAFORM = ".terraform"


class BaseTree:
    """The files of `base`, with those on disk that neither it nor `head` holds.

    So modules under `.terraform`, tfvars that git does not track, and submodules that did not move
    serve both sides alike. What `head` holds and `base` does not is the change: it is not seen
    here, and neither is Terraform source that nobody has committed yet.
    """

    def __init__(self, base: GitTree, head: GitTree | None, disk: DiskTree) -> None:
        self._base, self._head, self._disk = base, head, disk

    def real(self, path: str) -> str:
        """The path without links: equal for equal files. Raises TreeError."""
        return self._holder(path).real(path)

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises TreeError."""
        return self._holder(path).read(path)

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted, without `.git`. Raises TreeError."""
        if self._same_submodule(path):
            return self._disk.list(path)
        known = self._base.holds(path)
        names = set(self._base.list(path)) if known or not self._serves_both(path) else set()
        if not known or self._disk.is_dir(path):
            more = set(self._disk.list(path)) - names
            names |= {one for one in more if self._serves_both(posixpath.join(path, one))}
        return sorted(names)

    def is_file(self, path: str) -> bool:
        """Is it a file inside the root? False where it cannot be told."""
        try:
            return self._holder(path).is_file(path)
        except TreeError:
            return False

    def is_dir(self, path: str) -> bool:
        """Is it a folder inside the root? False where it cannot be told."""
        try:
            return self._holder(path).is_dir(path)
        except TreeError:
            return False

    def _holder(self, path: str) -> Tree:
        """Who says what stands at a path. Raises TreeError."""
        if self._same_submodule(path):
            return self._disk
        other = not self._base.holds(path) and self._serves_both(path)
        return self._disk if other else self._base

    def _same_submodule(self, path: str) -> bool:
        commit = self._base.submodule(path)
        return commit is not None and (
            self._head is not None and self._head.submodule(path) == commit
        )

    def _serves_both(self, path: str) -> bool:
        """Is a path that the base lacks no part of the change either?"""
        inside = _TERRAFORM in normal(path).split("/")
        if path.endswith(_SOURCE) and not inside:
            return False
        return self._head is None or not self._head.holds(path)
