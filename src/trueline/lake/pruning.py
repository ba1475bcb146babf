"""Takes away what no snapshot needs, and tells what the lake holds.

A snapshot that is dropped is first moved aside, and its segments stay for a while: a reader that
opened it before must be able to finish.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trueline.errors import ConfigError
from trueline.lake.files import sync_directory, writing
from trueline.lake.store import KEEP_RUNS, Lake
from trueline.lake.views import NOT_COLLECTED

__all__ = ["LakeInfo", "Pruned", "SnapshotInfo", "info", "prune"]

GRACE = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a prune did: snapshots dropped, files removed and their bytes, and the bytes that
    readers may still use for a while (the next prune takes them)."""

    snapshots: tuple[int, ...]
    files: int
    size: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """`scopes` were asked for; `incomplete` of them were not read whole."""

    number: int
    created_at: dt.datetime
    scan: str
    scopes: int
    incomplete: int
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class LakeInfo:
    """Snapshots oldest first, all segments and their bytes, and unfinished runs."""

    home: Path
    id: str
    snapshots: tuple[SnapshotInfo, ...]
    segments: int
    size: int
    runs: tuple[str, ...]


def prune(
    lake: Lake,
    keep: int | dt.timedelta,
    *,
    grace: dt.timedelta = GRACE,
    now: dt.datetime | None = None,
    applied: int | None = None,
) -> Pruned:
    """Keep the newest `keep` snapshots, or those younger than it; the newest one always stays.

    With `applied`, snapshots after this number stay, too: findings have not been made of them.

    Segments that nothing kept refers to are removed once their snapshot has been dropped for
    `grace`. ActionError when the disk fails.
    """
    now = now or dt.datetime.now(dt.UTC)
    if isinstance(keep, int) and keep < 1:
        raise ConfigError("keep-nothing", f"cannot keep {keep} snapshots", "keep at least 1")
    with writing("the lake"), lake.locked():
        _used(_manifests(lake, "snapshots"))  # one that cannot be read stops it before it begins
        dropped = _drop(lake, keep, now, applied)
        _expire(lake, now - grace)
        kept = _used(_manifests(lake, "snapshots"))
        waiting = _used(_manifests(lake, "dropped")) - kept
        files = [
            path
            for path in lake.segments.directory.iterdir()
            if path.suffix != ".parquet" or path.stem not in kept | waiting
        ]
        size = sum(path.stat().st_size for path in files)
        for path in files:
            path.unlink()
        sync_directory(lake.segments.directory)
        _remove_leftovers(lake, now)
        left = [lake.segments.path(i) for i in waiting]
        return Pruned(
            tuple(dropped), len(files), size, sum(p.stat().st_size for p in left if p.exists())
        )


def info(lake: Lake) -> LakeInfo:
    """What the lake holds. A snapshot's size counts the segments it shares with others."""
    listed = []
    for number in lake.numbers():
        snapshot = lake.snapshot(number)
        if snapshot is None:
            continue
        scopes, used = snapshot.scopes, snapshot.manifest.used()
        listed.append(
            SnapshotInfo(
                number,
                snapshot.created_at,
                snapshot.scan.id,
                sum(entry.state.cause != NOT_COLLECTED for entry in scopes),
                sum(not e.state.complete and e.state.cause != NOT_COLLECTED for e in scopes),
                sum(entry.rows for entry in scopes),
                sum(snapshot.manifest.segments[i].size for i in used),
            )
        )
    files = [p for p in lake.segments.directory.iterdir() if p.suffix == ".parquet"]
    runs = sorted(p.name for p in (lake.root / "runs").iterdir())
    size = sum(p.stat().st_size for p in files)
    return LakeInfo(lake.home, lake.id, tuple(listed), len(files), size, tuple(runs))


def _drop(lake: Lake, keep: int | dt.timedelta, now: dt.datetime, applied: int | None) -> list[int]:
    numbers = lake.numbers()
    old = numbers[:-keep] if isinstance(keep, int) else _older(lake, numbers[:-1], now - keep)
    if applied is not None:
        old = [n for n in old if n <= applied]
    aside = lake.root / "dropped"
    aside.mkdir(mode=0o700, exist_ok=True)
    for number in old:
        path = lake.manifest_path(number)
        target = aside / f"{number}-{int(now.timestamp())}.json"
        path.rename(target)
    sync_directory(aside)
    sync_directory(lake.root / "snapshots")
    return old


def _older(lake: Lake, numbers: Sequence[int], than: dt.datetime) -> list[int]:
    found = ((n, lake.snapshot(n)) for n in numbers)
    return [n for n, snapshot in found if snapshot is not None and snapshot.created_at < than]


def _expire(lake: Lake, before: dt.datetime) -> None:
    """Forget dropped snapshots that no reader can hold any more."""
    for path in (lake.root / "dropped").glob("*.json"):
        if int(path.stem.partition("-")[2]) <= before.timestamp():
            path.unlink()


def _manifests(lake: Lake, directory: str) -> Iterable[Path]:
    return (lake.root / directory).glob("*.json")


def _used(paths: Iterable[Path]) -> set[str]:
    """Segments that manifests name; ConfigError when what one of them needs is not known."""
    used: set[str] = set()
    for path in paths:
        try:
            used.update(json.loads(path.read_text("utf-8"))["segments"])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                "snapshot-damaged",
                f"{path} cannot be read, so nothing is removed: {error}",
                "move the file away if its snapshot is not needed",
            ) from error
    return used


def _remove_leftovers(lake: Lake, now: dt.datetime) -> None:
    """Runs that nobody resumes any more, and what killed processes spilled."""
    with lake.locked("births"):
        lake.clear_runs(now)
    for directory in (lake.root / "spill").iterdir():
        if directory.stat().st_mtime < (now - KEEP_RUNS).timestamp():
            shutil.rmtree(directory, ignore_errors=True)
