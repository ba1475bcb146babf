"""The state store: opened by URL, read as of one moment, written in sealed transactions.

SQLite (WAL) or PostgreSQL. One writer at a time; a reader sees the state before or after it.
"""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Index,
    Select,
    Table,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from trueline.errors import ActionError, ConfigError
from trueline.findings import audit
from trueline.findings.engines import WAIT_SECONDS, engine_of, no_state
from trueline.findings.numbers import Numbers
from trueline.findings.schema import events, facts, findings, numbers, transactions

__all__ = [
    "VERSION",
    "State",
    "Tx",
    "actor",
    "connect_state",
    "micros",
    "moment_of",
    "open_state",
]

VERSION = "0001"
"""The newest migration."""
_LOCK = 0x7275656C696E65  # an advisory lock's number: the program's name
_BATCH, _READ = 5_000, 20_000
_MANY = 5_000
"""After so many events the store is tidied."""
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def actor() -> str:
    """Who acts, as asserted: `$TRUELINE_ACTOR`, else the user of the operating system."""
    said = os.environ.get("TRUELINE_ACTOR", "").strip()
    if said:
        return said
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def micros(moment: dt.datetime) -> int:
    """Microseconds since 1970, UTC."""
    return round(moment.timestamp() * 1_000_000)


def moment_of(value: int) -> dt.datetime:
    """The time of so many microseconds."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=value)


def open_state(url: str, *, lake: str | None = None, create: bool = True) -> State:
    """Open the store at a URL; a new one is made where there is none and `create` says so.

    `lake`: the id of the lake whose snapshots it holds. Raises ConfigError for a store of a newer
    version, of another lake, or a URL that is none; ActionError where it cannot be reached.
    """
    state = State(engine_of(url, create=create))
    with state.reaching():
        found = state.version()
        if found is None:
            if not create:
                raise no_state(state.name)
            state.migrate()
        elif found > VERSION:
            raise ConfigError(
                "state-too-new",
                f"{state.name} is of version {found}; this program knows up to {VERSION}",
                "use the version of Trueline that wrote it, or a later one",
            )
        elif found < VERSION:
            raise ConfigError(
                "state-too-old",
                f"{state.name} is of version {found}; this program needs {VERSION}",
                "trueline state backup FILE, then trueline state migrate",
            )
        if lake is not None:
            state.belong_to(lake)
    return state


@contextmanager
def connect_state(url: str) -> Iterator[State]:
    """The store at a URL as it is, whatever its version."""
    state = State(engine_of(url))
    try:
        with state.reaching():
            yield state
    finally:
        state.close()


class State:
    """A state store. `name` is its URL without the password."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.url.render_as_string(hide_password=True)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def version(self) -> str | None:
        """Its migration; None = there are no tables."""
        with self.engine.connect() as conn:
            if not inspect(conn).has_table("alembic_version"):
                return None
            return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()

    def migrate(self) -> None:
        """Bring the tables to the newest version, whole or not at all."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.reaching(), self.engine.begin() as conn:
            self._lock(conn)
            config.attributes["connection"] = conn
            command.upgrade(config, "head")

    def belong_to(self, lake: str) -> None:
        """Take a lake's id, or refuse another one's."""
        known = self._fact("lake")
        if known is None:
            with self.engine.begin() as conn:
                self._lock(conn)
                if get_fact(conn, "lake") is None:
                    set_fact(conn, "lake", lake)
            known = self._fact("lake")
        if known != lake:
            raise ConfigError(
                "state-other-lake",
                f"{self.name} holds the findings of lake {known}, this home's lake is {lake}",
                "give each home a state store of its own (state, TRUELINE_STATE), or use the home "
                "that it belongs to",
            )

    def _fact(self, name: str) -> str | None:
        with self.engine.connect() as conn:
            return get_fact(conn, name)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which every statement sees the same state."""
        level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.reaching(), self.engine.connect() as conn:
            conn = conn.execution_options(**level)
            if self.sqlite:
                conn.exec_driver_sql("BEGIN")
            yield conn
            conn.rollback()

    @contextmanager
    def writing(self, now: dt.datetime, who: str | None = None) -> Iterator[Tx]:
        """A transaction: everything in it and its events are written, or nothing is.

        ActionError (`state-write-failed`) when the store goes away meanwhile.
        """
        with self.reaching("state-write-failed"), self.engine.begin() as conn:
            self._lock(conn)
            tx = Tx(conn, now, who or actor())
            yield tx
            tx.close()
        if not self.sqlite and sum(tx.kinds.values()) >= _MANY:
            self._tidy()

    def _tidy(self) -> None:
        """Let PostgreSQL count its rows, and see which pages an index answers for by itself.

        It would some minutes from now, or after many more changes; without, all is only slower.
        """
        with suppress(DBAPIError), self.engine.connect() as conn:
            outside = conn.execution_options(isolation_level="AUTOCOMMIT")
            outside.exec_driver_sql(f"VACUUM (ANALYZE) {findings.name}, {events.name}")

    @property
    def _driver_error(self) -> type[Exception]:
        """What the driver raises where SQLAlchemy is passed by, for rows by the thousand."""
        kind: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        return kind

    @contextmanager
    def reaching(self, code: str = "state-unreachable") -> Iterator[None]:
        """Turn what a driver says into the documented error."""
        try:
            yield
        except (DBAPIError, self._driver_error) as error:
            said = str(getattr(error, "orig", error)).strip().partition("\n")[0]
            raise ActionError(
                code,
                f"the state store {self.name} failed: {said}",
                "nothing of this step was written; see that it runs and has room, then repeat: "
                "snapshots that are not applied yet are kept",
            ) from error

    def _lock(self, conn: Connection) -> None:
        """Wait to be the only writer."""
        if self.sqlite:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")

    def close(self) -> None:
        self.engine.dispose()


