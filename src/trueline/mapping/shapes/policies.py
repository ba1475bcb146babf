"""Policy documents of AWS -> `iam_statement` structs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from trueline.mapping.shapes.conditions import condition_keys, conditions, is_narrowed, requires_tls
from trueline.mapping.shapes.logic import Verdict, all_of, any_of, is_concrete, negated, said
from trueline.mapping.shapes.privileges import (
    PRIVILEGED_ACTIONS,
    covers_everything,
    matched_privileges,
)
from trueline.mapping.shapes.texts import parse_json
from trueline.mapping.unknown import MALFORMED, Unknown, strongest

__all__ = ["iam_statements", "lambda_permissions"]

_ANYONE = "*"
_KINDS = {
    "aws": "AWS",
    "service": "Service",
    "federated": "Federated",
    "canonicaluser": "CanonicalUser",
}
_EFFECTS = {"allow": "Allow", "deny": "Deny"}
_ACCOUNT = re.compile(r"AWS:(?:arn:[^:]*:(?:iam|sts)::)?(\d{12})(?::.*)?", re.ASCII | re.DOTALL)
_EVERY_ACCOUNT = re.compile(r"AWS:arn:[^:]*:(?:iam|sts)::\*(?::.*)?", re.ASCII | re.DOTALL)


def iam_statements(*documents: Any) -> Any:
    """Policy documents -> one `iam_statement` for each statement.

    A document is text (URL-encoded or not), a parsed document, a list of statements, or a list of
    documents. An unknown or unreadable document, or one, among several is an unknown element;
    a single one makes the whole unknown. Absent when every document is absent.
    """
    there = [one for one in documents if one is not None]
    if all(one.__class__ is Unknown for one in there):
        unknown = strongest(there)
        return None if unknown is None else unknown.derived()
    single = len(there) == 1 and not isinstance(there[0], list)
    parsed = [parse_json(doc) for one in there for doc in (one if isinstance(one, list) else [one])]
    if single and (parsed[0] is None or parsed[0].__class__ is Unknown):
        return parsed[0]
    return [statement for document in parsed for statement in _of_document(document)]


def _of_document(document: Any) -> list[Any]:
    if document is None:
        return []
    if document.__class__ is Unknown:
        return [Unknown(document.cause)]
    if isinstance(document, list):
        return [_statement(entry) for entry in document]
    if not isinstance(document, dict):
        return [Unknown(MALFORMED)]
    members = _lowered(document)
    if "statement" in members:
        statements = said(members["statement"])
        if statements is None:
            return []
        return [
            _statement(s) for s in (statements if isinstance(statements, list) else [statements])
        ]
    if "effect" in members:
        return [_statement(document)]
    return [Unknown(MALFORMED)] if members else []


def _lowered(document: dict[Any, Any]) -> dict[str, Any]:
    """Names of policy elements are read whatever their case."""
    return {str(key).lower(): value for key, value in document.items()}


def _statement(entry: Any) -> Any:
    if entry.__class__ is Unknown:
        return Unknown(entry.cause)
    if not isinstance(entry, dict):
        return Unknown(MALFORMED)
    s = {key: said(value) for key, value in _lowered(entry).items()}
    effect = _effect(s.get("effect"))
    allows: Verdict = effect if isinstance(effect, Unknown) else effect == "Allow"
    actions, not_actions = _texts(s.get("action"), str.lower), _texts(s.get("notaction"), str.lower)
    resources, not_resources = _texts(s.get("resource")), _texts(s.get("notresource"))
    principals, not_principals = _principals(s.get("principal")), _principals(s.get("notprincipal"))
    named = _names_anyone(principals)
    tests = conditions(s.get("condition"))
    sid = s.get("sid")
    return {
        "sid": "" if sid is None else sid,
        "effect": effect,
        "actions": actions,
        "not_actions": not_actions,
        "resources": resources,
        "not_resources": not_resources,
        "principals": principals,
        "not_principals": not_principals,
        "principal_accounts": _accounts(principals),
        "principal_is_anyone": all_of(
            (allows, any_of((_names_anyone(principals), _any(not_principals))))
        ),
        "condition_keys": condition_keys(tests),
        "is_narrowed": is_narrowed(tests),
        "all_actions": _some(actions, covers_everything),
        "all_resources": any_of(
            (_some(resources, _is_every_resource), _leaves_resources(not_resources))
        ),
        "grants_privileges": all_of((allows, _covers_privileges(actions, not_actions))),
        "denies_plain_http": all_of(
            (
                negated(allows),
                named,
                _some(actions, _is_whole_service),
                _reach_contents(resources),
                requires_tls(tests),
            )
        ),
    }


def _effect(value: Any) -> Any:
    if value is None:
        return Unknown("missing:Effect")
    if value.__class__ is Unknown:
        return value.derived()
    known = _EFFECTS.get(value.lower()) if isinstance(value, str) else None
    return Unknown(MALFORMED) if known is None else known


def _texts(value: Any, change: Callable[[str], str] = str) -> Any:
    """One text or a list of them; unknown ones stay where they are."""
    if value is None:
        return []
    if value.__class__ is Unknown and not is_concrete(value):
        return value.derived()
    listed = value if isinstance(value, list) else [value]
    return [
        change(v) if isinstance(v, str) else v if v.__class__ is Unknown else Unknown(MALFORMED)
        for v in listed
        if v is not None
    ]


def _principals(value: Any) -> Any:
    """`kind:id` of each principal; `*` for everyone, however it is written."""
    if isinstance(value, dict):
        out: list[Any] = []
        for kind, ids in value.items():
            listed = _texts(said(ids))
            name = _KINDS.get(str(kind).lower(), str(kind))
            out.extend(
                [listed] if listed.__class__ is Unknown else (_principal(name, v) for v in listed)
            )
        return out
    listed = _texts(value)
    return listed if listed.__class__ is Unknown else [_principal("AWS", v) for v in listed]


def _principal(kind: str, name: Any) -> Any:
    if name.__class__ is Unknown:
        # Not known who; only an AWS principal can be everyone.
        return name
    if kind == _ANYONE or (name == _ANYONE and kind == "AWS"):
        return _ANYONE
    return f"{kind}:{name}"


def _accounts(principals: Any) -> Any:
    if principals.__class__ is Unknown:
        return principals
    out: dict[Any, None] = {}
    for principal in principals:
        if principal.__class__ is Unknown:
            out[principal] = None
        elif match := _ACCOUNT.fullmatch(principal):
            out[match[1]] = None
    return list(out)


def _names_anyone(principals: Any) -> Verdict:
    if principals.__class__ is Unknown:
        return principals
    return any_of(_is_anyone(p) for p in principals)


def _is_anyone(principal: Any) -> Verdict:
    if principal.__class__ is Unknown:
        return False if is_concrete(principal) else principal.derived()
    return principal == _ANYONE or bool(_EVERY_ACCOUNT.fullmatch(principal))


def _any(values: Any) -> Verdict:
    """Is there an element at all?"""
    if values.__class__ is Unknown:
        return values
    return any_of(v.derived() if v.__class__ is Unknown and not v.present else True for v in values)


def _some(patterns: Any, test: Callable[[str], bool]) -> Verdict:
    """Does one of the patterns pass the test? A reference to one thing is never a wildcard."""
    if patterns.__class__ is Unknown:
        return patterns
    return any_of(
        test(p) if p.__class__ is not Unknown else False if is_concrete(p) else p.derived()
        for p in patterns
    )


def _is_every_resource(pattern: str) -> bool:
    """`*`, or an ARN that says nothing beyond its partition."""
    if pattern and set(pattern) <= {"*", "?"}:
        return "*" in pattern
    parts = pattern.split(":", 5)
    return (
        len(parts) > 1
        and parts[0] in ("arn", "*")
        and all(part == "*" for part in parts[2:] or parts[1:])
    )


def _leaves_resources(excluded: Any) -> Verdict:
    """With NotResource: all resources but a few, unless the few are all."""
    return all_of((_any(excluded), negated(_some(excluded, _is_every_resource))))


def _reach_contents(resources: Any) -> Verdict:
    """Unknown also for references: `arn` and `"${arn}/*"` look alike until they are known."""
    if resources.__class__ is Unknown:
        return resources
    return any_of(
        Unknown(r.cause) if r.__class__ is Unknown else _covers_contents(r) for r in resources
    )


def _covers_contents(pattern: str) -> bool:
    """Is it a bucket with all that lies in it, not the bucket alone, nor one folder?"""
    kind, _, name = pattern.partition(":s3:::")
    if kind == pattern:
        return True
    return name.endswith("*") and name.count("/") <= name.endswith("/*")


def _is_whole_service(pattern: str) -> bool:
    """`*` or `s3:*`: no request to the service is left out."""
    return covers_everything(pattern) or pattern.endswith(":*")


def _covers_privileges(actions: Any, not_actions: Any) -> Verdict:
    return any_of(
        (
            _some(actions, lambda pattern: bool(matched_privileges(pattern))),
            _leaves_privileges(not_actions),
        )
    )


def _leaves_privileges(excluded: Any) -> Verdict:
    """With NotAction: is some privileged action not excluded?"""
    if excluded.__class__ is Unknown:
        return excluded
    if not excluded:
        return False
    left = PRIVILEGED_ACTIONS
    for pattern in excluded:
        if pattern.__class__ is not Unknown:
            left -= matched_privileges(pattern)
    unknown = strongest(excluded)
    return bool(left) if unknown is None or not left else unknown.derived()


_LAMBDA_TESTS = (
    ("account", "StringEquals", "AWS:SourceAccount"),
    ("arn", "ArnLike", "AWS:SourceArn"),
    ("org", "StringEquals", "aws:PrincipalOrgID"),
    ("url_auth", "StringEquals", "lambda:FunctionUrlAuthType"),
)


def lambda_permissions(entries: Any) -> Any:
    """Lambda permissions `{principal, action, account, arn, org, url_auth}` -> their statements.

    They are what GetPolicy would show: allowed on one function.
    """
    if entries is None or entries.__class__ is Unknown:
        return entries if entries is None else entries.derived()
    listed = entries if isinstance(entries, list) else [entries]
    return [_permission(e) if isinstance(e, dict) else _unreadable(e) for e in listed]


def _unreadable(entry: Any) -> Unknown:
    return Unknown(entry.cause) if entry.__class__ is Unknown else Unknown(MALFORMED)


def _permission(entry: dict[str, Any]) -> Any:
    tests: list[Any] = []
    for member, operator, key in _LAMBDA_TESTS:
        value = said(entry.get(member))
        if value.__class__ is Unknown and not value.present:
            tests.append(value)
        elif value is not None:
            tests.append({"test": operator, "variable": key, "values": [value]})
    statement = _statement(
        {
            "Sid": entry.get("sid"),
            "Effect": "Allow",
            "Action": entry.get("action"),
            "Principal": _lambda_principal(said(entry.get("principal"))),
            "Condition": tests,
        }
    )
    # The function itself, whose ARN is not part of a permission.
    statement["resources"] = Unknown("unresolved:function_arn")
    statement["all_resources"] = False
    return statement


def _lambda_principal(value: Any) -> Any:
    if not isinstance(value, str):
        return Unknown("missing:principal") if value is None else value
    if value == _ANYONE:
        return _ANYONE
    service = "." in value and not value.startswith("arn:")
    return {"Service" if service else "AWS": value}
