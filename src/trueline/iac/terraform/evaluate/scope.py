"""What an evaluator asks of the place where an expression stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trueline.iac.terraform.evaluate.values import Value
from trueline.iac.terraform.syntax.nodes import Span

__all__ = ["Key", "Scope", "Step"]


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """`[value]` in a reference; the value may be Unknown."""

    value: Value


Step = str | Key
"""One step of a reference: the name behind a dot, or a key in brackets."""


class Scope(Protocol):
    """Names, functions and complaints of one module instance (and one resource's instance).

    Variables of `for` never get here. The owner remembers what it has evaluated, finds cycles
    (an Unknown `unresolved:local.x (cycle)`) and gives Unknown for what does not exist.
    """

    def resolve(self, root: str, steps: tuple[Step, ...], span: Span) -> tuple[Value, int]:
        """The value of a reference, and how many of its steps were used to find it.

        `var.a.b[0]` comes as root `var`, steps `("a", "b", Key(0))`, and `(value of var.a, 1)` is a
        good answer: the evaluator goes the other steps itself, into dicts, lists, `OpenObject`
        (by `read`) and Unknown (which stays so). A scope that can answer more directly uses more
        steps: `aws_x.y[0].arn` with all three, without making a list of instances first. `steps`
        end where a splat begins, so that `module.m[*].id` asks for `module`, `("m",)`: a list of
        the instances for `count`, a dict for `for_each`, each an `OpenObject`.

        Raises FunctionError where Terraform would fail and `try` may catch it: `aws_x.y[3]` where
        there are two.
        """

    def call(self, name: str, args: list[Value]) -> Value:
        """A function's result: `functions.call` with this module's context.

        Raises FunctionError where Terraform would fail, NoSuchFunctionError for a function that is
        not known. `try` and `can` never get here.
        """

    def complain(self, message: str, span: Span) -> None:
        """Terraform would fail at this place; the value there is Unknown."""
