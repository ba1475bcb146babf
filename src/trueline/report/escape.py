"""One escaping function per format: names in a cloud are chosen by whoever made the resource."""

from __future__ import annotations

import re
import shlex

__all__ = [
    "command_property",
    "command_text",
    "csv_cell",
    "html_text",
    "markdown",
    "markdown_code",
    "shell",
    "terminal",
    "xml_text",
]

# Compiled by `re` where they are used first: most runs need none, and these are large.
_CONTROL = (
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1: cursor movement, titles, bells
    # invisible characters, line breaks, text direction
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_MARKDOWN = r"([\\`*_{}\[\]()#+\-.!|<>~&@:/])"


def terminal(text: object) -> str:
    """Text without anything that a terminal would act on; what was taken out stays visible."""
    return re.sub(_CONTROL, lambda m: f"\\u{ord(m[0]):04x}", str(text))


def csv_cell(text: object) -> str:
    """A cell that a spreadsheet shows and never computes.

    A carriage return is shown as `\\r`: the writer would leave it bare, and it would end the row.
    """
    value = "" if text is None else str(text).replace("\r", "\\r")
    return "'" + value if value.startswith(_FORMULA) else value


def html_text(text: object) -> str:
    """Text for HTML element content and quoted attributes."""
    import html

    return html.escape(str(text), quote=True)


def xml_text(text: object) -> str:
    """Text of characters that XML 1.0 allows; the XML writer does the quoting."""
    return re.sub(_NOT_XML, "\ufffd", str(text))


def markdown(text: object) -> str:
    """Text on one line that Markdown shows as it is: no link, mention, markup or HTML."""
    return re.sub(_MARKDOWN, r"\\\1", terminal(text))


def shell(text: object) -> str:
    """One word for a POSIX shell that means exactly this text, and shows what it holds."""
    word = str(text)
    if not re.search(_CONTROL, word):
        return shlex.quote(word)
    octal = (f"\\{b:03o}" if b < 32 or b > 126 or b in b"'\\" else chr(b) for b in word.encode())
    return f"$'{''.join(octal)}'"


def markdown_code(text: object) -> str:
    """Text as a code span, which no backtick inside it can end."""
    shown = terminal(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    # A pipe ends a table's cell even inside code; its escape is understood there.
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def command_text(text: object) -> str:
    """Text as the message of a workflow command of GitHub Actions: it stays one command."""
    return terminal(text).replace("%", "%25")


def command_property(text: object) -> str:
    """Text as a property of a workflow command: it ends at no colon or comma of its own."""
    return command_text(text).replace(":", "%3A").replace(",", "%2C")
