"""Reports: the read model, and its formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TextIO

from trueline.report.model import (
    CodeView,
    Report,
    Summary,
    build_report,
    counts_against,
    share_read,
)

__all__ = [
    "FORMATS",
    "CodeView",
    "Report",
    "Summary",
    "build_report",
    "counts_against",
    "format_of",
    "share_read",
    "write_report",
]

FORMATS: dict[str, str] = {
    "table": "trueline.report.table:write_table",
    "json": "trueline.report.plain:write_json",
    "jsonl": "trueline.report.plain:write_jsonl",
    "csv": "trueline.report.plain:write_csv",
    "junit": "trueline.report.junit:write_junit",
    "html": "trueline.report.html:write_html",
    "sarif": "trueline.report.sarif:write_sarif",
    "markdown": "trueline.report.markdown:write_markdown",
    "github": "trueline.report.annotations:write_github",
    "gitlab": "trueline.report.annotations:write_gitlab",
}
"""Format → its writer, imported when it is used."""

SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".xml": "junit",
    ".html": "html",
    ".htm": "html",
    ".txt": "table",
    ".sarif": "sarif",
    ".md": "markdown",
}


def format_of(path: Path) -> str | None:
    """The format that a file's suffix means, or None."""
    return SUFFIXES.get(path.suffix.lower())


def write_report(report: Report, name: str, out: TextIO) -> None:
    """Write `report` in the format `name` of FORMATS."""
    module, _, function = FORMATS[name].partition(":")
    writer: Callable[[Report, TextIO], None] = getattr(import_module(module), function)
    writer(report, out)
