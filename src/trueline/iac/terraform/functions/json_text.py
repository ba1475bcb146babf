"""JSON as Terraform writes and reads it."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from trueline.iac.terraform.evaluate.numbers import number_text
from trueline.iac.terraform.evaluate.types import as_number
from trueline.iac.terraform.evaluate.values import FunctionError, Number, Value
from trueline.iac.terraform.functions.graphemes import same_text

__all__ = ["json_text", "read_json", "sane_number"]

_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
        "\x7f": "\x7f",
    }
)
_HALF = re.compile("[\ud800-\udfff]")
_MOST_DIGITS = 500
_DEEPEST = 100


def json_text(value: Value) -> str:
    """A known value as JSON: keys in order, no spaces, `<`, `>` and `&` escaped."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    if isinstance(value, dict):
        members = (f"{json_text(key)}:{json_text(value[key])}" for key in sorted(value))
        return f"{{{','.join(members)}}}"
    return number_text(value)


def read_json(text: str) -> Value:
    """The value of a JSON text."""
    try:
        value = json.loads(
            text, parse_int=sane_number, parse_float=sane_number, parse_constant=_refuse
        )
    except RecursionError:
        raise FunctionError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise FunctionError(f"invalid JSON: {error}") from None
    return _clean(value, 0)


def sane_number(digits: str) -> Number:
    """A number as written; raises FunctionError where it has hundreds of digits."""
    if len(digits) > _MOST_DIGITS:
        raise FunctionError("a number has too many digits")
    number = Decimal(digits)
    # Terraform keeps the sign of a zero that is read.
    return number if number.is_zero() and number.is_signed() else as_number(digits)


def _clean(value: Value, depth: int) -> Value:
    """Texts in their one form; half of a pair of surrogates is no character."""
    if isinstance(value, str):
        return value if value.isascii() else same_text(_HALF.sub("\ufffd", value))
    if depth > _DEEPEST:
        raise FunctionError("the JSON is nested too deeply")
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {_clean(key, depth): _clean(each, depth + 1) for key, each in value.items()}
    return value


def _refuse(constant: str) -> Value:
    raise FunctionError(f"{constant} is no JSON")
