"""What can be told of a lake without opening it: its id, and which snapshots there are."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["lake_id", "snapshot_numbers"]


def lake_id(home: Path) -> str | None:
    """The id of a home's lake, None = it has none; raises ValueError for a file that is damaged."""
    try:
        return str(json.loads((home / "lake" / "lake.json").read_text("utf-8"))["id"])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from None


def snapshot_numbers(home: Path) -> list[int]:
    """The numbers of all snapshots of a home, oldest first."""
    names = (home / "lake" / "snapshots").glob("*.json")
    return sorted(int(p.stem) for p in names if p.stem.isdecimal())
