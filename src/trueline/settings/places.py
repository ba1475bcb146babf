"""Where things are: the home, the cache, the configuration file, the state."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["FILE_NAME", "cache_directory", "find_config", "git_top", "home_directory", "shown_url"]

FILE_NAME = "trueline.toml"


def home_directory(option: str | None = None) -> Path:
    """`--home`, else `$TRUELINE_HOME`, else the user's data directory."""
    chosen = option or os.environ.get("TRUELINE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("trueline", appauthor=False)


def cache_directory() -> Path:
    """Where things that can be made again are kept: `$TRUELINE_CACHE`, else the user's cache."""
    chosen = os.environ.get("TRUELINE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("trueline", appauthor=False)


def git_top(start: Path) -> Path | None:
    """The nearest directory at or above `start` that holds `.git`."""
    return next((d for d in (start, *start.parents) if (d / ".git").exists()), None)


def find_config(option: str | None, home: Path, start: Path | None = None) -> Path | None:
    """`--config`, else `trueline.toml` from `start` up to the git top, else the home's own."""
    if option:
        return Path(option)
    here = (start or Path.cwd()).resolve()
    top = git_top(here) or here
    for directory in (here, *here.parents):
        if (directory / FILE_NAME).is_file():
            return directory / FILE_NAME
        if directory == top:
            break
    fallback = home / FILE_NAME
    return fallback if fallback.is_file() else None


def shown_url(url: str) -> str:
    """The URL of a state store without its password, to be shown."""
    if "://" in url:
        # A password may itself hold any of `:/?@`: all up to the last `@` is taken for it.
        plain = re.sub(r"(?s)^([^:]*://[^:@/]*):.*@", r"\1:***@", url)
    else:
        plain = "***" if "@" in url else url
    return re.sub(r"(?i)((?:password|passwd|pwd|secret|token)\w*\s*=\s*)[^&\s]*", r"\1***", plain)
