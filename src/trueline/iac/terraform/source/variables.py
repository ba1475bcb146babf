"""Values of input variables: what is given, else the default, as the declared type has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.types import convert
from trueline.iac.terraform.evaluate.values import FunctionError, Value, is_known
from trueline.iac.terraform.source.constraints import constraint
from trueline.mapping import Unknown

if TYPE_CHECKING:
    from trueline.iac.terraform.source.modules import Local
    from trueline.iac.terraform.source.text import Declared

__all__ = ["UNSAID", "variable_value"]

UNSAID = object()
"""Stands for a variable that nobody gives a value."""


def variable_value(declared: Declared, given: Value, place: Local, address: str) -> Value:
    """The value of a variable to which `given` is passed, or UNSAID.

    Unknown `unresolved:<address>` without value; `sensitive` where it is declared so.
    """
    attributes = declared.body.attributes

    def flag(label: str, default: bool) -> Value:
        return evaluate(attributes[label].expr, place) if label in attributes else default

    value = given
    if value is UNSAID or (value is None and flag("nullable", True) is False):
        if "default" not in attributes:
            lost = declared.body.damaged
            cause = f"malformed:{declared.file}:{lost.line}" if lost else f"unresolved:{address}"
            return Unknown(cause)
        value = evaluate(attributes["default"].expr, place)
    said = attributes.get("type")
    if said is not None:
        try:
            value = convert(value, constraint(said.expr, lambda expr: evaluate(expr, place)))
        except FunctionError as error:
            place.complain(f"{address}: {error}", said.span)
            return Unknown(f"unresolved:{address}")
    if flag("sensitive", False) is True and value is not None:
        return Unknown("sensitive", present=is_known(value))
    return value
