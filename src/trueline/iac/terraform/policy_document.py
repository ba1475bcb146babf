"""Rebuilds the policy that an `aws_iam_policy_document` data source will make once it is read.

A data source that waits for a new resource has no `json` yet, but the plan shows its arguments:
statement by statement, unknown leaves kept.
Source: the data source's documentation in the AWS provider.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trueline.mapping import Unknown, is_unknown

__all__ = ["POLICY_DOCUMENT", "RENDERED", "policy_document"]

POLICY_DOCUMENT = "aws_iam_policy_document"
RENDERED = ("json", "minified_json")
"""Attributes of the data source that hold the whole policy."""

_LISTS = (
    ("actions", "Action"),
    ("not_actions", "NotAction"),
    ("resources", "Resource"),
    ("not_resources", "NotResource"),
)
_PRINCIPALS = (("principals", "Principal"), ("not_principals", "NotPrincipal"))


def policy_document(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A policy as a dict whose leaves, and some of its statements, may be unknown.

    Sources come first; an own statement replaces a source's of the same Sid; overrides replace
    by Sid whatever stands before, and are appended otherwise.
    """
    statements: list[Any] = []
    for document in _documents(arguments, "source_json", "source_policy_documents"):
        statements.extend(_statements(document))
    own = _objects(arguments.get("statement"))
    layers = [[s if is_unknown(s) else _statement(s) for s in own]]
    overriding = _documents(arguments, "override_json", "override_policy_documents")
    layers.extend(_statements(document) for document in overriding)
    for layer in layers:
        statements = _laid_over(statements, layer)
    return {"Version": _or(arguments.get("version"), "2012-10-17"), "Statement": statements}


def _documents(arguments: Mapping[str, Any], single: str, many: str) -> list[Any]:
    return [arguments.get(single), *_elements(arguments.get(many))]


def _elements(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _objects(value: Any) -> list[Any]:
    """The objects of a list, or unknown ones: what has another form is not readable."""
    malformed = Unknown("malformed:statement")
    return [e if isinstance(e, (dict, Unknown)) else malformed for e in _elements(value)]


def _statements(document: Any) -> list[Any]:
    """The statements of a policy text or of a rebuilt policy; an unknown one is an open list."""
    if document is None or document == "":
        return []
    if is_unknown(document):
        return [Unknown(document.cause)]
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return [Unknown("malformed:source_policy_documents")]
    if not isinstance(document, dict):
        return [Unknown("malformed:source_policy_documents")]
    return _objects(document.get("Statement"))


def _laid_over(below: list[Any], above: list[Any]) -> list[Any]:
    """Statements of `above` in place of those of the same Sid in `below`, the others appended.

    A statement of which it cannot be told whether it remains leaves the list open.
    """
    by_sid = {_sid(s): s for s in above if not is_unknown(_sid(s)) and _sid(s) != ""}
    blind = next((_sid(s) for s in above if is_unknown(_sid(s))), None)
    out, placed = [], set()
    for statement in below:
        sid = _sid(statement)
        doubt = sid if is_unknown(sid) and by_sid else blind if sid != "" else None
        if not is_unknown(sid) and sid in by_sid:
            out.append(by_sid[sid])
            placed.add(sid)
        elif is_unknown(doubt):
            out.append(Unknown(doubt.cause))
        else:
            out.append(statement)
    return out + [s for s in above if is_unknown(_sid(s)) or _sid(s) not in placed]


def _sid(statement: Any) -> Any:
    """The Sid of a statement, empty without one; unknown where the statement is."""
    sid = statement if is_unknown(statement) else _or(statement.get("Sid"), "")
    return sid if is_unknown(sid) else str(sid)


def _or(value: Any, default: str) -> Any:
    """The value, which may be unknown, or what stands for null and the empty text."""
    return default if value is None or value == "" else value


def _statement(said: Mapping[str, Any]) -> dict[str, Any]:
    out = {"Effect": _or(said.get("effect"), "Allow"), "Sid": _or(said.get("sid"), "")}
    for theirs, ours in _LISTS:
        value = said.get(theirs)
        if value is not None and value != []:
            out[ours] = _texts(value)
    for theirs, ours in _PRINCIPALS:
        principals = _principals(_objects(said.get(theirs)))
        if principals is not None:
            out[ours] = principals
    conditions = _conditions(_objects(said.get("condition")))
    if conditions is not None:
        out["Condition"] = conditions
    return out


def _texts(value: Any) -> Any:
    """`&{aws:username}` is how the data source writes a policy variable."""
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return value.replace("&{", "${") if isinstance(value, str) else value


def _principals(entries: Iterable[Any]) -> Any:
    out: dict[str, list[Any]] = {}
    for entry in entries:
        kind = entry if is_unknown(entry) else entry.get("type")
        identifiers = entry if is_unknown(entry) else _texts(entry.get("identifiers"))
        if is_unknown(kind):
            return kind
        if kind == "*" and _elements(identifiers) == ["*"]:
            return "*"
        out.setdefault(str(kind), []).extend(_elements(identifiers))
    return out or None


def _conditions(entries: Iterable[Any]) -> Any:
    out: dict[str, dict[str, list[Any]]] = {}
    for entry in entries:
        parts = [entry] if is_unknown(entry) else [entry.get("test"), entry.get("variable")]
        for part in parts:
            if is_unknown(part):
                return part
        values = _elements(_texts(entry.get("values")))
        out.setdefault(str(parts[0]), {}).setdefault(str(parts[1]), []).extend(values)
    return out or None
