"""Resource files: one YAML file to one `ResourceType`."""

from __future__ import annotations

import re
from typing import Any

from trueline.catalog.calls_section import read_live
from trueline.catalog.document import Document, Map, Node, plain
from trueline.catalog.flags import read_flags
from trueline.catalog.form import Form, Sheet
from trueline.catalog.values import misfit
from trueline.model import (
    ABSENT,
    COMMON,
    READERS,
    UNSAID,
    CodePart,
    CodeReader,
    Column,
    Relation,
    ResourceType,
    Type,
    parse_type,
)

__all__ = ["CODE_READERS", "PROVIDERS", "read_resource"]

CODE_READERS = READERS[1:]
PROVIDERS = {"aws": "aws", "azure": "azure", "gcp": "gcp", "k8s": "kubernetes"}
"""What a table's name begins with, and the provider it stands for."""

_KEYS = ("table", "title", "live", *CODE_READERS, "let", "columns", "relations", "flags")
_READER_KEYS = ("resource", "parts", "singletons", "secrets", "live_uid")
_PART_KEYS = ("resource", "by", "via", "many", "where")
_COLUMN_KEYS = ("type", "about", *READERS, "omitted", "default")
_RELATION_KEYS = ("to", "from", "by", "key", "within")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_TABLE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+\Z")
_LONG = 100
"""Characters of a mapping beyond which nobody reads it in a column."""
_REFINED = {"name": ("text",), "tags": ("map",)}
"""Common columns that a resource file may describe anew, and the kinds it may give them."""


def read_resource(document: Document) -> tuple[ResourceType | None, Sheet]:
    """Read one resource file; the type is None when the sheet holds errors."""
    sheet = Sheet(document)
    form = Form(sheet, document.root, "a resource file", _KEYS)
    form.require("table", "title", "columns")
    table = form.text("table") or ""
    provider = PROVIDERS.get(table.partition("_")[0], "")
    if table and not (_TABLE.match(table) and provider):
        form.error(
            "name",
            f"{table!r} is no name for a table",
            "table",
            f"small letters, digits and _, beginning with {', '.join(f'{p}_' for p in PROVIDERS)}",
        )
    live, known = read_live(form)
    readers = {name: reader for name in CODE_READERS if (reader := _reader(form, name))}
    if "live" not in form and not readers:
        form.error("missing-key", f"a resource file needs live or one of {', '.join(CODE_READERS)}")
    let = _let(form, known)
    live_names = (*known, *(name for name, _ in let.get("live", ())))
    readable = ((("live",) if "live" in form else ()), *((name,) for name in readers))
    planes = tuple(name for group in readable for name in group)
    rtype = ResourceType(
        table=table,
        title=form.text("title") or "",
        provider=provider,
        columns=_columns(form, planes, live_names),
        live=live,
        readers=readers,
        let=let,
        relations=_relations(form),
        flags=read_flags(form),
        where=form.where("table"),
    )
    return (None if sheet.broken else rtype), sheet


def _reader(top: Form, name: str) -> CodeReader | None:
    form = top.form(name, _READER_KEYS, name)
    if form is None:
        return None
    if ("resource" in form) == ("singletons" in form):
        form.error("missing-key", f"{name} needs resource, or singletons, not both")
    for key in ("secrets", "live_uid"):
        _check_paths(form, key)
    return CodeReader(
        resource=form.texts("resource", single=True),
        parts=_code_parts(form, "parts", joined=True),
        singletons=_code_parts(form, "singletons", joined=False),
        secrets=form.texts("secrets"),
        live_uid=form.text("live_uid"),
    )


def _check_paths(form: Form, key: str) -> None:
    node = form.get(key)
    items: list[Node] = list(getattr(node, "items", ())) if node is not None else []
    for item in items or ([node] if node is not None else []):
        form.sheet.expression(item, key)


def _code_parts(reader: Form, key: str, joined: bool) -> tuple[CodePart, ...]:
    out = []
    for name, (at, node) in reader.entries(key).items():
        if not _NAME.match(name):
            reader.sheet.error("name", f"{name!r} is no name for a part", at, _name_hint())
        form = reader.sub(node, f"part {name}", _PART_KEYS)
        if form is None:
            continue
        form.require("resource")
        if joined and ("by" in form) == ("via" in form):
            form.error("missing-key", f"part {name} needs by (theirs) or via (ours), not both")
        if not joined and ("by" in form or "via" in form):
            form.error("unknown-key", f"singleton {name} is not joined: it has no by or via")
        out.append(
            CodePart(
                name=name,
                resource=form.texts("resource", single=True),
                by=form.expression("by"),
                via=form.expression("via"),
                many=form.flag("many"),
                where=form.expression("where"),
            )
        )
    return tuple(out)


def _let(top: Form, live_names: tuple[str, ...]) -> dict[str, tuple[tuple[str, str], ...]]:
    """By reader; a name sees the names before it."""
    out: dict[str, list[tuple[str, str]]] = {}
    for name, (at, node) in top.entries("let").items():
        form = top.sub(node, f"let {name}", READERS)
        if form is None:
            continue
        is_taken = "live" in form and name in live_names
        if not _NAME.match(name) or is_taken:
            hint = "it is the name of a part" if is_taken else _name_hint()
            top.sheet.error("name", f"{name!r} is no name for a let", at, hint)
        for reader in READERS:
            text = form.expression(reader)
            if text is None:
                continue
            _needs_reader(top, form, reader)
            earlier = [known for known, _ in out.get(reader, ())]
            at_node = form.get(reader)
            if reader == "live" and at_node is not None:
                top.sheet.roots(text, at_node, (*live_names, *earlier), f"let {name}")
            out.setdefault(reader, []).append((name, text))
    return {reader: tuple(pairs) for reader, pairs in out.items()}


