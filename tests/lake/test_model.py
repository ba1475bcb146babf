"""Any sequence of commits against a model that is a dict."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueline.lake import Lake, RunSelection, prune
from trueline.model import Scope

from .support import NOW, failed, resource_type, row, scope, whole
from .test_commit import no_verdicts, scan_info

THING = resource_type(name="text")
SELECTION = RunSelection("aws", {"aws_thing": THING})
SCOPES = [scope(r, account=a) for a in ("1", "2") for r in ("x", "y")]

uids = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=5)
reads = st.one_of(uids, st.none())
commits = st.dictionaries(st.sampled_from(SCOPES), reads, min_size=1, max_size=4)


@dataclass
class Model:
    """What each scope showed when it was last read, and which scopes failed since."""

    rows: dict[Scope, dict[str, str]] = field(default_factory=dict)
    failed: dict[Scope, bool] = field(default_factory=dict)

    def apply(self, commit: dict[Scope, list[str] | None], mark: str) -> None:
        for where, listed in commit.items():
            self.failed[where] = listed is None
            if listed is not None:
                self.rows[where] = dict.fromkeys(listed, mark)

    def table(self) -> Iterator[tuple[str, str, bool, tuple[str, ...]]]:
        """uid, value, stale, seen_from: the owner (home of the uid) wins, else the first scope."""
        for uid in ("a", "b", "c", "d"):
            seen = [w for w in sorted(self.rows) if uid in self.rows[w]]
            if not seen:
                continue
            home = home_of(uid)
            place = {w: i for i, w in enumerate(sorted(
                seen, key=lambda w: (w != home, w.account != home.account, w)))}  # fmt: skip
            first, *others = sorted(place, key=lambda w: place[w])
            yield (
                uid,
                self.rows[first][uid],
                self.failed[first],
                tuple(f"{w.account}/{w.region}" for w in others),
            )


def home_of(uid: str) -> Scope:
    """Where the resource of a uid lives."""
    return dict(zip("abcd", SCOPES, strict=True))[uid]


@settings(max_examples=8, deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.lists(commits, min_size=1, max_size=4))
def test_the_lake_shows_what_was_last_read_of_every_scope(
    sequence: list[dict[Scope, list[str] | None]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        lake, model = Lake(Path(directory) / "home"), Model()
        shown = []
        for number, commit in enumerate(sequence):
            mark = str(number)
            run = lake.begin(SELECTION)
            for where, listed in commit.items():
                if listed is None:
                    run.done(failed(where), [])
                    continue
                for uid in listed:
                    home = home_of(uid)
                    values = {"name": mark, "account": home.account, "region": home.region}
                    run.rows(where, [row(THING, uid, where, **values)])
                run.done(whole(where, NOW), [])
            lake.commit(run, scan_info(run), no_verdicts)
            model.apply(commit, mark)
            shown.append(list(model.table()))
        for number, expected in enumerate(shown, 1):
            assert table(lake, number) == expected
        prune(lake, 1)
        assert table(lake, len(shown)) == shown[-1]


def table(lake: Lake, number: int) -> list[tuple[str, str, bool, tuple[str, ...]]]:
    snapshot = lake.snapshot(number)
    assert snapshot is not None
    with closing(lake.tables(snapshot, {"aws_thing": THING})) as tables:
        found = tables.con.execute(
            "SELECT uid, name, stale_since IS NOT NULL, seen_from FROM aws_thing ORDER BY uid"
        ).fetchall()
    return [(uid, name, stale, tuple(seen)) for uid, name, stale, seen in found]
