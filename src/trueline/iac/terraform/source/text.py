"""What the files of one folder say: a module as text, merged with its override files."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from trueline.iac.terraform.syntax import parse
from trueline.iac.terraform.syntax.nodes import Attribute, Block, Body, File, Literal
from trueline.iac.trees import Tree, TreeError

__all__ = ["Declared", "Fault", "ModuleText", "Texts", "constant", "is_source"]

_LONG = 200
"""Lines of an attribute, or columns of one that stands on one line."""

SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something of a file that could not be read; line 0 = the whole file."""

    file: str
    line: int
    message: str

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def cause(self) -> str:
        """As unknown values say it."""
        return f"malformed:{self.place}"


@dataclass(frozen=True, slots=True)
class Declared:
    """A block at the top of a file; `elsewhere`: files of attributes that an override replaced."""

    block: Block
    file: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Body:
        return self.block.body

    def file_of(self, label: str) -> str:
        return self.elsewhere.get(label, self.file)


@dataclass(slots=True)
class ModuleText:
    """A module as its folder says it; resources by `type.name`, data with `data.` before.

    `lost`: why blocks may stand here that are not seen.
    """

    folder: str
    files: list[File] = field(default_factory=list)
    variables: dict[str, Declared] = field(default_factory=dict)
    locals: dict[str, tuple[Attribute, str]] = field(default_factory=dict)
    outputs: dict[str, Declared] = field(default_factory=dict)
    calls: dict[str, Declared] = field(default_factory=dict)
    resources: dict[str, Declared] = field(default_factory=dict)
    providers: dict[str, Declared] = field(default_factory=dict)
    moved: list[Declared] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lost: Fault | None = None

    def fault(self, file: str, line: int, message: str, *, loses: bool = False) -> None:
        found = Fault(file, line, message)
        self.faults.append(found)
        if loses and self.lost is None:
            self.lost = found

    def problems(self) -> Iterable[Fault]:
        """All that could not be read; what attributes hide shows once they have been read."""
        yield from self.faults
        for file in self.files:
            _read_long(file.body)
            yield from (Fault(file.name, p.line, p.message) for p in file.problems)


def _read_long(body: Body) -> None:
    """Read the attributes that are long enough to be nested too deeply, though nobody asks."""
    for attribute in body.attributes.values():
        line, column, end_line, end_column = attribute.span
        if end_line - line > _LONG or (line == end_line and end_column - column > _LONG):
            attribute.expr  # noqa: B018  (what cannot be read becomes a problem of the file)
    for block in body.blocks:
        _read_long(block.body)


def is_source(name: str) -> bool:
    """Is a file of this name read as part of a module?"""
    return name.endswith(SUFFIXES) and not name.startswith((".", "#")) and not name.endswith("~")


def _is_override(name: str) -> bool:
    stem = next(name.removesuffix(s) for s in reversed(SUFFIXES) if name.endswith(s))
    return stem == "override" or stem.endswith("_override")


def constant(body: Body, label: str) -> str | None:
    """The text that an attribute says without reference to anything."""
    said = body.attributes.get(label)
    value = said.expr if said else None
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


class Texts:
    """Modules by folder, each read once; equal folders under other names are the same module."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._known: dict[str, ModuleText] = {}

    def of(self, folder: str) -> ModuleText:
        """The module of a folder; its faults say what could not be read."""
        try:
            place = self.tree.real(folder)
        except TreeError as error:
            text = ModuleText(folder)
            text.fault(folder, 0, error.message, loses=True)
            return text
        if place not in self._known:
            self._known[place] = self._read(place)
        return self._known[place]

    def known(self) -> Iterable[ModuleText]:
        """Every module that was read."""
        return self._known.values()

    def _read(self, folder: str) -> ModuleText:
        text = ModuleText(folder)
        try:
            names = [n for n in self.tree.list(folder) if is_source(n)]
        except TreeError as error:
            text.fault(folder, 0, error.message, loses=True)
            return text
        plain = [n for n in names if not _is_override(n)]
        for name in (*plain, *(n for n in names if _is_override(n))):
            file = self._parse(text, posixpath.join(folder, name))
            if file is not None:
                text.files.append(file)
                _declare(text, file, override=_is_override(name))
        return text

    def _parse(self, text: ModuleText, path: str) -> File | None:
        try:
            if not self.tree.is_file(path) and self.tree.is_dir(path):
                return None
            return parse(self.tree.read(path), path)
        except TreeError as error:
            text.fault(path, 0, error.message, loses=True)
            return None


def _declare(text: ModuleText, file: File, *, override: bool) -> None:
    """Sort the blocks of a file into a module."""
    damaged = file.body.damaged
    if damaged is not None and text.lost is None:
        text.lost = Fault(file.name, damaged.line, damaged.message)
    for kind, labels in _LABELS.items():
        for block in file.body.nested(kind, labels):
            if len(block.labels) == labels:
                _put(text, kind, Declared(block, file.name), override)
    for block in file.body.nested("locals"):
        _put_locals(text, block.body, file.name, override)


_LABELS = {
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "resource": 2,
    "data": 2,
    "moved": 0,
}


def _put(text: ModuleText, kind: str, new: Declared, override: bool) -> None:
    if kind == "moved":
        text.moved.append(new)
        return
    room, name = _room(text, kind, new.block)
    old = room.get(name)
    if old is None:
        room[name] = new
    elif override:
        room[name] = _overridden(old, new)
    else:
        line = new.block.span.line
        first = f"{old.file}:{old.block.span.line}"
        text.fault(new.file, line, f"{kind} {name} is declared again; first seen at {first}")


def _room(text: ModuleText, kind: str, block: Block) -> tuple[dict[str, Declared], str]:
    labels = block.labels
    if kind == "provider":
        alias = constant(block.body, "alias")
        return text.providers, f"{labels[0]}.{alias}" if alias else labels[0]
    if kind in ("resource", "data"):
        return text.resources, ".".join(labels if kind == "resource" else ("data", *labels))
    rooms = {"variable": text.variables, "output": text.outputs, "module": text.calls}
    return rooms[kind], labels[0]


def _put_locals(text: ModuleText, body: Body, file: str, override: bool) -> None:
    for name, attribute in body.attributes.items():
        if name in text.locals and not override:
            first = text.locals[name]
            text.fault(
                file,
                attribute.span.line,
                f"local {name} is declared again; first seen at {first[1]}:{first[0].span.line}",
            )
            continue
        text.locals[name] = (attribute, file)


def _overridden(old: Declared, new: Declared) -> Declared:
    """A block with an override's attributes, and its nested blocks in place of those alike."""
    below, above = old.body, new.body
    replaced = {block.type for block in above.blocks}
    nested: Callable[[str, int], tuple[Block, ...]] | None = None
    if below.json_blocks or above.json_blocks:

        def nested(type_: str, labels: int) -> tuple[Block, ...]:
            return above.nested(type_, labels) or below.nested(type_, labels)

    body = Body(
        attributes={**below.attributes, **above.attributes},
        blocks=(*(b for b in below.blocks if b.type not in replaced), *above.blocks),
        damaged=below.damaged or above.damaged,
        json_blocks=nested,
    )
    block = old.block
    merged = Block(block.type, block.labels, body, block.span, block.header_span)
    return Declared(
        merged, old.file, {**old.elsewhere, **dict.fromkeys(above.attributes, new.file)}
    )
