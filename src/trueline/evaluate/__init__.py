"""Judges tables by policies, and turns the result into verdicts."""

from trueline.evaluate.judge import Counts, Judged, Layout, judge
from trueline.evaluate.verdicts import Severities, read_verdicts, scope_verdicts

__all__ = [
    "Counts",
    "Judged",
    "Layout",
    "Severities",
    "judge",
    "read_verdicts",
    "scope_verdicts",
]
