"""The type of what the fixture `estate` gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trueline.report import Report

__all__ = ["Recorded"]


@dataclass(frozen=True)
class Recorded:
    """Where the snapshot lies, and the report of the scan that made it."""

    home: Path
    report: Report
