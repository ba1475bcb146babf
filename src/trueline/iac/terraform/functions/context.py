"""What functions ask of the module they are called in."""

from __future__ import annotations

from typing import Protocol

from trueline.iac.terraform.evaluate.values import Value
from trueline.mapping import Unknown

__all__ = ["FunctionContext"]


class FunctionContext(Protocol):
    """Files of the judged root, and where the calling module stands in it.

    Paths come as the code says them: absolute, or relative to `cwd`. What lies outside the judged
    root, or cannot be read for another reason than that it is missing, is Unknown.
    """

    module_path: str
    """What `path.module` is in this module."""

    root_path: str
    """What `path.root` is."""

    cwd: str
    """What `path.cwd` is: absolute."""

    def read(self, path: str) -> bytes | Unknown:
        """A file's bytes; raises FunctionError where there is known to be no such file."""

    def exists(self, path: str) -> bool | Unknown:
        """Is there a regular file?"""

    def glob(self, path: str, pattern: str) -> list[str] | Unknown:
        """Files under a directory that match a pattern (`files.glob_pattern`), relative to it."""

    def render(self, text: str, variables: dict[str, Value]) -> Value:
        """A template's value, with these variables and nothing else in scope."""
