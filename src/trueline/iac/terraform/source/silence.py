"""What the AWS provider makes of attributes that code does not write.

`silence.json`: by Terraform type and path of labels, the value that stands there once nothing is
written: null, an empty list, a default of the provider, or "?" where the provider decides. It is
made from the provider's schema and from plans (tests/iac/source/test_silence.py); what is not in it
may be anything.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["DECIDES", "NOT_TOLD", "silent_value"]

DECIDES = "?"
NOT_TOLD = object()
"""Nothing is known of the attribute."""

_FILE = Path(__file__).with_name("silence.json")


def silent_value(kind: str, path: str) -> Any:
    """The value of what is not written; DECIDES where the provider decides, else NOT_TOLD."""
    return _facts().get(kind, {}).get(path, NOT_TOLD)


@cache
def _facts() -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return facts
