"""What comments in code say of policies: our own form, and those of Checkov, tfsec and Trivy.

trueline:ignore POLICY[,POLICY] [until=2026-12-31] [reason="…"]
checkov:skip=CKV_AWS_20:reason · tfsec:ignore:NAME[:exp:2026-12-31] · trivy:ignore:NAME[:exp:…]
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trueline.model import Policy

__all__ = ["Names", "Said", "may_suppress", "said"]

_MARK = re.compile(
    r"(trueline|checkov|bridgecrew|tfsec|trivy)\s*:\s*(ignore|skip)\b", re.IGNORECASE
)
_OPTION = re.compile(r"""(?P<key>\w+)=(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"']\S*))""")
_CHECKOV = re.compile(r"=\s*(\w+(?:\s*,\s*\w+)*)\s*(?::(.*))?")
_FORM = 'write trueline:ignore POLICY until=2026-12-31 reason="why"'


@dataclass(frozen=True, slots=True)
class Said:
    """One suppression as written. `until` is the last day that it holds; `problem` makes it void.

    `line` counts from the comment's first, from 0.
    """

    line: int
    tool: str
    names: tuple[str, ...]
    reason: str = ""
    until: dt.date | None = None
    problem: str | None = None


def may_suppress(text: str) -> bool:
    """Does a comment hold anything for `said`?"""
    return _MARK.search(text) is not None


def said(text: str) -> Iterator[Said]:
    """Every suppression in the text of a comment, its marks included."""
    for number, line in enumerate(text.removesuffix("*/").split("\n")):
        marks = list(_MARK.finditer(line))
        ends = [mark.start() for mark in marks[1:]]
        for mark, end in zip(marks, [*ends, None], strict=False):
            rest = line[mark.end() : end]
            # The next one's own comment mark stands between the two.
            rest = (rest.rstrip("#/ ") if end else rest).strip()
            tool = mark[1].lower()
            if tool == "trueline":
                yield _ours(number, rest)
            elif tool in ("checkov", "bridgecrew"):
                yield _checkov(number, rest)
            else:
                yield _by_colons(number, tool, rest)


def _ours(line: int, rest: str) -> Said:
    first = _OPTION.search(rest)
    head, tail = (rest[: first.start()], rest[first.start() :]) if first else (rest, "")
    names = tuple(name for name in re.split(r"[\s,:=]+", head) if name)
    options = {m["key"]: m["a"] or m["b"] or m["c"] or "" for m in _OPTION.finditer(tail)}
    reason = options.pop("reason", "").strip()
    until, problem = _day(options.pop("until", None))
    if options:
        problem = f"{next(iter(options))!r} is not known here; {_FORM}"
    elif left := _OPTION.sub("", tail).strip():
        problem = f"{left!r} stands outside quotation marks; {_FORM}"
    elif not names:
        problem = f"it names no policy; {_FORM}"
    return Said(line, "trueline", names, reason, until, problem)


def _checkov(line: int, rest: str) -> Said:
    match = _CHECKOV.match(rest)
    if match is None:
        return Said(line, "checkov", (), problem="it names no check; write checkov:skip=ID:reason")
    names = tuple(re.split(r"\s*,\s*", match[1]))
    return Said(line, "checkov", names, (match[2] or "").strip())


def _by_colons(line: int, tool: str, rest: str) -> Said:
    """tfsec and Trivy: the name, then pairs of key and value, all parted by colons."""
    word, _, reason = rest.removeprefix(":").partition(" ")
    name, *pairs = word.rstrip(":").split(":")
    options = dict(zip(pairs[::2], [*pairs[1::2], ""], strict=False))
    until, problem = _day(options.pop("exp", None))
    if not name:
        problem = f"it names no check; write {tool}:ignore:NAME"
    elif options or "[" in name:
        problem = f"limits other than exp are not understood: {word}"
    return Said(line, tool, (name,) if name else (), reason.strip(), until, problem)


def _day(text: str | None) -> tuple[dt.date | None, str | None]:
    if text is None:
        return None, None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date(), None
    except ValueError:
        return None, f"{text!r} is no day; write it like 2026-12-31"


class Names:
    """Which policies a name means: ids and former ids, or what another tool calls them."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._by_tool: dict[str, dict[str, set[str]]] = {"trueline": {}}
        for policy in policies.values():
            for name in (policy.id, *policy.formerly):
                self._put("trueline", name, policy.id)
            for tool, names in policy.aliases.items():
                for name in names:
                    self._put(tool, name, policy.id)

    def _put(self, tool: str, name: str, policy: str) -> None:
        self._by_tool.setdefault(tool, {}).setdefault(_plain(name), set()).add(policy)

    def find(self, tool: str, name: str) -> frozenset[str]:
        """The ids; a name may be a glob. Trivy and tfsec share their names."""
        tools = ("trivy", "tfsec") if tool in ("trivy", "tfsec") else (tool,)
        known = [self._by_tool.get(one, {}) for one in tools]
        return frozenset(
            policy
            for by_name in known
            for each in fnmatch.filter(by_name, _plain(name))
            for policy in by_name[each]
        )


def _plain(name: str) -> str:
    """Names are told apart without regard to case, and to the AVD- that Trivy has dropped."""
    return name.lower().removeprefix("avd-")
