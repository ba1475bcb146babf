"""Bytes of a Terraform file, or the text of a template, to a syntax tree."""

from __future__ import annotations

from trueline.iac.terraform.syntax import templates
from trueline.iac.terraform.syntax.expressions import Reader
from trueline.iac.terraform.syntax.json_files import json_body
from trueline.iac.terraform.syntax.nodes import Bad, Body, Expression, File, Problem, Span
from trueline.iac.terraform.syntax.structure import Structure
from trueline.iac.terraform.syntax.text import Text, TextError

__all__ = ["LARGEST", "parse", "parse_expression", "parse_template"]

LARGEST = 8 * 1024 * 1024
"""Bytes of the largest file that is read."""

_MARK = "\ufeff"


def parse(data: bytes, name: str) -> File:
    """The tree of `*.tf`, `*.tfvars` and, where the name ends so, of `*.json`.

    Never raises on bad input: `problems` says what was expected and seen, and the bodies around
    it are `damaged`.
    """
    fault = _unreadable(data)
    if fault:
        return File(name, Body(damaged=fault), (), [fault])
    problems: list[Problem] = []
    try:
        source = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        problem = Problem(line, column, f"expected UTF-8, saw the byte {data[error.start]:#04x}")
        return File(name, Body(damaged=problem), (), [problem])
    text = Text(source.removeprefix(_MARK), name)
    if name.endswith(".json"):
        body = json_body(text, problems, name.endswith(".tfvars.json"))
        return File(name, body, (), problems)
    structure = Structure(text, problems)
    body = structure.body()
    return File(name, body, structure.comments(), problems)


def parse_template(source: str, name: str, fixed: Span | None = None) -> Expression:
    """A text with `${ }` and `%{ }`, as `templatefile` reads it; `Bad` when it is broken."""
    return _whole(Text(source, name, fixed), is_template=True)


def parse_expression(source: str, name: str = "") -> Expression:
    """An expression that is the whole text; `Bad` when it is broken."""
    return _whole(Text(source, name), is_template=False)


def _whole(text: Text, is_template: bool) -> Expression:
    reader = Reader(text, 0, lines=False)
    try:
        if is_template:
            return templates.bare(reader)
        reader.advance()
        made = reader.expression()
        if reader.kind != "end":
            raise reader.fault("the end")
    except TextError as fault:
        return Bad(f"{text.name}:{text.place(fault.offset)[0]}", text.span(0, len(text.source)))
    return made


def _unreadable(data: bytes) -> Problem | None:
    if len(data) > LARGEST:
        return Problem(1, 1, f"expected at most {LARGEST} bytes, saw {len(data)}")
    zero = data.find(b"\0")
    if zero >= 0:
        return Problem(data.count(b"\n", 0, zero) + 1, 1, "expected text, saw binary data")
    return None
