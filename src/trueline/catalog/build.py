"""Content files to a catalog: read all of them, then check what one says about another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from trueline.catalog.catalog import Catalog
from trueline.catalog.document import Document, DocumentError, Scalar, read_document
from trueline.catalog.files import KINDS, SHIPPED, ContentFile, content_files
from trueline.catalog.flags import compiled_flags
from trueline.catalog.form import Sheet
from trueline.catalog.frameworks import framework_problems, read_framework
from trueline.catalog.policies import policy_problems, read_policy
from trueline.catalog.problems import Problem, closest
from trueline.catalog.relations import relation_problems
from trueline.catalog.resources import read_resource
from trueline.errors import Where
from trueline.language import CompiledPolicy, LanguageError, compile_policy
from trueline.model import Framework, Policy, ResourceType

__all__ = ["build"]

_START = Where("", 1, 1)
T = TypeVar("T", ResourceType, Policy, Framework)
Read = Callable[[Document], tuple[T | None, Sheet]]


class _Shelf:
    """The documents of one kind, by the name they go by; later directories replace earlier ones."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.documents: dict[str, tuple[int, Document]] = {}

    def put(self, root: int, document: Document, problems: list[Problem]) -> None:
        name, where = self.name(document)
        held = self.documents.get(name)
        if held is not None and held[0] == root:
            message = f"{self.key} {name!r} stands in two files"
            problems.append(Problem("duplicate", message, where, f"also in {held[1].file}"))
        else:
            self.documents[name] = (root, document)

    def name(self, document: Document) -> tuple[str, Where]:
        """What the file calls itself; its path where it does not say."""
        entry = document.root.entries.get(self.key)
        if entry and isinstance(entry[1], Scalar) and isinstance(entry[1].value, str):
            return entry[1].value, document.where(entry[0])
        return document.file, Where(document.file)


def build(content: Sequence[Path] = (), shipped: Path = SHIPPED) -> tuple[Catalog, list[Problem]]:
    """Read the shipped content, then directories of which a later one replaces earlier files.

    Problems are errors and warnings; with errors the catalog lacks what they are about.
    """
    roots = (shipped, *content)
    problems = [problem for root in content for problem in _root_problems(root)]
    shelves = dict(zip(KINDS, (_Shelf("table"), _Shelf("id"), _Shelf("id")), strict=True))
    files = content_files(roots)
    broken = set()
    for file in files:
        if (document := _document(file, problems)) is not None:
            shelves[file.kind].put(file.root, document, problems)
        else:
            broken.add(Path(file.path).stem)
    types, type_sheets = _read(shelves["resources"], read_resource)
    policies, policy_sheets = _read(shelves["policies"], read_policy)
    frameworks, framework_sheets = _read(shelves["frameworks"], read_framework)
    # A file that cannot be parsed goes by its name, so that only itself is complained of.
    tables = set(shelves["resources"].documents) | broken
    flags = {}
    for table, rtype in types.items():
        relation_problems(rtype, type_sheets[table], types, tables)
        if made_flags := compiled_flags(rtype, type_sheets[table]):
            flags[table] = made_flags
    compiled = {}
    for name, policy in policies.items():
        if _checked(policy, policy_sheets[name], types, tables, policies):
            made = _compiled(policy, policy_sheets[name], types)
            if made is not None:
                compiled[name] = made
    for name, framework in frameworks.items():
        known = set(shelves["policies"].documents) | broken
        framework_problems(framework, framework_sheets[name], known)
    for sheets in (type_sheets, policy_sheets, framework_sheets):
        problems += [problem for sheet in sheets.values() for problem in sheet.problems]
    warnings = tuple(problem for problem in problems if problem.warning)
    catalog = Catalog(types, policies, compiled, frameworks, _digest(files), warnings, flags)
    return catalog, problems


def _root_problems(root: Path) -> list[Problem]:
    where = Where(str(root))
    if not root.is_dir():
        hint = "content in trueline.toml names directories"
        return [Problem("content", f"no such directory: {root}", where, hint)]
    if not any((root / kind).is_dir() for kind in KINDS):
        message = f"expected one of the folders {', '.join(KINDS)} in {root}, seen none"
        return [Problem("content", message, where)]
    return []


def _document(file: ContentFile, problems: list[Problem]) -> Document | None:
    if file.path.endswith(".yml"):
        hint = "content files end in .yaml"
        problems.append(Problem("name", "the file would be overlooked", Where(file.path), hint))
        return None
    try:
        return read_document(Path(file.path))
    except DocumentError as error:
        problems.append(error.problem)
        return None


def _read(shelf: _Shelf, read: Read[T]) -> tuple[dict[str, T], dict[str, Sheet]]:
    found, sheets = {}, {}
    for name, (_, document) in sorted(shelf.documents.items()):
        made, sheets[name] = read(document)
        if made is not None:
            found[name] = made
    return found, sheets


def _checked(
    policy: Policy,
    sheet: Sheet,
    types: dict[str, ResourceType],
    tables: set[str],
    policies: Mapping[str, Policy],
) -> bool:
    """Check a policy against the other files; True when it can be compiled."""
    root = sheet.document.root
    if policy.resource not in tables:
        hint = closest(policy.resource, tables)
        message = f"no table is named {policy.resource!r}"
        sheet.error("unknown-name", message, root.entries["resource"][1], hint)
    for former in policy.formerly:
        if former in policies:
            message = f"{former!r} is the id of a policy that still exists"
            sheet.error("name", message, root.entries["formerly"][1])
    if policy.resource not in types:
        return False
    policy_problems(policy, sheet, types, tables)
    targets = (relation.target for relation in types[policy.resource].relations.values())
    return all(target in types for target in targets)


def _compiled(
    policy: Policy, sheet: Sheet, types: Mapping[str, ResourceType]
) -> CompiledPolicy | None:
    try:
        return compile_policy(replace(policy, where=_START), types)
    except LanguageError as error:
        applies = policy.applies_when is not None and error.message.startswith("applies_when")
        key = "applies_when" if applies else "fails_when"
        text = (policy.applies_when if applies else policy.fails_when) or ""
        sheet.misread(text, sheet.document.root.entries[key][1], error)
        return None


def _digest(files: Sequence[ContentFile]) -> str:
    """Of what the files say, whatever they are called and wherever they lie."""
    total = hashlib.sha256()
    for file in files:
        data = Path(file.path).read_bytes()
        total.update(f"{file.root}:{file.kind}:{len(data)}:".encode() + data)
    return total.hexdigest()
