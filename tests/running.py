"""Runs the program in this process, through its own door, where a test holds clock and cloud."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from trueline.cli import main

__all__ = ["Ran", "run"]


@dataclass(frozen=True)
class Ran:
    """How a command ended; `shown` is both outputs as a terminal mixes them."""

    code: int
    out: str
    err: str
    shown: str

    def json(self) -> Any:
        assert self.out, self
        return json.loads(self.out)


class _Both(io.StringIO):
    """An output that a terminal shows, too."""

    def __init__(self, terminal: io.StringIO) -> None:
        super().__init__()
        self.terminal = terminal

    def write(self, text: str) -> int:
        self.terminal.write(text)
        return super().write(text)


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run `trueline ARGUMENTS`."""
    terminal, code = io.StringIO(), 0
    out, err = _Both(terminal), _Both(terminal)
    with (
        patch.dict(os.environ, env or {}),
        patch.object(sys, "argv", ["trueline", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
    return Ran(code, out.getvalue(), err.getvalue(), terminal.getvalue())
