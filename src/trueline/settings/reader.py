"""Reads `trueline.toml`.

Every key is checked; a key that nothing reads is an error that names its line.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trueline.errors import ConfigError, Where
from trueline.model.policy import SEVERITIES
from trueline.settings.model import (
    EXCEPTION_MAX_DAYS,
    LADDER,
    LEVELS,
    WINDOWS,
    AssetRule,
    Environment,
    OwnerRule,
    Owners,
    PolicyOverride,
    Risk,
    Settings,
    Step,
)

__all__ = ["load_assets", "load_settings", "read_settings"]

_TOP = (
    "content", "state", "accounts", "params", "check", "windows", "exception_max_days",
    "environments", "owners", "approvers", "risk", "assets", "exceptions", "escalation",
)  # fmt: skip
_ENVIRONMENT = (
    "name", "match", "inherits", "policies", "owner", "windows", "exception_max_days", "weight",
)  # fmt: skip
_OVERRIDE = ("enabled", "reason", "severity", "params", "max_exception_days")


def load_settings(file: Path | None) -> Settings:
    """Read `trueline.toml`. Raises ConfigError with file, line and remedy."""
    if file is None:
        return Settings()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None
    return read_settings(data, file, lambda name: _directory(file.parent, name))


def read_settings(
    data: bytes,
    file: Path,
    find: Callable[[str], Path | None],
    find_exceptions: Callable[[str], Path | None] | None = None,
) -> Settings:
    """Read the bytes of a `trueline.toml`.

    `file` is what errors call it; `find` says where a directory of `content` is, None = nowhere;
    `find_exceptions` that of exception files, where it is another way to find it.
    """
    try:
        text = data.decode("utf-8")
        said = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _unreadable(file, error) from None
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(file, error) from None
    return _Reader(file, text, find, find_exceptions or find).settings(said)


def load_assets(risk: Risk) -> tuple[AssetRule, ...]:
    """The rules of `[[assets]]`, then those of the file that `[risk] assets` names."""
    file = risk.assets_file
    if file is None:
        return risk.assets
    try:
        text = file.read_bytes().decode("utf-8")
        said = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from None
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(file, error) from None
    reader = _Reader(file, text, lambda name: None, lambda name: None)
    reader.known(said, ("assets",), ())
    return (*risk.assets, *reader.assets(said.get("assets", []), risk.levels))


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

    def __init__(
        self,
        file: Path,
        text: str,
        find: Callable[[str], Path | None],
        find_exceptions: Callable[[str], Path | None],
    ) -> None:
        self.file, self.text = file, text
        self.find, self.find_exceptions = find, find_exceptions

    def settings(self, data: Mapping[str, Any]) -> Settings:
        self.known(data, _TOP, ())
        accounts = self.table(data.get("accounts", {}), ("accounts",))
        self.known(accounts, ("expected",), ("accounts",))
        content = self.texts(data.get("content", []), ("content",))
        params = self.table(data.get("params", {}), ("params",))
        windows = self.days(data, "windows", (), WINDOWS)
        longest = self.days(data, "exception_max_days", (), EXCEPTION_MAX_DAYS)
        plain = Environment("", "", windows=windows, exception_max_days=longest)
        return Settings(
            file=self.file,
            content=tuple(self.directory(c) for c in content),
            expected_accounts=tuple(
                self.texts(accounts.get("expected", []), ("accounts", "expected"))
            ),
            params={p: dict(self.table(v, ("params", p))) for p, v in params.items()},
            environments=tuple(self.environments(data.get("environments", []), plain)),
            new_suppressions=self.check(data.get("check", {})),
            state=self.text_of(data, "state", ()),
            windows=windows,
            exception_max_days=longest,
            owners=self.owners(data.get("owners", {})),
            approvers=self.approvers(data.get("approvers", {})),
            risk=self.risk(data),
            escalation=tuple(self.escalation(data["escalation"]))
            if "escalation" in data
            else LADDER,
            exceptions=self.find_exceptions(self.text_of(data, "exceptions", ()) or "exceptions"),
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

    def owners(self, value: Any) -> Owners:
        at = ("owners",)
        table = self.table(value, at)
        self.known(table, ("tag", "default", "rules", "leads", "security"), at)
        rules = []
        for index, raw in enumerate(self.list_of(table.get("rules", []), (*at, "rules"))):
            place = (*at, "rules", str(index))
            entry = self.table(raw, place)
            self.known(entry, ("match", "owner"), place)
            match, owner = (self.needed(entry, k, place, "a rule") for k in ("match", "owner"))
            rules.append(OwnerRule(match, owner, self.where((*place, "match"))))
        leads = self.table(table.get("leads", {}), (*at, "leads"))
        return Owners(
            self.text_of(table, "tag", at),
            self.text_of(table, "default", at),
            tuple(rules),
            {owner: self.needed(leads, owner, (*at, "leads"), "a lead") for owner in leads},
            self.text_of(table, "security", at) or Owners().security,
        )

    def approvers(self, value: Any) -> tuple[str, ...]:
        table = self.table(value, ("approvers",))
        self.known(table, ("names",), ("approvers",))
        return tuple(self.texts(table.get("names", []), ("approvers", "names")))

    def risk(self, data: Mapping[str, Any]) -> Risk:
        at = ("risk",)
        table = self.table(data.get("risk", {}), at)
        self.known(table, ("sensitivity_tag", "criticality_tag", "levels", "assets"), at)
        levels = {}
        for name, weight in self.table(table.get("levels", {}), (*at, "levels")).items():
            levels[name.lower()] = self.share(weight, (*at, "levels", name))
        levels = LEVELS | levels
        file = self.text_of(table, "assets", at)
        return Risk(
            self.text_of(table, "sensitivity_tag", at),
            self.text_of(table, "criticality_tag", at),
            levels,
            tuple(self.assets(data.get("assets", []), levels)),
            self.file.parent / Path(file).expanduser() if file else None,
        )

    def assets(self, value: Any, levels: Mapping[str, float]) -> Iterator[AssetRule]:
        """`[[assets]]`: what subjects are worth."""
        for index, raw in enumerate(self.list_of(value, ("assets",))):
            at = ("assets", str(index))
            entry = self.table(raw, at)
            self.known(entry, ("match", "sensitivity", "criticality"), at)
            sensitivity, criticality = (
                self.text_of(entry, key, at) for key in ("sensitivity", "criticality")
            )
            for key, level in (("sensitivity", sensitivity), ("criticality", criticality)):
                if level is not None and level.lower() not in levels:
                    hint = "levels are " + ", ".join(levels)
                    raise self.error((*at, key), f"unknown level {level!r}", hint)
            match = self.needed(entry, "match", at, "an asset rule")
            yield AssetRule(match, sensitivity, criticality, self.where((*at, "match")))

    def escalation(self, value: Any) -> Iterator[Step]:
        """`[[escalation]]`: who is told when; `after` is `7d`, `due` or `due+7d`."""
        for index, raw in enumerate(self.list_of(value, ("escalation",))):
            at = ("escalation", str(index))
            entry = self.table(raw, at)
            self.known(entry, ("after", "to"), at)
            after, to = (self.needed(entry, k, at, "a step of escalation") for k in ("after", "to"))
            found = re.fullmatch(r"(due)(?:\+(\d{1,4})d)?|(\d{1,4})d", after)
            if found is None:
                raise self.error(
                    (*at, "after"),
                    f"{after!r} is no time of a step",
                    'write "30d", "due" or "due+7d"',
                )
            yield Step("due" if found[1] else "opened", int(found[2] or found[3] or 0), to)

    def environments(self, value: Any, plain: Environment) -> Iterator[Environment]:
        """Each entry over the one it inherits from, else over `plain`."""
        seen: dict[str, Environment] = {}
        for index, raw in enumerate(self.list_of(value, ("environments",))):
            at = ("environments", str(index))
            entry = self.table(raw, at)
            self.known(entry, _ENVIRONMENT, at)
            name, match = (self.needed(entry, k, at, "an environment") for k in ("name", "match"))
            if name in seen:
                raise self.error(at, f"the environment {name!r} stands twice", "rename one")
            parent = self.text_of(entry, "inherits", at)
            if parent is not None and parent not in seen:
                raise self.error(
                    (*at, "inherits"),
                    f"the environment {parent!r} is not known here",
                    "an environment inherits from one that stands before it",
                )
            under = seen[parent] if parent else plain
            seen[name] = Environment(
                name,
                match,
                _inherited(under.policies, self.overrides(entry.get("policies", {}), at)),
                self.where((*at, "match")),
                self.text_of(entry, "owner", at) or under.owner,
                self.days(entry, "windows", at, under.windows),
                self.days(entry, "exception_max_days", at, under.exception_max_days),
                self.share(entry["weight"], (*at, "weight")) if "weight" in entry else None,
                parent,
            )
        yield from seen.values()

    def overrides(self, value: Any, at: tuple[str, ...]) -> dict[str, PolicyOverride]:
        out = {}
        for policy, raw in self.table(value, (*at, "policies")).items():
            place = (*at, "policies", policy)
            entry = self.table(raw, place)
            self.known(entry, _OVERRIDE, place)
            severity, enabled = entry.get("severity"), entry.get("enabled")
            reason = self.text_of(entry, "reason", place)
            if severity is not None and severity not in SEVERITIES:
                raise self.error(
                    (*place, "severity"),
                    f"unknown severity {severity!r}",
                    "severities are " + ", ".join(SEVERITIES),
                )
            if enabled is not None and not isinstance(enabled, bool):
                raise self.error((*place, "enabled"), "enabled is true or false", None)
            if enabled is False and reason is None:
                raise self.error(
                    place, f"{policy} is switched off without a reason", 'add reason = "…"'
                )
            longest = entry.get("max_exception_days")
            out[policy] = PolicyOverride(
                enabled,
                reason,
                severity,
                dict(self.table(entry.get("params", {}), (*place, "params"))),
                None if longest is None else self.whole(longest, (*place, "max_exception_days")),
            )
        return out

    def days(
        self, table: Mapping[str, Any], key: str, at: tuple[str, ...], under: Mapping[str, int]
    ) -> dict[str, int]:
        """A table of days by severity, laid over another one."""
        said = self.table(table.get(key, {}), (*at, key))
        self.known(said, SEVERITIES, (*at, key))
        return {**under, **{s: self.whole(n, (*at, key, s)) for s, n in said.items()}}

    def whole(self, value: Any, at: tuple[str, ...]) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 3650:
            return value
        raise self.error(at, f"{at[-1]} is a number of days from 0 to 3650, seen {value!r}", None)

    def share(self, value: Any, at: tuple[str, ...]) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        raise self.error(at, f"{at[-1]} is a number from 0 to 1, seen {value!r}", None)

    def needed(self, table: Mapping[str, Any], key: str, at: tuple[str, ...], what: str) -> str:
        """A text that must be there and not be empty."""
        value = self.text_of(table, key, at)
        if value is None:
            raise self.error(at, f"{what} needs the text {key!r}", None)
        return value

    def text_of(self, table: Mapping[str, Any], key: str, at: tuple[str, ...]) -> str | None:
        value = table.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        # A list may hold the state's URL, and with it a password: it is not shown.
        seen = "something else" if isinstance(value, list | dict) else repr(value)
        raise self.error((*at, key), f"{key} must be a text and not empty, seen {seen}", None)

    def list_of(self, value: Any, at: tuple[str, ...]) -> list[Any]:
        if isinstance(value, list):
            return value
        name = ".".join(at)
        raise self.error(at, f"{name} must be a list of tables", f"write [[{name}]]")

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
        limits = (ours.max_exception_days, theirs.max_exception_days)
        out[policy] = PolicyOverride(
            theirs.enabled if ours.enabled is None else ours.enabled,
            ours.reason or theirs.reason,
            ours.severity or theirs.severity,
            {**theirs.params, **ours.params},
            next((days for days in limits if days is not None), None),
        )
    return out


def _line_of(text: str, path: tuple[str, ...]) -> int:
    """The line that says `path` or what is in it, or the nearest table above it.

    tomllib keeps no positions.
    """
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
        common = min(len(here), len(path))
        if here[:common] == path[:common] and common > best:
            best, line_of_best = common, number
    return line_of_best


def _keys(dotted: str) -> tuple[str, ...]:
    """`params."a.b"` → ("params", "a.b")."""
    found = re.findall(r'"([^"]*)"|\'([^\']*)\'|([^."\'\s]+)', dotted)
    return tuple(a or b or c for a, b, c in found)
