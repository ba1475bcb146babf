"""The order of the stages; no other package knows it.

scan:   collect → lake run → (in the commit) enrich → evaluate → snapshot → report
check:  iac → tables → enrich → evaluate → report
policy test:  test rows → tables → enrich → evaluate
"""

from trueline.pipeline.check import check_code
from trueline.pipeline.judging import Bench, environment_rules, make_bench
from trueline.pipeline.scan import ScanOptions, ScanOutcome, scan_aws, type_verdicts
from trueline.pipeline.snapshots import snapshot_report
from trueline.pipeline.workspace import Workspace, open_workspace

__all__ = [
    "Bench",
    "ScanOptions",
    "ScanOutcome",
    "Workspace",
    "check_code",
    "environment_rules",
    "make_bench",
    "open_workspace",
    "scan_aws",
    "snapshot_report",
    "type_verdicts",
]
