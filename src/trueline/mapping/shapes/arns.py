"""Amazon Resource Names: what can be told from the name alone."""

from __future__ import annotations

from typing import Any

from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["arn_account", "customer_policies"]

_OF_AWS = ":iam::aws:"


def arn_account(arn: Any) -> Any:
    """The account in an ARN; absent where it names none, as the ARN of a bucket."""
    if arn is None:
        return None
    if arn.__class__ is Unknown:
        return arn.derived()
    parts = arn.split(":", 5) if isinstance(arn, str) else []
    if len(parts) < 6 or parts[0] != "arn":
        return Unknown(MALFORMED)
    return parts[4] or None


def customer_policies(arns: Any) -> Any:
    """Those ARNs of IAM policies that are not AWS's own.

    One not known yet stays as it is: code refers to policies that it makes itself.
    """
    if arns is None:
        return None
    if arns.__class__ is Unknown:
        return arns.derived()
    if not isinstance(arns, list):
        return Unknown(MALFORMED)
    return [arn for arn in arns if not (isinstance(arn, str) and _OF_AWS in arn)]
