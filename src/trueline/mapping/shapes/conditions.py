"""Conditions of IAM statements: which keys they test, and whether they limit *who* may act.

A condition narrows when, of all principals of the world, it lets only known accounts,
organisations, networks or sources through. All conditions of a statement must hold, so one
that narrows is enough; the values of one condition are alternatives, so all of them must narrow.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from trueline.mapping.shapes.logic import Verdict, all_of, any_of, is_concrete, said
from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["Condition", "condition_keys", "conditions", "is_narrowed", "requires_tls"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One test: operator (lower case), key (lower case) and the values it accepts."""

    operator: str
    key: str
    values: tuple[Any, ...]


def conditions(block: Any) -> list[Any]:
    """The conditions of a `Condition` block; what is not known of them are Unknown elements.

    Takes the JSON form `{operator: {key: values}}`, or a list of `{test, variable, values}`.
    """
    block = said(block)
    if block is None:
        return []
    if block.__class__ is Unknown:
        return [block.derived()]
    if isinstance(block, list):
        return [_listed(entry) for entry in block]
    if not isinstance(block, dict):
        return [Unknown(MALFORMED)]
    out: list[Any] = []
    for operator, tests in block.items():
        tests = said(tests)
        if isinstance(tests, dict):
            out.extend(_condition(operator, key, values) for key, values in tests.items())
        elif tests.__class__ is Unknown:
            # Which keys it tests is not known; an operator that never narrows still does not.
            out.append(tests.derived())
        elif tests is not None:
            out.append(Unknown(MALFORMED))
    return out


def _listed(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry.derived() if entry.__class__ is Unknown else Unknown(MALFORMED)
    parts = (entry.get("test"), entry.get("variable"))
    unknown = next((p for p in parts if p.__class__ is Unknown), None)
    return _condition(*parts, entry.get("values")) if unknown is None else unknown.derived()


def _condition(operator: Any, key: Any, values: Any) -> Any:
    if not isinstance(operator, str) or not isinstance(key, str):
        return Unknown(MALFORMED)
    listed = values if isinstance(values, list) else [] if values is None else [values]
    return Condition(operator.strip().lower(), key.strip().lower(), tuple(listed))


def condition_keys(tests: Iterable[Any]) -> list[Any]:
    """The keys that are tested, sorted, each once; an unknown element where more may be."""
    known = sorted({test.key for test in tests if isinstance(test, Condition)})
    return [*known, *(test for test in tests if test.__class__ is Unknown)]


def is_narrowed(tests: Iterable[Any]) -> Verdict:
    """Does a condition limit who may act to known accounts, organisations, networks or sources?"""
    return any_of(test if test.__class__ is Unknown else _narrows(test) for test in tests)


# Negated operators admit all others; `IfExists` and `ForAllValues` admit who lacks the key; `Null`
# says only that there is one. None of them is here.
_COMPARING = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
)
_NETWORK_OPERATORS = frozenset({"ipaddress"})
_FOR_ANY = "foranyvalue:"

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_WILD = re.compile(r"[*?]")
_OWN_ACCOUNT = frozenset({"${aws:resourceaccount}"})
_OWN_ORGANISATION = frozenset({"${aws:resourceorgid}", "${aws:resourceorgpaths}"})
_ORGANISATION = re.compile(r"o-[a-z0-9]{4,32}(/.*)?", re.ASCII | re.DOTALL)
_WIDEST_V4, _WIDEST_V6 = 8, 32

# Identity providers that issue tokens for everybody's workloads: the audience is anybody's choice.
_SHARED_ISSUERS = (
    "agent.buildkite.com",
    "app.terraform.io",
    "gitlab.com",
    "oidc.vercel.com",
    "token.actions.githubusercontent.com",
)


def _narrows(test: Condition) -> Verdict:
    operator = test.operator.removeprefix(_FOR_ANY)
    if operator == "bool":
        # Reached through a mount target: from a network that the file system stands in.
        wanted = "true" if test.key == "elasticfilesystem:accessedviamounttarget" else None
        return wanted is not None and _every(test, lambda value: value.lower() == wanted)
    if operator in _NETWORK_OPERATORS:
        return test.key == "aws:sourceip" and _every(test, _is_narrow_network)
    if operator not in _COMPARING:
        return False
    narrow = _BY_KEY.get(test.key) or _by_provider(test.key)
    if narrow is None:
        return False
    if narrow is _is_narrow_network:
        return _every(test, narrow)
    # A reference to the ARN or id of a block is one name, whatever it will be.
    return _every(test, narrow, concrete=True)


def _every(test: Condition, narrow: Callable[[str], bool], concrete: bool = False) -> Verdict:
    """Do all values narrow? A condition without values is taken not to."""
    if not test.values:
        return False
    return all_of(
        (True if concrete and is_concrete(v) else v.derived())
        if v.__class__ is Unknown
        else narrow("true" if v is True else "false" if v is False else str(v).strip())
        for v in test.values
    )


def _is_account(value: str) -> bool:
    return bool(_ACCOUNT.fullmatch(value)) or value.lower() in _OWN_ACCOUNT


def _is_organisation(value: str) -> bool:
    """An organisation id, or a path below one; the id itself is written out."""
    lowered = value.lower()
    return lowered in _OWN_ORGANISATION or bool(_ORGANISATION.fullmatch(lowered))


