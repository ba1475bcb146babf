"""Text as people count it: in grapheme clusters, as `length`, `substr` and `strrev` do.

Source: Unicode Standard Annex 29, by the categories that the standard library knows.
"""

from __future__ import annotations

import unicodedata

__all__ = ["graphemes", "same_text"]

_JOINER = "\u200d"
_EXTENDING = ("Mn", "Me", "Mc")
_CONTROL = ("Cc", "Zl", "Zp")


def same_text(text: str) -> str:
    """Text in the one form in which Terraform holds it (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def graphemes(text: str) -> list[str]:
    """The clusters of a text, in order."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    clusters: list[str] = []
    for character in text:
        if clusters and _continues(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _continues(cluster: str, character: str) -> bool:
    last = cluster[-1]
    if last == "\r":
        return character == "\n"
    if unicodedata.category(last) in _CONTROL or unicodedata.category(character) in _CONTROL:
        return False
    if _extends(character) or character == _JOINER:
        return True
    if last == _JOINER:
        return _pictographic(character) and _pictographic(cluster[0])
    if _regional(character):
        return len(cluster) % 2 == 1 and all(map(_regional, cluster))
    return _jamo(last) in _JAMO_BEFORE.get(_jamo(character), ())


def _extends(character: str) -> bool:
    # Skin tones change the picture before them; U+200C and half-width marks count as marks.
    return (
        unicodedata.category(character) in _EXTENDING
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or character in "\u200c\uff9e\uff9f"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _pictographic(character: str) -> bool:
    return unicodedata.category(character) == "So" or character in "\u203c\u2049\u3030\u303d"


_JAMO_BEFORE = {
    "L": "L",
    "V": ("L", "V", "LV"),
    "T": ("V", "T", "LV", "LVT"),
    "LV": "L",
    "LVT": "L",
}


def _jamo(character: str) -> str:
    """The Hangul class of a character, empty for others."""
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    for first, last, name in (
        (0x1100, 0x115F, "L"),
        (0xA960, 0xA97C, "L"),
        (0x1160, 0x11A7, "V"),
        (0xD7B0, 0xD7C6, "V"),
        (0x11A8, 0x11FF, "T"),
        (0xD7CB, 0xD7FB, "T"),
    ):
        if first <= code <= last:
            return name
    return ""
