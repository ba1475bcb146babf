"""Numbers as Terraform counts: in 512 bits of binary, written as short as says the same."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from trueline.iac.terraform.evaluate.values import FunctionError, Number

__all__ = ["arithmetic", "number_text"]

_BITS = 512
_LARGEST = 10**150
_SMALL = 10**60
"""Whole numbers below this are exact in 512 bits, and so are their sums and products."""


def arithmetic(op: str, left: Number, right: Number) -> Number:
    """`left op right` for `+ - * / %`; raises FunctionError where Terraform gives no number."""
    if op == "%" and not right:
        return left
    if op == "/" and not right:
        raise FunctionError("division by zero")
    small = left.__class__ is int and right.__class__ is int and abs(left) < _SMALL > abs(right)
    if small and op in "+-*":
        return left + right if op == "+" else left - right if op == "-" else left * right
    first, second = _binary(Fraction(left)), _binary(Fraction(right))
    if op == "+":
        result = first + second
    elif op == "-":
        result = first - second
    elif op == "*":
        result = first * second
    elif op == "/":
        result = first / second
    else:
        # The remainder has the sign of what is divided.
        quotient = abs(first) // abs(second)
        part = _binary(second * quotient)
        result = first - part if (first < 0) == (second < 0) else first + part
    if abs(result) > _LARGEST:
        raise FunctionError("the number is too large")
    exact = _binary(result)
    return int(exact) if exact.denominator == 1 else _shortest(exact)


def number_text(number: Number) -> str:
    """A number in digits, without exponent."""
    if number.__class__ is int:
        return str(number)
    if not number:
        return "-0"
    written = f"{_shortest(_binary(Fraction(number))):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _shortest(exact: Fraction) -> Decimal:
    """The decimal number of fewest digits that has these 512 bits."""
    numerator, denominator = Decimal(exact.numerator), Decimal(exact.denominator)
    low, high = 1, 160
    while low < high:
        precision = (low + high) // 2
        if _binary(Fraction(Context(prec=precision).divide(numerator, denominator))) == exact:
            high = precision
        else:
            low = precision + 1
    return Context(prec=low).divide(numerator, denominator)


def _binary(number: Fraction) -> Fraction:
    """The nearest number with 512 bits."""
    if not number:
        return number
    size = abs(number.numerator).bit_length() - number.denominator.bit_length()
    if abs(number) >= Fraction(2) ** size:
        size += 1
    scale = Fraction(2) ** (_BITS - size)
    return round(number * scale) / scale
