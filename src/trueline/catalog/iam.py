"""The IAM actions that reading resource types needs; exceptions stand in content/actions.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from trueline.catalog.document import read_document
from trueline.catalog.files import SHIPPED
from trueline.catalog.form import Form, Sheet
from trueline.catalog.problems import ContentError
from trueline.model import ResourceType

__all__ = ["permissions", "permissions_of", "policy_document", "read_actions"]

_KEYS = ("scan", "none", "prefixes", "operations")


@dataclass(frozen=True, slots=True)
class Actions:
    """`scan` = calls made before any table is read; the rest says what differs from the rule."""

    scan: tuple[str, ...]
    none: tuple[str, ...]
    prefixes: dict[str, str]
    operations: dict[str, tuple[str, ...]]


def permissions(types: Iterable[ResourceType]) -> list[str]:
    """Exactly the actions that a scan of the types needs, sorted: `sqs:ListQueues`."""
    calls = set(_shipped().scan)
    for rtype in types:
        if rtype.provider == "aws" and rtype.live is not None:
            calls.update(call.call for call in rtype.live.calls())
    return sorted({action for call in calls for action in permissions_of(call)})


def permissions_of(call: str) -> tuple[str, ...]:
    """The actions that a call needs, written `service.Operation` as botocore names them."""
    actions = _shipped()
    if call in actions.none:
        return ()
    if call in actions.operations:
        return actions.operations[call]
    service, _, operation = call.partition(".")
    return (f"{actions.prefixes.get(service, service)}:{operation}",)


def policy_document(actions: Iterable[str]) -> dict[str, Any]:
    """An IAM policy that allows the actions: one statement a service, everything sorted."""
    statements = []
    for service, group in groupby(sorted(set(actions)), key=lambda action: action.split(":")[0]):
        words = service.replace("-", " ").split()
        statements.append(
            {
                "Sid": "Read" + "".join(word.capitalize() for word in words),
                "Effect": "Allow",
                "Action": list(group),
                "Resource": "*",
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def read_actions(path: Path) -> Actions:
    """The exceptions of a file; ContentError when it does not hold them."""
    sheet = Sheet(read_document(path))
    form = Form(sheet, sheet.document.root, "the file of actions", _KEYS)
    form.require(*_KEYS)
    prefixes = form.form("prefixes", tuple(form.entries("prefixes")))
    operations = form.form("operations", tuple(form.entries("operations")))
    actions = Actions(
        scan=form.texts("scan"),
        none=form.texts("none"),
        prefixes={key: prefixes.text(key) or "" for key in prefixes.keys} if prefixes else {},
        operations={key: operations.texts(key) for key in operations.keys} if operations else {},
    )
    if sheet.broken:
        raise ContentError(sheet.problems)
    return actions


@lru_cache(1)
def _shipped() -> Actions:
    return read_actions(SHIPPED / "actions.yaml")
