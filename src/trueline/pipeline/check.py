"""check: iac → tables → enrich → evaluate → report; nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trueline.catalog.select import select_policies, tables_named
from trueline.model import Verdict
from trueline.pipeline.code import locate_code, read_code
from trueline.pipeline.judging import info, make_bench, moment, ordered, said_once
from trueline.pipeline.workspace import Workspace

if TYPE_CHECKING:
    from trueline.report import Report

__all__ = ["check_code"]

FEW_ROWS = 5_000
"""Fewer than these are judged as they come: planning costs more than it saves."""


def check_code(
    workspace: Workspace,
    path: str,
    *,
    environment: str | None = None,
    policies: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    var_files: Sequence[str] = (),
) -> Report:
    """Judge a folder of Terraform source, or a plan in JSON form; `-` reads standard input.

    `variables` and `var_files` give values to variables of root modules that are source.
    """
    from trueline.evaluate import read_verdicts, readable
    from trueline.iac.locate import located
    from trueline.lake import Tables
    from trueline.report import build_report

    started = moment()
    chosen = select_policies(workspace.catalog, policies)
    bench = make_bench(workspace, started, environment)
    given = locate_code(path, variables, var_files)
    code = read_code(given, workspace.catalog.types)
    compiled, not_judged = readable(
        [workspace.catalog.compiled[i] for i in chosen], workspace.catalog.types, given.plane
    )
    present = {table for table, rows in code.rows.items() if rows}
    compiled = [c for c in compiled if c.table in present and c.id not in bench.base.nowhere]
    wanted = {t: workspace.catalog.types[t] for t in tables_named(compiled) | present}
    verdicts: list[Verdict] = []
    few = sum(map(len, code.rows.values())) < FEW_ROWS
    with Tables.from_rows(wanted, code.rows, code.scopes, code.edges, few=few) as tables:
        for judged in bench.judge(tables, compiled, "all"):
            verdicts.extend(
                read_verdicts(
                    judged.layout, judged.all(), workspace.catalog.policies, bench.base.severities
                )
            )
    return build_report(
        info(started, (given.plane,)),
        ordered(located(verdicts, code.places)),
        code.coverage,
        resources=sum(len(rows) for rows in code.rows.values()),
        not_judged=said_once((*bench.base.not_judged, *not_judged), chosen),
        policies=workspace.catalog.policies,
    )