class Tx:
    """A transaction in the making: rows are written at once, events in batches.

    `first` = no transaction before it told of anything.
    """

    def __init__(self, conn: Connection, now: dt.datetime, who: str) -> None:
        self.conn, self.now, self.who = conn, micros(now), who
        self.snapshot: int | None = None
        self.kinds: dict[str, int] = {}
        self._seal: audit.Seal | None = None
        self._head = audit.head(conn)
        t = transactions.c
        last = select(t.last_event).where(t.number == self._head.number)
        self._last = conn.execute(last).scalar() or 0
        self._held: list[dict[str, Any]] = []
        self.first = self._last == 0
        self._left_out: list[Index] = []
        self.numbers = Numbers(conn)

    def tell(self, said: audit.Event) -> None:
        """Add an event to the trail."""
        if self._seal is None:
            number = self._head.number + 1
            self._seal = audit.Seal(self._head.hash, number, self.now, self.who, self.snapshot)
        self._last += 1
        data = None if said.data is None else compact(said.data)
        self._seal.add((self._last, said.kind, said.finding, said.exception, said.why, data))
        self._held.append(
            {
                "number": self._last,
                "transaction": self._head.number + 1,
                "kind": said.kind,
                "finding": said.finding,
                "exception": said.exception,
                "why": said.why,
                "data": data,
            }
        )
        self.kinds[said.kind] = self.kinds.get(said.kind, 0) + 1
        if len(self._held) >= _BATCH:
            self._flush()

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, which all name the same columns."""
        if rows:
            write_rows(self.conn, table, rows)

    def leave_out_indexes(self) -> None:
        """Make them at the end: that takes a fraction of keeping them while a store is filled."""
        if not self._left_out:
            self._left_out = sorted(findings.indexes | events.indexes, key=lambda i: str(i.name))
            for index in self._left_out:
                index.drop(self.conn)

    def _index(self) -> None:
        for index in self._left_out:
            index.create(self.conn)

    def close(self) -> None:
        """Seal what was told; a transaction without events leaves no trace in the trail."""
        self._flush()
        self.insert(numbers, self.numbers.new)
        self._index()
        if self._seal is not None:
            row = {
                "number": self._head.number + 1,
                "at": self.now,
                "actor": self.who,
                "snapshot": self.snapshot,
                "last_event": self._last,
                "hash": self._seal.digest(),
            }
            self.conn.execute(insert(transactions), row)

    def _flush(self) -> None:
        self.insert(events, self._held)
        self._held = []


def write_rows(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows in the way that costs the driver least; JSON comes as text."""
    names = list(rows[0])
    values = map(itemgetter(*names), rows)
    if conn.dialect.name == "postgresql" and len(rows) > 100:
        raw: Any = conn.connection.driver_connection
        columns = ", ".join(f'"{n}"' for n in names)
        with (
            raw.cursor() as cursor,
            cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy,
        ):
            for row in values:
                copy.write_row(row)
        return
    columns = ", ".join(f'"{n}"' for n in names)
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(names))
    statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})'
    conn.exec_driver_sql(statement, list(values))


def read_rows(conn: Connection, query: Select[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a long query in batches, as the driver gives them: no object is made of each."""
    raw: Any = conn.connection.driver_connection
    named = () if conn.dialect.name == "sqlite" else ("rows",)  # that of PostgreSQL streams
    cursor = raw.cursor(*named)
    try:
        cursor.execute(str(query.compile(conn, compile_kwargs={"literal_binds": True})))
        while rows := cursor.fetchmany(_READ):
            yield rows
    finally:
        cursor.close()


def get_fact(conn: Connection, name: str) -> str | None:
    """What the store says under a name."""
    return conn.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def set_fact(conn: Connection, name: str, value: str) -> None:
    """Say it anew."""
    conn.execute(facts.delete().where(facts.c.name == name))
    conn.execute(insert(facts), {"name": name, "value": value})


def compact(value: Any) -> str:
    """JSON in its shortest form."""
    return _COMPACT(value)
