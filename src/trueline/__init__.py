"""Trueline: cloud security posture management that never passes what it could not read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.api import Report, check, scan

__all__ = ["Report", "__version__", "check", "scan"]
__version__ = "0.1.0"

if sys.platform == "linux" and os.uname().machine == "x86_64":
    # DuckDB works beside Arrow, which with this allocator gives memory back sooner and for less.
    # Arrow reads the name when it is imported, and warns where it was built without: its wheels
    # have it for this platform alone.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")


def __getattr__(name: str) -> Any:
    """Load the Python API on first use, so that `import trueline` costs nothing."""
    if name in ("Report", "check", "scan"):
        import trueline.api

        return getattr(trueline.api, name)
    raise AttributeError(f"module 'trueline' has no attribute {name!r}")
