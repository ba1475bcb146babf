"""Adds to the tables what no single reader knows: environments, and what points to what."""

from trueline.enrich.edges import relate
from trueline.enrich.environments import assign_environments

__all__ = ["assign_environments", "relate"]
