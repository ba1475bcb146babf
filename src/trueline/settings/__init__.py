"""Settings: where the home is, and what `trueline.toml` says (DESIGN §7)."""

from trueline.settings.model import (
    AssetRule,
    Environment,
    OwnerRule,
    Owners,
    PolicyOverride,
    Risk,
    Settings,
    Step,
    weights,
)
from trueline.settings.places import (
    FILE_NAME,
    cache_directory,
    find_config,
    git_top,
    home_directory,
    shown_url,
)
from trueline.settings.reader import load_assets, load_settings, read_settings

__all__ = [
    "FILE_NAME",
    "AssetRule",
    "Environment",
    "OwnerRule",
    "Owners",
    "PolicyOverride",
    "Risk",
    "Settings",
    "Step",
    "cache_directory",
    "find_config",
    "git_top",
    "home_directory",
    "load_assets",
    "load_settings",
    "read_settings",
    "shown_url",
    "weights",
]