def _needs_reader(top: Form, form: Form, reader: str) -> None:
    if reader not in top:
        form.error("missing-key", f"a mapping for {reader}, and no section {reader!r}", reader)


def _columns(top: Form, planes: tuple[str, ...], live_names: tuple[str, ...]) -> dict[str, Column]:
    out: dict[str, Column] = {}
    for name, (at, node) in top.entries("columns").items():
        form = top.sub(node, f"column {name}", _COLUMN_KEYS)
        if form is None:
            continue
        form.require("type", "about")
        if not _NAME.match(name):
            top.sheet.error("name", f"{name!r} is no name for a column", at, _name_hint())
        kind = _column_type(form)
        if kind and name in COMMON and kind.kind not in _REFINED.get(name, ()):
            wanted = _REFINED.get(name)
            hint = f"here it is {' or '.join(wanted)}" if wanted else "choose another name"
            top.sheet.error("name", f"{name!r} is a column that every table has", at, hint)
        mappings = _mappings(top, form, live_names)
        if not mappings:
            message = f"column {name} has no mapping: it would be unknown everywhere"
            top.sheet.error("missing-key", message, at, f"mappings: {', '.join(planes)}")
        kind = kind or Type("text")
        out[name] = Column(
            name=name,
            type=kind,
            about=form.text("about") or "",
            mappings=mappings,
            omitted=_omitted(form, kind),
            defaults=_defaults(form, kind),
            where=top.sheet.document.where(at),
        )
    return out


def _column_type(form: Form) -> Type | None:
    text = form.text("type")
    if text is None:
        return None
    try:
        return parse_type(text)
    except ValueError as error:
        form.error("type", str(error), "type")
        return None


def _mappings(top: Form, form: Form, live_names: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for reader in READERS:
        text = form.expression(reader)
        if text is None:
            continue
        _needs_reader(top, form, reader)
        node = form.get(reader)
        if reader == "live" and node is not None:
            form.sheet.roots(text, node, live_names, form.what)
        if len(text) > _LONG and node is not None:
            message = f"the mapping has {len(text)} characters"
            hint = "name its parts under let, or write a shape function"
            form.sheet.warn("long-mapping", message, node, hint)
        out[reader] = text
    return out


def _omitted(form: Form, kind: Type) -> Any:
    if "omitted" not in form:
        return UNSAID
    value = form.value("omitted")
    if value == "absent" and kind.optional:
        form.error("default", "an optional column is absent without being told", "omitted")
    if "live" not in form:
        form.error("default", f"{form.what} has omitted and no live mapping", "omitted")
    return _fitting(form, "omitted", form.get("omitted"), kind)


def _defaults(form: Form, kind: Type) -> dict[str, Any]:
    node = form.get("default")
    if node is None:
        return {}
    if isinstance(node, Map) and node.entries and set(node.entries) <= set(CODE_READERS):
        for reader, (at, _) in node.entries.items():
            if reader not in form:
                message = f"a default for {reader}, and no mapping for it"
                form.sheet.error("default", message, at)
        return {
            reader: _fitting(form, "default", value, kind)
            for reader, (_, value) in node.entries.items()
        }
    value = _fitting(form, "default", node, kind)
    if not any(reader in form for reader in CODE_READERS):
        form.error("default", f"{form.what} has a default and no mapping from code", "default")
    return dict.fromkeys(CODE_READERS, value)


def _fitting(form: Form, key: str, node: Node | None, kind: Type) -> Any:
    assert node is not None
    value = plain(node)
    if key == "default" and value == "absent":
        if not kind.optional:
            hint: str | None = f"write type: {kind}?"
            form.sheet.error("default", f"{kind} cannot be absent", node, hint)
        return ABSENT
    message = misfit(kind, value)
    if message:
        hint = "write absent" if value is None and key == "default" else None
        form.sheet.error("default", f"{key} of {form.what}: {message}", node, hint)
    return value


def _relations(top: Form) -> dict[str, Relation]:
    out = {}
    for name, (at, node) in top.entries("relations").items():
        if not _NAME.match(name):
            top.sheet.error("name", f"{name!r} is no name for a relation", at, _name_hint())
        form = top.sub(node, f"relation {name}", _RELATION_KEYS)
        if form is None:
            continue
        form.require("by")
        if ("to" in form) == ("from" in form):
            form.error("missing-key", f"relation {name} needs to or from, not both")
        out[name] = Relation(
            name=name,
            to=form.text("to"),
            from_=form.text("from"),
            by=form.text("by") or "",
            keys=form.texts("key", single=True) or ("uid",),
            within=form.choice("within", ("scope", "account", "provider"), "scope"),
            where=form.where(),
        )
    return out


def _name_hint() -> str:
    return "small letters, digits and _, beginning with a letter"
