"""check: iac → tables → enrich → evaluate → report; nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trueline.catalog.select import select_policies, tables_named
from trueline.model import CodeRows, NotJudged, Suppression, Verdict
from trueline.pipeline.code import CodeInput, locate_code, read_code
from trueline.pipeline.code_view import code_view
from trueline.pipeline.judging import Bench, info, make_bench, moment, ordered, said_once
from trueline.pipeline.recall import Judged
from trueline.pipeline.stewards import Stewards, code_paths, really_judged, what_rules_want
from trueline.pipeline.workspace import Workspace
from trueline.settings import Settings, cache_directory

if TYPE_CHECKING:
    import datetime as dt

    from trueline.findings.exception_files import FileException
    from trueline.report import Report

__all__ = ["Judgement", "check_code", "judge_code"]

FEW_ROWS = 5_000
"""Fewer than these are judged as they come: planning costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts on code, each at its place, and the policies that could not be judged."""

    verdicts: Sequence[Verdict]
    not_judged: Sequence[NotJudged]


def check_code(
    workspace: Workspace,
    path: str,
    *,
    environment: str | None = None,
    policies: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    var_files: Sequence[str] = (),
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """Judge a folder of Terraform source, or a plan in JSON form; `-` reads standard input.

    `variables` and `var_files` give values to variables of root modules that are source; `say`
    tells of owners' lines that are passed over, and of exceptions whose terms are broken.
    """
    from trueline.report import build_report

    started = moment()
    catalog = workspace.catalog
    chosen = select_policies(catalog, policies)
    bench = make_bench(workspace, started, environment)
    given = locate_code(path, variables, var_files)
    stewards = _stewards(workspace, given, started.date(), say)
    if given.plane == "source":
        judged = _source(workspace, bench, chosen, given, environment)
    else:
        read = read_code(given, catalog.types)
        judged = _judged(workspace.settings, bench, chosen, read, given.plane)
    code = judged.code
    verdicts = stewards.owned(judged.verdicts, judged.known, given.folder)
    really = really_judged(chosen, judged.not_judged)
    excused = stewards.excused(verdicts, judged.known, really)
    suppressions: Sequence[Suppression] = ()
    if code.comments:
        # What no comment asks for is not loaded: a plan has none.
        from trueline.iac.comments import Names
        from trueline.iac.suppressions import find_marks, suppress
        from trueline.iac.trees import DiskTree

        names = Names(catalog.policies)
        marks = find_marks(DiskTree(given.root), code.comments, names, given.folder)
        today = started.date()
        verdicts, suppressions = suppress(verdicts, marks, code.places, today, judged=chosen)
    if excused is not None:
        verdicts = excused.over(verdicts)
        for told in excused.said:
            say(told)
    return build_report(
        info(started, (given.plane,)),
        ordered(verdicts),
        code.coverage,
        resources=judged.resources,
        not_judged=judged.not_judged,
        suppressions=suppressions,
        policies=catalog.policies,
        code=code_view(given.root, given.folder, verdicts, catalog.policies, catalog.types),
    )


def _stewards(
    workspace: Workspace, given: CodeInput, today: dt.date, say: Callable[[str], None]
) -> Stewards:
    from trueline.iac.trees import DiskTree

    settings = workspace.settings
    exceptions: Sequence[FileException] = ()
    if settings.exceptions is not None:
        from trueline.findings.exception_files import load_exceptions

        policies = workspace.catalog.policies
        exceptions = load_exceptions(settings.exceptions, settings, policies, today)
    return Stewards(settings, code_paths(DiskTree(given.root), say), exceptions, today)


def _source(
    workspace: Workspace,
    bench: Bench,
    chosen: Collection[str],
    given: CodeInput,
    environment: str | None,
) -> Judged:
    """Judge source, or recall what it came to: a hook asks again and again about the same tree.

    The day is part of the question, since policies count days.
    """
    from trueline.iac.trees import DiskTree
    from trueline.pipeline.recall import Watched, memory_path, recall, remember

    tree, day = DiskTree(given.root), bench.now.date()
    facts = (workspace.catalog.digest, workspace.settings, environment, tuple(chosen), given, day)
    path = memory_path(cache_directory(), *facts)
    judged = recall(path, tree)
    if judged is None:
        watched = Watched(tree)
        read = read_code(given, workspace.catalog.types, watched)
        judged = _judged(workspace.settings, bench, chosen, read, "source")
        remember(path, watched, judged)
    return judged


def _judged(
    settings: Settings, bench: Bench, chosen: Collection[str], code: CodeRows, plane: str
) -> Judged:
    judged = judge_code(bench, chosen, code, plane)
    resources = sum(len(rows) for rows in code.rows.values())
    # Verdicts point at their places by now; the values that rows hold are not kept.
    places = {uid: replace(place, elements={}) for uid, place in code.places.items()}
    kept = replace(code, rows={}, edges=(), places=places)
    known = what_rules_want(settings, code, excepting=settings.exceptions is not None)
    return Judged(kept, resources, judged.verdicts, judged.not_judged, known)


def judge_code(bench: Bench, chosen: Collection[str], code: CodeRows, plane: str) -> Judgement:
    """Judge rows that were read from code with the policies that are chosen."""
    from trueline.evaluate import read_verdicts, readable
    from trueline.iac.locate import located
    from trueline.lake import Tables

    catalog = bench.catalog
    compiled, not_judged = readable([catalog.compiled[i] for i in chosen], catalog.types, plane)
    present = {table for table, rows in code.rows.items() if rows}
    compiled = [c for c in compiled if c.table in present and c.id not in bench.base.nowhere]
    wanted = {t: catalog.types[t] for t in tables_named(compiled) | present}
    verdicts: list[Verdict] = []
    few = sum(map(len, code.rows.values())) < FEW_ROWS
    with Tables.from_rows(wanted, code.rows, code.scopes, code.edges, few=few) as tables:
        for judged in bench.judge(tables, compiled, "all"):
            verdicts.extend(
                read_verdicts(judged.layout, judged.all(), catalog.policies, bench.base.severities)
            )
    return Judgement(
        located(verdicts, code.places),
        said_once((*bench.base.not_judged, *not_judged), chosen),
    )
