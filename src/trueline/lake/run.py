"""A run: what a scan has read so far, kept on disk until it is committed.

`lake/runs/<id>/` holds `run.json` (what was selected), a part file or more per scope, and
`journal.jsonl`: one line per finished scope, written after its parts are safe on the disk.
Nothing here is part of a snapshot before the commit.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout

from trueline.errors import TruelineError
from trueline.lake.files import read_part, sync_directory, write_json, write_part, writing
from trueline.lake.schema import arrow_schema, mapping_hashes, record_batches
from trueline.model import CoverageRow, ResourceType, Row, Scope, ScopeState

__all__ = ["Finished", "Run", "RunSelection", "abandoned", "begin", "resumable"]

SCOPE_BYTES = 4 << 20
TOTAL_BYTES = 64 << 20
"""How much of one scope, and of all, is held in memory before it goes to a part file."""

RESUME_WITHIN = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RunSelection:
    """What a scan was asked to read; only a run with an equal selection can be resumed.

    `accounts` and `regions` are the names given (none = whatever is there); `types` are the
    resource types read, by table.
    """

    provider: str
    types: Mapping[str, ResourceType]
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    note: str = ""

    def digest(self) -> str:
        """Equal for equal selections read by equal mappings."""
        mappings = {
            name: [str(arrow_schema(rtype)), mapping_hashes(rtype)]
            for name, rtype in self.types.items()
        }
        said = [self.provider, sorted(self.accounts), sorted(self.regions), self.note, mappings]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Finished:
    """A journal line: how a scope ended, its ledger rows, and where its rows are."""

    state: ScopeState
    coverage: tuple[CoverageRow, ...]
    parts: tuple[str, ...] = ()
    rows: int = 0


@dataclass(slots=True)
class _Open:
    """A scope that is being read: batches in memory, parts on disk."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    size: int = 0
    rows: int = 0
    parts: list[str] = field(default_factory=list)


class Run:
    """Takes what collectors read; a `model.Sink`, safe to use from any thread.

    `resumed` tells whether an earlier run is being completed; `id` is the scan's id.
    """

    def __init__(
        self, directory: Path, selection: RunSelection, begun_at: dt.datetime, lock: FileLock
    ) -> None:
        self.directory = directory
        self.selection = selection
        self.begun_at = begun_at
        self.id = directory.name
        self._lock = lock
        self._finished = _read_journal(directory)
        self.resumed = bool(self._finished)
        self._open: dict[Scope, _Open] = {}
        self._held = 0
        self._parts = max((int(p.name[:6]) for p in (directory / "parts").iterdir()), default=0)
        self._guard = threading.Lock()

    @property
    def finished(self) -> Mapping[Scope, Finished]:
        """Every scope that ended, read whole or not."""
        return dict(self._finished)

    def part_path(self, name: str) -> Path:
        return self.directory / "parts" / name

    def is_done(self, scope: Scope) -> bool:
        """Was this scope read whole? A failed one is worth another try."""
        done = self._finished.get(scope)
        return done is not None and done.state.complete

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        """Take rows of a scope that is being read."""
        if not rows:
            return
        batches = list(record_batches(self._type(scope), rows))
        size = sum(b.nbytes for b in batches)
        with self._guard:
            held = self._open.setdefault(scope, _Open())
            held.batches.extend(batches)
            held.size += size
            held.rows += len(rows)
            self._held += size
            full = held.size > SCOPE_BYTES or self._held > TOTAL_BYTES
            taken = self._take(held) if full else None
        if taken:
            self._write(scope, *taken)

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        """The scope ended. What came of a scope that was not read whole is not kept."""
        scope = state.scope
        with self._guard:
            held = self._open.pop(scope, _Open())
            taken = self._take(held)
        if taken and state.complete:
            self._write(scope, *taken)
        parts = tuple(held.parts) if state.complete else ()
        if not state.complete:
            for name in held.parts:
                self.part_path(name).unlink(missing_ok=True)
        rows = held.rows if state.complete else 0
        self._journal(Finished(state, tuple(coverage), parts, rows))

    def close(self) -> None:
        """Let another process resume this run; where no scope has ended there is none to resume."""
        if self._finished:
            self._lock.release()
        else:
            self.remove()

    def remove(self) -> None:
        """Forget the run: it is committed, or nothing of it is wanted."""
        self._lock.release()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _type(self, scope: Scope) -> ResourceType:
        try:
            return self.selection.types[scope.type]
        except KeyError:
            raise TruelineError(
                "type-not-selected", f"rows of {scope.type} came, which this run does not read"
            ) from None

    def _take(self, held: _Open) -> tuple[list[pa.RecordBatch], str] | None:
        """What a scope holds in memory, and the name of the part to write it to."""
        if not held.batches:
            return None
        taken = held.batches
        self._held -= held.size
        held.batches, held.size = [], 0
        self._parts += 1
        name = f"{self._parts:06d}.arrow"
        held.parts.append(name)
        return taken, name

    def _write(self, scope: Scope, batches: list[pa.RecordBatch], name: str) -> None:
        with writing(f"rows of {scope.type}"):
            write_part(self.part_path(name), arrow_schema(self._type(scope)), batches)

    def _journal(self, finished: Finished) -> None:
        line = json.dumps(_render(finished)) + "\n"
        with self._guard, writing("the journal of the run"):
            if finished.parts:
                sync_directory(self.directory / "parts")
            _append(self.directory / "journal.jsonl", line.encode())
            self._finished[finished.state.scope] = finished


