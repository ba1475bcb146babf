"""The console blocks of a page: what they do, run here, and what they say that it prints.

A comment above a block says what to do with it: `<!-- file: NAME -->` writes it, `<!-- run -->`
runs its `$` lines. Comments between blocks say what else happens: `<!-- passes: 7 days -->`,
`<!-- denied: SERVICE ACTION REGION -->`, `<!-- allowed -->`.
"""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from running import run

__all__ = ["Console", "Step", "commands", "differs", "steps"]

_STEP = re.compile(
    r"^<!-- (\w+)(?:: (.*?))? -->\n(?:```(\w+)\n(.*?)^```$)?", re.DOTALL | re.MULTILINE
)
_NAMED = r"E-[0-9a-f]{8}|\b[0-9a-f]{64}\b"
_VARIES = {
    r"E-[0-9a-f]{8}": "an exception's id",
    r"\b[0-9a-f]{64}\b": "a hash of the audit trail",
    r'(?<="mark": ")[0-9a-f]{16}': "a digest of evidence",
    r"(?<=T)\d\d:\d\d:\d\d(?:\.\d+)?Z": "the time of the day",
    r"\b\d+\.\d s\b": "how long a scan takes",
    r"(?<=\bin )/\S+": "where the home is",
}
"""What differs from run to run. Ids and hashes are the same wherever the page says the same."""
_VARYING = re.compile("|".join(f"({pattern})" for pattern in _VARIES))


@dataclass(frozen=True)
class Step:
    """`verb` is run, file, passes, denied or allowed; `what` is the rest of the comment."""

    verb: str
    what: str
    text: str


def steps(page: Path) -> list[Step]:
    """Everything that a page says is done, in its order."""
    return [Step(m[1], m[2] or "", m[4] or "") for m in _STEP.finditer(page.read_text())]


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each `$` line, lines that end in a backslash joined, and the lines that it shall print."""
    current: tuple[str, list[str]] | None = None
    for line in text.replace("\\\n", "").splitlines():
        if line.startswith("$ "):
            if current:
                yield current
            current = (line[2:].partition("   # ")[0].strip(), [])
        elif current:
            current[1].append(line)
    if current:
        yield current


@dataclass
class Console:
    """Runs lines as a shell in `folder` would: `NAME=value trueline …` and `aws …`.

    `known` maps what the page calls by a name of its own, an id say, to what it is in this run.
    """

    folder: Path
    known: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, line: str) -> str:
        """What a terminal shows of it, standard output and error alike."""
        for shown, real in self.known.items():
            line = line.replace(shown, real)
        words, env = shlex.split(Template(line).safe_substitute(self.env)), dict(self.env)
        while words and "=" in words[0]:
            name, _, env[name] = words.pop(0).partition("=")
        program, *arguments = words or ["export", line]
        if program == "export":
            self.env |= dict(word.split("=", 1) for word in arguments)
        elif program == "aws":
            _aws(arguments, self.folder)
        elif program == "sqlite3":
            with sqlite3.connect(self.folder / arguments[0]) as database:
                database.executescript(arguments[1])
        else:
            assert program == "trueline", line
            done = run(*arguments, env=env)
            return done.shown + (f"exit {done.code}\n" if done.code else "")
        return ""


def differs(shown: Sequence[str], printed: str, known: dict[str, str]) -> str | None:
    """Where the lines that a page shows are not those that were printed; None = nowhere.

    A line `…` stands for any lines. `known` learns what the page calls by names of its own.
    """
    lines, at, gap = printed.splitlines(), 0, False
    for wanted in shown:
        if wanted == "…":
            gap = True
            continue
        if not wanted.strip() and not (at < len(lines) and not lines[at].strip()):
            continue
        last = len(lines) if gap else min(at + 1, len(lines))
        found = next((n for n in range(at, last) if _same(wanted, lines[n], known)), None)
        if found is None:
            return f"the page says\n  {wanted}\nprinted was\n{printed}"
        at, gap = found + 1, False
    left = [] if gap else lines[at:]
    return f"the page does not show\n  {left[0]}\nprinted was\n{printed}" if any(left) else None


def _same(wanted: str, line: str, known: dict[str, str]) -> bool:
    pattern, names, at = "", [], 0
    for varying in _VARYING.finditer(wanted):
        name, kind = varying[0], list(_VARIES)[(varying.lastindex or 1) - 1]
        pattern += re.escape(wanted[at : varying.start()])
        pattern += re.escape(known[name]) if name in known else f"({kind})"
        names += [] if name in known else [name]
        at = varying.end()
    found = re.fullmatch(pattern + re.escape(wanted[at:].rstrip()), line.rstrip())
    if found:
        known |= {n: v for n, v in zip(names, found.groups(), strict=True) if _kept(n)}
    return found is not None


def _kept(name: str) -> bool:
    return re.fullmatch(_NAMED, name) is not None


def _aws(words: Sequence[str], folder: Path) -> Any:
    """`aws SERVICE OPERATION --key value …` through boto3."""
    import boto3
    from botocore import xform_name

    service, operation, *rest = words
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    region = options.pop("--region", None)
    client = boto3.client({"s3api": "s3"}.get(service, service), region_name=region)  # type: ignore[call-overload]
    method = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    members = {xform_name(name, "-"): name for name in model.input_shape.members}
    given = {}
    for option, text in options.items():
        name = members[option.removeprefix("--")]
        given[name] = _value(model.input_shape.members[name], text, folder)
    return getattr(client, method)(**given)


def _value(shape: Any, text: str, folder: Path) -> Any:
    """A word of the command line as the API's type; `a=b,c=d` is a map."""
    if text.startswith("file://"):
        text = (folder / text.removeprefix("file://")).read_text()
    if shape.type_name in ("structure", "map", "list"):
        if text.startswith(("{", "[")):
            return json.loads(text)
        pairs = dict(part.partition("=")[::2] for part in text.split(","))
        flags = {"true": True, "false": False} if shape.type_name == "structure" else {}
        return {name: flags.get(value, value) for name, value in pairs.items()}
    return int(text) if shape.type_name == "integer" else text
