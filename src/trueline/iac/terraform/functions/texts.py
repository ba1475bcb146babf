"""Terraform's functions on text, without patterns and formats."""

from __future__ import annotations

from trueline.iac.terraform.evaluate.values import FunctionError, TfList
from trueline.iac.terraform.functions.arguments import some
from trueline.iac.terraform.functions.graphemes import graphemes, same_text
from trueline.iac.terraform.functions.limits import bounded

__all__ = [
    "chomp",
    "indent",
    "join",
    "lower",
    "replace_text",
    "reverse_text",
    "split",
    "substr",
    "title",
    "trim",
    "trim_prefix",
    "trim_space",
    "trim_suffix",
    "upper",
]

_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def chomp(text: str) -> str:
    """`chomp(text)`: without the newlines at its end."""
    return text.rstrip("\r\n")


def indent(spaces: int, text: str) -> str:
    """`indent(spaces, text)`: spaces before every line but the first."""
    if spaces < 0:
        raise FunctionError("the number of spaces must not be negative")
    bounded(text.count("\n") * spaces)
    return text.replace("\n", "\n" + " " * spaces)


def join(separator: str, *lists: list[str | None]) -> str:
    """`join(separator, lists…)`."""
    parts = [some(part) for each in lists for part in each]
    bounded(sum(map(len, parts)) + len(separator) * len(parts))
    return same_text(separator.join(parts))


def split(separator: str, text: str) -> TfList:
    """`split(separator, text)`; an empty separator gives characters."""
    return TfList(text.split(separator) if separator else list(text))


def lower(text: str) -> str:
    """`lower(text)`, one character for one."""
    return text.lower() if text.isascii() else same_text("".join(map(_lower, text)))


def upper(text: str) -> str:
    """`upper(text)`, one character for one."""
    return text.upper() if text.isascii() else same_text("".join(map(_upper, text)))


def title(text: str) -> str:
    """`title(text)`: the first letter of every word in upper case, the others as they are."""
    out, before = [], " "
    for character in text:
        out.append(_title(character) if _parts_words(before) else character)
        before = character
    return same_text("".join(out))


def _lower(character: str) -> str:
    # The one letter whose lower case is two characters here has one in Terraform.
    return "i" if character == "İ" else character.lower()


def _upper(character: str) -> str:
    changed = character.upper()
    return changed if len(changed) == 1 else character


def _title(character: str) -> str:
    changed = character.title()
    return changed if len(changed) == 1 else character


def _parts_words(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return character in _SPACE


def substr(text: str, offset: int, length: int) -> str:
    """`substr(text, offset, length)`: a negative length is all the rest."""
    clusters = graphemes(text)
    start = max(offset + len(clusters), 0) if offset < 0 else offset
    return "".join(clusters[start:] if length < 0 else clusters[start : start + length])


def reverse_text(text: str) -> str:
    """`strrev(text)`."""
    return same_text("".join(reversed(graphemes(text))))


def replace_text(text: str, old: str, new: str) -> str:
    """`replace(text, old, new)` without a pattern; an empty `old` stands between characters."""
    count = text.count(old)
    bounded(len(text) + count * (len(new) - len(old)))
    return same_text(text.replace(old, new))


def trim(text: str, characters: str) -> str:
    """`trim(text, characters)`: without any of these characters at both ends."""
    return text.strip(characters)


def trim_prefix(text: str, prefix: str) -> str:
    """`trimprefix(text, prefix)`."""
    return text.removeprefix(prefix)


def trim_suffix(text: str, suffix: str) -> str:
    """`trimsuffix(text, suffix)`."""
    return text.removesuffix(suffix)


def trim_space(text: str) -> str:
    """`trimspace(text)`."""
    return text.strip(_SPACE)
