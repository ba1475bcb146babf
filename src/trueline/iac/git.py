"""A git repository's objects, and the files of one of its commits, read through a library.

Nothing is checked out: no hook, filter or other program runs, and nothing is fetched. What the
database lacks is a ConfigError with the remedy: a shallow or partial clone must be completed first.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trueline.errors import ConfigError, Where
from trueline.iac.trees import LARGEST_FILE, TreeError, normal

if TYPE_CHECKING:
    from dulwich.objects import ShaFile
    from dulwich.refs import RefsContainer

__all__ = ["GitTree", "Repository"]

_LINKS = 40
"""Links followed on the way to one file; more is a loop."""
_GITFILE = 64 << 10
_SUBMODULE = 0o160000


class Repository:
    """The objects and names of the repository whose working tree is at `top`.

    Raises ConfigError where there is no repository, or one that cannot be read.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self._control = _control_directory(top)
        common = _text(self._control / "commondir")
        self._common = self._control / common if common else self._control
        if not (self._common / "objects").is_dir():
            raise _no_repository(top)
        config = _text(self._common / "config")
        self.partial = bool(re.search(r"(?im)^\s*(partialclone|promisor)\s*=", config))
        self.shallow = bool(_text(self._common / "shallow"))
        self._open(config)

    def _open(self, config: str) -> None:
        """Open by parts: dulwich's own Repo refuses partial clones, and knows of hooks."""
        from dulwich.errors import ApplyDeltaError, ChecksumMismatch, FileFormatException
        from dulwich.object_format import get_object_format
        from dulwich.object_store import DiskObjectStore
        from dulwich.refs import DiskRefsContainer

        said = re.search(r"(?im)^\s*objectformat\s*=\s*\"?(\w+)", config)
        try:
            form = get_object_format(said[1].lower() if said else "sha1")
        except ValueError:
            raise self._unreadable("its object format is not known") from None
        self._store = DiskObjectStore(str(self._common / "objects"), object_format=form)
        self.digits = form.hex_length
        # What dulwich lets through of damaged files.
        self._faults = (
            OSError, ValueError, TypeError, IndexError, AssertionError, EOFError, StopIteration,
            struct.error, zlib.error, ApplyDeltaError, ChecksumMismatch, FileFormatException,
        )  # fmt: skip
        self._refs: RefsContainer = DiskRefsContainer(str(self._common), str(self._control))
        if re.search(r"(?im)^\s*refstorage\s*=\s*\"?reftable", config):
            from dulwich.reftable import ReftableRefsContainer

            self._refs = ReftableRefsContainer(str(self._common))

    def ref(self, name: str) -> str | None:
        """The id that a full name such as `refs/heads/main` or `HEAD` points to; None = nowhere."""
        from dulwich.refs import Ref

        try:
            return self._refs[Ref(name.encode("utf-8", "surrogateescape"))].decode()
        except KeyError:
            return None
        except self._faults as error:
            raise self._unreadable(f"its names are damaged: {error}") from None

    def names(self) -> list[str]:
        """The full names of all branches, tags and remote branches."""
        try:
            return [ref.decode("utf-8", "replace") for ref in self._refs.allkeys()]
        except self._faults as error:
            raise self._unreadable(f"its names are damaged: {error}") from None

    def object(self, name: str) -> ShaFile | None:
        """The object of an id; None where the database lacks it. Raises ConfigError if damaged."""
        from dulwich.objects import ObjectID

        try:
            return self._store[ObjectID(name.encode())]
        except KeyError:
            return None
        except self._faults as error:
            raise self._unreadable(f"object {name} is damaged: {error}") from None

    def ids(self, prefix: str) -> Iterator[str]:
        """The ids of objects that begin so."""
        for name in self._store.iter_prefix(prefix.encode()):
            yield name.decode()

    def file(self, name: str) -> str:
        """The text of a file of the working tree's own git directory; empty if there is none."""
        return _text(self._control / name)

    def tree(self, commit: str) -> GitTree:
        """The files of a commit."""
        from dulwich.objects import Commit

        found = self.object(commit)
        if not isinstance(found, Commit):
            raise self.lacking(commit)
        return GitTree(self, found.tree.decode())

    def lacking(self, name: str) -> ConfigError:
        """The error of an object that is not here, and how to get it."""
        if self.partial:
            return self._unreadable(
                f"this is a partial clone, which lacks object {name[:12]}",
                "clone without --filter, or run: git fetch --refetch --no-filter",
            )
        if self.shallow:
            return self._unreadable(
                f"this is a shallow clone, which lacks object {name[:12]}",
                "run: git fetch --unshallow (in CI: check out with fetch-depth: 0)",
            )
        return self._unreadable(f"object {name[:12]} is missing", "git fsck shows what is damaged")

    def _unreadable(self, what: str, hint: str | None = None) -> ConfigError:
        hint = hint or "git fsck shows what is damaged; a fresh clone mends it"
        message = f"the git repository could not be read: {what}"
        return ConfigError("base-unreadable", message, hint, Where(str(self.top)))


class _Entry(NamedTuple):
    mode: int
    id: str