def _is_known_arn(value: str) -> bool:
    """An ARN of a known account, or of one thing; wildcards elsewhere do not matter."""
    parts = value.split(":", 5)
    if len(parts) < 6 or parts[0].lower() != "arn":
        return False
    service, account, resource = parts[2].lower(), parts[4], parts[5]
    if service == "s3" and account in ("", "*"):
        # A bucket's name is the world's only one, and anyone may take a name that begins alike.
        return _is_fixed(resource.partition("/")[0])
    return _is_account(account) if account else _is_fixed(resource)


def _is_fixed(value: str) -> bool:
    return bool(value) and not _WILD.search(value) and "${" not in value


def _is_principal_id(value: str) -> bool:
    """`AROA…:*`, `AIDA…` or an account id: the unique id is written out."""
    unique = value.partition(":")[0]
    return _is_fixed(unique) and len(unique) >= 12


def _is_subject(value: str) -> bool:
    """The subject of a token: at least its owner is written out (`repo:owner/*`, not `repo:*`)."""
    head = _WILD.split(value, maxsplit=1)[0]
    if "${" in value:
        return False
    return head == value or "/" in head or head.count(":") > 1


def _is_narrow_network(value: str) -> bool:
    """A network of at most a /8 (IPv6: /32), or a private one.

    Private addresses never reach a public endpoint, so that naming them admits nobody else.
    """
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    widest = _WIDEST_V4 if network.version == 4 else _WIDEST_V6
    return network.prefixlen >= widest or (network.prefixlen > 0 and network.is_private)


_BY_KEY: dict[str, Callable[[str], bool]] = {
    "aws:principalaccount": _is_account,
    "aws:sourceaccount": _is_account,
    "aws:sourceowner": _is_account,
    "aws:vpceaccount": _is_account,
    "kms:calleraccount": _is_account,
    "s3:dataaccesspointaccount": _is_account,
    "aws:principalorgid": _is_organisation,
    "aws:principalorgpaths": _is_organisation,
    "aws:sourceorgid": _is_organisation,
    "aws:sourceorgpaths": _is_organisation,
    "aws:vpceorgid": _is_organisation,
    "aws:vpceorgpaths": _is_organisation,
    "aws:ec2instancesourcevpc": _is_fixed,
    "aws:principalarn": _is_known_arn,
    "aws:sourcearn": _is_known_arn,
    "ec2:sourceinstancearn": _is_known_arn,
    "lambda:sourcefunctionarn": _is_known_arn,
    "s3:dataaccesspointarn": _is_known_arn,
    "aws:sourcevpc": _is_fixed,
    "aws:sourcevpcarn": _is_known_arn,
    "aws:sourcevpce": _is_fixed,
    "aws:principalservicename": _is_fixed,
    "aws:userid": _is_principal_id,
    "saml:aud": _is_fixed,
    "saml:sub": _is_fixed,
    "saml:iss": _is_fixed,
    "cognito-identity.amazonaws.com:aud": _is_fixed,
    "graph.facebook.com:app_id": _is_fixed,
    "www.amazon.com:app_id": _is_fixed,
}
"""Keys that say who asks, or from where, and what a value must be to name somebody.

Not among them, on purpose: `sts:ExternalId` (whoever knows it may use it), `aws:PrincipalTag/…`
(everybody tags their own principals), `aws:UserName` (every account can have it), `aws:VpcSourceIp`
(everybody's network may hold that address), `kms:ViaService`, `aws:ResourceAccount` and
`aws:ResourceOrgID` (about the resource), `lambda:FunctionUrlAuthType`.
"""


_GITHUB = "token.actions.githubusercontent.com"
_GITHUB_CLAIMS: dict[str, Callable[[str], bool]] = {
    "actor_id": _is_fixed,
    "enterprise_id": _is_fixed,
    "repository_id": _is_fixed,
    # Names begin with their owner; a wildcard after it stays in the owner's hands.
    "job_workflow_ref": _is_subject,
    "repository": _is_subject,
}
"""Claims beside the subject that STS compares since 2026. Branches and names of workflows are
anybody's choice and not among them."""


def _by_provider(key: str) -> Callable[[str], bool] | None:
    """Keys of web identity: `<issuer>:sub` names the workload, `<issuer>:aud` the client."""
    issuer, colon, claim = key.rpartition(":")
    if not colon or "." not in issuer:
        return None
    if claim == "sub":
        return _is_subject
    if issuer == _GITHUB and claim in _GITHUB_CLAIMS:
        return _GITHUB_CLAIMS[claim]
    shared = issuer.startswith(_SHARED_ISSUERS)
    return _is_fixed if claim == "aud" and not shared else None


_TLS = frozenset({"aws:securetransport"})
_TLS_OPERATORS = frozenset({"bool", "boolifexists"})
_SERVICES_ONLY = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})


def requires_tls(tests: Iterable[Any]) -> Verdict:
    """Do the conditions select every request without TLS (for a Deny)?

    Exempting what AWS services do themselves changes nothing: they use TLS. Any other condition
    beside it leaves some plain requests through.
    """
    held = list(tests)
    plain = any_of(_selects(test, _TLS) for test in held)
    only = all_of(_selects(test, _TLS | _SERVICES_ONLY) for test in held)
    return all_of((plain, only))


def _selects(test: Any, keys: frozenset[str]) -> Verdict:
    """Does this condition hold for whatever has `false` under one of these keys?"""
    if not isinstance(test, Condition):
        return Unknown(test.cause)
    if test.operator not in _TLS_OPERATORS or test.key not in keys:
        return False
    return any_of(
        v.derived() if v.__class__ is Unknown else str(v).strip().lower() == "false"
        for v in test.values
    )
