"""Framework files: a crosswalk from the requirements of a framework to policies."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePath

from trueline.catalog.document import Document, List
from trueline.catalog.form import Form, Sheet
from trueline.catalog.problems import closest
from trueline.model import COVERAGES, Framework, Requirement

__all__ = ["framework_problems", "read_framework"]

_KEYS = ("id", "title", "requirements")
_REQUIREMENT_KEYS = ("policies", "coverage", "note")


def read_framework(document: Document) -> tuple[Framework | None, Sheet]:
    """Read one framework file; the framework is None when the sheet holds errors."""
    sheet = Sheet(document)
    form = Form(sheet, document.root, "a framework", _KEYS)
    form.require(*_KEYS)
    stem = PurePath(document.file).name.removesuffix(".yaml")
    name = form.text("id") or ""
    if name and name != stem:
        form.error("name", f"the id is the file's name, {stem!r}; seen {name!r}", "id")
    requirements = {}
    for number, (_, node) in form.entries("requirements").items():
        inner = form.sub(node, f"requirement {number}", _REQUIREMENT_KEYS)
        if inner is not None:
            requirements[number] = _requirement(inner, number)
    framework = Framework(name, form.text("title") or "", requirements, form.where("id"))
    return (None if sheet.broken else framework), sheet


def _requirement(form: Form, number: str) -> Requirement:
    form.require("coverage")
    coverage = form.choice("coverage", COVERAGES, "none")
    policies = form.texts("policies")
    if bool(policies) != (coverage in ("full", "partial")):
        hint = "full and partial name policies; manual and none name none"
        form.error(
            "coverage", f"coverage {coverage} with {len(policies)} policies", "coverage", hint
        )
    return Requirement(number, policies, coverage, form.text("note"))


def framework_problems(framework: Framework, sheet: Sheet, policies: Collection[str]) -> None:
    """Every policy that a requirement names must exist."""
    form = Form(sheet, sheet.document.root, "a framework", _KEYS)
    for _, node in form.entries("requirements").values():
        inner = form.sub(node, "a requirement", _REQUIREMENT_KEYS)
        listed = inner.get("policies") if inner else None
        for item in listed.items if isinstance(listed, List) else ():
            name = getattr(item, "value", None)
            if name not in policies:
                hint = closest(str(name), policies)
                sheet.error("unknown-name", f"no policy has the id {name!r}", item, hint)
