"""Exceptions as files: one YAML file to one approved deviation, which commands only read.

A file whose last day is over is history: it is read, and no longer held against today's approvers
and policies.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from trueline.catalog.document import DocumentError, Node, parse_document
from trueline.catalog.form import Form, Sheet
from trueline.catalog.problems import ContentError, Problem, closest
from trueline.errors import Where
from trueline.findings.subject import SUBJECT
from trueline.iac.trees import DiskTree, Tree, TreeError
from trueline.language import LanguageError, expand_filter
from trueline.model import Policy
from trueline.settings import Settings

__all__ = [
    "FileException",
    "exception_sources",
    "load_exceptions",
    "read_exceptions",
    "source_names",
]

_SUFFIXES = (".yaml", ".yml")
LARGEST = 256 << 10
"""Bytes of one file."""
MOST_FILES = 5_000
_REQUIRED = (
    "id", "rule", "justification", "requested_by", "approved_by", "approved_on", "until",
)  # fmt: skip
_KEYS = (*_REQUIRED, "compensating", "include_new")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_START = Where("", 1, 1)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True)
class FileException:
    """An approved, expiring deviation from a file.

    `rule` is a predicate over the subject with the policies' present ids. It holds from
    `approved_on` through `until`, in UTC. `compensating` are policies that must not fail;
    `include_new`: it holds as well for findings that there were not when it was first seen.
    """

    id: str
    rule: str
    justification: str
    requested_by: str
    approved_by: str
    approved_on: dt.date
    until: dt.date
    compensating: tuple[str, ...] = ()
    include_new: bool = False
    where: Where | None = None

    @property
    def days(self) -> int:
        """How long it lives."""
        return (self.until - self.approved_on).days

    def holds_on(self, day: dt.date) -> bool:
        return self.approved_on <= day <= self.until


def load_exceptions(
    directory: Path | None,
    settings: Settings,
    policies: Mapping[str, Policy],
    today: dt.date,
) -> tuple[FileException, ...]:
    """The exceptions of a directory; none where there is no directory.

    Raises ContentError with every complaint at its place.
    """
    if directory is None or not directory.is_dir():
        return ()
    sources = exception_sources(DiskTree(directory), "", str(directory))
    return read_exceptions(sources, settings, policies, today)


def source_names(tree: Tree, folder: str) -> list[str]:
    """The names of the exception files in a folder of a tree."""
    return [n for n in tree.list(folder) if n.endswith(_SUFFIXES) and not n.startswith(".")]


def exception_sources(tree: Tree, folder: str, shown: str) -> list[tuple[str, bytes]]:
    """(name, bytes) of each exception file in a folder of a tree; `shown` is what the folder is
    called. Raises ContentError for a file that cannot be read."""
    names = source_names(tree, folder)
    sources, problems = [], []
    for name in names[:MOST_FILES]:
        place = f"{shown}/{name}"
        try:
            data = tree.read(f"{folder}/{name}" if folder else name)
            if len(data) > LARGEST:
                raise TreeError("too_large", name, f"is larger than {LARGEST >> 10} KB")
            sources.append((place, data))
        except TreeError as error:
            problems.append(_problem(place, f"the exception file {error.message}"))
    if len(names) > MOST_FILES:
        problems.append(_problem(shown, f"a directory has at most {MOST_FILES:,} exception files"))
    if problems:
        raise ContentError(problems)
    return sources


def _problem(place: str, message: str) -> Problem:
    return Problem("exception", message, Where(place))


def read_exceptions(
    sources: Iterable[tuple[str, bytes]],
    settings: Settings,
    policies: Mapping[str, Policy],
    today: dt.date,
) -> tuple[FileException, ...]:
    """The exceptions in these files, by id. Raises ContentError with every complaint."""
    reader = _Reader(settings, policies, today)
    found = [exception for source in sources if (exception := reader.read(*source))]
    seen: dict[str, FileException] = {}
    for exception in found:
        if exception.id in seen:
            message = f"the exception {exception.id!r} stands twice"
            hint = f"it is also in {seen[exception.id].where}"
            where = exception.where or Where("")
            reader.problems.append(Problem("exception", message, where, hint))
        seen[exception.id] = exception
    if reader.problems:
        raise ContentError(reader.problems)
    return tuple(seen[name] for name in sorted(seen))


class _Reader:
    """Reads files one by one and keeps the complaints."""

    def __init__(self, settings: Settings, policies: Mapping[str, Policy], today: dt.date) -> None:
        self._settings, self._policies, self._today = settings, policies, today
        self._now = {old: p.id for p in policies.values() for old in p.formerly}
        self.problems: list[Problem] = []

    def read(self, file: str, data: bytes) -> FileException | None:
        """The exception of one file; None where it has complaints."""
        try:
            document = parse_document(data.decode("utf-8-sig"), file)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            where = Where(file, line)
            self.problems.append(Problem("exception", "expected UTF-8 text", where))
            return None
        except DocumentError as error:
            self.problems.append(error.problem)
            return None
        sheet = Sheet(document)
        exception = self._exception(Form(sheet, document.root, "an exception", _KEYS))
        self.problems += sheet.problems
        return None if sheet.broken else exception

    def _exception(self, form: Form) -> FileException | None:
        form.require(*_REQUIRED)
        name, rule = form.text("id"), form.text("rule")
        justification = form.text("justification")
        requested, approved = form.text("requested_by"), form.text("approved_by")
        approved_on, until = _date(form, "approved_on"), _date(form, "until")
        compensating, include_new = form.texts("compensating"), form.flag("include_new")
        _check_id(form, name)
        if approved_on and until and until < approved_on:
            message = f"until lies before approved_on, {approved_on}"
            form.error("exception", message, "until", "it is the last day on which it holds")
        if not (name and rule and justification and requested and approved):
            return None
        if approved_on is None or until is None:
            return None
        if until >= self._today:
            self._check_people(form, requested, approved)
            self._check_policies(form, compensating)
            rule = self._rule(form, rule)
        return FileException(
            name,
            rule,
            justification.strip(),
            requested,
            approved,
            approved_on,
            until,
            tuple(self._now.get(policy, policy) for policy in compensating),
            include_new,
            form.where("id"),
        )

    def _check_people(self, form: Form, requested: str, approved: str) -> None:
        names = self._settings.approvers
        if _person(approved) == _person(requested):
            hint = "somebody else must approve it"
            form.error(
                "approver", f"{approved!r} approves what they requested", "approved_by", hint
            )
        if approved not in names:
            known = f"approvers are {', '.join(names)}" if names else "it names nobody"
            hint = (
                closest(approved, names) or f"[approvers] names of {_file(self._settings)}: {known}"
            )
            form.error("approver", f"{approved!r} is no approver", "approved_by", hint)

    def _check_policies(self, form: Form, compensating: Sequence[str]) -> None:
        for policy in compensating:
            if policy not in self._policies and policy not in self._now:
                hint = closest(policy, self._policies) or "trueline policy list says what there is"
                form.error("unknown-policy", f"there is no policy {policy!r}", "compensating", hint)

    def _rule(self, form: Form, text: str) -> str:
        """The rule written out, once it is known to compile; the text where it does not."""
        from trueline.language import compile_rule

        node = form.get("rule")
        assert node is not None
        rule = text
        try:
            rule = self._renamed(expand_filter(text))
            compile_rule(rule, SUBJECT, _START)
        except LanguageError as error:
            where = _inside(form, node, rule, error) if rule == text else None
            form.sheet.error(error.code, error.message, where or node, error.hint)
        return rule

    def _renamed(self, rule: str) -> str:
        """Former ids of policies as they are called now: exceptions follow a policy's name."""

        def now(found: re.Match[str]) -> str:
            return f"'{self._now[found[1]]}'" if found[1] in self._now else found[0]

        return _QUOTED.sub(now, rule)


