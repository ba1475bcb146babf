"""The cached catalog: a pickle that only its owner may have written.

The file name holds a digest of everything the catalog depends on: path, size and time of each
content file, Trueline's own modules, versions. Reading never fails: what cannot be trusted or
read is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import trueline
from trueline.catalog.catalog import Catalog
from trueline.catalog.files import ContentFile

__all__ = ["cache_key", "cache_path", "read_cache", "write_cache"]

_MAGIC = b"trueline-catalog\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
_KEPT = 8
"""Cache files kept beside each other: one per set of content directories in use."""
_BINARY = getattr(os, "O_BINARY", 0)
_COMPILERS = ("model", "mapping", "language", "catalog")


def cache_key(files: Sequence[ContentFile], content: Sequence[Path]) -> str:
    """A digest that changes whenever the catalog could."""
    total = hashlib.sha256()
    # Places in relative directories are told relative to the working directory.
    near = "" if all(path.is_absolute() for path in content) else str(Path.cwd())
    version = (trueline.__version__, sys.version, [str(path) for path in content], near)
    total.update(repr(version).encode())
    for file in files:
        total.update(repr((file.path, file.root, file.size, file.mtime_ns)).encode())
    for path, size, mtime in _modules():
        total.update(repr((path, size, mtime)).encode())
    return total.hexdigest()[:40]


def cache_path(key: str, folder: Path | None) -> Path:
    if folder is None:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("trueline", appauthor=False))
    return folder / f"catalog-{key}.pickle"


def read_cache(path: Path) -> Catalog | None:
    """The catalog, None where there is no cache that can be trusted."""
    data = _trusted_bytes(path)
    if data is None or not data.startswith(_MAGIC):
        return None
    start = len(_MAGIC) + _DIGEST_SIZE
    if hashlib.sha256(data[start:]).digest() != data[len(_MAGIC) : start]:
        return None
    try:
        catalog = pickle.loads(data[start:])  # noqa: S301  (owner and mode were checked)
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, IndexError, TypeError):
        return None
    return catalog if isinstance(catalog, Catalog) else None


def write_cache(path: Path, catalog: Catalog) -> None:
    """Write the cache whole or not at all; a folder that cannot be written is left alone."""
    payload = pickle.dumps(catalog, protocol=5)
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
        _prune(path.parent)


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


def _prune(folder: Path) -> None:
    files = sorted(folder.glob("catalog-*.pickle"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in files[_KEPT:]:
        old.unlink(missing_ok=True)


def _modules() -> Iterator[tuple[str, int, int]]:
    """Trueline's own modules that decide what a catalog holds."""
    home = str(Path(trueline.__file__).parent)
    folders = [f"{home}/{name}" for name in _COMPILERS]
    while folders:
        for entry in sorted(os.scandir(folders.pop()), key=lambda e: e.name):
            if entry.name.endswith(".py"):
                status = entry.stat()
                yield entry.path, status.st_size, status.st_mtime_ns
            elif entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                folders.append(entry.path)
