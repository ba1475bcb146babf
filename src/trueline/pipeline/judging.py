"""Judging tables with policies under a configuration, in the order that every command shares."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from trueline import __version__
from trueline.catalog import Catalog
from trueline.catalog.select import relations_used
from trueline.errors import ConfigError
from trueline.model import COMMON, NotJudged, ScanInfo, Verdict
from trueline.pipeline.workspace import Workspace
from trueline.settings import Environment

if TYPE_CHECKING:
    from trueline.evaluate import Baseline, Judged
    from trueline.lake import Tables
    from trueline.language import CompiledPolicy

__all__ = ["Bench", "environment_rules", "info", "make_bench", "moment", "ordered", "said_once"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What judging needs: the content, and what the configuration makes of it."""

    catalog: Catalog
    base: Baseline
    environments: tuple[Environment, ...]
    now: dt.datetime

    def assign_environments(self, tables: Tables) -> None:
        from trueline.enrich import assign_environments

        assign_environments(tables, environment_rules(self.environments))

    def judge(
        self,
        tables: Tables,
        compiled: Sequence[CompiledPolicy],
        evidence: Literal["all", "failing"],
    ) -> Iterator[Judged]:
        """Judge each type that has policies.

        Edges are related anew for each type: a statement plans every relation that `_edges` has.
        """
        from trueline.enrich import relate
        from trueline.evaluate import judge
        from trueline.language import asking

        self.assign_environments(tables)
        by_table: dict[str, list[CompiledPolicy]] = {}
        for policy in compiled:
            by_table.setdefault(policy.table, []).append(policy)
        for table, policies in sorted(by_table.items()):
            rtype = self.catalog.types[table]
            needed = {used for policy in policies for used in relations_used(policy)}
            only = {}
            if evidence == "failing":  # which leaves out what a row that passes has to show
                asked = asking(rtype, policies, settings=self.base.settings, now=self.now)
                only = {(table, relation): condition for relation, condition in asked.items()}
            relate(tables, self.catalog.types, needed, only)
            yield judge(tables, rtype, policies, self.base.settings, self.now, evidence)


def environment_rules(environments: Iterable[Environment]) -> list[tuple[str, str]]:
    """(name, boolean SQL) of each environment. Raises LanguageError with the rule's place."""
    listed = list(environments)
    if not listed:
        return []
    from trueline.language import compile_rule

    return [(e.name, compile_rule(e.match, COMMON, e.where)) for e in listed]


def make_bench(workspace: Workspace, now: dt.datetime, environment: str | None = None) -> Bench:
    from trueline.evaluate import baseline

    settings, named = workspace.settings, None
    environments = settings.environments
    if environment is not None:
        named = next((e for e in environments if e.name == environment), None)
        if named is None:
            known = ", ".join(e.name for e in environments) or "none"
            raise ConfigError(
                "usage", f"there is no environment {environment!r}", f"configured: {known}"
            )
        environments = (replace(named, match="TRUE"),)
    base = baseline(settings, workspace.catalog.policies, named)
    return Bench(workspace.catalog, base, environments, now)


def said_once(not_judged: Iterable[NotJudged], chosen: Collection[str]) -> tuple[NotJudged, ...]:
    first: dict[str, NotJudged] = {}
    for entry in not_judged:
        if entry.policy in chosen:
            first.setdefault(entry.policy, entry)
    return tuple(first[k] for k in sorted(first))


_STATUS_ORDER = {"fail": 0, "unknown": 1, "pass": 2}


def ordered(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Fails first, then unknowns; worst first; then by resource."""
    from trueline.model import SEVERITIES

    return sorted(
        verdicts,
        key=lambda v: (
            _STATUS_ORDER[v.status],
            SEVERITIES.index(v.severity),
            v.policy,
            v.resource.uid,
        ),
    )


def moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def info(started: dt.datetime, planes: tuple[str, ...], run: str | None = None) -> ScanInfo:
    return ScanInfo(run or uuid.uuid4().hex, started, moment(), __version__, planes)
