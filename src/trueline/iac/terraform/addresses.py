"""Addresses and references, taken apart: `module.a["x"].aws_s3_bucket.b[0]`, `var.name.id`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Reference", "longest", "parse_reference", "split_module", "without_keys"]

_KEY = r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]"
_KEYS = re.compile(_KEY)
_STEP = re.compile(rf"(?:^|\.)module\.([\w-]+)({_KEY})?")
_RESOURCE = re.compile(rf"(?:resource\.)?((?:data\.)?[A-Za-z_][\w-]*\.[\w-]+)({_KEY})?(?:\.(.+))?")
_MODULE = re.compile(rf"module\.([\w-]+)({_KEY})?(?:\.([\w-]+)(.*))?")
_NAMED = re.compile(r"(var|local|each|count)\.([\w-]+)(.*)")
_SEPARATOR = re.compile(r"[.\[]")
_FIRST = re.compile(r"[\w-]+")
_LONG = 4096  # no reference that a person writes; its beginnings would cost its length squared
_KNOWN_AT_PLAN = ("path.", "terraform.", "self.", "tofu.")


@dataclass(frozen=True, slots=True)
class Reference:
    """`kind` is resource, module, var, local, each, count, known (at plan time) or other.

    `name` is the resource's `type.name`, else the name of the module, variable, local or
    `key`/`value`; `key` the instance key as written; `output` of a module; `attribute` the first
    member read, empty when not visible.
    """

    kind: str
    name: str
    key: str = ""
    output: str = ""
    attribute: str = ""


@lru_cache(16384)
def parse_reference(text: str) -> Reference:
    """Take a reference of a plan's configuration apart."""
    if text.startswith(_KNOWN_AT_PLAN):
        return Reference("known", text)
    if named := _NAMED.fullmatch(text):
        return Reference(named[1], named[2], attribute=_first(named[3]))
    if module := _MODULE.fullmatch(text):
        return Reference("module", module[1], module[2] or "", module[3] or "", _first(module[4]))
    if resource := _RESOURCE.fullmatch(text):
        return Reference("resource", resource[1], resource[2] or "", attribute=_first(resource[3]))
    return Reference("other", text)


def _first(rest: str | None) -> str:
    """The first member name of `.id[0]` or `id.x`; empty when the rest begins with an index."""
    found = _FIRST.match((rest or "").removeprefix("."))
    return found[0] if found else ""


def longest(references: Iterable[str]) -> list[str]:
    """The references without those that only name the beginning of another, in order.

    Terraform lists `aws_kms_key.k.arn` and, for the same place, `aws_kms_key.k`.
    """
    unique = list(dict.fromkeys(references))
    plain = (r for r in unique if len(r) <= _LONG)
    beginnings = {r[: m.start()] for r in plain for m in _SEPARATOR.finditer(r)}
    return [r for r in unique if r not in beginnings]


def without_keys(address: str) -> str:
    """The address as configuration writes it, without instance keys."""
    return _KEYS.sub("", address) if "[" in address else address


def split_module(path: str) -> tuple[str, str, str]:
    """A module's path -> (its parent's path, its name, its instance key)."""
    steps = list(_STEP.finditer(path))
    if not steps:
        return "", "", ""
    last = steps[-1]
    return path[: last.start()], last[1], last[2] or ""
