"""Policy files: one YAML file to one `Policy`, with the lint of its name and playbook."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

from trueline.catalog.document import Document, List, Map, Node, plain
from trueline.catalog.form import Form, Sheet
from trueline.catalog.problems import closest
from trueline.catalog.testing import RowError, column_hint, expand_row
from trueline.catalog.values import misfit
from trueline.model import SEVERITIES, Param, Policy, PolicyTest, ResourceType, parse_type

__all__ = ["AUTOMATION", "FIXERS", "OUTCOMES", "placeholders", "policy_problems", "read_policy"]

FIXERS = ("platform", "network", "identity", "data", "application")
AUTOMATION = ("safe", "approval", "never")
OUTCOMES = ("pass", "fail", "unknown", "not_applicable")

_KEYS = (
    "id", "title", "severity", "resource", "applies_when", "fails_when", "params", "why", "fix",
    "verify", "fixed_by", "automation", "prevent", "categories", "aliases", "formerly",
    "equivalent_mutants", "tests",
)  # fmt: skip
_REQUIRED = (
    "id", "title", "severity", "resource", "fails_when", "why", "fix", "verify", "fixed_by",
    "automation", "tests",
)  # fmt: skip
_FIX_KEYS = ("steps", "cli", "terraform", "caution")
_TEST_KEYS = ("name", "expect", "row", "related", "params")
_KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+\Z")
_WORD = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_GOOD_PATTERN = {"ensure", "check", "verify", "should", "must", "shall", "require", "requires"}
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_PARAM_TYPES = ("bool", "int", "float", "text", "list<text>", "list<int>")


def placeholders(text: str) -> list[tuple[str, int]]:
    """Each `{column}` of a command and its offset; the braces of JSON are not meant."""
    return [(found[1], found.start()) for found in _PLACEHOLDER.finditer(text)]


def read_policy(document: Document) -> tuple[Policy | None, Sheet]:
    """Read one policy file; the policy is None when the sheet holds errors."""
    sheet = Sheet(document)
    form = Form(sheet, document.root, "a policy", _KEYS)
    form.require(*_REQUIRED)
    fix = form.form("fix", _FIX_KEYS)
    if fix:
        fix.require("steps")
    params = _params(form)
    policy = Policy(
        id=form.text("id") or "",
        title=form.text("title") or "",
        severity=form.choice("severity", SEVERITIES, "low"),
        resource=form.text("resource") or "",
        applies_when=form.text("applies_when"),
        fails_when=form.text("fails_when") or "",
        params=params,
        why=form.text("why") or "",
        steps=fix.texts("steps") if fix else (),
        cli=fix.text("cli") if fix else None,
        terraform=fix.text("terraform") if fix else None,
        caution=fix.text("caution") if fix else None,
        verify=form.text("verify") or "",
        fixed_by=form.choice("fixed_by", FIXERS, "platform"),
        automation=form.choice("automation", AUTOMATION, "never"),
        prevent=form.text("prevent"),
        categories=form.texts("categories"),
        aliases=_aliases(form),
        formerly=form.texts("formerly"),
        equivalent_mutants=_reasons(form),
        tests=_tests(form, params),
        where=form.where("id"),
    )
    _lint_names(form, policy)
    return (None if sheet.broken else policy), sheet


def _lint_names(form: Form, policy: Policy) -> None:
    stem = PurePath(form.sheet.document.file).name.removesuffix(".yaml")
    if policy.id and policy.id != stem:
        form.error("name", f"the id is the file's name, {stem!r}; seen {policy.id!r}", "id")
    provider = policy.resource.partition("_")[0]
    if policy.id and not _KEBAB.match(policy.id):
        form.error("name", f"{policy.id!r} is no id", "id", "small letters and digits, joined by -")
    elif policy.id and provider and not policy.id.startswith(f"{provider}-"):
        form.error("name", f"the id of a policy on {policy.resource} begins with {provider}-", "id")
    good = sorted(_GOOD_PATTERN.intersection(policy.id.split("-")))
    if good:
        hint = "aws-sqs-queue-open-to-everyone, not aws-sqs-queue-must-not-be-open"
        form.error("name", f"an id names the bad pattern, without {good[0]!r}", "id", hint)
    if policy.title.endswith("."):
        form.error("name", "a title is no sentence: without a full stop", "title")
    for category in policy.categories:
        if not _WORD.match(category):
            form.error("name", f"{category!r} is no category", "categories", "small letters and -")


def _params(top: Form) -> dict[str, Param]:
    out = {}
    for name, (at, node) in top.entries("params").items():
        if not _NAME.match(name):
            top.sheet.error("name", f"{name!r} is no name for a parameter", at)
        form = top.sub(node, f"parameter {name}", ("type", "default", "about"))
        if form is None:
            continue
        form.require("type", "about")
        kind = form.choice("type", _PARAM_TYPES, "text")
        default = form.value("default")
        if "default" in form and (message := misfit(parse_type(kind), default)):
            form.error("default", f"default of parameter {name}: {message}", "default")
        about = form.text("about") or ""
        out[name] = Param(name, kind, about, default, has_default="default" in form)
    return out


def _aliases(top: Form) -> dict[str, tuple[str, ...]]:
    tools = tuple(top.entries("aliases"))
    form = top.form("aliases", tools) if tools else None
    for tool in tools:
        if not _WORD.match(tool):
            top.error("name", f"{tool!r} is no name of a tool", "aliases", "small letters and _")
    return {tool: form.texts(tool) for tool in tools} if form else {}


def _reasons(top: Form) -> dict[str, str]:
    labels = tuple(top.entries("equivalent_mutants"))
    form = top.form("equivalent_mutants", labels) if labels else None
    return {label: form.text(label) or "" for label in labels} if form else {}


def _tests(top: Form, params: dict[str, Param]) -> tuple[PolicyTest, ...]:
    node = top.get("tests")
    if node is None:
        return ()
    if not isinstance(node, List):
        top.error("wrong-type", "tests of a policy is a list of cases", "tests")
        return ()
    out: list[PolicyTest] = []
    for item in node.items:
        form = top.sub(item, "a case", _TEST_KEYS)
        if form is None:
            continue
        form.require("name", "expect", "row")
        name = form.text("name") or ""
        if any(name == test.name for test in out):
            form.error("name", f"two cases are named {name!r}", "name")
        row = form.value("row")
        given = form.value("params")
        out.append(
            PolicyTest(
                name=name,
                expect=form.choice("expect", OUTCOMES, "pass"),
                row=row if isinstance(row, dict) else {},
                related=_related(form),
                params=given if isinstance(given, dict) else {},
                where=form.where("name"),
            )
        )
        _check_test(form, params)
    seen = {test.expect for test in out}
    for wanted in OUTCOMES[:3]:
        if wanted not in seen:
            top.sheet.warn("tests", f"no case expects {wanted}", top.where("tests"))
    return tuple(out)


def _related(form: Form) -> dict[str, tuple[dict[str, Any], ...]]:
    out = {}
    for table, (at, node) in form.entries("related").items():
        rows = plain(node)
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            out[table] = tuple(rows)
        else:
            form.sheet.error("wrong-type", f"related rows of {table} are a list of mappings", at)
    return out


def _check_test(form: Form, params: dict[str, Param]) -> None:
    if "row" in form and not isinstance(form.get("row"), Map):
        form.error("wrong-type", "the row of a case is a mapping of columns", "row")
    for name, (at, node) in form.entries("params").items():
        if name not in params:
            form.sheet.error("unknown-name", f"the policy has no parameter {name!r}", at)
        elif message := misfit(parse_type(params[name].type), plain(node)):
            form.sheet.error("wrong-type", f"parameter {name}: {message}", node)


def policy_problems(
    policy: Policy, sheet: Sheet, types: Mapping[str, ResourceType], tables: Collection[str]
) -> None:
    """Check a policy against the resource types: placeholders of its command, rows of its cases.

    `tables` are all tables, those with broken files included.
    """
    rtype = types[policy.resource]
    root = sheet.document.root
    fix = root.entries["fix"][1]
    if policy.cli is not None and isinstance(fix, Map):
        node = fix.entries["cli"][1]
        for name, offset in placeholders(policy.cli):
            kind = rtype.column_type(name)
            place = sheet.document.inside(node, offset)
            if kind is None:
                message = f"{{{name}}} is no column of {rtype.table}"
                sheet.error("unknown-name", message, place, column_hint(rtype, name))
            elif kind.kind in ("list", "map", "struct"):
                sheet.error("wrong-type", f"{{{name}}} is {kind}, a command takes one value", place)
    cases = root.entries["tests"][1]
    if isinstance(cases, List):
        for test, node in zip(policy.tests, cases.items, strict=False):
            if isinstance(node, Map):
                _check_rows(policy, test, node, sheet, types, tables)


def _check_rows(
    policy: Policy,
    test: PolicyTest,
    node: Map,
    sheet: Sheet,
    types: Mapping[str, ResourceType],
    tables: Collection[str],
) -> None:
    _check_row(types[policy.resource], test.row, node.entries["row"][1], sheet)
    for table, rows in test.related.items():
        at, listed = _entry(node.entries["related"][1], table)
        if table not in tables:
            sheet.error("unknown-name", f"no table is named {table!r}", at, closest(table, tables))
        if table not in types:
            continue
        for row, item in zip(rows, listed.items if isinstance(listed, List) else (), strict=True):
            _check_row(types[table], row, item, sheet)


def _entry(node: Node, key: str) -> tuple[Node, Node]:
    assert isinstance(node, Map)
    return node.entries[key]


def _check_row(rtype: ResourceType, row: Any, node: Node, sheet: Sheet) -> None:
    try:
        expand_row(rtype, row, sheet.document.where(node))
    except RowError as error:
        sheet.error("test-row", error.message, sheet.document.along(node, error.path), error.hint)
