"""Configuration and content as the base of a change has them: the change configures no judge."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from trueline.catalog import Catalog, ContentError, load
from trueline.catalog.files import KINDS, content_files
from trueline.errors import ConfigError, Where
from trueline.iac.git import GitTree
from trueline.iac.trees import TreeError
from trueline.pipeline.workspace import Workspace
from trueline.settings import (
    FILE_NAME,
    Settings,
    cache_directory,
    find_config,
    home_directory,
    read_settings,
)

__all__ = ["BaseConfiguration"]

_LARGEST = 64 << 20
"""Bytes of the content files in one directory; what ships is a fraction of it."""


class BaseConfiguration:
    """Reads configuration below `root` from the commit `base`, which errors call `name`.

    What neither `base` nor `head` holds is no part of the change: it is read from disk, as is
    everything outside of `root`. Once the workspace was read, `overruled` is a configuration file
    that the change wants to be another than it is in the base, and `exceptions` the folder below
    `root` whose exception files the commits say; None = they say none, and the settings may.
    """

    def __init__(self, root: Path, name: str, base: GitTree, head: GitTree | None) -> None:
        self._root, self._name, self._base, self._head = root, name, base, head
        self.overruled: str | None = None
        self.exceptions: str | None = None
        self._shown: dict[str, str] = {}
        self._written: Path | None = None

    def workspace(
        self, home: str | None = None, config: str | None = None, start: Path | None = None
    ) -> Workspace:
        """Home, settings and catalog. Raises ConfigError."""
        place = home_directory(home)
        with ExitStack() as stack:
            settings = self._settings(config, place, (start or Path.cwd()).resolve(), stack)
            return Workspace(place, settings, self._catalog(settings))

    def _settings(self, config: str | None, home: Path, start: Path, stack: ExitStack) -> Settings:
        file = Path(config) if config else self._nearest(home, start)
        here = Path(config) if config else find_config(None, home, start)
        self.overruled = next((o for o in map(self._differs, (here, file)) if o), None)
        if file is None:
            return Settings()
        inner = self._inside(file)
        if inner is None or not self._decides(inner):
            folder, data = file.absolute().parent, _bytes(file)
        elif self._base.is_file(inner):
            folder = self._root / posixpath.dirname(inner)
            file, data = Path(f"{self._name}:{inner}"), self._base.read(inner)
        else:
            return Settings()
        return read_settings(
            data,
            file,
            lambda name: self._content(folder, name, stack),
            lambda name: self._exceptions(folder, name),
        )

    def _nearest(self, home: Path, start: Path) -> Path | None:
        """`trueline.toml` from `start` up to the root, else the home's own."""
        if not start.is_relative_to(self._root):
            return find_config(None, home, start)
        for folder in (start, *start.parents):
            inner = self._inside(folder / FILE_NAME)
            if inner and self._base.is_file(inner):
                return folder / FILE_NAME
            if folder == self._root:
                break
        fallback = home / FILE_NAME
        return fallback if fallback.is_file() else None

    def _differs(self, file: Path | None) -> str | None:
        """The name of a file that the change makes, takes away or says otherwise."""
        inner = self._inside(file) if file else None
        if file is None or inner is None or not self._decides(inner):
            return None
        was = self._base.read(inner) if self._base.is_file(inner) else None
        now = file.read_bytes() if file.is_file() else None
        return inner if was != now else None

    def _inside(self, path: Path) -> str | None:
        """The path relative to the root, as named or with its links followed; None = outside."""
        for place in (Path(os.path.abspath(path)), path.resolve()):  # noqa: PTH100 - keep links
            if place.is_relative_to(self._root):
                inner = place.relative_to(self._root).as_posix()
                return "" if inner == "." else inner
        return None

    def _decides(self, inner: str) -> bool:
        """Is it for the commits to say what stands there?"""
        return self._base.holds(inner) or (self._head is not None and self._head.holds(inner))

    def _exceptions(self, folder: Path, name: str) -> Path | None:
        """A directory of exception files that is no part of the change; None where there is none.

        What the commits say is not on disk: it is `exceptions`.
        """
        path = folder / Path(name).expanduser()
        inner = self._inside(path)
        if inner is None or not self._decides(inner):
            return path.resolve() if path.is_dir() else None
        self.exceptions = inner
        return None

    def _content(self, folder: Path, name: str, stack: ExitStack) -> Path | None:
        """A directory with the content that holds; None where there is none."""
        path = folder / Path(name).expanduser()
        inner = self._inside(path)
        if inner is None or not self._decides(inner):
            return path.resolve() if path.is_dir() else None
        if not self._base.is_dir(inner):
            return None
        files = self._files(inner)
        if files == _on_disk(path):
            # Unchanged, so that the compiled catalog in the cache still serves.
            return path.resolve()
        if self._written is None:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="trueline-"))
            self._written = Path(made)
        copy = self._written / str(len(self._shown))
        self._shown[str(copy)] = f"{self._name}:{inner or '.'}"
        for kind in KINDS:
            if self._base.is_dir(posixpath.join(inner, kind)):
                (copy / kind).mkdir(parents=True)
        for relative, data in files.items():
            target = copy / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        copy.mkdir(exist_ok=True)
        return copy

    def _files(self, inner: str) -> dict[str, bytes]:
        """The content files of a directory of the base, by path relative to it."""
        found: dict[str, bytes] = {}
        size = 0
        for kind in KINDS:
            folder = posixpath.join(inner, kind)
            if not self._base.is_dir(folder):
                continue
            top = self._base.real(folder)
            for path in self._walk(top):
                try:
                    data = self._base.read(path)
                except TreeError as error:
                    raise self._refused(error) from None
                size += len(data)
                if size > _LARGEST:
                    raise self._refused(TreeError("too_large", inner, "holds too much content"))
                found[posixpath.join(kind, posixpath.relpath(path, top))] = data
        return found

    def _walk(self, folder: str) -> Iterator[str]:
        """Content files, as the catalog finds them on disk; linked folders are not entered."""
        for name in self._base.list(folder):
            path = posixpath.join(folder, name)
            if name.startswith("."):
                continue
            if self._base.is_dir(path):
                if self._base.real(path) == path:
                    yield from self._walk(path)
            elif name.endswith((".yaml", ".yml")) and not name.endswith(".examples.yaml"):
                yield path

    def _refused(self, error: TreeError) -> ConfigError:
        where = Where(f"{self._name}:{error.path}")
        return ConfigError("content", f"content of the base: it {error.message}", None, where)

    def _catalog(self, settings: Settings) -> Catalog:
        # A directory that is gone in a moment must not push another one out of the cache.
        cache = self._written / "cache" if self._written else cache_directory()
        try:
            return load(settings.content, cache)
        except ContentError as error:
            raise ContentError(
                [replace(problem, where=self._place(problem.where)) for problem in error.problems]
            ) from None

    def _place(self, where: Where) -> Where:
        """A place in a copy as the place in the commit."""
        for copy, shown in self._shown.items():
            if where.file == copy or where.file.startswith(copy + os.sep):
                return replace(where, file=shown + where.file[len(copy) :])
        return where


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(
            "config-unreadable",
            f"the configuration could not be read: {error.strerror or error}",
            "check the path given with --config",
            Where(str(file)),
        ) from None


def _on_disk(folder: Path) -> dict[str, bytes] | None:
    """The content files of a directory on disk; None where they cannot be read."""
    try:
        return {
            Path(file.path).relative_to(folder).as_posix(): Path(file.path).read_bytes()
            for file in content_files([folder])
        }
    except OSError:
        return None
