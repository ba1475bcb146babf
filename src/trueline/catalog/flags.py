"""Flags of a resource file: what its rows say of exposure and power, read and compiled."""

from __future__ import annotations

from trueline.catalog.document import Map, Node
from trueline.catalog.form import Form, Sheet, kind_of
from trueline.errors import Where
from trueline.language import CompiledPolicy, LanguageError, compile_flag
from trueline.model import FLAGS, NEVER, Flag, ResourceType

__all__ = ["compiled_flags", "read_flags"]

_KEYS = ("when", "known_when")
_START = Where("", 1, 1)


def read_flags(top: Form) -> dict[str, Flag]:
    """The flags that the file gives, in the order of FLAGS."""
    form = top.form("flags", FLAGS, "flags")
    out = {}
    for name in FLAGS:
        node = form.get(name) if form else None
        if form is None or node is None:
            continue
        if isinstance(node, Map):
            parts = Form(top.sheet, node, f"flag {name}", _KEYS)
            parts.require("when")
            out[name] = Flag(name, _predicate(parts, "when") or "", _predicate(parts, "known_when"))
        else:
            out[name] = Flag(name, _predicate(form, name) or "")
    return out


def _predicate(form: Form, key: str) -> str | None:
    """The text of a predicate, `never` as what is never true; None where there is none."""
    node = form.get(key)
    if node is None:
        return None
    text = node.value if not isinstance(node, Map) and hasattr(node, "value") else None
    if not isinstance(text, str) or not text.strip():
        message = f"{key} of {form.what} is a predicate, seen {kind_of(node)}"
        hint = "write a condition over the columns, or never where no resource can be that"
        form.sheet.error("wrong-type", message, node, hint)
        return None
    return NEVER if text.strip() == "never" else text.rstrip("\n")


def compiled_flags(rtype: ResourceType, sheet: Sheet) -> tuple[CompiledPolicy, ...]:
    """Compile the flags of a type; one that cannot be compiled is a problem at its place."""
    out = []
    for flag in rtype.flags.values():
        try:
            out.append(compile_flag(flag, rtype, _START))
        except LanguageError as error:
            text, node = _written(flag, sheet, error.message.startswith("known_when"))
            sheet.misread(text, node, error)
    return tuple(out)


def _written(flag: Flag, sheet: Sheet, known: bool) -> tuple[str, Node]:
    """A predicate of a flag and the node that it was read from."""
    section = sheet.document.root.entries["flags"][1]
    assert isinstance(section, Map)
    node = section.entries[flag.name][1]
    if isinstance(node, Map):
        node = node.entries["known_when" if known else "when"][1]
    return (flag.known_when or "") if known else flag.when, node
