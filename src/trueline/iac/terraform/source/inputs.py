"""Values given to a root module: tfvars files in Terraform's order, then options."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.scope import Step
from trueline.iac.terraform.evaluate.values import FunctionError, Value
from trueline.iac.terraform.source.text import Fault, ModuleText
from trueline.iac.terraform.syntax.nodes import Literal, Name, Span
from trueline.iac.terraform.syntax.reading import parse, parse_expression
from trueline.iac.trees import Tree, TreeError
from trueline.mapping import Unknown

__all__ = ["SourceOptions", "root_inputs"]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the command line gives: `variables` as text by name, `var_files` in the judged root."""

    variables: Mapping[str, str] = field(default_factory=dict)
    var_files: Sequence[str] = ()


class _Nothing:
    """A scope without names or functions: what may stand in a tfvars file."""

    def resolve(self, root: str, steps: tuple[Step, ...], span: Span) -> tuple[Value, int]:
        return Unknown(f"unresolved:{root}"), len(steps)

    def call(self, name: str, args: list[Value]) -> Value:
        raise FunctionError(f"{name}() may not be called here")

    def complain(self, message: str, span: Span) -> None:
        """The value is Unknown; that says enough."""


def root_inputs(
    tree: Tree, text: ModuleText, options: SourceOptions
) -> tuple[dict[str, Value], list[Fault]]:
    """Values by variable of a root module, and what of its tfvars files could not be read."""
    values: dict[str, Value] = {}
    faults: list[Fault] = []
    for path in (*_automatic(tree, text.folder), *options.var_files):
        try:
            file = parse(tree.read(path), path)
        except TreeError as error:
            fault = Fault(path, 0, error.message)
            faults.append(fault)
            values.update(dict.fromkeys(text.variables, Unknown(fault.cause)))
            continue
        for name, attribute in file.body.attributes.items():
            values[name] = evaluate(attribute.expr, _Nothing())
        faults.extend(Fault(path, p.line, p.message) for p in file.problems)
        if file.body.damaged is not None:
            lost = Unknown(Fault(path, file.body.damaged.line, "").cause)
            hidden = text.variables.keys() - file.body.attributes.keys()
            values.update(dict.fromkeys(hidden, lost))
    for name, said in options.variables.items():
        if name in text.variables:
            values[name] = _given(text, name, said)
    return values, faults


def _automatic(tree: Tree, folder: str) -> list[str]:
    """The tfvars files that Terraform reads unasked, in its order."""
    try:
        names = tree.list(folder)
    except TreeError:
        return []
    plain = ("terraform.tfvars", "terraform.tfvars.json")
    found: list[str] = [n for n in plain if n in names]
    found += [n for n in names if n.endswith((".auto.tfvars", ".auto.tfvars.json"))]
    return [posixpath.join(folder, name) for name in found]


def _given(text: ModuleText, name: str, said: str) -> Value:
    """A value from the command line: text where the type is simple, else an expression."""
    attribute = text.variables[name].body.attributes.get("type")
    kind = attribute.expr if attribute else None
    simple = isinstance(kind, Name) and kind.root in ("string", "number", "bool", "any")
    if kind is None or simple or isinstance(kind, Literal):
        return said
    return evaluate(parse_expression(said), _Nothing())
