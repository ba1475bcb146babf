"""Terraform's functions on files and paths; files are read through the context only."""

from __future__ import annotations

import base64
import posixpath
import re

from trueline.iac.terraform.evaluate.types import set_of
from trueline.iac.terraform.evaluate.values import FunctionError, Value, unknown_in
from trueline.iac.terraform.functions.arguments import is_opaque, not_reproduced
from trueline.iac.terraform.functions.context import FunctionContext
from trueline.iac.terraform.functions.graphemes import same_text
from trueline.iac.terraform.functions.hashes import base64_hash, hex_hash
from trueline.mapping import Unknown

__all__ = [
    "absolute_path",
    "base_name",
    "directory_name",
    "expand_path",
    "file_base64",
    "file_base64_hash",
    "file_exists",
    "file_hex_hash",
    "file_set",
    "file_text",
    "glob_pattern",
    "template_file",
    "template_string",
]

_GLOB = re.compile(
    r"(?P<deep>(?:(?<=/)|^)\*\*(?:/|$))|(?P<within>\*+)|(?P<class>\[\^?[^]]+\])|\\.|[^\[\\]",
    re.DOTALL,
)
_ODD_GLOB = re.compile(r"^\.\.(/|$)|\*\*/\*\*|\{[^}]*\{|\[\]|\[\^?-|-\]|\[[^]]*\\")
"""Leads out of the directory, or is read in ways of its own by Terraform's library."""


def absolute_path(context: FunctionContext, path: str) -> str:
    """`abspath(path)`."""
    return _clean(posixpath.join(context.cwd, path))


def base_name(path: str) -> str:
    """`basename(path)`."""
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


def directory_name(path: str) -> str:
    """`dirname(path)`."""
    return _clean(posixpath.dirname(path))


def _clean(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def expand_path(path: str) -> str | Unknown:
    """`pathexpand(path)`; whose home `~` is depends on who runs it."""
    return not_reproduced("pathexpand") if path.startswith("~") else path


def file_text(context: FunctionContext, path: str) -> str | Unknown:
    """`file(path)`."""
    data = context.read(path)
    if isinstance(data, Unknown):
        return data
    try:
        return same_text(data.decode())
    except UnicodeDecodeError:
        raise FunctionError(f"contents of {path!r} are not valid UTF-8") from None


def file_base64(context: FunctionContext, path: str) -> str | Unknown:
    """`filebase64(path)`."""
    data = context.read(path)
    return data if isinstance(data, Unknown) else base64.b64encode(data).decode()


def file_hex_hash(algorithm: str, context: FunctionContext, path: str) -> str | Unknown:
    """`filemd5(path)`, `filesha1(path)` …"""
    data = context.read(path)
    return data if isinstance(data, Unknown) else hex_hash(algorithm, data)


def file_base64_hash(algorithm: str, context: FunctionContext, path: str) -> str | Unknown:
    """`filebase64sha256(path)`, `filebase64sha512(path)`."""
    data = context.read(path)
    return data if isinstance(data, Unknown) else base64_hash(algorithm, data)


def file_exists(context: FunctionContext, path: str) -> bool | Unknown:
    """`fileexists(path)`."""
    return context.exists(path)


def file_set(context: FunctionContext, path: str, pattern: str) -> Value:
    """`fileset(path, pattern)`: paths relative to `path`; unknown for patterns of odd forms."""
    cleaned = posixpath.normpath(pattern)
    if _ODD_GLOB.search(cleaned):
        return not_reproduced("fileset")
    found = context.glob(path, cleaned)
    return found if isinstance(found, Unknown) else set_of(found)


def template_string(context: FunctionContext, template: Value, variables: Value) -> Value:
    """`templatestring(template, variables)`; variables may be known in part."""
    if is_opaque(template) or is_opaque(variables):
        return unknown_in(template, variables, present=True)
    if not isinstance(variables, dict):
        raise FunctionError("invalid vars value: must be a map")
    return context.render(template, variables)


def template_file(context: FunctionContext, path: Value, variables: Value) -> Value:
    """`templatefile(path, variables)`; variables may be known in part."""
    if is_opaque(path):
        return unknown_in(path, present=True)
    return template_string(context, file_text(context, path), variables)


def glob_pattern(pattern: str) -> re.Pattern[str]:
    """What `fileset` finds, as a pattern for whole relative paths.

    `*` and `?` stay within a name, `**` between slashes spans directories, `[a-z]` and `[^a]`
    are classes, `{a,b}` are alternatives, a backslash takes the next character as it is.
    """
    out = ""
    position = depth = 0
    while position < len(pattern):
        token = _GLOB.match(pattern, position)
        if token is None:
            raise FunctionError(f"the glob pattern {pattern!r} is malformed")
        position = token.end()
        kind, written = token.lastgroup, token[0]
        if kind == "deep":
            out += "(?:[^/]+/)*" if written.endswith("/") else ".*"
        elif kind == "within":
            out += "[^/]*"
        elif kind == "class":
            out += "(?!/)" + _class(written)
        elif written == "?":
            out += "[^/]"
        elif written == "{":
            out, depth = out + "(?:", depth + 1
        elif written in ",}" and depth:
            out, depth = out + (")" if written == "}" else "|"), depth - (written == "}")
        else:
            out += re.escape(written.removeprefix("\\"))
    if depth:
        raise FunctionError(f"the glob pattern {pattern!r} is malformed")
    return re.compile(out, re.DOTALL)


def _class(written: str) -> str:
    """A class of a glob as one of a regular expression."""
    negated = "^" if written[1] == "^" else ""
    body = re.sub(r"([\[&|~\\])", r"\\\1", written[1 + len(negated) : -1])
    return f"[{negated}{body}]"
