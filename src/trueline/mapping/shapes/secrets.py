"""Shape functions that tell whether something looks like a secret, and drop its value."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import zlib
from typing import Any

from trueline.mapping.shapes.logic import Verdict, is_concrete
from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["env_flags", "looks_like_secret_name", "text_has_secret"]

_MAX_TEXT = 1_048_576
_GZIP = b"\x1f\x8b"
_HASH = re.compile(r"[0-9a-f]{40}", re.ASCII)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_SECRET_WORDS = _words(
    "accesskey accesstoken apikey authtoken connectionstring credential credentials passphrase",
    "passwd password passwords privatekey pwd secret secretkey secrets token",
)
_SECRET_PAIRS = _words(
    "access-key account-key api-key auth-key client-key conn-str connection-string encryption-key",
    "license-key master-key private-key service-key session-key shared-key signing-key storage-key",
)
# A last word that says that the value is about a secret, and not one.
_ABOUT_WORDS = _words(
    "age algorithm alias arn arns audience bucket cache count days duration enabled endpoint",
    "engine expiration expires expiry field file filename format header host hours id ids",
    "interval issuer length lifetime limit location manager max min minutes mode name names",
    "namespace path paths policy prefix provider regex region required rotation scope seconds",
    "size store suffix table timeout ttl type uri url urls validity vault version",
)

# Forms that are secrets wherever they stand.
_TOKENS = re.compile(
    r"""\b(?:AKIA|ASIA)[0-9A-Z]{16}\b
      | -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY
      | \bgh[oprsu]_[0-9A-Za-z]{36}
      | \bgithub_pat_[0-9A-Za-z_]{30}
      | \bglpat-[0-9A-Za-z_-]{20}
      | \bxox[abeoprs]-[0-9A-Za-z-]{10}
      | \b[rs]k_live_[0-9A-Za-z]{16}
      | \bAIza[0-9A-Za-z_-]{35}
      | \bnpm_[0-9A-Za-z]{36}
      | \bSG\.[0-9A-Za-z_-]{16,64}\.[0-9A-Za-z_-]{16}
      | \beyJ[0-9A-Za-z_-]{10,4096}\.eyJ[0-9A-Za-z_-]{10}
      | \b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'"$<{]{0,100}:[^\s:/@'"$<{]{1,200}@
    """,
    re.VERBOSE | re.ASCII,
)
# A name that says secret, and a value written out beside it (not a variable or placeholder).
_ASSIGNED = re.compile(
    r"""(?:passwo?r?d|passphrase|secret(?:[_-]?access)?(?:[_-]?key)?|api[_-]?key|auth[_-]?token
        |access[_-]?token|account[_-]?key|private[_-]?key|(?<![a-z])token)
        ["']?\s{0,8}(?:=>?|:)\s{0,8}["']?
        (?![$<{%*]|null\b|none\b|true\b|false\b|arn:|["'])[^\s"',;&]{4}
    """,
    re.VERBOSE | re.IGNORECASE,
)


def env_flags(variables: Any) -> Any:
    """Environment variables -> `env_var` structs by name; the values end here.

    Takes a map, or a list of `{name, value}`; an entry that refers to a value kept elsewhere
    (`valueFrom`) holds no secret.
    """
    if variables is None or variables.__class__ is Unknown:
        return variables if variables is None else variables.derived()
    if isinstance(variables, dict):
        flags = [_flag(name, value) for name, value in variables.items()]
    elif isinstance(variables, list):
        flags = [_entry(entry) for entry in variables]
    else:
        return Unknown(MALFORMED)
    return sorted(flags, key=_by_name)


def _by_name(flag: Any) -> tuple[bool, str]:
    name = None if flag.__class__ is Unknown else flag["name"]
    return (True, "") if not isinstance(name, str) else (False, name)


def _entry(entry: Any) -> Any:
    if entry.__class__ is Unknown:
        return entry.derived()
    if not isinstance(entry, dict):
        return Unknown(MALFORMED)
    name = entry.get("name", entry.get("Name"))
    if name.__class__ is Unknown:
        return {"name": name, "looks_like_secret": name.derived()}
    if entry.get("valueFrom") is not None:
        source = entry["valueFrom"]
        kept_elsewhere = source.derived() if source.__class__ is Unknown else False
        return {"name": name, "looks_like_secret": kept_elsewhere}
    return _flag(name, entry.get("value", entry.get("Value")))


def _flag(name: Any, value: Any) -> Any:
    if not isinstance(name, str):
        return Unknown(MALFORMED)
    if looks_like_secret_name(name):
        secret: Any = _holds_more_than_pointer(value)
    elif value.__class__ is Unknown:
        secret = value.derived()
    else:
        secret = isinstance(value, str) and _holds_secret(value)
    return {"name": name, "looks_like_secret": secret}


# What a variable with the name of a secret may hold instead of it: nothing, a switch, a pointer.
_POINTER = re.compile(
    r"\s*|true|false|arn:aws[a-z-]*:.*|\{\{resolve:.*\}\}", re.ASCII | re.DOTALL | re.I
)


def _holds_more_than_pointer(value: Any) -> Verdict:
    """Can a value be the secret that its name announces? The name of one block is none."""
    if value.__class__ is Unknown:
        return False if is_concrete(value) else value.derived()
    return value not in (True, False) and not (isinstance(value, str) and _POINTER.fullmatch(value))


def looks_like_secret_name(name: str) -> bool:
    """Does a name say that its value is a secret? `DB_PASSWORD` does, `DB_PASSWORD_ARN` not."""
    words = [w.lower() for w in _WORDS.findall(name[:256])]
    if not words or words[-1] in _ABOUT_WORDS:
        return False
    pairs = {f"{one}-{other}" for one, other in itertools.pairwise(words)}
    alone = words[-1] == "pass" or not _SECRET_WORDS.isdisjoint(words)
    return alone or not _SECRET_PAIRS.isdisjoint(pairs)


def _holds_secret(text: str) -> bool:
    seen = text[:_MAX_TEXT]
    return bool(_TOKENS.search(seen) or _ASSIGNED.search(seen))


def text_has_secret(text: Any) -> Any:
    """Does a text, a script or user data hold something that looks like a secret?

    Base64 and gzip are undone first. The hash that a provider puts in its place says nothing.
    """
    if text is None or text.__class__ is Unknown:
        return text if text is None else text.derived()
    if isinstance(text, str):
        if _HASH.fullmatch(text):
            return Unknown("unresolved:the text behind its hash")
        plain, blob = text, _decoded(text)
    elif isinstance(text, bytes):
        plain, blob = "", text
    else:
        return Unknown(MALFORMED)
    if blob[:2] == _GZIP:
        blob = _unzipped(blob)
    return _holds_secret(plain) or _holds_secret(blob.decode("utf-8", "replace"))


def _decoded(text: str) -> bytes:
    """The bytes behind base64, or none."""
    try:
        return base64.b64decode("".join(text[:_MAX_TEXT].split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _unzipped(blob: bytes) -> bytes:
    """The beginning of what is zipped, however large it claims to be."""
    try:
        return zlib.decompressobj(wbits=31).decompress(blob, _MAX_TEXT)
    except zlib.error:
        return b""
