"""Reads live clouds: a walker of live specs that names no resource type, and one package a cloud.

specs ──▶ compiled ──▶ running (threads) ──▶ walker (list, parts, document, row) ──▶ sink
                                               └─▶ asking (one call: value, absent, unknown, gone)
"""

from trueline.collect.outcome import AccountRegions, Outcome
from trueline.collect.progress import Progress, Silence

__all__ = ["AccountRegions", "Outcome", "Progress", "Silence"]
