"""YAML text as a tree that knows the line and column of everything in it.

The text may come from a stranger: size, depth, and what aliases expand to are limited. Plain
scalars are read by the rules of JSON (`true`, `false`, `null`, decimal numbers); everything else
is text. Tags, several documents in a file, and equal keys in a mapping are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from trueline.catalog.problems import Problem
from trueline.errors import Where

__all__ = ["Document", "DocumentError", "List", "Map", "Node", "Scalar", "plain", "read_document"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_KEY = 200
MAX_NODES = 100_000
"""Counted after aliases are expanded."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_AMBIGUOUS = re.compile(r"(?:y|yes|n|no|on|off|true|false|null|~|)\Z", re.IGNORECASE)


class DocumentError(Exception):
    """The text is no content document; `problem` says what and where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Scalar:
    """A leaf. `block` = written with | or >, `quoted` = within quotation marks."""

    value: str | int | float | bool | None
    text: str
    line: int
    column: int
    size: int = 1
    quoted: bool = False
    block: bool = False
    lines: int = 1


@dataclass(slots=True)
class List:
    line: int
    column: int
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class Map:
    """`entries` by key text, in the order written."""

    line: int
    column: int
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    size: int = 1


Node = Scalar | List | Map


@dataclass(frozen=True, slots=True)
class Document:
    """A file's name, its text by lines, and its tree."""

    file: str
    lines: tuple[str, ...]
    root: Map

    def where(self, node: Node) -> Where:
        return Where(self.file, node.line, node.column)

    def inside(self, node: Node, offset: int) -> Where:
        """The place `offset` characters into the text of a scalar."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return self.where(node)
        if node.block:
            return self._inside_block(node, offset)
        if node.lines > 1:
            return self.where(node)
        return Where(self.file, node.line, node.column + offset + node.quoted)

    def _inside_block(self, node: Scalar, offset: int) -> Where:
        """Walk the lines of the block; folding writes a break as a space, and after a line that
        holds something the first empty one as nothing."""
        first = self.lines[node.line] if node.line < len(self.lines) else ""
        indent = len(first) - len(first.lstrip(" "))
        folded = self.lines[node.line - 1].startswith(">", node.column - 1)
        line, follows_text = node.line + 1, False
        while line < node.line + node.lines - 1:
            text = self.lines[line - 1][indent:]
            taken = 0 if folded and follows_text and not text else len(text) + 1
            if offset < taken:
                break
            offset, line, follows_text = offset - taken, line + 1, bool(text)
        return Where(self.file, line, indent + offset + 1)

    def along(self, node: Node, path: Sequence[str | int]) -> Where:
        """The place of a path of keys and indices from a node, as far as the tree goes."""
        where = self.where(node)
        for step in path:
            if isinstance(node, Map) and step in node.entries:
                key, node = node.entries[str(step)]
                where = self.where(key)
            elif isinstance(node, List) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                where = self.where(node)
        return where


def plain(node: Node) -> Any:
    """The value of a node without places: dicts, lists and scalars."""
    if isinstance(node, Map):
        return {key: plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, List):
        return [plain(item) for item in node.items]
    return node.value


def read_document(path: Path, name: str | None = None) -> Document:
    """Read and parse a file whose top is a mapping; DocumentError says what is wrong and where."""
    file = name or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _error(file, f"cannot read the file: {error.strerror}", 0, 0) from error
    if len(data) > MAX_BYTES:
        raise _error(file, f"a content file has at most {MAX_BYTES:,} bytes", 0, 0)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(file, "expected UTF-8 text", line, 0) from error
    return parse_document(text, file)


def parse_document(text: str, file: str) -> Document:
    """Parse text whose top is a mapping; DocumentError says what is wrong and where."""
    builder = _Builder(file)
    try:
        root = builder.build(_events(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _error(file, error.problem or "not YAML", line, column, _yaml_hint(error)) from error
    except yaml.YAMLError as error:
        raise _error(file, str(error).splitlines()[0], 0, 0) from error
    if not isinstance(root, Map):
        raise _error(file, "expected a mapping at the top of the file", 1, 1)
    return Document(file, tuple(text.splitlines()), root)


def _events(text: str) -> Iterator[Any]:
    loader = _Parser(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _yaml_hint(error: yaml.MarkedYAMLError) -> str | None:
    problem = error.problem or ""
    if "cannot start any token" in problem or "did not find expected" in problem:
        return "write the value in quotation marks, or as a block after |-"
    if "mapping values are not allowed" in problem:
        return "a value that holds a colon and a space needs quotation marks"
    return None


def _error(
    file: str, message: str, line: int, column: int, hint: str | None = None
) -> DocumentError:
    return DocumentError(Problem("yaml", message, Where(file, line, column), hint))


class _Builder:
    """Parser events to a tree, without recursion; a key waits in `keys` for its value."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.stack: list[List | Map] = []
        self.keys: list[Scalar | None] = []
        self.anchors: dict[str, Node] = {}
        self.open_anchors: list[str | None] = []
        self.root: Node | None = None
        self.documents = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise self.fail(event, "expected one document in the file, seen a second")
            elif isinstance(event, yaml.AliasEvent):
                self.place(self.alias(event), event)
            elif isinstance(event, yaml.ScalarEvent):
                node = self.scalar(event)
                self.remember(event.anchor, node)
                self.place(node, event)
            elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                self.open(event)
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                self.close(event)
        return self.root

    def fail(self, event: Any, message: str, hint: str | None = None) -> DocumentError:
        mark = event.start_mark
        return _error(self.file, message, mark.line + 1, mark.column + 1, hint)

    def open(self, event: Any) -> None:
        if event.tag is not None:
            raise self.fail(event, f"tags have no meaning here, seen {event.tag}")
        if len(self.stack) >= MAX_DEPTH:
            raise self.fail(event, f"nested more than {MAX_DEPTH} deep")
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.stack.append(
            Map(line, column) if isinstance(event, yaml.MappingStartEvent) else List(line, column)
        )
        self.keys.append(None)
        self.open_anchors.append(event.anchor)

    def close(self, event: yaml.Event) -> None:
        node = self.stack.pop()
        self.keys.pop()
        self.remember(self.open_anchors.pop(), node)
        self.place(node, event)

    def remember(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self.anchors[anchor] = node

    def alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor not in self.anchors:
            raise self.fail(event, f"no finished value has the anchor &{event.anchor}")
        return self.anchors[event.anchor]

    def scalar(self, event: Any) -> Scalar:
        if event.tag is not None and event.tag != "!":
            raise self.fail(event, f"tags have no meaning here, seen {event.tag}")
        start, end = event.start_mark, event.end_mark
        is_plain = not event.style
        return Scalar(
            _resolve(event.value) if is_plain else event.value,
            event.value,
            start.line + 1,
            start.column + 1,
            quoted=event.style in ("'", '"'),
            block=event.style in ("|", ">"),
            lines=end.line - start.line + 1,
        )

    def place(self, node: Node, event: yaml.Event) -> None:
        """Put a finished node where it belongs: root, list element, key or value."""
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        parent.size += node.size
        if parent.size > MAX_NODES:
            raise self.fail(event, f"a content file has at most {MAX_NODES:,} values")
        if isinstance(parent, List):
            parent.items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = self.key(node, event, parent)
        else:
            parent.entries[key.text] = (key, node)
            self.keys[-1] = None

    def key(self, node: Node, event: yaml.Event, parent: Map) -> Scalar:
        if not isinstance(node, Scalar):
            raise self.fail(event, "a key is text, seen a list or mapping")
        if not node.quoted and _AMBIGUOUS.match(node.text):
            raise self.fail(
                event,
                f"{node.text!r} is no name for a key: YAML readers take it for a boolean or null",
                "write another name, or put it in quotation marks",
            )
        if len(node.text) > MAX_KEY:
            raise self.fail(event, f"a key has at most {MAX_KEY} characters")
        if node.text in parent.entries:
            line = parent.entries[node.text][0].line
            raise self.fail(event, f"key {node.text!r} is written twice", f"first on line {line}")
        return node


def _resolve(text: str) -> str | int | float | bool | None:
    """A plain scalar by the rules of JSON; numbers with leading zeros stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
