"""What all module instances of one root module share."""

from __future__ import annotations

import json
import posixpath
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trueline.iac.terraform.addresses import without_keys
from trueline.iac.terraform.evaluate.values import Value
from trueline.iac.terraform.source.providers import Providers
from trueline.iac.terraform.source.text import Declared, Texts, constant
from trueline.iac.trees import TreeError
from trueline.mapping import Unknown

if TYPE_CHECKING:
    from trueline.iac.terraform.source.blocks import SourceBlock
    from trueline.iac.terraform.source.modules import Module

__all__ = ["MOST_MODULES", "World", "deep_calls", "local_source"]

_MOST_HOPS = 250
"""Values that stand on values that stand on values …: no person writes a longer chain."""

MOST_MODULES = 10_000
"""Instances of modules in one root module: more are counted in error, or to do harm."""

_FRAMES = 8_000
"""Calls of Python within each other that such a chain takes at most."""

_MANIFEST = ".terraform/modules/modules.json"


@contextmanager
def deep_calls() -> Iterator[None]:
    """Let calls stand deeper within each other than Python lets them by itself."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@dataclass(slots=True, eq=False)
class World:
    """`folder` is the root module's, `inputs` the values given for its variables.

    `top` is where the judged root stands; `blocks` are those found so far, by address.

    `complaints`: file, line and message where Terraform would fail.
    """

    texts: Texts
    folder: str
    inputs: Mapping[str, Value]
    top: str
    providers: Providers = field(default_factory=Providers)
    blocks: dict[str, SourceBlock] = field(default_factory=dict)
    complaints: list[tuple[str, int, str]] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    """By address of a call, why the text of its module is not here."""
    callers: dict[str, str] = field(default_factory=dict)
    """By address of a call, the file that says it."""
    _open: set[tuple[int, tuple[str, str]]] = field(default_factory=set)
    _installed: dict[str, str] | None = None
    _instances: int = 0

    @contextmanager
    def hop(self, module: Module, key: tuple[str, str]) -> Iterator[str | None]:
        """Enter the making of a value; what is given says why it cannot be made."""
        mark = (id(module), key)
        if mark in self._open:
            yield "cycle"
        elif len(self._open) >= _MOST_HOPS:
            yield "too many steps"
        else:
            self._open.add(mark)
            try:
                yield None
            finally:
                self._open.discard(mark)

    def source_of(
        self, module: Module, name: str, declared: Declared
    ) -> tuple[str | None, Unknown | None]:
        """The folder of a called module, or why there is none."""
        path = module.address(f"module.{name}")
        folder, problem = self._folder(module, name, declared)
        if problem is None:
            return folder, None
        return None, self.refuse(path, declared, problem)

    def refuse(self, path: str, declared: Declared, problem: str) -> Unknown:
        """Note why a called module is not read; what it gives."""
        self.unread[path], self.callers[path] = problem, declared.file
        return Unknown(f"unresolved:{path}")

    def admit(self, count: int) -> bool:
        """Count further instances of modules; are they few enough to be evaluated?"""
        if self._instances + count > MOST_MODULES:
            return False
        self._instances += count
        return True

    def _folder(
        self, module: Module, name: str, declared: Declared
    ) -> tuple[str | None, str | None]:
        source = constant(declared.body, "source")
        if source is None:
            return None, "its source is not a plain text"
        folder = local_source(module.text.folder, source) or self._installed_at(module, name)
        if folder is None:
            return None, f"{source} is not installed under .terraform/modules"
        try:
            real = self.texts.tree.real(folder)
        except TreeError as error:
            return None, f"{error.path} {error.message}"
        above: Module | None = module
        while above is not None:
            if above.text.folder == real:
                return None, f"{real or '.'} includes itself"
            above = above.parent
        return real, None

    def _installed_at(self, module: Module, name: str) -> str | None:
        path = without_keys(module.address(f"module.{name}"))
        key = ".".join(path.split(".")[1::2])
        if self._installed is None:
            self._installed = self._read_manifest()
        folder = self._installed.get(key)
        return None if folder is None else posixpath.join(self.folder, folder)

    def _read_manifest(self) -> dict[str, str]:
        """Folders by module path, as `terraform init` notes them."""
        try:
            data = json.loads(self.texts.tree.read(posixpath.join(self.folder, _MANIFEST)))
        except (TreeError, ValueError, RecursionError):
            return {}
        entries: Any = data.get("Modules") if isinstance(data, dict) else None
        return {
            entry["Key"]: entry["Dir"].replace("\\", "/")
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, dict)
            and isinstance(entry.get("Key"), str)
            and isinstance(entry.get("Dir"), str)
        }


def local_source(folder: str, source: str) -> str | None:
    """The folder that a local module source means; None for a source of another kind."""
    if source.startswith(("./", "../")) or source in (".", ".."):
        return posixpath.normpath(posixpath.join(folder, source))
    return None
