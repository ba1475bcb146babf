"""The order of the stages; no other package knows it.

scan:   collect → lake run → (in the commit) enrich → evaluate → snapshot → report
        … → findings: snapshots → state store
check:  iac → tables → enrich → evaluate → report
policy test:  test rows → tables → enrich → evaluate
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.pipeline.base import check_change
    from trueline.pipeline.check import check_code
    from trueline.pipeline.findings import (
        applied_through,
        apply_outstanding,
        bring_up_to_date,
        open_findings,
    )
    from trueline.pipeline.inspection import Inspection, broken_rules, inspect_rules, unknown_leads
    from trueline.pipeline.judging import Bench, environment_rules, make_bench
    from trueline.pipeline.scan import ScanOptions, ScanOutcome, scan_aws, type_verdicts
    from trueline.pipeline.snapshots import snapshot_report
    from trueline.pipeline.workspace import Workspace, open_workspace

__all__ = [
    "Bench",
    "Inspection",
    "ScanOptions",
    "ScanOutcome",
    "Workspace",
    "applied_through",
    "apply_outstanding",
    "bring_up_to_date",
    "broken_rules",
    "check_change",
    "check_code",
    "environment_rules",
    "inspect_rules",
    "make_bench",
    "open_findings",
    "open_workspace",
    "scan_aws",
    "snapshot_report",
    "type_verdicts",
    "unknown_leads",
]

_HOMES = {
    "base": ("check_change",),
    "check": ("check_code",),
    "findings": ("applied_through", "apply_outstanding", "bring_up_to_date", "open_findings"),
    "inspection": ("Inspection", "broken_rules", "inspect_rules", "unknown_leads"),
    "judging": ("Bench", "environment_rules", "make_bench"),
    "scan": ("ScanOptions", "ScanOutcome", "scan_aws", "type_verdicts"),
    "snapshots": ("snapshot_report",),
    "workspace": ("Workspace", "open_workspace"),
}
"""Where each name is. Loaded on first use: no command runs all stages."""


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"trueline.pipeline.{home}"), name)
    raise AttributeError(f"module 'trueline.pipeline' has no attribute {name!r}")
