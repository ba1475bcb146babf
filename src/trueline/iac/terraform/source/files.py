"""Files and paths as the functions of one module see them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.scope import Step
from trueline.iac.terraform.evaluate.values import FunctionError, Value
from trueline.iac.terraform.functions import call as call_function
from trueline.iac.terraform.functions.files import glob_pattern
from trueline.iac.terraform.syntax import Span, parse_template
from trueline.iac.trees import Tree, TreeError
from trueline.mapping import Unknown

__all__ = ["ModuleFiles"]

_MOST_FILES = 10_000
"""A pattern that looks at more files than these is not followed further."""


class _Variables:
    """A scope of nothing but some variables: what a template sees."""

    def __init__(self, files: ModuleFiles, variables: dict[str, Value]) -> None:
        self._files, self._variables = files, variables

    def resolve(self, root: str, steps: tuple[Step, ...], span: Span) -> tuple[Value, int]:
        if root not in self._variables:
            raise FunctionError(f"the template has no variable {root}")
        return self._variables[root], 0

    def call(self, name: str, args: list[Value]) -> Value:
        if name == "templatefile":
            raise FunctionError("a template may not call templatefile()")
        return call_function(name, args, self._files)

    def complain(self, message: str, span: Span) -> None:
        """The value is Unknown; that says enough."""


class ModuleFiles:
    """A `FunctionContext`: `root` and `folder` are those of the root module and of the module.

    `top` is where the judged root stands on the machine: `path.cwd` tells it.
    """

    def __init__(self, tree: Tree, top: str, root: str, folder: str) -> None:
        self._tree, self._top, self._root = tree, top, root
        self.cwd = posixpath.join(top, root).rstrip("/") or "/"
        self.root_path = "."
        self.module_path = posixpath.relpath(folder or ".", root or ".")

    def path(self, name: str) -> Value:
        """`path.module`, `path.root` or `path.cwd`."""
        known = {"module": self.module_path, "root": self.root_path, "cwd": self.cwd}
        return known.get(name, Unknown(f"unresolved:path.{name}"))

    def read(self, path: str) -> bytes | Unknown:
        """A file's bytes; raises FunctionError where there is known to be no such file."""
        place = self._place(path)
        if place is None:
            return Unknown(f"unresolved:{path}")
        try:
            return self._tree.read(place)
        except TreeError as error:
            if error.cause == "missing":
                raise FunctionError(f"{path} does not exist") from None
            return Unknown(f"unresolved:{path}")

    def exists(self, path: str) -> bool | Unknown:
        """Is there a regular file?"""
        place = self._place(path)
        if place is None:
            return Unknown(f"unresolved:{path}")
        try:
            self._tree.real(place)
        except TreeError as error:
            return False if error.cause == "missing" else Unknown(f"unresolved:{path}")
        return self._tree.is_file(place)

    def glob(self, path: str, pattern: str) -> list[str] | Unknown:
        """Files under a directory that match a pattern, relative to it."""
        place, fits = self._place(path), glob_pattern(pattern)
        if place is None:
            return Unknown(f"unresolved:{path}")
        found = []
        try:
            for seen, name in enumerate(self._below(place, "")):
                if seen >= _MOST_FILES:
                    return Unknown(f"unresolved:{path}")
                if fits.fullmatch(name):
                    found.append(name)
        except TreeError:
            return Unknown(f"unresolved:{path}")
        return found

    def _below(self, top: str, inner: str) -> Iterator[str]:
        for name in self._tree.list(posixpath.join(top, inner)):
            path = posixpath.join(inner, name)
            if self._tree.is_dir(posixpath.join(top, path)):
                if self._tree.real(posixpath.join(top, path)) == posixpath.join(top, path):
                    yield from self._below(top, path)
            else:
                yield path

    def render(self, text: str, variables: dict[str, Value]) -> Value:
        """A template's value, with these variables and nothing else in scope."""
        return evaluate(parse_template(text, ""), _Variables(self, variables))

    def _place(self, path: str) -> str | None:
        """A path relative to the judged root; None where it lies outside."""
        whole = posixpath.normpath(posixpath.join(self.cwd, path))
        if whole == self._top:
            return ""
        above = self._top.rstrip("/") + "/"
        return whole[len(above) :] if whole.startswith(above) else None
