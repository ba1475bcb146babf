"""What the AWS provider makes of attributes that code does not write.

`silence.json`: by Terraform type and path of labels, the value that stands there once nothing is
written: null, an empty list, a default of the provider, "?" where the provider decides, or "!"
where it has a fixed value that no plan has shown. It is made from the provider's schema and from
plans (tests/iac/source/test_silence.py).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["DECIDES", "NOT_TOLD", "UNSEEN", "silent_value"]

DECIDES, UNSEEN = "?", "!"
NOT_TOLD = object()
"""Nothing is known of the type: that of somebody's own content."""

_FILE = Path(__file__).with_name("silence.json")


def silent_value(kind: str, path: str) -> Any:
    """The value of what is not written; else DECIDES, UNSEEN or NOT_TOLD."""
    return _facts().get(kind, {}).get(path, NOT_TOLD)


@cache
def _facts() -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return facts
