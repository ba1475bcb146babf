"""Judges tables by policies, and turns the result into verdicts."""

from trueline.evaluate.baseline import Baseline, baseline, readable, unreadable
from trueline.evaluate.flags import flag_rows, flag_statement
from trueline.evaluate.judge import (
    Counts,
    Judged,
    Layout,
    Tally,
    judge,
    only_scopes,
    row_counts,
    tally,
)
from trueline.evaluate.verdicts import Severities, read_verdicts, scope_verdicts

__all__ = [
    "Baseline",
    "Counts",
    "Judged",
    "Layout",
    "Severities",
    "Tally",
    "baseline",
    "flag_rows",
    "flag_statement",
    "judge",
    "only_scopes",
    "read_verdicts",
    "readable",
    "row_counts",
    "scope_verdicts",
    "tally",
    "unreadable",
]
