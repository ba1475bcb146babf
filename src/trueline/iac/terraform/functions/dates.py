"""Terraform's functions on times."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from trueline.iac.terraform.evaluate.values import FunctionError
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.mapping import Unknown

__all__ = ["format_date", "time_add", "time_compare"]

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z)|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_DURATION = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SEQUENCE = re.compile(r"'(?:[^']|'')*'?|([A-Za-z])\1*|[^A-Za-z']+")


def _parsed(timestamp: str) -> tuple[datetime, int]:
    """A moment of RFC 3339 in its own zone, and the nanoseconds behind its second."""
    match = _TIMESTAMP.fullmatch(timestamp)
    if match is None:
        raise FunctionError(f"not a valid RFC3339 timestamp: {timestamp!r}")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    offset = timedelta(hours=int(match[10] or 0), minutes=int(match[11] or 0))
    if match[9] == "-":
        offset = -offset
    try:
        zone = timezone(offset)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError as error:
        raise FunctionError(f"not a valid RFC3339 timestamp: {error}") from None
    return moment, int((match[7] or "").ljust(9, "0")[:9])


def time_compare(a: str, b: str) -> int:
    """`timecmp(a, b)`: -1, 0 or 1."""
    first, second = _parsed(a), _parsed(b)
    return (first > second) - (first < second)


def time_add(timestamp: str, duration: str) -> str | Unknown:
    """`timeadd(timestamp, duration)`."""
    moment, nanoseconds = _parsed(timestamp)
    total = nanoseconds + _nanoseconds(duration)
    try:
        moment += timedelta(seconds=total // 10**9)
        utc = moment.utcoffset() == timedelta()
    except OverflowError:
        # Terraform counts on before the year 1 and after 9999.
        return not_reproduced("timeadd")
    zone = "Z" if utc else _zone(moment, ":")
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + zone


def _nanoseconds(duration: str) -> int:
    sign = -1 if duration.startswith("-") else 1
    rest = duration[1:] if duration[:1] in ("+", "-") else duration
    if rest == "0":
        return 0
    total, position = Fraction(0), 0
    while position < len(rest):
        part = _DURATION.match(rest, position)
        if part is None or not (part[1] or part[2]):
            break
        digits = Fraction(int(part[1] or 0)) + Fraction(int(part[2] or 0), 10 ** len(part[2] or ""))
        total += int(digits * _NANOSECONDS[part[3]])
        position = part.end()
    if position < len(rest) or not rest or total >= 2**63:
        raise FunctionError(f"not a valid duration: {duration!r}")
    return sign * int(total)


def format_date(pattern: str, timestamp: str) -> str:
    """`formatdate(pattern, timestamp)`."""
    moment, _ = _parsed(timestamp)
    out = []
    for match in _SEQUENCE.finditer(pattern):
        sequence = match[0]
        if sequence.startswith("'"):
            if len(sequence) < 2 or not sequence.endswith("'"):
                raise FunctionError("unterminated literal '")
            out.append(sequence[1:-1].replace("''", "'"))
        elif match[1]:
            write = _TOKENS.get(sequence)
            if write is None:
                raise FunctionError(f"invalid date format verb {sequence!r}")
            out.append(write(moment))
        else:
            out.append(sequence)
    return "".join(out)


def _zone(moment: datetime, colon: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{colon}{rest:02d}"


def _hour12(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _named_zone(moment: datetime, otherwise: str) -> str:
    return otherwise if moment.utcoffset() == timedelta() else _zone(moment, "")


_TOKENS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda m: f"{m.year:04d}",
    "YY": lambda m: f"{m.year % 100:02d}",
    "MMMM": lambda m: _MONTHS[m.month - 1],
    "MMM": lambda m: _MONTHS[m.month - 1][:3],
    "MM": lambda m: f"{m.month:02d}",
    "M": lambda m: str(m.month),
    "DD": lambda m: f"{m.day:02d}",
    "D": lambda m: str(m.day),
    "EEEE": lambda m: _DAYS[m.weekday()],
    "EEE": lambda m: _DAYS[m.weekday()][:3],
    "hh": lambda m: f"{m.hour:02d}",
    "h": lambda m: str(m.hour),
    "HH": lambda m: f"{_hour12(m):02d}",
    "H": lambda m: str(_hour12(m)),
    "AA": lambda m: "AM" if m.hour < 12 else "PM",
    "aa": lambda m: "am" if m.hour < 12 else "pm",
    "mm": lambda m: f"{m.minute:02d}",
    "m": lambda m: str(m.minute),
    "ss": lambda m: f"{m.second:02d}",
    "s": lambda m: str(m.second),
    "ZZZZZ": lambda m: _zone(m, ":"),
    "ZZZZ": lambda m: _zone(m, ""),
    "ZZZ": lambda m: _named_zone(m, "UTC"),
    "Z": lambda m: "Z" if m.utcoffset() == timedelta() else _zone(m, ":"),
}
