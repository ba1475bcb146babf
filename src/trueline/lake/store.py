"""The lake in its home: lets runs begin, commits them, and opens snapshots."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import secrets
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from trueline.errors import ActionError, ConfigError
from trueline.lake import manifest as manifests
from trueline.lake.commit import Judge, Judgement, build
from trueline.lake.files import sync_directory, write_json, writing
from trueline.lake.marks import snapshot_numbers
from trueline.lake.reading import Limits, open_tables
from trueline.lake.run import Run, RunSelection, abandoned, begin, resumable
from trueline.lake.segments import Segments
from trueline.lake.snapshot import Snapshot
from trueline.lake.tables import MEMORY, Tables
from trueline.model import CoverageRow, NotJudged, ResourceType, ScanInfo

__all__ = ["Lake"]

LOCK_SECONDS = 900
KEEP_RUNS = dt.timedelta(days=7)


class Lake:
    """The tables under `home/lake`. Safe for several processes at once.

    Opening it makes the directories and proves that they can be written: ConfigError
    (`home-unwritable`) before anything is read otherwise.
    """

    def __init__(self, home: Path, *, memory: str = MEMORY, threads: int | None = None) -> None:
        self.home = home.absolute()
        self.root = self.home / "lake"
        self._memory, self._threads = memory, threads
        try:
            _make_directories(self.home, self.root)
            self.id = _identity(self.root)
        except OSError as error:
            raise ConfigError(
                "home-unwritable",
                f"the home {self.home} cannot be written: {error.strerror or error}",
                "choose another with --home or TRUELINE_HOME, or give yourself write permission",
            ) from error
        self.segments = Segments(self.root / "segments")

    def numbers(self) -> list[int]:
        """The numbers of all snapshots, oldest first."""
        return snapshot_numbers(self.home)

    def snapshot(self, number: int | None = None) -> Snapshot | None:
        """A snapshot by number, or the newest; None when there is none.

        ConfigError when its manifest cannot be read or is of a newer format.
        """
        numbers = self.numbers()
        if number is None and numbers:
            number = numbers[-1]
        if number is None or number not in numbers:
            return None
        return Snapshot(self._manifest(number), self.segments)

    def tables(self, snapshot: Snapshot, types: Mapping[str, ResourceType]) -> Tables:
        """A snapshot's rows of these types as tables."""
        return open_tables(self.segments, snapshot.content, types, self.limits())

    def limits(self) -> Limits:
        """What a connection may use; it spills into a directory of its own below the lake."""
        spill = self.root / "spill" / secrets.token_hex(8)
        return Limits(self._memory, self._threads, str(spill))

    def begin(self, selection: RunSelection, resume: bool = False) -> Run:
        """Start a run. With `resume`, go on with the newest unfinished one of an equal selection
        that is under a day old (`Run.resumed`), if there is one."""
        now = dt.datetime.now(dt.UTC)
        runs = self.root / "runs"
        with writing("a run"), self.locked("births"):
            self.clear_runs(now)
            found = resumable(runs, selection, now) if resume else None
            new = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
            return found or begin(runs, selection, now, new)

    def clear_runs(self, now: dt.datetime) -> None:
        """Take away the runs that nobody can or will resume, while `births` is held."""
        for directory in abandoned(self.root / "runs", now - KEEP_RUNS):
            shutil.rmtree(directory, ignore_errors=True)

    def commit(
        self,
        run: Run,
        scan: ScanInfo,
        judge: Judge,
        *,
        types: Mapping[str, ResourceType] | None = None,
        coverage: Sequence[CoverageRow] = (),
        not_judged: Sequence[NotJudged] = (),
        settings: str = "",
    ) -> Snapshot:
        """Merge a run into the newest snapshot, judge what comes of it, and make it current.

        `judge` gets the merged tables: those of the run, and of `types` (relation targets).
        ActionError (`lake-write-failed`) when the disk fails: the previous snapshot stays.
        """
        said = Judgement(scan, judge, types or {}, coverage, not_judged, settings)
        now = dt.datetime.now(dt.UTC)
        with writing("the lake"), self.locked():
            before = set(self.segments.directory.iterdir())
            last = self.snapshot()
            path = self.manifest_path(last.number + 1 if last else 1)
            try:
                made = build(self.segments, self.id, last, run, said, self.limits(), now)
                sync_directory(self.segments.directory)
                write_json(path, manifests.render(made))
            except BaseException:
                if not path.exists():
                    self._discard(before)
                raise
        run.remove()
        return Snapshot(made, self.segments)

    @contextmanager
    def locked(self, name: str = "lock") -> Iterator[None]:
        """Hold the lake: one commit or prune at a time, over all processes.

        `births` is another lock: under it runs begin one by one, so that a run without a
        description is a dead one.
        """
        lock = FileLock(self.root / name, thread_local=False)
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise ActionError(
                "lake-locked",
                f"another process has held the lake for {LOCK_SECONDS} seconds",
                "wait for it to end, then run again with --resume",
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _discard(self, before: Collection[Path]) -> None:
        """Take away what a failed commit wrote; nothing refers to it."""
        for path in set(self.segments.directory.iterdir()) - set(before):
            path.unlink(missing_ok=True)

    def manifest_path(self, number: int) -> Path:
        return self.root / "snapshots" / f"{number}.json"

    def _manifest(self, number: int) -> manifests.Manifest:
        path = self.manifest_path(number)
        try:
            document = json.loads(path.read_text("utf-8"))
            if document["format"] > manifests.FORMAT:
                raise _too_new(path, document["format"])
            return manifests.parse(document)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                "snapshot-damaged",
                f"{path} cannot be read: {error}",
                "move the file away to make the snapshot before it current",
            ) from error


def _make_directories(home: Path, root: Path) -> None:
    """Make what is missing, and prove that files can be made in it. A full disk is no lack of
    permission: reading still works, and a write will say so."""
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    for directory in (root, *(root / n for n in ("segments", "snapshots", "runs", "spill"))):
        directory.mkdir(mode=0o700, exist_ok=True)
        probe = directory / f"probe-{secrets.token_hex(4)}"
        try:
            probe.touch()
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        probe.unlink(missing_ok=True)


def _identity(root: Path) -> str:
    """The lake's id, made once; of two processes that make it at the same time one wins."""
    path = root / "lake.json"
    if not path.exists():
        beside = root / f"lake-{secrets.token_hex(4)}.tmp"
        document = {"format": manifests.FORMAT, "id": uuid.uuid4().hex}
        write_json(beside, document)
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] > manifests.FORMAT:
            raise _too_new(path, document["format"])
        return str(document["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "lake-damaged", f"{path} does not say which lake this is: {error}", "restore the file"
        ) from error


def _too_new(path: Path, seen: int) -> ConfigError:
    return ConfigError(
        "lake-too-new",
        f"{path} is of format {seen}; this version reads up to {manifests.FORMAT}",
        "use the Trueline version that wrote it, or a later one",
    )
