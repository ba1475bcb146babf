"""check --base: both sides of a change → iac → tables → … → what the change introduces."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from trueline.catalog.select import select_policies
from trueline.errors import ConfigError, Where
from trueline.iac.base_tree import BaseTree
from trueline.iac.changes import Changes, compare, counterparts
from trueline.iac.comments import Names
from trueline.iac.git import GitTree, Repository
from trueline.iac.revisions import merge_base, resolve
from trueline.iac.suppressions import Mark, added, find_marks, suppress
from trueline.iac.terraform.source.text import is_source
from trueline.iac.trees import DiskTree, Tree
from trueline.model import CodeRows, Location, NotJudged, Suppression, Verdict
from trueline.pipeline.base_configuration import BaseConfiguration
from trueline.pipeline.base_stewards import base_stewards, overruled
from trueline.pipeline.check import judge_code
from trueline.pipeline.code import CodeInput, locate_code, no_source, read_folder
from trueline.pipeline.code_view import code_view
from trueline.pipeline.judging import Bench, info, make_bench, moment, ordered
from trueline.pipeline.stewards import Stewards, really_judged, what_rules_want

if TYPE_CHECKING:
    from trueline.findings.excepting import Excused
    from trueline.report import Report

__all__ = ["check_change"]


def check_change(
    path: str,
    base: str,
    *,
    environment: str | None = None,
    policies: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    var_files: Sequence[str] = (),
    home: str | None = None,
    config: str | None = None,
    start: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Report:
    """Judge the source on disk, and tell what it introduces since the commit `base`.

    Compared is the merge base of `base` and the current commit. Configuration, content, owners and
    exceptions are the merge base's. Raises ConfigError where it cannot be read.
    """
    from trueline.report import build_report

    started = moment()
    given = _source(locate_code(path, variables, var_files), path)
    past = _open(given.root, base)
    say(f"compared with {past.commit[:12]}, the base that this and {past.name} have in common")
    configuration = BaseConfiguration(given.root, past.name, past.own, past.head)
    room = configuration.workspace(home, config, start)
    if file := configuration.overruled:
        say(overruled(file, past.own.is_file(file)))
    catalog = room.catalog
    chosen = select_policies(catalog, policies)
    bench = make_bench(room, started, environment)
    stewards = base_stewards(
        room, given.root, past.own, past.name, configuration.exceptions, started.date(), say
    )
    judge = _Judge(bench, chosen, Names(catalog.policies), stewards)
    then = judge.side(past.files, _known(given, past.files))
    now = judge.side(DiskTree(given.root), given)
    if not now.code.scopes and not then.code.scopes:
        raise no_source(given)
    found = _compared(judge, past, given, then, now, allowed=room.settings.new_suppressions)
    for told in found.said:
        say(told)
    return build_report(
        info(started, ("source",)),
        ordered(found.verdicts),
        now.code.coverage,
        resources=sum(len(rows) for rows in now.code.rows.values()),
        not_judged=now.not_judged,
        fixed=ordered(found.fixed),
        suppressions=found.suppressions,
        policies=catalog.policies,
        code=code_view(given.root, given.folder, found.verdicts, catalog.policies, catalog.types),
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """The commit that is compared with: its `own` files, and all `files` that its side has."""

    name: str
    commit: str
    own: GitTree
    head: GitTree | None
    files: BaseTree


def _source(given: CodeInput, path: str) -> CodeInput:
    if given.plane == "source":
        return given
    raise ConfigError(
        "usage",
        "--base compares Terraform source, seen a plan",
        "give the folder of the source that was planned",
        Where(path),
    )


def _open(root: Path, base: str) -> _Past:
    repository = Repository(root)
    commit = resolve(repository, base)
    head = repository.ref("HEAD")
    if head is not None:
        commit = merge_base(repository, head, commit) or commit
    own = repository.tree(commit)
    current = repository.tree(head) if head else None
    return _Past(base, commit, own, current, BaseTree(own, current, DiskTree(root)))


def _known(given: CodeInput, tree: Tree) -> CodeInput:
    """The same input without the variable files that the change adds."""
    return replace(given, var_files=[f for f in given.var_files if tree.is_file(f)])


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a change, judged, with its owners; nothing is silenced or excused yet."""

    code: CodeRows
    verdicts: Sequence[Verdict]
    not_judged: Sequence[NotJudged]
    marks: Sequence[Mark]
    excused: Excused | None

    def over(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Its verdicts as they are silenced, with the exceptions over that."""
        return self.excused.over(verdicts) if self.excused else list(verdicts)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What judges either side alike."""

    bench: Bench
    chosen: Collection[str]
    names: Names
    stewards: Stewards

    def side(self, tree: Tree, given: CodeInput) -> _Side:
        code = read_folder(given, self.bench.catalog.types, tree)
        judged = judge_code(self.bench, self.chosen, code, "source")
        marks = find_marks(tree, code.comments, self.names, given.folder)
        stewards = self.stewards
        known = what_rules_want(stewards.settings, code, excepting=bool(stewards.exceptions))
        verdicts = stewards.owned(judged.verdicts, known, given.folder)
        really = really_judged(self.chosen, judged.not_judged)
        excused = stewards.excused(verdicts, known, really)
        return _Side(code, verdicts, judged.not_judged, marks, excused)

    def suppressed(
        self, side: _Side, new: Collection[Mark] = ()
    ) -> tuple[list[Verdict], list[Suppression]]:
        today = self.bench.now.date()
        places = side.code.places
        return suppress(side.verdicts, side.marks, places, today, judged=self.chosen, new=new)

    def from_elsewhere(
        self, tree: Tree, given: CodeInput, folder: str, head: CodeRows, base: CodeRows
    ) -> tuple[CodeRows, list[Verdict]]:
        """The base's rows with those of a further folder, and the verdicts on what of it moved.

        What did not come to where the head was judged is not its business, and not fixed.
        """
        side = self.side(tree, replace(_known(given, tree), folder=folder))
        rows = {
            table: [*base.rows.get(table, ()), *side.code.rows.get(table, ())]
            for table in {**base.rows, **side.code.rows}
        }
        code = replace(base, rows=rows, scopes=(*base.scopes, *side.code.scopes))
        pairs = counterparts(head, code)
        verdicts = side.over(self.suppressed(side)[0])
        return code, [
            _told_from(v, folder, given.folder) for v in verdicts if v.resource.uid in pairs
        ]


def _deserted(
    past: GitTree, disk: DiskTree, head: CodeRows, base: CodeRows, judged: str
) -> list[str]:
    """Folders outside the judged one that held source and hold none any more.

    They are looked for only where the head has root modules that the base lacks: from there they
    may have come.
    """
    known = {state.scope.account for state in base.scopes}
    if not judged or all(state.scope.account in known for state in head.scopes):
        return []
    found, left = [], [""]
    while left:
        folder = left.pop()
        if folder == judged or past.real(folder) != folder:
            continue
        if _holds_source(past, folder) and not _holds_source(disk, folder):
            found.append(folder)
            continue
        names = [name for name in past.list(folder) if not name.startswith(".")]
        places = [posixpath.join(folder, name) for name in names]
        left.extend(place for place in places if past.is_dir(place))
    return sorted(found)


def _holds_source(tree: Tree, folder: str) -> bool:
    return tree.is_dir(folder) and any(is_source(name) for name in tree.list(folder))


def _told_from(verdict: Verdict, folder: str, judged: str) -> Verdict:
    """The verdict with its files relative to the judged folder."""

    def file(name: str) -> str:
        return posixpath.relpath(posixpath.join(folder, name), judged or ".")

    def place(at: Location) -> Location:
        return replace(at, file=file(at.file))

    resource = verdict.resource
    return replace(
        verdict,
        resource=replace(resource, file=file(resource.file)) if resource.file else resource,
        location=verdict.location and place(verdict.location),
        calls=tuple(map(place, verdict.calls)),
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a report says of a change."""

    verdicts: Sequence[Verdict]
    fixed: Sequence[Verdict]
    suppressions: Sequence[Suppression]
    said: Sequence[str]


def _compared(
    judge: _Judge, past: _Past, given: CodeInput, then: _Side, now: _Side, *, allowed: bool
) -> _Compared:
    """Lay the sides beside each other; `allowed`: new suppressions hold."""
    new = added(now.marks, then.marks)
    silenced, listed = judge.suppressed(now, new)
    before = then.over(judge.suppressed(then)[0])
    code = then.code
    for folder in _deserted(past.own, DiskTree(given.root), now.code, then.code, given.folder):
        code, more = judge.from_elsewhere(past.files, given, folder, now.code, code)
        before += more
    changes = compare(now.over(silenced), before, now.code, code)
    said: Sequence[str] = ()
    if now.excused is not None:
        verdicts, newly = now.excused.without_new(changes.verdicts, silenced)
        changes, said = replace(changes, verdicts=tuple(verdicts)), [*now.excused.said, *newly]
    final, really = _settled(changes, allowed=allowed)
    return _Compared(final, changes.fixed, [_listed(each, really) for each in listed], said)


def _settled(changes: Changes, *, allowed: bool) -> tuple[list[Verdict], set[str]]:
    """The verdicts with what holds of new suppressions, and the ids of those that are new.

    What silenced the same fail in the base as long is not new, whatever its resource was called.
    """
    really: set[str] = set()
    verdicts = []
    for now, was in zip(changes.verdicts, changes.before, strict=True):
        exception = now.exception
        if exception is not None and exception.introduced:
            old = was.exception if was else None
            known = (
                old is not None
                and old.kind == exception.kind
                and (
                    old.until is None
                    or (exception.until is not None and exception.until <= old.until)
                )
            )
            if not known:
                really.add(exception.id)
            now = replace(now, exception=replace(exception, introduced=not known and not allowed))
        verdicts.append(now)
    return verdicts, really


def _listed(suppression: Suppression, really: Collection[str]) -> Suppression:
    """A suppression that silences nothing new is as introduced as its place says."""
    if suppression.silenced and suppression.id not in really:
        return replace(suppression, introduced=False)
    return suppression
