"""Settings: where the home is, and what `trueline.toml` says (DESIGN §7).

Every key is checked; a key that nothing reads is an error that names its line.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trueline.errors import ConfigError, Where
from trueline.model.policy import SEVERITIES

__all__ = [
    "Environment",
    "PolicyOverride",
    "Settings",
    "cache_directory",
    "find_config",
    "git_top",
    "home_directory",
    "load_settings",
    "read_settings",
]

FILE_NAME = "trueline.toml"


@dataclass(frozen=True, slots=True)
class PolicyOverride:
    """What an environment says of one policy; None = not said."""

    enabled: bool | None = None
    reason: str | None = None
    severity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """One `[[environments]]` entry, inheritance already applied."""

    name: str
    match: str
    policies: Mapping[str, PolicyOverride] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """`params` is policy id → name → value; `environments` stand strictest first.

    `new_suppressions`: with `check --base`, a suppression that the change adds silences at once.
    """

    file: Path | None = None
    content: tuple[Path, ...] = ()
    expected_accounts: tuple[str, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environments: tuple[Environment, ...] = ()
    new_suppressions: bool = False


def home_directory(option: str | None = None) -> Path:
    """`--home`, else `$TRUELINE_HOME`, else the user's data directory."""
    chosen = option or os.environ.get("TRUELINE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("trueline", appauthor=False)


def cache_directory() -> Path:
    """Where things that can be made again are kept: `$TRUELINE_CACHE`, else the user's cache."""
    chosen = os.environ.get("TRUELINE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("trueline", appauthor=False)


def git_top(start: Path) -> Path | None:
    """The nearest directory at or above `start` that holds `.git`."""
    return next((d for d in (start, *start.parents) if (d / ".git").exists()), None)


def find_config(option: str | None, home: Path, start: Path | None = None) -> Path | None:
    """`--config`, else `trueline.toml` from `start` up to the git top, else the home's own."""
    if option:
        return Path(option)
    here = (start or Path.cwd()).resolve()
    top = git_top(here) or here
    for directory in (here, *here.parents):
        if (directory / FILE_NAME).is_file():
            return directory / FILE_NAME
        if directory == top:
            break
    fallback = home / FILE_NAME
    return fallback if fallback.is_file() else None


def load_settings(file: Path | None) -> Settings:
    """Read `trueline.toml`. Raises ConfigError with file, line and remedy."""
    if file is None:
        return Settings()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None
    return read_settings(data, file, lambda name: _directory(file.parent, name))


def read_settings(data: bytes, file: Path, find: Callable[[str], Path | None]) -> Settings:
    """Read the bytes of a `trueline.toml`.

    `file` is what errors call it; `find` says where a directory of `content` is, None = nowhere.
    """
    try:
        text = data.decode("utf-8")
        said = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _unreadable(file, error) from None
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(file, error) from None
    return _Reader(file, text, find).settings(said)


def _directory(folder: Path, name: str) -> Path | None:
    path = (folder / Path(name).expanduser()).resolve()
    return path if path.is_dir() else None


def _unreadable(file: Path, error: Exception) -> ConfigError:
    return ConfigError(
        "config-unreadable",
        f"the configuration could not be read: {error}",
        "check the path given with --config and the file's encoding (UTF-8)",
        Where(str(file)),
    )


def _toml_error(file: Path, error: tomllib.TOMLDecodeError) -> ConfigError:
    """tomllib says the place in its message only."""
    place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    message = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
    return ConfigError(
        "config-syntax",
        f"this is not valid TOML: {message}",
        "mend the line; strings stand in double quotes, tables in [brackets]",
        Where(str(file), line, column),
    )


class _Reader:
    """Turns parsed TOML into Settings and places every complaint."""

    def __init__(self, file: Path, text: str, find: Callable[[str], Path | None]) -> None:
        self.file, self.text, self.find = file, text, find

    def settings(self, data: Mapping[str, Any]) -> Settings:
        self.known(data, ("content", "accounts", "params", "check", "environments"), ())
        accounts = self.table(data.get("accounts", {}), ("accounts",))
        self.known(accounts, ("expected",), ("accounts",))
        content = self.texts(data.get("content", []), ("content",))
        params = self.table(data.get("params", {}), ("params",))
        return Settings(
            file=self.file,
            content=tuple(self.directory(c) for c in content),
            expected_accounts=tuple(
                self.texts(accounts.get("expected", []), ("accounts", "expected"))
            ),
            params={p: dict(self.table(v, ("params", p))) for p, v in params.items()},
            environments=tuple(self.environments(data.get("environments", []))),
            new_suppressions=self.check(data.get("check", {})),
        )

    def check(self, value: Any) -> bool:
        """`[check]`: may a change add suppressions that silence?"""
        key = "allow_new_suppressions"
        table = self.table(value, ("check",))
        self.known(table, (key,), ("check",))
        allowed = table.get(key, False)
        if not isinstance(allowed, bool):
            raise self.error(("check", key), f"{key} is true or false", None)
        return allowed

    def directory(self, name: str) -> Path:
        path = self.find(name)
        if path is None:
            raise self.error(
                ("content",),
                f"the content directory {name!r} does not exist",
                "paths are relative to the configuration file",
            )
        return path

    def environments(self, value: Any) -> Iterator[Environment]:
        if not isinstance(value, list):
            raise self.error(("environments",), "environments are written [[environments]]", None)
        seen: dict[str, Environment] = {}
        for index, raw in enumerate(value):
            at = ("environments", str(index))
            entry = self.table(raw, at)
            self.known(entry, ("name", "match", "inherits", "policies"), at)
            for key in ("name", "match"):
                if not isinstance(entry.get(key), str) or not entry[key]:
                    raise self.error(at, f"an environment needs the text {key!r}", None)
            name = entry["name"]
            if name in seen:
                raise self.error(at, f"the environment {name!r} stands twice", "rename one")
            policies = self.overrides(entry.get("policies", {}), at)
            parent = entry.get("inherits")
            if parent is not None:
                if parent not in seen:
                    raise self.error(
                        (*at, "inherits"),
                        f"the environment {parent!r} is not known here",
                        "an environment inherits from one that stands before it",
                    )
                policies = _inherited(seen[parent].policies, policies)
            where = self.where((*at, "match"))
            seen[name] = Environment(name, entry["match"], policies, where)
        yield from seen.values()

    def overrides(self, value: Any, at: tuple[str, ...]) -> dict[str, PolicyOverride]:
        out = {}
        for policy, raw in self.table(value, (*at, "policies")).items():
            place = (*at, "policies", policy)
            entry = self.table(raw, place)
            self.known(entry, ("enabled", "reason", "severity", "params"), place)
            severity, enabled = entry.get("severity"), entry.get("enabled")
            if severity is not None and severity not in SEVERITIES:
                raise self.error(
                    (*place, "severity"),
                    f"unknown severity {severity!r}",
                    "severities are " + ", ".join(SEVERITIES),
                )
            if enabled is not None and not isinstance(enabled, bool):
                raise self.error((*place, "enabled"), "enabled is true or false", None)
            if enabled is False and not entry.get("reason"):
                raise self.error(
                    place, f"{policy} is switched off without a reason", 'add reason = "…"'
                )
            out[policy] = PolicyOverride(
                enabled,
                entry.get("reason"),
                severity,
                dict(self.table(entry.get("params", {}), (*place, "params"))),
            )
        return out

    def table(self, value: Any, at: tuple[str, ...]) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self.error(at, f"{'.'.join(at)} must be a table", f"write [{'.'.join(at)}]")

    def texts(self, value: Any, at: tuple[str, ...]) -> list[str]:
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return value
        raise self.error(at, f"{'.'.join(at)} must be a list of texts", 'write ["…", "…"]')

    def known(self, table: Mapping[str, Any], names: Iterable[str], at: tuple[str, ...]) -> None:
        for key in table:
            if key not in names:
                near = difflib.get_close_matches(key, list(names), 1)
                hint = f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(names)
                raise self.error((*at, key), f"unknown key {key!r}", hint)

    def where(self, at: tuple[str, ...]) -> Where:
        return Where(str(self.file), _line_of(self.text, at))

    def error(self, at: tuple[str, ...], message: str, hint: str | None) -> ConfigError:
        return ConfigError("config-invalid", message, hint, self.where(at))


def _inherited(
    parent: Mapping[str, PolicyOverride], own: Mapping[str, PolicyOverride]
) -> dict[str, PolicyOverride]:
    """The parent's overrides with our own laid over them, field by field."""
    out = dict(parent)
    for policy, ours in own.items():
        theirs = parent.get(policy, PolicyOverride())
        out[policy] = PolicyOverride(
            theirs.enabled if ours.enabled is None else ours.enabled,
            ours.reason or theirs.reason,
            ours.severity or theirs.severity,
            {**theirs.params, **ours.params},
        )
    return out


def _line_of(text: str, path: tuple[str, ...]) -> int:
    """The line that says `path`, or the nearest table above it; tomllib keeps no positions."""
    table: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    best, line_of_best = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("[["):
            name = stripped[2:].partition("]]")[0].strip()
            counts[name] = counts.get(name, -1) + 1
            here = table = (*_keys(name), str(counts[name]))
        elif stripped.startswith("["):
            keys = _keys(stripped[1:].rpartition("]")[0])
            if keys and keys[0] in counts:
                keys = (keys[0], str(counts[keys[0]]), *keys[1:])
            here = table = keys
        elif "=" in stripped and not stripped.startswith("#"):
            here = (*table, *_keys(stripped.partition("=")[0]))
        else:
            continue
        if here == path[: len(here)] and len(here) > best:
            best, line_of_best = len(here), number
    return line_of_best


def _keys(dotted: str) -> tuple[str, ...]:
    """`params."a.b"` → ("params", "a.b")."""
    found = re.findall(r'"([^"]*)"|\'([^\']*)\'|([^."\'\s]+)', dotted)
    return tuple(a or b or c for a, b, c in found)
