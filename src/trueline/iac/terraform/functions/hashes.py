"""Terraform's hash functions."""

from __future__ import annotations

import base64
import hashlib
import uuid

from trueline.iac.terraform.evaluate.values import FunctionError

__all__ = ["base64_hash", "hex_hash", "uuid_v5"]

_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


def hex_hash(algorithm: str, data: bytes) -> str:
    """A hash in hexadecimal."""
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def base64_hash(algorithm: str, data: bytes) -> str:
    """A hash in base 64."""
    return base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


def uuid_v5(namespace: str, name: str) -> str:
    """`uuidv5(namespace, name)`: the namespace is a UUID or one of four names."""
    try:
        space = _NAMESPACES.get(namespace) or uuid.UUID(namespace)
    except ValueError:
        raise FunctionError(f"uuidv5() doesn't support namespace {namespace}") from None
    return str(uuid.uuid5(space, name))