def _inside(form: Form, node: Node, rule: str, error: LanguageError) -> Where:
    """The place in the file of an error whose place counts from the start of the rule."""
    at = error.where or _START
    lines = rule.split("\n")[: at.line - 1]
    offset = sum(len(line) + 1 for line in lines) + at.column - 1
    return form.sheet.document.inside(node, offset)


def _check_id(form: Form, name: str | None) -> None:
    if name is None:
        return
    stem = PurePath(form.sheet.document.file).stem
    if name != stem:
        hint = f"write id: {stem}, or rename the file"
        form.error("exception", f"the id is the file's name, {stem!r}; seen {name!r}", "id", hint)
    elif not _ID.fullmatch(name):
        form.error(
            "exception", f"{name!r} is no id", "id", "letters, digits and . _ - without blanks"
        )


def _date(form: Form, key: str) -> dt.date | None:
    text = form.text(key)
    if text is None:
        return None
    try:
        if _DATE.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    form.error("exception", f"{key} is no date: {text!r}", key, "write it as 2027-01-31")
    return None


def _person(name: str) -> str:
    """What tells people apart: no other case or `@` makes another person of somebody."""
    return name.strip().lstrip("@").casefold()


def _file(settings: Settings) -> str:
    return str(settings.file) if settings.file else "trueline.toml"
