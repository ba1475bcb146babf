"""Terraform's numeric functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from trueline.iac.terraform.evaluate.values import FunctionError, Number, normal
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.mapping import Unknown

__all__ = ["absolute", "ceiling", "floor", "greatest", "least", "log", "parse_int", "power", "sign"]

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def absolute(number: Number) -> Number:
    """`abs(number)`."""
    return -number if number < 0 else number


def ceiling(number: Number) -> Number:
    """`ceil(number)`."""
    return int(Decimal(number).to_integral_value(ROUND_CEILING))


def floor(number: Number) -> Number:
    """`floor(number)`."""
    return int(Decimal(number).to_integral_value(ROUND_FLOOR))


def greatest(*numbers: Number) -> Number:
    """`max(numbers…)`."""
    return _chosen(max, numbers)


def least(*numbers: Number) -> Number:
    """`min(numbers…)`."""
    return _chosen(min, numbers)


def _chosen(choose: Callable[[tuple[Number, ...]], Number], numbers: tuple[Number, ...]) -> Number:
    if not numbers:
        raise FunctionError("must pass at least one number")
    return choose(numbers)


def sign(number: int) -> int:
    """`signum(number)`: -1, 0 or 1 of a whole number."""
    return (number > 0) - (number < 0)


def log(number: Number, base: Number) -> Number:
    """`log(number, base)`, computed in binary floating point as Terraform does."""
    try:
        return _from_float(_natural_log(float(number)) / _natural_log(float(base)))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise FunctionError("the logarithm is not a finite number") from None


_MOST_DIGITS = 500
"""Of a text that is read as a number; nobody writes more."""

_LOG_ODD = (0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586)
_LOG_EVEN = (0.3999999999940942, 0.22222198432149784, 0.15313837699209373)
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10


def _natural_log(x: float) -> float:
    """The logarithm by fdlibm's series, whose last bit Terraform's results show."""
    if x <= 0:
        raise ValueError("no logarithm")
    mantissa, exponent = math.frexp(x)
    if mantissa < math.sqrt(2) / 2:
        mantissa, exponent = mantissa * 2, exponent - 1
    f = mantissa - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    l1, l3, l5, l7 = _LOG_ODD
    l2, l4, l6 = _LOG_EVEN
    series = s2 * (l1 + s4 * (l3 + s4 * (l5 + s4 * l7))) + s4 * (l2 + s4 * (l4 + s4 * l6))
    half = 0.5 * f * f
    low = s * (half + series) + exponent * _LN2_LOW
    return exponent * _LN2_HIGH - ((half - low) - f)


def power(number: Number, exponent: Number) -> Number | Unknown:
    """`pow(number, exponent)`, computed in binary floating point as Terraform does.

    Unknown for an exponent with a fraction, other than a square root: the last digit differs
    from one mathematics library to the next.
    """
    if exponent != int(exponent) and abs(exponent) != Decimal("0.5"):
        return not_reproduced("pow")
    try:
        return _from_float(_float_power(float(number), float(exponent)))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise FunctionError("the power is not a finite number") from None


def _float_power(x: float, y: float) -> float:
    """Powers by squaring: the last bits differ from those of a correctly rounded power."""
    if abs(y) == 0.5:
        return math.sqrt(x) if y > 0 else 1 / math.sqrt(x)
    if abs(y) >= 2**62:
        return math.pow(x, y)
    result, shift = 1.0, 0
    mantissa, exponent = math.frexp(x)
    remaining = int(abs(y))
    while remaining:
        if abs(exponent) > 1 << 12:
            return math.pow(x, y)
        if remaining & 1:
            result *= mantissa
            shift += exponent
        mantissa, exponent = mantissa * mantissa, exponent * 2
        if mantissa < 0.5:
            mantissa, exponent = mantissa * 2, exponent - 1
        remaining >>= 1
    if y < 0:
        result, shift = 1 / result, -shift
    return math.ldexp(result, shift)


def _from_float(number: float) -> Number:
    if not math.isfinite(number):
        raise OverflowError
    return normal(Decimal(repr(number)))


def parse_int(text: object, base: int) -> int:
    """`parseint(text, base)`: a whole number, bases 2 to 62."""
    if not isinstance(text, str):
        raise FunctionError("first argument must be a string")
    if not 2 <= base <= 62:
        raise FunctionError(f"base must be a whole number between 2 and 62 inclusive, not {base}")
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    digits = unsigned.lower() if base <= 36 else unsigned
    if not digits or len(digits) > _MOST_DIGITS or any(d not in _DIGITS[:base] for d in digits):
        raise FunctionError(f"cannot parse {text!r} as a base {base} integer")
    value = 0
    for digit in digits:
        value = value * base + _DIGITS.index(digit)
    return -value if text.startswith("-") else value
