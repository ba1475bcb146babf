"""Typed access to a mapping of a content file; whatever is wrong becomes a placed problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trueline.catalog.document import Document, List, Map, Node, Scalar, plain
from trueline.catalog.problems import Problem, closest
from trueline.errors import TruelineError, Where
from trueline.mapping import ExpressionError, compile_expression, expression_paths, lint_expression

__all__ = ["Form", "Sheet", "kind_of"]


def kind_of(node: Node) -> str:
    """What a node is, in the words of an error message."""
    if isinstance(node, Map):
        return "a mapping"
    if isinstance(node, List):
        return "a list"
    names: dict[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
    }
    return names.get(type(node.value), "nothing")


@dataclass(slots=True)
class Sheet:
    """One file being read: its document and the problems found so far."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, at: Node | Where, hint: str | None = None) -> None:
        self._add(code, message, at, hint, warning=False)

    def warn(self, code: str, message: str, at: Node | Where, hint: str | None = None) -> None:
        self._add(code, message, at, hint, warning=True)

    def _add(
        self, code: str, message: str, at: Node | Where, hint: str | None, warning: bool
    ) -> None:
        where = at if isinstance(at, Where) else self.document.where(at)
        self.problems.append(Problem(code, message, where, hint, warning))

    @property
    def broken(self) -> bool:
        return any(not problem.warning for problem in self.problems)

    def expression(self, node: Node, what: str) -> str:
        """The text of a mapping expression, compiled and linted once here; empty when broken."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self.error(
                "expression",
                f"expected an expression for {what}, seen {kind_of(node)}",
                node,
                "a constant is written in backquotes or single quotes: `true`, 'text'",
            )
            return ""
        try:
            compile_expression(node.value)
            for message in lint_expression(node.value):
                self.error("expression", message, node)
        except ExpressionError as error:
            place = self.document.inside(node, max(error.column, 0))
            self.error("expression", error.message, place)
            return ""
        return node.value

    def misread(self, text: str, node: Node, error: TruelineError) -> None:
        """Tell an error whose place counts from the start of a predicate, the text of `node`."""
        at = error.where or Where("", 1, 1)
        before = text.split("\n")[: at.line - 1]
        offset = sum(len(line) + 1 for line in before) + at.column - 1
        where = self.document.inside(node, offset)
        self.problems.append(Problem(error.code, error.message, where, error.hint))

    def roots(self, text: str, node: Node, known: Iterable[str], what: str) -> None:
        """Each name an expression begins with must be one of `known`."""
        names = list(known)
        for root in sorted({path[0] for path in expression_paths(text) if path} if text else ()):
            if root not in names:
                seen = ", ".join(names)
                self.error(
                    "unknown-name",
                    f"{what} has no part named {root!r}",
                    node,
                    closest(root, names) or f"known here: {seen}",
                )


class Form:
    """A mapping with a closed set of keys. Reading a key that is not there gives None or empty."""

    def __init__(self, sheet: Sheet, node: Map, what: str, keys: Iterable[str]) -> None:
        self.sheet, self.node, self.what, self.keys = sheet, node, what, tuple(keys)
        for key, (at, _) in node.entries.items():
            if key not in self.keys:
                hint = closest(key, self.keys) or f"known keys: {', '.join(self.keys)}"
                sheet.error("unknown-key", f"{what} has no key {key!r}", at, hint)

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries

    def get(self, key: str) -> Node | None:
        entry = self.node.entries.get(key)
        return entry[1] if entry else None

    def where(self, key: str | None = None) -> Where:
        """The place of a key's name, else of the mapping."""
        entry = self.node.entries.get(key) if key else None
        return self.sheet.document.where(entry[0] if entry else self.node)

    def error(
        self, code: str, message: str, key: str | None = None, hint: str | None = None
    ) -> None:
        self.sheet.error(code, message, self.where(key), hint)

    def require(self, *keys: str) -> None:
        for key in keys:
            if key not in self.node.entries:
                self.error("missing-key", f"{self.what} needs the key {key!r}")

    def text(self, key: str) -> str | None:
        """Text, trimmed of a block's last line break."""
        node = self.get(key)
        if node is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
            return node.value.rstrip("\n")
        shown = "empty text" if isinstance(node, Scalar) and node.value == "" else kind_of(node)
        hint = None
        if isinstance(node, Scalar) and isinstance(node.value, bool | int | float):
            hint = f"write '{node.text}' in quotation marks"
        self.sheet.error("wrong-type", f"{key} of {self.what} is text, seen {shown}", node, hint)
        return None

    def choice(self, key: str, values: tuple[str, ...], default: str) -> str:
        """One of `values`."""
        text = self.text(key)
        if text is None or text in values:
            return text or default
        node = self.get(key)
        assert node is not None
        self.sheet.error(
            "unknown-value",
            f"{key} of {self.what} is one of {', '.join(values)}; seen {text!r}",
            node,
            closest(text, values),
        )
        return default

    def flag(self, key: str) -> bool:
        node = self.get(key)
        if node is None:
            return False
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.sheet.error(
            "wrong-type", f"{key} of {self.what} is true or false, seen {kind_of(node)}", node
        )
        return False

    def number(self, key: str) -> int | None:
        node = self.get(key)
        if node is None:
            return None
        if isinstance(node, Scalar) and type(node.value) is int:
            return node.value
        self.sheet.error(
            "wrong-type", f"{key} of {self.what} is a number, seen {kind_of(node)}", node
        )
        return None

    def texts(self, key: str, single: bool = False) -> tuple[str, ...]:
        """A list of texts; with `single`, one text alone stands for a list of one."""
        node = self.get(key)
        if node is None:
            return ()
        if single and isinstance(node, Scalar):
            text = self.text(key)
            return (text,) if text else ()
        if not isinstance(node, List):
            self.sheet.error(
                "wrong-type", f"{key} of {self.what} is a list of texts, seen {kind_of(node)}", node
            )
            return ()
        out = []
        for item in node.items:
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
                out.append(item.value.rstrip("\n"))
            else:
                hint = (
                    f"write '{item.text}' in quotation marks" if isinstance(item, Scalar) else None
                )
                message = f"elements of {key} are texts, seen {kind_of(item)}"
                self.sheet.error("wrong-type", message, item, hint)
        return tuple(out)

    def value(self, key: str) -> Any:
        node = self.get(key)
        return None if node is None else plain(node)

    def entries(self, key: str) -> Mapping[str, tuple[Scalar, Node]]:
        """The entries of a mapping with free keys."""
        node = self.get(key)
        if node is None:
            return {}
        if isinstance(node, Map):
            return node.entries
        self.sheet.error(
            "wrong-type", f"{key} of {self.what} is a mapping, seen {kind_of(node)}", node
        )
        return {}

    def form(self, key: str, keys: Iterable[str], what: str | None = None) -> Form | None:
        node = self.get(key)
        return None if node is None else self.sub(node, what or f"{key} of {self.what}", keys)

    def sub(self, node: Node, what: str, keys: Iterable[str]) -> Form | None:
        """A form over a node that must be a mapping; None, with a problem, when it is not."""
        if isinstance(node, Map):
            return Form(self.sheet, node, what, keys)
        self.sheet.error("wrong-type", f"{what} is a mapping, seen {kind_of(node)}", node)
        return None

    def expression(self, key: str) -> str | None:
        node = self.get(key)
        return None if node is None else self.sheet.expression(node, f"{key} of {self.what}")
