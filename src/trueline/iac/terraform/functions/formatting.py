"""Terraform's `format` and `formatlist`."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from trueline.iac.terraform.evaluate.numbers import number_text
from trueline.iac.terraform.evaluate.values import (
    FunctionError,
    Number,
    TfList,
    Value,
    normal,
    unknown_in,
)
from trueline.iac.terraform.functions.arguments import (
    is_opaque,
    not_reproduced,
    number,
    text,
    truth,
)
from trueline.iac.terraform.functions.graphemes import graphemes, same_text
from trueline.iac.terraform.functions.json_text import json_text
from trueline.iac.terraform.functions.limits import bounded, few
from trueline.iac.terraform.functions.numbers import absolute
from trueline.mapping import Unknown

__all__ = ["format_list", "format_text"]

_VERB = re.compile(
    r"(?P<flags>[-+# 0]*)(?P<width>[1-9][0-9]*)?(?:\.(?P<precision>[0-9]*))?"
    r"(?:\[(?P<argument>[1-9][0-9]*)\])?(?P<verb>[a-zA-Z])"
)
_PREFIXES = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}
_BITS = 512
"""Bits of the binary numbers in which Terraform counts; they decide how a half is rounded."""

_LARGEST_PLAIN = 6
"""Powers of ten from here on are written as such by `%g` and `%v`."""


def format_text(template: str, *values: Value) -> str | Unknown:
    """`format(template, values…)`.

    Unknown where a value is null: Terraform decides by the type that the null has.
    """
    if any(value is None for value in values):
        return not_reproduced("format")
    out: list[str] = []
    position = turn = used = length = 0
    while (percent := template.find("%", position)) >= 0:
        out.append(template[position:percent])
        if template.startswith("%%", percent):
            out.append("%")
            position = percent + 2
            continue
        verb = _VERB.match(template, percent + 1)
        if verb is None:
            raise FunctionError(f"invalid format string starting at offset {percent}")
        turn = int(verb["argument"]) if verb["argument"] else turn + 1
        if turn > len(values):
            raise FunctionError(f"not enough arguments for {verb[0]!r}: need {turn}")
        used = max(used, turn)
        out.append(_written(verb, values[turn - 1]))
        length += len(out[-1])
        bounded(length)
        position = verb.end()
    if used < len(values):
        raise FunctionError(f"too many arguments; only {used} used by format string")
    return same_text("".join([*out, template[position:]]))


def format_list(template: str, *values: Value) -> TfList | Unknown:
    """`formatlist(template, values…)`: one text for each element of the lists among the values."""
    if any(value is None for value in values):
        return not_reproduced("formatlist")
    if any(map(is_opaque, (template, *values))):
        doubt = unknown_in(template, *values, present=True)
        return not_reproduced("formatlist") if doubt is None else doubt
    lengths = {len(value) for value in values if isinstance(value, list)}
    if len(lengths) > 1:
        raise FunctionError("the lists must have the same length")
    count = lengths.pop() if lengths else 1
    few(count)
    rows = [[v[i] if isinstance(v, list) else v for v in values] for i in range(count)]
    doubts = [unknown_in(row, present=True) for row in rows]
    return TfList(
        format_text(template, *row) if doubt is None else doubt
        for row, doubt in zip(rows, doubts, strict=True)
    )


def _written(verb: re.Match[str], value: Value) -> str:
    flags, letter = verb["flags"], verb["verb"]
    width = _size(verb["width"] or "0")
    precision = None if verb["precision"] is None else _size(verb["precision"] or "0")
    if letter == "v" and ("#" in flags or not isinstance(value, (str, int, Decimal))):
        return _padded(json_text(value), flags, width)
    if letter == "v" and not isinstance(value, (bool, str)):
        return _padded(_shortest(number(value), None, "e"), flags, width, numeric=True)
    if letter == "v" or letter == "s":
        shown = text(value)
        if precision is not None and letter == "s":
            shown = "".join(graphemes(shown)[:precision])
        return _padded(shown, flags, width)
    if letter == "q":
        return _padded(json_text(text(value)), flags, width)
    if letter == "t":
        return "true" if truth(value) else "false"
    if letter in "dboxX":
        return _padded(_whole(number(value), letter, flags, precision), flags, width, numeric=True)
    if letter in "eEfgG":
        return _padded(_real(number(value), letter, flags, precision), flags, width, numeric=True)
    raise FunctionError(f"unsupported format verb {letter!r}")


def _size(digits: str) -> int:
    if len(digits) > 3:
        raise FunctionError("the width or precision of a format is too large")
    return int(digits)


def _padded(shown: str, flags: str, width: int, numeric: bool = False) -> str:
    missing = width - len(graphemes(shown))
    if missing <= 0:
        return shown
    if "-" in flags:
        return shown + ("0" if "0" in flags and not numeric else " ") * missing
    if "0" not in flags:
        return " " * missing + shown
    signed = numeric and shown[0] in "+- "
    return shown[:signed] + "0" * missing + shown[signed:]


def _sign(value: Number, flags: str) -> str:
    if value < 0:
        return "-"
    return "+" if "+" in flags else " " if " " in flags else ""


def _whole(value: Number, letter: str, flags: str, precision: int | None) -> str:
    if not isinstance(value, int):
        raise FunctionError("an integer is required")
    digits = number_text(abs(value)) if letter == "d" else format(abs(value), letter)
    digits = digits.rjust(precision or 0, "0")
    prefix = _PREFIXES.get(letter, "") if "#" in flags else ""
    return _sign(value, flags) + prefix + digits


def _real(value: Number, letter: str, flags: str, precision: int | None) -> str:
    sign = _sign(value, flags)
    if letter == "f":
        return sign + _fixed(_binary(absolute(value)), 6 if precision is None else precision)
    if letter in "gG":
        return sign + _shortest(absolute(value), precision, "E" if letter == "G" else "e")
    digits, exponent = _significant(
        _binary(absolute(value)), 7 if precision is None else precision + 1
    )
    return sign + _scientific(digits, exponent, letter)


def _binary(value: Number) -> Fraction:
    """The nearest number of 512 bits."""
    exact = Fraction(value)
    if not exact:
        return exact
    shift = _BITS - (exact.numerator.bit_length() - exact.denominator.bit_length())
    scaled = exact * Fraction(2) ** shift
    if scaled >= 1 << _BITS:
        scaled, shift = scaled / 2, shift - 1
    return round(scaled) / Fraction(2) ** shift


def _fixed(value: Fraction, precision: int) -> str:
    digits = str(round(value * 10**precision)).rjust(precision + 1, "0")
    return f"{digits[:-precision]}.{digits[-precision:]}" if precision else digits


def _significant(value: Fraction, count: int) -> tuple[str, int]:
    """So many digits of a number that is not negative, and the power of ten of the first."""
    if not value:
        return "0" * count, 0
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    if value < Fraction(10) ** exponent:
        exponent -= 1
    digits = str(round(value / Fraction(10) ** (exponent - count + 1)))
    return (digits[:count], exponent + 1) if len(digits) > count else (digits, exponent)


def _scientific(digits: str, exponent: int, letter: str) -> str:
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    return f"{mantissa}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _shortest(value: Number, precision: int | None, letter: str) -> str:
    """The shortest digits that say the number, or `precision` digits; a power of ten if large."""
    sign = "-" if value < 0 else ""
    if precision is None:
        digits, exponent = _exact_digits(absolute(value))
        limit = _LARGEST_PLAIN
    else:
        digits, exponent = _significant(_binary(absolute(value)), max(precision, 1))
        limit = max(precision, 1)
        digits = digits.rstrip("0") or "0"
    if exponent < -4 or exponent >= limit:
        return sign + _scientific(digits, exponent, letter)
    return sign + number_text(normal(Decimal(f"{digits}e{exponent - len(digits) + 1}")))


def _exact_digits(value: Number) -> tuple[str, int]:
    plain = number_text(value)
    whole, _, fraction = plain.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0", 0
    exponent = len(whole) - 1 - (len(whole + fraction) - len(digits))
    return digits.rstrip("0") or "0", exponent
