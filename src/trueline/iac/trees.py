"""The files of a judged root, by path; nothing outside the root is ever read.

Paths are relative to the root, with `/` between names; the empty path is the root itself. `..` and
links are followed as long as they stay inside the root and out of `.git`.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from pathlib import Path
from typing import Protocol

__all__ = ["LARGEST_FILE", "DiskTree", "Tree", "TreeError", "normal"]

LARGEST_FILE = 32 << 20
"""Larger files are not read, in bytes."""

_GIT = ".git"


class TreeError(Exception):
    """A path that cannot be read: `cause` is outside, missing, denied, too_large, loop or error.

    `message` says what was expected and seen, as part of a sentence.
    """

    def __init__(self, cause: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.cause, self.path, self.message = cause, path, message


class Tree(Protocol):
    """Files in folders, on disk or in a commit."""

    def real(self, path: str) -> str:
        """The path without links: equal for equal files. Raises TreeError."""

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises TreeError."""

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted, without `.git`. Raises TreeError."""

    def is_file(self, path: str) -> bool:
        """Is it a file inside the root? False where it cannot be told."""

    def is_dir(self, path: str) -> bool:
        """Is it a folder inside the root? False where it cannot be told."""


def normal(path: str) -> str:
    """A path without `.` and `..`; the empty path for the root.

    Raises TreeError where it leads out of the root or into `.git`.
    """
    clean = posixpath.normpath(path) if path else ""
    if clean == ".":
        return ""
    if posixpath.isabs(clean) or clean == ".." or clean.startswith("../"):
        raise TreeError("outside", path, "lies outside the judged root")
    if "\0" in clean:
        raise TreeError("error", path, "is no path")
    if any(name.lower() == _GIT for name in clean.split("/")):
        raise TreeError("outside", path, "lies inside .git")
    return clean


class DiskTree:
    """The files below a folder on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._top = str(self.root)
        self._places: dict[str, str] = {}

    def real(self, path: str) -> str:
        """The path without links: equal for equal files. Raises TreeError."""
        place = self._place(path)
        return "" if place == self._top else Path(place).relative_to(self._top).as_posix()

    def read(self, path: str) -> bytes:
        """The bytes of a regular file of at most LARGEST_FILE. Raises TreeError."""
        place = self._place(path)
        # A pipe that nobody writes to must not stop the reading.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            handle = os.open(place, flags)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise TreeError("error", path, "is not a file")
                data = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise _refused(error, path) from None
        if len(data) > LARGEST_FILE:
            raise TreeError("too_large", path, f"is larger than {LARGEST_FILE >> 20} MB")
        return data

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted, without `.git`. Raises TreeError."""
        try:
            with os.scandir(self._place(path)) as found:
                return sorted(one.name for one in found if one.name.lower() != _GIT)
        except OSError as error:
            raise _refused(error, path) from None

    def is_file(self, path: str) -> bool:
        """Is it a file inside the root? False where it cannot be told."""
        try:
            return Path(self._place(path)).is_file()
        except TreeError:
            return False

    def is_dir(self, path: str) -> bool:
        """Is it a folder inside the root? False where it cannot be told."""
        try:
            return Path(self._place(path)).is_dir()
        except TreeError:
            return False

    def _place(self, path: str) -> str:
        """Where a path is on disk once its links are followed; looked for once."""
        if path not in self._places:
            self._places[path] = self._find(path)
        return self._places[path]

    def _find(self, path: str) -> str:
        try:
            place = os.path.realpath(self.root / normal(path), strict=True)
        except OSError as error:
            raise _refused(error, path) from None
        if place == self._top:
            return place
        if not place.startswith(self._top.rstrip(os.sep) + os.sep):
            raise TreeError("outside", path, "is a link that leads outside the judged root")
        if any(name.lower() == _GIT for name in Path(place).relative_to(self._top).parts):
            raise TreeError("outside", path, "is a link that leads into .git")
        return place


def _refused(error: OSError, path: str) -> TreeError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return TreeError("missing", path, "does not exist")
    if error.errno in (errno.EACCES, errno.EPERM):
        return TreeError("denied", path, "may not be read: permission denied")
    if error.errno == errno.ELOOP:
        return TreeError("loop", path, "is a link that leads to itself")
    return TreeError("error", path, f"cannot be read: {error.strerror or error}")
