"""Errors as values with a cause.

TruelineError        what was expected and seen, where, and what to do about it
├── ConfigError      exit 2: usage, configuration, content, or no input readable at all
├── RemoteError      exit 4: credentials or a remote failure, with nothing read
├── ActionError      exit 5: an action was refused, or a write (lake, state, disk) failed
└── InterruptedRun   exit 130: Ctrl-C or a termination signal
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["ActionError", "ConfigError", "InterruptedRun", "RemoteError", "TruelineError", "Where"]


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file; `line` and `column` are 1-based, 0 when not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


class TruelineError(Exception):
    """What was expected and seen (`message`), under a stable `code`, with a remedy (`hint`)."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self, code: str, message: str, hint: str | None = None, where: Where | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.where = code, message, hint, where

    def render(self) -> str:
        """The three-line form of DESIGN §9, without colour."""
        lines = [f"error[{self.code}]: {self.message}"]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.hint:
            lines.append(f"  help: {self.hint}")
        return "\n".join(lines)


class ConfigError(TruelineError):
    """Usage, configuration or content is broken; nothing was read."""

    exit_code = 2


class RemoteError(TruelineError):
    """Credentials or a remote system failed before anything was read."""

    exit_code = 4


class ActionError(TruelineError):
    """An action was refused or failed; what stood before still stands."""

    exit_code = 5


class InterruptedRun(TruelineError):  # noqa: N818 - not a fault
    """The user or the system asked to stop."""

    exit_code = 130
