"""A large estate, written straight into a lake: the input of the evaluation benchmark."""

from benchmarks.estate.lake import POLICIES, TYPES, build_lake, change_lake

__all__ = ["POLICIES", "TYPES", "build_lake", "change_lake"]
