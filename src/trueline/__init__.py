"""Trueline: cloud security posture management that never passes what it could not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.api import Report, check, scan

__all__ = ["Report", "__version__", "check", "scan"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the Python API on first use, so that `import trueline` costs nothing."""
    if name in ("Report", "check", "scan"):
        import trueline.api

        return getattr(trueline.api, name)
    raise AttributeError(f"module 'trueline' has no attribute {name!r}")
