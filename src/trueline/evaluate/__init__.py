"""Judges tables by policies, and turns the result into verdicts."""

from trueline.evaluate.baseline import Baseline, baseline, check_names, readable, unreadable
from trueline.evaluate.flags import flag_rows, flag_statement
from trueline.evaluate.held import Held, Value, hold
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
    "Held",
    "Judged",
    "Layout",
    "Severities",
    "Tally",
    "Value",
    "baseline",
    "check_names",
    "flag_rows",
    "flag_statement",
    "hold",
    "judge",
    "only_scopes",
    "read_verdicts",
    "readable",
    "row_counts",
    "scope_verdicts",
    "tally",
    "unreadable",
]
