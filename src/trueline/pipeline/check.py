"""check: iac → tables → enrich → evaluate → report; nothing is recorded."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.catalog.select import select_policies, tables_named
from trueline.errors import ConfigError, Where
from trueline.model import Verdict
from trueline.pipeline.judging import info, make_bench, moment, ordered, said_once
from trueline.pipeline.workspace import Workspace
from trueline.settings import git_top

if TYPE_CHECKING:
    from trueline.report import Report

__all__ = ["check_code"]

LARGEST_PLAN = 256 << 20
FEW_ROWS = 5_000
"""Fewer than these are judged by one thread: starting more costs more than they save."""


def check_code(
    workspace: Workspace,
    path: str,
    *,
    environment: str | None = None,
    policies: Sequence[str] = (),
) -> Report:
    """Judge a Terraform plan in JSON form; `-` reads standard input."""
    from trueline.evaluate import read_verdicts, readable
    from trueline.iac.terraform import read_plan
    from trueline.lake import Tables
    from trueline.report import build_report

    started = moment()
    chosen = select_policies(workspace.catalog, policies)
    bench = make_bench(workspace, started, environment)
    data, name, root, file = _read_input(path)
    code = read_plan(data, name, workspace.catalog.types, judged_root=root, path=file)
    del data
    compiled, not_judged = readable(
        [workspace.catalog.compiled[i] for i in chosen], workspace.catalog.types, "plan"
    )
    present = {table for table, rows in code.rows.items() if rows}
    compiled = [c for c in compiled if c.table in present and c.id not in bench.base.nowhere]
    wanted = {t: workspace.catalog.types[t] for t in tables_named(compiled) | present}
    verdicts: list[Verdict] = []
    threads = 1 if sum(map(len, code.rows.values())) < FEW_ROWS else None
    with Tables.from_rows(wanted, code.rows, code.scopes, code.edges, threads=threads) as tables:
        for judged in bench.judge(tables, compiled, "all"):
            verdicts.extend(
                read_verdicts(
                    judged.layout, judged.all(), workspace.catalog.policies, bench.base.severities
                )
            )
    return build_report(
        info(started, ("plan",)),
        ordered(verdicts),
        code.coverage,
        resources=sum(len(rows) for rows in code.rows.values()),
        not_judged=said_once((*bench.base.not_judged, *not_judged), chosen),
        policies=workspace.catalog.policies,
    )


def _read_input(path: str) -> tuple[bytes, str, Path, Path | None]:
    """The bytes, their name, the judged root, and the file."""
    if path == "-":
        data = sys.stdin.buffer.read(LARGEST_PLAN + 1)
        file, name, root = None, "-", Path.cwd()
    else:
        file = Path(path)
        name, root = file.name, file.resolve().parent
        if file.is_dir():
            raise ConfigError(
                "input-unreadable",
                f"expected a plan file, seen the directory {path}",
                "make one with terraform plan -out FILE, then terraform show -json FILE",
                Where(path),
            )
        try:
            with file.open("rb") as handle:
                data = handle.read(LARGEST_PLAN + 1)
        except OSError as error:
            raise ConfigError(
                "input-unreadable",
                f"the file could not be read: {error.strerror or error}",
                "give the path of a plan made by terraform show -json, or - for stdin",
                Where(path),
            ) from None
    if len(data) > LARGEST_PLAN:
        raise ConfigError(
            "input-too-large",
            f"the plan is larger than {LARGEST_PLAN >> 20} MB",
            "split the root module, or plan with -target",
            Where(name),
        )
    return data, name, git_top(root) or root, file
