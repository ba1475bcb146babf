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

__all__ = ["DECIDES", "NOT_TOLD", "UNSEEN", "is_filled", "silent_value"]

DECIDES, UNSEEN = "?", "!"
NOT_TOLD = object()
"""Nothing is known of the type: that of somebody's own content."""

_FILE = Path(__file__).with_name("silence.json")


def silent_value(kind: str, path: str) -> Any:
    """The value of what is not written; else DECIDES, UNSEEN or NOT_TOLD."""
    return _facts().get(kind, {}).get(path, NOT_TOLD)


def is_filled(kind: str, path: str) -> bool:
    """May the provider fill a place that is null, or something inside it?

    Of a type that is told, what its facts leave out must be written.
    """
    facts = _facts().get(kind)
    if facts is None:
        return True
    inside = f"{path}."
    return any(v == DECIDES and (p == path or p.startswith(inside)) for p, v in facts.items())


@cache
def _facts() -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return facts
