"""Everything that is read before anything else: home, settings, content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trueline.catalog import Catalog, load
from trueline.settings import Settings, cache_directory, find_config, home_directory, load_settings

__all__ = ["Workspace", "open_workspace"]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that is read before anything else: home, settings, content."""

    home: Path
    settings: Settings
    catalog: Catalog


def open_workspace(
    home: str | None = None, config: str | None = None, start: Path | None = None
) -> Workspace:
    """Read configuration and content. Raises ConfigError; nothing else was touched."""
    place = home_directory(home)
    settings = load_settings(find_config(config, place, start))
    return Workspace(place, settings, load(settings.content, cache_directory()))
