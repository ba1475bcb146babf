"""The cached catalog.

The file name holds a digest of everything the catalog depends on: path, size and time of each
content file, Trueline's own modules, versions.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import trueline
from trueline.cachefile import modules_digest, read_pickle, write_pickle
from trueline.catalog.catalog import Catalog
from trueline.catalog.files import ContentFile

__all__ = ["cache_key", "cache_path", "read_cache", "write_cache"]

_KEPT = 8
"""Cache files kept beside each other: one per set of content directories in use."""
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
    total.update(modules_digest(*_COMPILERS).encode())
    return total.hexdigest()[:40]


def cache_path(key: str, folder: Path | None) -> Path:
    if folder is None:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("trueline", appauthor=False))
    return folder / f"catalog-{key}.pickle"


def read_cache(path: Path) -> Catalog | None:
    """The catalog, None where there is no cache that can be trusted."""
    catalog = read_pickle(path)
    return catalog if isinstance(catalog, Catalog) else None


def write_cache(path: Path, catalog: Catalog) -> None:
    """Keep the catalog for the next start."""
    write_pickle(path, catalog, _KEPT)
