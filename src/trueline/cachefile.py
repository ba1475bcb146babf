"""Pickles in a cache folder that only their owner may have written.

Reading never fails: what cannot be trusted or read is as if it were not there. Writing is whole or
not at all; a folder that cannot be written is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import trueline

__all__ = ["modules_digest", "read_pickle", "write_pickle"]

_MAGIC = b"trueline-cache\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
_BINARY = getattr(os, "O_BINARY", 0)


def read_pickle(path: Path) -> Any:
    """The value, None where there is none that can be trusted."""
    data = _trusted_bytes(path)
    if data is None or not data.startswith(_MAGIC):
        return None
    start = len(_MAGIC) + _DIGEST_SIZE
    if hashlib.sha256(data[start:]).digest() != data[len(_MAGIC) : start]:
        return None
    try:
        return pickle.loads(data[start:])  # noqa: S301  (owner and mode were checked)
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError, TypeError):
        return None


def write_pickle(path: Path, value: Any, kept: int) -> None:
    """Write a value; of files whose name begins alike (up to `-`), the `kept` newest remain."""
    payload = pickle.dumps(value, protocol=5)
    data = _MAGIC + hashlib.sha256(payload).digest() + payload
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(path.parent.stat()):
            return
        part = path.with_name(f"{path.stem}-{os.getpid()}.part")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        _prune(path, kept)


def _trusted_bytes(path: Path) -> bytes | None:
    """The content of a regular file that only this user can have written."""
    try:
        if not _is_private(path.parent.stat()):
            return None
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | _BINARY)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or not _is_private(status):
                return None
            return file.read()
    except OSError:
        return None


def _is_private(status: os.stat_result) -> bool:
    """Owned by this user, and writable by nobody else."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _prune(path: Path, kept: int) -> None:
    kind = path.name.partition("-")[0]
    alike = path.parent.glob(f"{kind}-*.pickle")
    for old in sorted(alike, key=lambda p: p.stat().st_mtime, reverse=True)[kept:]:
        old.unlink(missing_ok=True)


def modules_digest(*packages: str) -> str:
    """A digest that changes with the modules of these packages of Trueline; of all by default."""
    total = hashlib.sha256()
    for path, size, mtime in _modules(packages):
        total.update(repr((path, size, mtime)).encode())
    return total.hexdigest()


def _modules(packages: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    home = str(Path(trueline.__file__).parent)
    folders = [f"{home}/{name}" for name in packages] or [home]
    while folders:
        for entry in sorted(os.scandir(folders.pop()), key=lambda e: e.name):
            if entry.name.endswith((".py", ".json")):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns
            elif entry.is_dir(follow_symlinks=False) and entry.name not in _NO_CODE:
                folders.append(entry.path)


_NO_CODE = frozenset({"__pycache__", "content"})
