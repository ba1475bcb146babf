"""What a function is: what it takes, what it makes, and how it meets the unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trueline.iac.terraform.evaluate.values import FunctionError, Value, unknown_in
from trueline.iac.terraform.functions.context import FunctionContext

__all__ = ["Function", "Kind", "holding", "on_files", "partial", "whole_only"]

Kind = Callable[[Value], Value]
"""How an argument becomes what the function wants: `arguments`."""


@dataclass(frozen=True, slots=True)
class Function:
    """`run` gets the arguments as the kinds in `takes`, then any number of kind `rest`.

    `sees_unknown`: run handles unknown arguments; otherwise one makes the result unknown.
    `needs_context`: run's first argument is the FunctionContext.
    `keeps_names`: the result holds the arguments whole.
    """

    run: Callable[..., Value]
    takes: tuple[Kind, ...]
    rest: Kind | None = None
    sees_unknown: bool = False
    needs_context: bool = False
    keeps_names: bool = False

    def __call__(self, args: list[Value], context: FunctionContext) -> Value:
        """The result; raises FunctionError for arguments that Terraform refuses."""
        short = len(args) < len(self.takes)
        if short or (self.rest is None and len(args) > len(self.takes)):
            raise FunctionError(f"takes {len(self.takes)} arguments, got {len(args)}")
        kinds = [*self.takes, *[self.rest] * (len(args) - len(self.takes))]
        taken = [kind(arg) for kind, arg in zip(kinds, args, strict=True) if kind]
        if not self.sees_unknown:
            unknown = unknown_in(*taken, present=True, named=self.keeps_names)
            if unknown is not None:
                return unknown
        return self.run(context, *taken) if self.needs_context else self.run(*taken)


def whole_only(run: Callable[..., Value], *takes: Kind, rest: Kind | None = None) -> Function:
    """A function of what is known: unknown arguments make its result unknown."""
    return Function(run, takes, rest)


def holding(run: Callable[..., Value], *takes: Kind, rest: Kind | None = None) -> Function:
    """A function of what is known whose result holds its arguments whole."""
    return Function(run, takes, rest, keeps_names=True)


def partial(run: Callable[..., Value], *takes: Kind, rest: Kind | None = None) -> Function:
    """A function that sees what is unknown in its arguments."""
    return Function(run, takes, rest, sees_unknown=True)


def on_files(run: Callable[..., Value], *takes: Kind, sees_unknown: bool = False) -> Function:
    """A function of files, which it reads through the context."""
    return Function(run, takes, sees_unknown=sees_unknown, needs_context=True)
