"""The plain formats for programs: json, jsonl, csv."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from trueline.report.escape import csv_cell
from trueline.report.model import Report, coverage_dict, scan_dict, verdict_dict

__all__ = ["write_csv", "write_json", "write_jsonl"]

CSV_COLUMNS = (
    "policy", "status", "severity", "environment", "provider", "account", "region", "type",
    "name", "uid", "plane", "address", "file", "line", "evidence", "unknown", "last_known",
    "owner", "owner_reason",
)  # fmt: skip

_encode = json.JSONEncoder(ensure_ascii=False).encode


def write_json(report: Report, out: TextIO) -> None:
    """The report contract as one JSON document, each verdict on a line."""
    out.writelines(_document(report.to_dict()))


def _document(data: Mapping[str, Any]) -> Iterator[str]:
    """A JSON object with a line for each member, and for each element of a member that is a list.

    Values are encoded whole: what `json` indents, it encodes ten times slower.
    """
    comma = "{\n"
    for key, value in data.items():
        yield f"{comma}  {_encode(key)}: "
        comma, between = ",\n", "[\n    "
        if isinstance(value, list) and value:
            for element in value:
                yield f"{between}{_encode(element)}"
                between = ",\n    "
            yield "\n  ]"
        else:
            yield _encode(value)
    yield "\n}\n"


def write_jsonl(report: Report, out: TextIO) -> None:
    """One object a line, `kind` first: scan, coverage, verdict, summary."""
    for kind, body in _lines(report):
        json.dump({"kind": kind, **body}, out, ensure_ascii=False)
        out.write("\n")


def _lines(report: Report) -> Iterator[tuple[str, dict[str, object]]]:
    yield "scan", scan_dict(report.scan)
    for row in report.coverage:
        yield "coverage", coverage_dict(row)
    for verdict in report.verdicts:
        yield "verdict", verdict_dict(verdict)
    yield "summary", report.summary.to_dict()


def write_csv(report: Report, out: TextIO) -> None:
    """One line a verdict; evidence and causes as JSON in their cell."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for verdict in report.verdicts:
        data = verdict_dict(verdict)
        flat = {**data["resource"], **{k: v for k, v in data.items() if k != "resource"}}
        for key in ("evidence", "unknown"):
            flat[key] = json.dumps(flat[key], ensure_ascii=False) if flat[key] else ""
        writer.writerow([csv_cell(flat[name]) for name in CSV_COLUMNS])
