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


def policy_document(arguments: Mapping[str, Any]) -> Any:
    """A policy as a dict whose leaves may be unknown; Unknown where nothing of it can be told.

    Sources come first; an own statement replaces a source's of the same Sid; overrides replace
    by Sid whatever stands before, and are appended otherwise.
    """
    own = _elements(arguments.get("statement"))
    statements: list[Any] = []
    sources = [arguments.get("source_json"), *_elements(arguments.get("source_policy_documents"))]
    for document in sources:
        statements.extend(_statements(document))
    written = [s if is_unknown(s) else _statement(s) for s in own]
    layers = [written]
    overrides = [
        arguments.get("override_json"),
        *_elements(arguments.get("override_policy_documents")),
    ]
    layers.extend(_statements(document) for document in overrides)
    for layer in layers:
        merged = _laid_over(statements, layer)
        if is_unknown(merged):
            return merged
        statements = merged
    return {"Version": arguments.get("version") or "2012-10-17", "Statement": statements}


def _elements(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


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
    return _elements(document.get("Statement"))


def _laid_over(below: list[Any], above: list[Any]) -> Any:
    """Statements of `above` in place of those of the same Sid in `below`, the others appended.

    Unknown where it cannot be told which of those below remain.
    """
    if not below or not above:
        return below + above
    blind = next((s for s in above if is_unknown(s) or is_unknown(_sid(s))), None)
    if blind is not None and any(is_unknown(s) or _sid(s) for s in below):
        return Unknown((blind if is_unknown(blind) else _sid(blind)).cause)
    by_sid = {_sid(s): s for s in above if not is_unknown(s) and _sid(s)}
    hidden = next((s for s in below if is_unknown(s) or is_unknown(_sid(s))), None)
    if hidden is not None and by_sid:
        return Unknown((hidden if is_unknown(hidden) else _sid(hidden)).cause)
    kept = [s if is_unknown(s) else by_sid.pop(_sid(s), s) for s in below]
    return kept + [s for s in above if is_unknown(s) or not _sid(s) or _sid(s) in by_sid]


def _sid(statement: Any) -> Any:
    return statement.get("Sid") or "" if isinstance(statement, dict) else ""


def _statement(said: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"Effect": said.get("effect") or "Allow", "Sid": said.get("sid") or ""}
    if is_unknown(said.get("effect")):
        out["Effect"] = said["effect"]
    for theirs, ours in _LISTS:
        value = said.get(theirs)
        if value is not None and value != []:
            out[ours] = _texts(value)
    for theirs, ours in _PRINCIPALS:
        principals = _principals(_elements(said.get(theirs)))
        if principals is not None:
            out[ours] = principals
    conditions = _conditions(_elements(said.get("condition")))
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
