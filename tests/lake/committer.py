"""Commits generation after generation to a lake, for tests that kill it or run two of it.

Arguments: home, account, generations (0 = without end), and the stage (read, commit, judge) from
which it may write no file of more than 200 bytes. Prints a line before and after each commit.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from lake.support import resource_type, row, scope, whole
from lake.test_commit import scan_info
from trueline.errors import TruelineError
from trueline.lake import Lake, Run, RunSelection, Tables, TypeVerdicts
from trueline.model import Scope

THING = resource_type()
REGIONS = ("eu-west-1", "us-east-1", "ap-south-1")
ROWS = 200


def selection(account: str) -> RunSelection:
    return RunSelection("aws", {"aws_thing": THING}, accounts=(account,))


def fill_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


def main(home: str, account: str, generations: int, full_at: str) -> int:
    lake = Lake(Path(home))

    def judge(_: Tables) -> Iterable[TypeVerdicts]:
        if full_at == "judge":
            fill_disk()
        return ()

    generation = 0
    while not generations or generation < generations:
        generation += 1
        run = lake.begin(selection(account), resume=True)
        print(f"begin {run.resumed}", flush=True)
        if full_at == "read":
            fill_disk()
        for region in REGIONS:
            read(run, scope(region, account=account))
        if full_at == "commit":
            fill_disk()
        print("commit", flush=True)
        lake.commit(run, scan_info(run), judge)
        print("done", flush=True)
    return 0


def read(run: Run, where: Scope) -> None:
    if run.is_done(where):
        return
    for page in range(4):
        uids = [f"{where.account}-{where.region}-{page}-{i}" for i in range(ROWS // 4)]
        run.rows(where, [row(THING, uid, where, name=run.id) for uid in uids])
    run.done(whole(where), [])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), "".join(sys.argv[4:])))
    except TruelineError as error:
        print(error.render(), file=sys.stderr)
        sys.exit(error.exit_code)
