"""Measures what Trueline promises to cost: `python -m benchmarks` prints figures and limits."""

import trueline  # noqa: F401  before Arrow, as in the command: it chooses the allocator
