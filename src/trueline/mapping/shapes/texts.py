"""Shape functions about texts that hold documents: JSON, and CSV reports."""

from __future__ import annotations

import csv
import io
import json
import urllib.parse
from typing import Any

from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["csv_rows", "parse_json"]

_NOTHING = frozenset({"", "N/A", "not_supported", "no_information"})
_OPENERS = ("%7b", "%5b", "%22", "%20", "%0a", "%09")


def parse_json(text: Any) -> Any:
    """The value of a JSON text, URL-encoded or not; parsed values stay, an empty text is absent."""
    if text is None or isinstance(text, (dict, list)):
        return text
    if text.__class__ is Unknown:
        return text.derived()
    if not isinstance(text, (str, bytes)):
        return Unknown(MALFORMED)
    try:
        written = text.decode() if isinstance(text, bytes) else text
        if written[:3].lower() in _OPENERS:
            written = urllib.parse.unquote(written)
        return json.loads(written) if written.strip() else None
    except (ValueError, RecursionError):
        return Unknown(MALFORMED)


def csv_rows(blob: Any) -> Any:
    """A CSV text or blob with a header -> a list of maps; AWS's words for "nothing" are absent."""
    if blob is None:
        return None
    if blob.__class__ is Unknown:
        return blob.derived()
    if not isinstance(blob, (str, bytes)):
        return Unknown(MALFORMED)
    try:
        text = blob.decode() if isinstance(blob, bytes) else blob
        rows = list(csv.DictReader(io.StringIO(text)))
    except (UnicodeDecodeError, csv.Error):
        return Unknown(MALFORMED)
    if any(None in row or None in row.values() for row in rows):
        return Unknown(MALFORMED)
    return [{k: None if v in _NOTHING else v for k, v in row.items()} for row in rows]
