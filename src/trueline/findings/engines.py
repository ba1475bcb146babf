"""Where a state store is: a URL, and what connects to it on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from trueline.errors import ActionError, ConfigError

__all__ = ["WAIT_SECONDS", "engine_of", "no_state", "state_url"]

WAIT_SECONDS = 900
"""How long a writer waits for another one."""
_PASSWORD = re.compile(r":(?!//).*@")


def state_url(setting: str | None, home: Path) -> str:
    """`$TRUELINE_STATE`, else the configuration's `state`, else SQLite in the home."""
    return os.environ.get("TRUELINE_STATE") or setting or f"sqlite:///{home / 'state.sqlite'}"


def engine_of(url: str, *, create: bool = True) -> Engine:
    """What connects to the store at a URL. Raises ConfigError for one that is none."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise _no_url(_PASSWORD.sub(":***@", url)) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed, create)
    if backend == "postgresql":
        return _postgresql(parsed)
    raise _no_url(parsed.render_as_string(hide_password=True))


def no_state(name: str) -> ConfigError:
    """There is nothing at this URL."""
    return ConfigError("no-state", f"there is no state store at {name}", "run a scan first")


def _no_url(said: str) -> ConfigError:
    return ConfigError(
        "state-url",
        f"{said!r} is no URL of a state store",
        "write sqlite:///FILE or postgresql://USER@HOST/DATABASE (state, TRUELINE_STATE)",
    )


def _sqlite(url: URL, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise _no_url(str(url))
    file = Path(url.database)
    if not create and not file.exists():
        raise no_state(f"sqlite:///{file}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Evidence is nobody else's business, wherever the file is.
        file.touch(mode=0o600)
    except OSError as error:
        raise ActionError(
            "state-unreachable",
            f"the state store {file} cannot be made or written: {error.strerror}",
            "choose another with state in trueline.toml or TRUELINE_STATE",
        ) from None
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # Transactions begin where we say, not where the driver guesses.
        connection.isolation_level = None
        # Of a new file; a million findings cost a seventh less than with pages of 4 KB.
        connection.execute("PRAGMA page_size = 16384")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA case_sensitive_like = ON")
        connection.execute("PRAGMA cache_size = -32768")

    return engine


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            # A host that never answers must not hold up who waits for a report.
            connect_args={"connect_timeout": int(url.query.get("connect_timeout", "10"))},  # type: ignore[arg-type]
        )
    except (ImportError, NoSuchModuleError):
        raise ConfigError(
            "extra-missing",
            "a state store on PostgreSQL needs a package that is not installed: psycopg",
            'pip install "trueline[postgresql]"',
        ) from None
