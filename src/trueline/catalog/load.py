"""The catalog from its cache when nothing has changed, else from the content files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trueline.catalog.cache import cache_key, cache_path, read_cache, write_cache
from trueline.catalog.catalog import Catalog
from trueline.catalog.files import SHIPPED, content_files
from trueline.catalog.problems import ContentError

__all__ = ["load"]


def load(content: Sequence[Path] = (), cache: Path | None = None) -> Catalog:
    """The shipped content and the user's directories as one catalog.

    A file of a later directory replaces the one with the same id or table. `cache` is the
    directory of the cache, by default the user's. Raises ContentError with every error found.
    """
    files = content_files((SHIPPED, *content))
    path = cache_path(cache_key(files, content), cache)
    catalog = read_cache(path)
    if catalog is not None:
        return catalog
    # A warm start must not pay for the readers: YAML, JMESPath and the compiler.
    from trueline.catalog.build import build

    catalog, problems = build(content)
    errors = [problem for problem in problems if not problem.warning]
    if errors:
        raise ContentError(errors)
    write_cache(path, catalog)
    return catalog
