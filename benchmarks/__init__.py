"""Measures what Trueline promises to cost: `python -m benchmarks` prints figures and limits."""
