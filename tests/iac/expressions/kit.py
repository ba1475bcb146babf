"""A corpus of expressions beside what Terraform makes of them, and a module to evaluate them in.

`corpus/<name>.txt` holds expressions: one a line, or, where a line `---` occurs, separated by such
lines. `corpus/world.tf` is the module in which they stand. `corpus/<name>.json` is what Terraform
said (`record.py`): a value, `{"unknown": true}` in its place, `{"number": "0.1"}`, or an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from trueline.iac.terraform import functions
from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.scope import Step
from trueline.iac.terraform.evaluate.types import ANY, Type, convert
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    OpenObject,
    Value,
)
from trueline.iac.terraform.syntax import (
    Body,
    Expression,
    Name,
    Span,
    parse,
    parse_template,
)
from trueline.mapping import Unknown

CORPUS = Path(__file__).parent / "corpus"
UNKNOWN = {"unknown": True}


@dataclass(frozen=True, slots=True)
class Case:
    """An expression and what Terraform makes of it; `value` None and `error` set when it fails."""

    expression: str
    value: Any
    error: bool


def expressions(name: str) -> list[str]:
    """The expressions of a corpus file, in order."""
    text = (CORPUS / f"{name}.txt").read_text()
    pieces = text.split("\n---\n") if "\n---\n" in text else text.splitlines()
    return [piece for piece in pieces if piece.strip() and not piece.startswith("##")]


def names() -> list[str]:
    """The names of the corpus files."""
    return sorted(path.stem for path in CORPUS.glob("*.txt"))


def cases(name: str) -> list[Case]:
    """The recorded cases of a corpus file."""
    rows = json.loads((CORPUS / f"{name}.json").read_text(), object_hook=_number)
    return [Case(row["expression"], row.get("value"), row.get("error", False)) for row in rows]


def _number(tree: dict[str, Any]) -> Any:
    return Decimal(tree["number"]) if tree.keys() == {"number"} else tree


class Files:
    """The files beside the corpus, as functions see them."""

    module_path = "."
    root_path = "."
    cwd = str(CORPUS)

    def read(self, path: str) -> bytes | Unknown:
        found = CORPUS / path
        if not found.is_file():
            raise FunctionError(f"no file {path}")
        return found.read_bytes()

    def exists(self, path: str) -> bool | Unknown:
        return (CORPUS / path).is_file()

    def glob(self, path: str, pattern: str) -> list[str] | Unknown:
        return Unknown("unresolved:fileset()")

    def render(self, text: str, variables: dict[str, Value]) -> Value:
        return evaluate(parse_template(text, "template"), World({}, {}, variables))


class World:
    """One module of locals and variables, in which `terraform_data` is known after apply."""

    def __init__(
        self,
        locals_: dict[str, Expression],
        variables: dict[str, Value],
        names: dict[str, Value] | None = None,
    ) -> None:
        self.locals, self.variables = locals_, variables
        self.names = {"path": {"module": "."}} if names is None else names
        self.complaints: list[str] = []
        self._known: dict[str, Value] = {}

    def resolve(self, root: str, steps: tuple[Step, ...], span: Span) -> tuple[Value, int]:
        name = steps[0] if steps and isinstance(steps[0], str) else ""
        if root == "local" and name in self.locals:
            if name not in self._known:
                self._known[name] = evaluate(self.locals[name], self)
            return self._known[name], 1
        if root in self.names:
            return self.names[root], 0
        if root == "var" and name in self.variables:
            return self.variables[name], 1
        if root == "terraform_data":
            address = f"terraform_data.{name}"
            whole = Unknown(f"after_apply:{address}", present=True, refs=(address,))
            return OpenObject(whole, lambda attribute: _computed(address, attribute)), 1
        return Unknown(f"unresolved:{root}.{name}"), len(steps)

    def call(self, name: str, args: list[Value]) -> Value:
        return functions.call(name, args, Files())

    def complain(self, message: str, span: Span) -> None:
        self.complaints.append(message)


def _computed(address: str, attribute: str) -> Unknown:
    return Unknown(f"after_apply:{address}.{attribute}", present=attribute == "id", refs=(address,))


def world() -> World:
    """The module of the corpus."""
    body = parse((CORPUS / "world.tf").read_bytes(), "world.tf").body
    made = World({}, {})
    for block in body.blocks:
        if block.type == "locals":
            made.locals |= {name: a.expr for name, a in block.body.attributes.items()}
        elif block.type == "variable":
            made.variables[block.labels[0]] = _default(block.body, made)
    return made


def _default(body: Body, scope: World) -> Value:
    type_ = body.attributes.get("type")
    value = evaluate(body.attributes["default"].expr, scope)
    return convert(value, _type(type_.expr) if type_ else ANY)


def _type(expr: Expression) -> Type:
    """`string`, or a collection of these."""
    if isinstance(expr, Name):
        return Type(expr.root)
    return Type(expr.name, _type(expr.args[0]))  # type: ignore[union-attr]


def shown(value: Value) -> Any:
    """A value as Terraform's JSON shows it, with `UNKNOWN` for what is not known."""
    if isinstance(value, (Unknown, OpenObject, Encoded)):
        return UNKNOWN
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return value


def difference(ours: Any, theirs: Any) -> str | None:
    """Why a shown value contradicts a recorded one, or says less; None when it does not.

    Where Terraform does not know, we may: a short cut that it does not take.
    """
    if theirs == UNKNOWN:
        return None
    if ours == UNKNOWN:
        return f"unknown, and Terraform says {theirs!r}"
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = list(zip(ours, theirs, strict=True))
    elif isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        pairs = [(ours[key], theirs[key]) for key in theirs]
    else:
        same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
        return None if same else f"{ours!r}, and Terraform says {theirs!r}"
    return next((found for pair in pairs if (found := difference(*pair))), None)


def evaluated(expression: str) -> tuple[Value, list[str]]:
    """An expression's value in the corpus's module, and what Terraform would complain about."""
    scope = world()
    file = parse(f"output {{\n  value = {expression}\n}}\n".encode(), "probe.tf")
    found = file.body.blocks[0].body.attributes.get("value")
    value = evaluate(found.expr, scope) if found else Unknown("malformed:probe.tf")
    return value, [*scope.complaints, *map(str, file.problems)]
