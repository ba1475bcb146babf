"""Terraform's encodings, YAML excepted."""

from __future__ import annotations

import base64
import binascii
import urllib.parse

from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    TfList,
    Value,
    is_known,
)
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.iac.terraform.functions.graphemes import same_text
from trueline.iac.terraform.functions.json_text import json_text, read_json
from trueline.mapping import Unknown, is_unknown

__all__ = [
    "base64_decode",
    "base64_encode",
    "base64_gzip",
    "csv_decode",
    "json_decode",
    "json_encode",
    "text_decode",
    "text_encode",
    "url_encode",
]

_ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "iso-8859-1": "latin-1",
    "windows-1252": "cp1252",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "gbk": "gbk",
    "big5": "big5",
}


def base64_encode(text: str) -> str:
    """`base64encode(text)`."""
    return base64.b64encode(text.encode()).decode()


def base64_decode(text: str) -> str:
    """`base64decode(text)`, of which the content must be UTF-8."""
    try:
        return same_text(_bytes(text).decode())
    except UnicodeDecodeError:
        raise FunctionError("the result of decoding the provided text is not UTF-8") from None


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise FunctionError("failed to decode base64 data") from None


def base64_gzip(text: str) -> Unknown:
    """`base64gzip(text)`: its bytes depend on how Terraform's own library compresses."""
    return not_reproduced("base64gzip")


def json_encode(value: Value) -> str | Encoded | Unknown:
    """`jsonencode(value)`; a value known in part becomes a text whose tree is known in part."""
    if is_unknown(value):
        return Unknown(value.cause, present=True, refs=value.refs)
    return json_text(value) if is_known(value) else Encoded(value)


def json_decode(text: str | Encoded | Unknown) -> Value:
    """`jsondecode(text)`."""
    if isinstance(text, Unknown):
        return Unknown(text.cause, refs=text.refs)
    return text.document if isinstance(text, Encoded) else read_json(text)


def url_encode(text: str) -> str:
    """`urlencode(text)`."""
    return urllib.parse.quote_plus(text)


def text_encode(text: str, encoding: str) -> str | Unknown:
    """`textencodebase64(text, encoding)`; unknown for encodings that are not among the usual."""
    codec = _ENCODINGS.get(encoding.lower())
    if codec is None:
        return not_reproduced("textencodebase64")
    try:
        return base64.b64encode(text.encode(codec)).decode()
    except UnicodeEncodeError:
        raise FunctionError(f"the text has characters that {encoding} has not") from None


def text_decode(source: str, encoding: str) -> str | Unknown:
    """`textdecodebase64(source, encoding)`; unknown for encodings not among the usual."""
    codec = _ENCODINGS.get(encoding.lower())
    if codec is None:
        return not_reproduced("textdecodebase64")
    try:
        return same_text(_bytes(source).decode(codec))
    except UnicodeDecodeError:
        raise FunctionError(f"the data is no {encoding}") from None


def csv_decode(text: str) -> TfList:
    """`csvdecode(text)`: a list of objects; the first record names the attributes."""
    records = _records(text)
    if not records:
        raise FunctionError("missing header line")
    header = [same_text(name) for name in records[0]]
    if len(set(header)) < len(header):
        raise FunctionError("duplicate column name in the header line")
    for record in records[1:]:
        if len(record) != len(header):
            raise FunctionError("wrong number of fields")
    return TfList(dict(zip(header, map(same_text, r), strict=True)) for r in records[1:])


def _records(text: str) -> list[list[str]]:
    """Records as RFC 4180 has them; empty lines are none, quotes stand around whole fields."""
    text = text.replace("\r\n", "\n")
    records: list[list[str]] = []
    record: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == "\n" and not record:
            position += 1
            continue
        field, position = _field(text, position)
        record.append(field)
        if position < len(text) and text[position] == ",":
            position += 1
            if position < len(text):
                continue
            record.append("")
        records.append(record)
        record = []
        position += 1
    return records


def _field(text: str, start: int) -> tuple[str, int]:
    """A field and where it ends: at a comma, a newline or the end."""
    if text[start] != '"':
        ends = (text.find(",", start), text.find("\n", start))
        end = min((e for e in ends if e >= 0), default=len(text))
        if '"' in text[start:end]:
            raise FunctionError('bare " in a field without quotes')
        return text[start:end], end
    parts = []
    position = start + 1
    while True:
        quote = text.find('"', position)
        if quote < 0:
            raise FunctionError('a field has no closing "')
        parts.append(text[position:quote])
        position = quote + 1
        if text[position : position + 1] != '"':
            break
        parts.append('"')
        position += 1
    if text[position : position + 1] not in ("", ",", "\n"):
        raise FunctionError('extraneous " in a field')
    return "".join(parts), position