def _append(path: Path, line: bytes) -> None:
    """Add a line whole and synced, or not at all."""
    with path.open("ab", buffering=0) as handle:
        start = handle.tell()
        try:
            while line:
                line = line[handle.write(line) :]
            os.fsync(handle.fileno())
        except OSError:
            handle.truncate(start)
            raise


def begin(runs: Path, selection: RunSelection, now: dt.datetime, run_id: str) -> Run:
    """Start a new run."""
    with writing("a new run"):
        directory = runs / run_id
        (directory / "parts").mkdir(parents=True)
        lock = _locked(directory)
        assert lock is not None
        write_json(
            directory / "run.json",
            {
                "digest": selection.digest(),
                "begun_at": now.isoformat(),
                "provider": selection.provider,
                "accounts": list(selection.accounts),
                "regions": list(selection.regions),
                "types": sorted(selection.types),
            },
        )
        sync_directory(runs)
    return Run(directory, selection, now, lock)


def resumable(runs: Path, selection: RunSelection, now: dt.datetime) -> Run | None:
    """The newest unfinished run of an equal selection that nobody works on, if under a day old."""
    digest = selection.digest()
    found = [(begun, d) for d, begun, said in _runs(runs) if said == digest]
    for begun, directory in sorted(found, reverse=True):
        if now - begun >= RESUME_WITHIN:
            break
        lock = _locked(directory)
        if lock is not None:
            return Run(directory, selection, begun, lock)
    return None


def abandoned(runs: Path, before: dt.datetime) -> list[Path]:
    """Directories of runs that no process works on: those that began before a time, and those
    that were killed before they had a description, while no other run is being born."""
    out = []
    for directory, begun, said in _runs(runs):
        lock = _locked(directory) if begun < before or not said else None
        if lock is not None:
            lock.release()
            out.append(directory)
    return out


def _runs(runs: Path) -> list[tuple[Path, dt.datetime, str]]:
    out = []
    for directory in runs.iterdir() if runs.is_dir() else ():
        # Whoever opens the lake tries for a moment whether it can write a file here.
        said = _read_run(directory) if directory.is_dir() else None
        if said is not None:
            out.append((directory, *said))
    return out


def _read_run(directory: Path) -> tuple[dt.datetime, str] | None:
    """When a run began and its selection's digest; a run killed at birth began at its mtime."""
    try:
        document = json.loads((directory / "run.json").read_text("utf-8"))
        return dt.datetime.fromisoformat(document["begun_at"]), document["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        return dt.datetime.fromtimestamp(directory.stat().st_mtime, dt.UTC), ""
    except OSError:
        return None


def _locked(directory: Path) -> FileLock | None:
    lock = FileLock(directory / "lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return lock


def _read_journal(directory: Path) -> dict[Scope, Finished]:
    """Finished scopes. A line cut by a crash ends the journal; a scope whose part cannot be read
    is not finished.

    The cut line is taken off, so that the next one does not continue it.
    """
    journal = directory / "journal.jsonl"
    if not journal.exists():
        return {}
    out: dict[Scope, Finished] = {}
    good = 0
    with journal.open("rb") as handle:
        for line in handle:
            try:
                finished = _parse(json.loads(line))
            except (ValueError, KeyError, TypeError):
                break
            if not line.endswith(b"\n"):
                break
            good += len(line)
            if all(_readable(directory / "parts" / name) for name in finished.parts):
                out[finished.state.scope] = finished
    os.truncate(journal, good)
    return out


def _readable(part: Path) -> bool:
    try:
        next(read_part(part, ["uid"]), None)
    except (OSError, pa.ArrowException):
        return False
    return True


def _render(finished: Finished) -> dict[str, Any]:
    state = finished.state
    return {
        "scope": [state.scope.provider, state.scope.account, state.scope.region, state.scope.type],
        "complete": state.complete,
        "at": state.collected_at.isoformat(),
        "cause": state.cause,
        "parts": list(finished.parts),
        "rows": finished.rows,
        "coverage": [asdict(c) for c in finished.coverage],
    }


def _parse(line: dict[str, Any]) -> Finished:
    state = ScopeState(
        Scope(*line["scope"]),
        line["complete"],
        dt.datetime.fromisoformat(line["at"]),
        line["cause"],
    )
    coverage = tuple(CoverageRow(**c) for c in line["coverage"])
    return Finished(state, coverage, tuple(line["parts"]), line["rows"])
