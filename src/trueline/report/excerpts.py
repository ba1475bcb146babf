"""One line of code for each place that a report points at, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from trueline.mapping.shapes.secrets import text_has_secret
from trueline.model import Location, Policy, Verdict

__all__ = ["excerpts"]

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"?')
_LONG = 160
"""Longer lines are cut: nobody reads them, and generated code has lines of megabytes."""


def excerpts(
    verdicts: Iterable[Verdict],
    policies: Mapping[str, Policy],
    read: Callable[[str], list[str]],
) -> dict[Location, str]:
    """The first line of every place of the verdicts; `read` gives the lines of a file."""
    found: dict[Location, str] = {}
    hidden: set[Location] = set()
    files: dict[str, list[str]] = {}
    for verdict in verdicts:
        place = verdict.location
        if place is None:
            continue
        policy = policies.get(verdict.policy)
        if policy is None or "secrets" in policy.categories:
            hidden.add(place)
        if place.file not in files:
            files[place.file] = read(place.file)
        lines = files[place.file]
        if 0 < place.line <= len(lines):
            found[place] = lines[place.line - 1]
    return {place: _shown(line, place, place in hidden) for place, line in found.items()}


def _shown(line: str, place: Location, hidden: bool) -> str:
    """A line as it may be shown: up to the end of the place, without what looks like a secret.

    A policy about secrets points at one, and what follows a place may be a comment with another.
    """
    text = line.rstrip()
    if place.end_line == place.line and text[place.end_column - 1 :].strip() not in ("", "{"):
        text = text[: place.end_column - 1] + " …"
    if hidden or text_has_secret(text) is not False:
        before, equals, _ = text.partition("=")
        text = f"{before}{equals} …" if equals else _LITERAL.sub('"…"', text)
    return text if len(text) <= _LONG else text[:_LONG] + " …"
