"""The command line: `trueline …` (DESIGN §9). Commands are imported when they are run."""

from trueline.cli.app import main

__all__ = ["main"]
