"""What went wrong with a call, in words of the ledger.

Error codes are the services' own; the lists hold those that mean the same under many names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import ParseError

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from urllib3.exceptions import IncompleteRead

from trueline.collect.answers import CallError

__all__ = [
    "FAULTS",
    "NO_CREDENTIALS",
    "SPENT",
    "UNREADABLE",
    "failure",
    "is_remote",
    "needs_retry",
    "refuses_identity",
    "status_of_code",
]

UNREADABLE = "Unreadable"
"""The code of an answer that could not be parsed."""
NO_CREDENTIALS = "no usable credentials"

_UNREADABLE = (
    ResponseParserError,
    ParseError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    IndexError,
)
"""How botocore's parsers and its handlers for single calls fail on an answer that is no answer."""

FAULTS = (aws.ClientError, aws.BotoCoreError, *_UNREADABLE)
"""All that a client's method may raise because of what came, or did not come, over the wire."""

_THROTTLED = frozenset(
    (
        "Throttling", "ThrottlingException", "ThrottledException", "Throttled",
        "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
        "TooManyRequests", "RequestLimitExceeded", "ProvisionedThroughputExceededException",
        "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "TransactionInProgressException", "EC2ThrottledException",
        "PriorRequestNotComplete", "RateExceeded",
    )
)  # fmt: skip
_CREDENTIALS = frozenset(
    (
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "InvalidToken", "UnrecognizedClientException", "InvalidAccessKeyId",
        "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException",
        "IncompleteSignature", "TokenRefreshRequired", "InvalidClientTokenIdException",
        "InvalidSecurity",
    )
)  # fmt: skip
SPENT = frozenset(
    (
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
        "UnrecognizedClientException",
    )
)  # fmt: skip
"""Codes after which no further call to the endpoint can succeed. EC2's AuthFailure is none: it may
be about one resource."""
_DENIED = frozenset(
    (
        "AccessDenied", "AccessDeniedException", "UnauthorizedOperation",
        "Client.UnauthorizedOperation", "UnauthorizedAccess", "Unauthorized",
        "UnauthorizedException", "AuthorizationError", "Forbidden",
        "AuthorizationErrorException", "NotAuthorized", "NotAuthorizedException",
        "ForbiddenException", "AccessForbidden", "AllAccessDisabled", "401", "403",
    )
)  # fmt: skip
_DISABLED = frozenset(
    (
        "OptInRequired", "SubscriptionRequiredException", "NotSignedUp",
    )
)  # fmt: skip
_UNSUPPORTED = frozenset(
    (
        "InvalidAction", "UnknownOperation", "UnknownOperationException",
        "UnsupportedOperation", "UnsupportedOperationException",
        "OperationNotSupportedException", "NotImplemented", "MethodNotAllowed", "501",
        "405",
    )
)  # fmt: skip
_TRANSIENT = frozenset(
    (
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure",
        "InternalServerError", "InternalServiceError", "InternalServerException",
        "ServiceUnavailable", "ServiceUnavailableException", "ServiceException",
        "Unavailable",
    )
)  # fmt: skip
_TRANSIENT_HTTP = frozenset((500, 502, 503, 504))
_PERMISSION = re.compile(r"to perform:? ([a-z0-9-]{2,40}:[A-Za-z0-9]{2,80})")

_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.SSOError,
    aws.NoAuthTokenError,
    aws.MetadataRetrievalError,
)
_UNREACHABLE = (
    aws.EndpointConnectionError,
    aws.ProxyConnectionError,
    aws.SSLError,
    aws.ConnectTimeoutError,
)
_NO_ENDPOINT = (
    aws.EndpointProviderError,
    aws.NoRegionError,
    aws.EndpointVariantError,
    aws.UnknownEndpointError,
    aws.UnknownRegionError,
)

_CONNECTION = frozenset(
    error.__name__
    for error in (
        *_NO_CREDENTIALS,
        *_UNREACHABLE,
        aws.ReadTimeoutError,
        aws.ConnectionClosedError,
        aws.HTTPClientError,
    )
)


def status_of_code(code: str, http: int = 0) -> str:
    """The ledger status of a service's error code."""
    for codes, status in (
        (_THROTTLED, "throttled"),
        (_CREDENTIALS, "denied"),
        (_DENIED, "denied"),
        (_DISABLED, "disabled"),
        (_UNSUPPORTED, "unsupported"),
    ):
        if code in codes:
            return status
    by_http = {401: "denied", 403: "denied", 429: "throttled", 501: "unsupported"}
    return by_http.get(http, "error")


def is_remote(code: str | None) -> bool:
    """Do credentials or the connection fail here, rather than this one call?"""
    return code in _CREDENTIALS or code in _CONNECTION


def refuses_identity(code: str) -> bool:
    """Does the service not know who we are? So does a region that is not enabled."""
    return code in _CREDENTIALS


def needs_retry(response: tuple[Any, Any] | None, error: BaseException | None) -> str | None:
    """Why one more attempt may help, or None.

    throttled, refused and slow-connect (no connection), timeout (no answer), or transient.
    """
    if error is not None:
        if isinstance(error, aws.ConnectTimeoutError):
            return "slow-connect"
        if isinstance(error, _UNREACHABLE):
            return "refused"
        if isinstance(error, aws.ReadTimeoutError):
            return "timeout"
        return "transient" if isinstance(error, aws.HTTPClientError) else None
    if response is None or response[0].status_code < 300:
        return None
    http = response[0].status_code
    code = str(response[1].get("Error", {}).get("Code", ""))
    if code in _THROTTLED or http == 429:
        return "throttled"
    return "transient" if code in _TRANSIENT or http in _TRANSIENT_HTTP else None


def failure(error: BaseException) -> CallError:
    """One of FAULTS in words of the ledger.

    Messages never quote an answer: it may hold what must not be stored. Only the name of a
    permission is taken from it.
    """
    if isinstance(error, aws.ClientError):
        return _refusal(error.response)
    code = type(error).__name__
    if isinstance(error, _NO_CREDENTIALS):
        return CallError("denied", code, NO_CREDENTIALS)
    if isinstance(error, aws.ConnectTimeoutError):
        return CallError("timeout", code, "no connection in good time")
    if isinstance(error, _UNREACHABLE):
        return CallError("error", code, "no connection to the endpoint")
    if isinstance(error, aws.ReadTimeoutError):
        return CallError("timeout", code, "no answer in good time")
    if _is_short(error):
        return CallError("truncated", "IncompleteRead", "the answer ended early")
    if isinstance(error, aws.HTTPClientError):
        return CallError("error", code, "the connection broke")
    if isinstance(error, _NO_ENDPOINT):
        return CallError("unsupported", code, "there is no endpoint for this region")
    if isinstance(error, _UNREADABLE):
        return CallError("truncated", UNREADABLE, "the answer could not be read")
    if isinstance(error, aws.ParamValidationError):
        return CallError("error", code, "an argument of the call does not fit its model")
    return CallError("error", code)


def _refusal(response: Mapping[str, Any]) -> CallError:
    error = response.get("Error", {})
    code = str(error.get("Code") or "Unknown")
    http = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    status = status_of_code(code, http)
    message = None
    if status == "denied":
        named = _PERMISSION.search(str(error.get("Message", "")))
        message = f"needs {named[1]}" if named else "not permitted"
    return CallError(status, code, message)


def _is_short(error: BaseException) -> bool:
    """Did the connection end inside the body? botocore keeps the reason as an argument."""
    inner = getattr(error, "kwargs", {}).get("error")
    return any(isinstance(x, IncompleteRead) for x in (inner, *getattr(inner, "args", ())))
