"""Content files as model objects: resource types, policies, frameworks, and their tests.

What only checks and tests need stands in modules of its own: `calls` and `provider_schema`
(offline checks), `examples`, `testing` (the notation of rows), `permissions`.
"""

from trueline.catalog.catalog import Catalog
from trueline.catalog.load import load
from trueline.catalog.problems import ContentError, Problem, render_problems

__all__ = ["Catalog", "ContentError", "Problem", "load", "render_problems"]
