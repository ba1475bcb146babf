"""The program and the simulated estate of the end-to-end tests."""

from e2e.conftest import estate, live, program, shared_cache

__all__ = ["estate", "live", "program", "shared_cache"]
