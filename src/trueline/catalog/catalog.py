"""The catalog: everything the content files say, ready for use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueline.catalog.problems import Problem
from trueline.model import Framework, Policy, ResourceType

if TYPE_CHECKING:
    from trueline.language import CompiledPolicy

__all__ = ["Catalog"]


@dataclass(frozen=True, slots=True)
class Catalog:
    """`types` by table, `policies`, `compiled` and `frameworks` by id; `digest` of their text.

    `flags` are the compiled flags of each table; a table that has none is not named.
    """

    types: Mapping[str, ResourceType]
    policies: Mapping[str, Policy]
    compiled: Mapping[str, CompiledPolicy]
    frameworks: Mapping[str, Framework]
    digest: str
    warnings: tuple[Problem, ...] = ()
    flags: Mapping[str, tuple[CompiledPolicy, ...]] = field(default_factory=dict)