class GitTree:
    """The files of a tree object; links are followed inside the tree only.

    An object that lacks is a ConfigError, never a file that seems not to be there.
    """

    def __init__(self, repository: Repository, tree: str) -> None:
        self._repository = repository
        self._root = _Entry(stat.S_IFDIR, tree)
        self._folders: dict[str, dict[str, _Entry]] = {}

    def real(self, path: str) -> str:
        """The path without links: equal for equal files. Raises TreeError."""
        return self._find(path)[0]

    def read(self, path: str) -> bytes:
        """The bytes of a file as git holds them. Raises TreeError."""
        _, entry = self._find(path)
        if not stat.S_ISREG(entry.mode):
            raise TreeError("error", path, "is not a file")
        data = self._blob(entry.id)
        if len(data) > LARGEST_FILE:
            raise TreeError("too_large", path, f"is larger than {LARGEST_FILE >> 20} MB")
        return data

    def list(self, path: str) -> list[str]:
        """The names in a folder, sorted, without `.git`. Raises TreeError."""
        _, entry = self._find(path)
        if not stat.S_ISDIR(entry.mode):
            raise TreeError("error", path, "is not a folder")
        return sorted(self._folder(entry.id))

    def is_file(self, path: str) -> bool:
        """Is it a file inside the root? False where it cannot be told."""
        return stat.S_ISREG(self._mode(path))

    def is_dir(self, path: str) -> bool:
        """Is it a folder inside the root? False where it cannot be told."""
        return stat.S_ISDIR(self._mode(path))

    def holds(self, path: str) -> bool:
        """Does the commit say what stands at a path, be it a broken link? Raises TreeError."""
        return self._said(path) is not None

    def submodule(self, path: str) -> str | None:
        """The commit of the submodule that holds a path; None where none does."""
        said = self._said(path)
        return said.id if said and stat.S_IFMT(said.mode) == _SUBMODULE else None

    def _said(self, path: str) -> _Entry | None:
        """The last entry on the way to a path; None where the commit does not know the way."""
        names = [name for name in normal(path).split("/") if name]
        entry = self._root
        for end, name in enumerate(names):
            try:
                _, folder = self._find("/".join(names[:end]))
            except TreeError:
                return entry
            if not stat.S_ISDIR(folder.mode):
                return entry
            found = self._folder(folder.id).get(name)
            if found is None:
                return None
            entry = found
        return entry

    def _mode(self, path: str) -> int:
        try:
            return self._find(path)[1].mode
        except TreeError:
            return 0

    def _find(self, path: str) -> tuple[str, _Entry]:
        """The path without links, and what is there."""
        pending = list(reversed(normal(path).split("/")))
        way = [("", self._root)]
        links = 0
        while pending:
            name = pending.pop()
            if name in ("", "."):
                continue
            if name == "..":
                way.pop()
                if not way:
                    raise TreeError("outside", path, "is a link that leads outside the judged root")
                continue
            place, folder = way[-1]
            if not stat.S_ISDIR(folder.mode):
                raise TreeError("missing", path, "does not exist")
            entry = self._folder(folder.id).get(name)
            if entry is None:
                raise TreeError("missing", path, "does not exist")
            if not stat.S_ISLNK(entry.mode):
                way.append((posixpath.join(place, name), entry))
                continue
            links += 1
            if links > _LINKS:
                raise TreeError("loop", path, "is a link that leads to itself")
            target = os.fsdecode(self._blob(entry.id))
            if target.startswith("/"):
                raise TreeError("outside", path, "is a link that leads outside the judged root")
            pending.extend(reversed(target.split("/")))
        return way[-1]

    def _folder(self, name: str) -> dict[str, _Entry]:
        """What a tree object holds, by name."""
        from dulwich.objects import Tree

        if name not in self._folders:
            found = self._repository.object(name)
            if not isinstance(found, Tree):
                raise self._repository.lacking(name)
            self._folders[name] = {
                os.fsdecode(one.path): _Entry(one.mode, one.sha.decode())
                for one in found.items()
                if one.path.lower() != b".git"
            }
        return self._folders[name]

    def _blob(self, name: str) -> bytes:
        from dulwich.objects import Blob

        found = self._repository.object(name)
        if not isinstance(found, Blob):
            raise self._repository.lacking(name)
        return found.data


def _control_directory(top: Path) -> Path:
    """`.git`, or where the file `.git` of a further working tree or submodule points to."""
    git = top / ".git"
    if git.is_dir():
        return git
    said = _text(git)
    if not said.startswith("gitdir:"):
        raise _no_repository(top)
    return top / said.removeprefix("gitdir:").strip()


def _no_repository(top: Path) -> ConfigError:
    return ConfigError(
        "base-unreadable",
        "expected a git repository, seen none",
        "--base compares with a commit: run it inside a clone, or leave --base out",
        Where(str(top)),
    )


def _text(file: Path) -> str:
    """The text of a small file of git's own; empty where there is none."""
    try:
        with file.open("rb") as handle:
            return os.fsdecode(handle.read(_GITFILE)).strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigError(
            "base-unreadable",
            f"the git repository could not be read: {error.strerror or error}",
            "check its permissions, or leave --base out",
            Where(str(file)),
        ) from None
