"""Adds to the tables what no single reader knows: environments, and what points to what."""

from trueline.enrich.edges import relate
from trueline.enrich.environments import Overlap, assign_environments, overlaps

__all__ = ["Overlap", "assign_environments", "overlaps", "relate"]
