"""The `live` section of a resource file: the listing, its parts, and what names they may read."""

from __future__ import annotations

import re
from typing import Any

from trueline.catalog.document import List, Node
from trueline.catalog.form import Form
from trueline.model import Call, Live

__all__ = ["read_live"]

_LIVE_KEYS = (
    "scope", "list", "parts", "uid", "region", "account", "incarnation", "secrets",
)  # fmt: skip
_ASK_KEYS = ("call", "args", "fixed", "region")
_LIST_KEYS = (*_ASK_KEYS, "rows", "as", "may_lack_rows", "absent")
_FIRST_KEYS = (*_ASK_KEYS, "until")
_PART_KEYS = (
    *_ASK_KEYS, "keep", "rows", "may_lack_rows", "absent", "gone", "when", "each", "as",
    "key", "match", "missing", "batch", "first", "until",
)  # fmt: skip
_SCOPES = ("region", "global", "subscription", "project", "namespace")
_CALL = re.compile(r"[a-z][a-z0-9-]*\.[A-Z][A-Za-z0-9]*\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


def read_live(top: Form) -> tuple[Live | None, tuple[str, ...]]:
    """The section, None where there is none, and the names that its document holds."""
    form = top.form("live", _LIVE_KEYS, "live")
    if form is None:
        return None, ()
    form.require("scope", "uid")
    names = ["scope"]
    listing = None
    if (node := form.get("list")) is not None and (inner := form.sub(node, "list", _LIST_KEYS)):
        inner.require("call", "rows", "as")
        listing = _call(inner, "list", ["scope"])
        if listing.as_:
            names.append(listing.as_)
    row_names = tuple(names)
    parts = _parts(form, names)
    uid = _over(form, "uid", row_names, "uid comes from the list row and scope only")
    live = Live(
        scope=form.choice("scope", _SCOPES, "region"),
        list=listing,
        parts=parts,
        uid=uid or "",
        region=_over(form, "region", names),
        account=_over(form, "account", names),
        incarnation=_over(form, "incarnation", names),
        secrets=_secrets(form, names),
    )
    return live, tuple(names)


def _over(
    form: Form, key: str, names: tuple[str, ...] | list[str], rule: str | None = None
) -> str | None:
    text = form.expression(key)
    node = form.get(key)
    if text and node is not None:
        form.sheet.roots(text, node, names, rule or f"{key} of {form.what}")
    return text


def _secrets(form: Form, names: list[str]) -> tuple[str, ...]:
    node = form.get("secrets")
    for item in node.items if isinstance(node, List) else ():
        text = form.sheet.expression(item, "secrets")
        form.sheet.roots(text, item, names, "secrets")
    return form.texts("secrets")


def _parts(live: Form, names: list[str]) -> tuple[Call, ...]:
    """The parts in order; each may read those before it. `names` grows by their names."""
    out = []
    for name, (at, node) in live.entries("parts").items():
        if not _NAME.match(name) or name in names:
            hint = "it is taken" if name in names else "small letters, digits and _"
            live.sheet.error("name", f"{name!r} is no name for a part", at, hint)
        form = live.sub(node, f"part {name}", _PART_KEYS)
        if form is not None:
            _check_part(form)
            out.append(_call(form, name, list(names)))
        names.append(name)
    return tuple(out)


def _check_part(form: Form) -> None:
    """Keys that need or exclude each other."""
    form.require("call")
    pairs = (("each", "as"), ("as", "each"), ("key", "match"), ("match", "key"),
             ("missing", "key"), ("batch", "key"), ("key", "rows"),
             ("may_lack_rows", "rows"))  # fmt: skip
    for key, needed in pairs:
        if key in form and needed not in form:
            form.error("missing-key", f"{form.what} has {key}, which needs {needed}", key)
    exclusive = (("keep", "rows"), ("each", "key"))
    for one, other in exclusive:
        if one in form and other in form:
            form.error(
                "unknown-key", f"{form.what} has {one} and {other}: one excludes the other", other
            )
    if "key" in form and "missing" not in form:
        hint = "absent: not listed is known to be not there; unknown: the list may be old"
        form.error("missing-key", f"{form.what} has key, which needs missing", "key", hint)


def _call(form: Form, name: str, names: list[str]) -> Call:
    """One call. `names` = what the document holds when it is made."""
    call = form.text("call") or ""
    if call and not _CALL.match(call):
        hint = "written service.Operation: sqs.ListQueues"
        form.error("name", f"{call!r} is no call", "call", hint)
    once = "key" in form
    asked = ["scope"] if once else list(names)
    each = _over(form, "each", names)
    as_ = form.text("as")
    if name != "list" and as_:
        asked.append(as_)
    batch = form.form("batch", ("size", "ids")) if "batch" in form else None
    if batch:
        batch.require("size", "ids")
    return Call(
        name=name,
        call=call,
        args=_args(form, asked, once),
        fixed=_fixed(form),
        keep=form.expression("keep"),
        rows=form.expression("rows"),
        may_lack_rows=form.flag("may_lack_rows"),
        as_=as_,
        absent=form.texts("absent", single=True),
        gone=form.texts("gone", single=True),
        when=_over(form, "when", names),
        each=each,
        key=form.expression("key"),
        match=_over(form, "match", names),
        missing=form.choice("missing", ("absent", "unknown"), "unknown") if once else None,
        batch_size=batch.number("size") if batch else None,
        batch_ids=batch.text("ids") if batch else None,
        first=_first(form),
        until=form.expression("until"),
        region=_over(form, "region", asked),
        where=form.where(),
    )


def _args(form: Form, names: list[str], once: bool) -> dict[str, str | tuple[str, ...]]:
    what = f"{form.what}, asked once a scope," if once else f"an argument of {form.what}"
    out: dict[str, str | tuple[str, ...]] = {}
    for arg, (_, node) in form.entries("args").items():
        items: list[Node] = list(node.items) if isinstance(node, List) else [node]
        texts = []
        for item in items:
            text = form.sheet.expression(item, f"argument {arg}")
            form.sheet.roots(text, item, names, what)
            texts.append(text)
        out[arg] = tuple(texts) if isinstance(node, List) else texts[0]
    return out


def _fixed(form: Form) -> dict[str, Any]:
    both = set(form.entries("args")) & set(form.entries("fixed"))
    for arg in sorted(both):
        form.error("unknown-key", f"argument {arg} stands under args and under fixed", "fixed")
    value = form.value("fixed")
    return value if isinstance(value, dict) else {}


def _first(form: Form) -> tuple[Call, ...]:
    node = form.get("first")
    if node is None:
        return ()
    out = []
    items: list[Node] = list(node.items) if isinstance(node, List) else [node]
    for number, item in enumerate(items, 1):
        inner = form.sub(item, f"call {number} before {form.what}", _FIRST_KEYS)
        if inner is not None:
            inner.require("call")
            out.append(_call(inner, f"first {number}", ["scope"]))
    return tuple(out)
