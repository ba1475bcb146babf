"""CPU time per API call of a collection, beside botocore making the same calls by itself.

Run as a module it is one measurement in a fresh process: `bare` or `trueline`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

from benchmarks.answers import QUEUES, REGION
from benchmarks.measure import Figure, child, cpu_seconds, run_process
from trueline.model import CoverageRow, Row, Scope, ScopeState

__all__ = ["measure"]

RATIO = 1.25
_TIMES = 5
_THREADS = 16


def measure() -> Iterator[Figure]:
    """The ratio of medians, and whether any request was sent twice."""
    spent: dict[str, list[float]] = {"bare": [], "trueline": []}
    calls = {}
    for _ in range(_TIMES):
        for what, costs in spent.items():
            cpu, calls[what] = _measured(what)
            costs.append(cpu / calls[what]["requests"])
    bare, ours = median(spent["bare"]), median(spent["trueline"])
    note = f"{calls['trueline']['requests']} requests, {calls['bare']['requests']} of bare botocore"
    yield Figure("bare botocore, a call", bare * 1000, "ms CPU")
    yield Figure("collection, a call", ours * 1000, "ms CPU", note=note)
    yield Figure("collection: ratio", ours / bare, "×", RATIO)
    yield Figure("requests sent twice", calls["trueline"]["twice"], "", 0)


def _measured(what: str) -> tuple[float, dict[str, int]]:
    """CPU seconds of one run, and what the answering side saw of it."""
    with subprocess.Popen(
        child("benchmarks.answers"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        env = {
            "AWS_ENDPOINT_URL": server.stdout.readline().strip(),
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        spent = json.loads(run_process(*child("benchmarks.collection", what), env=env).out)
        server.stdin.close()
        seen = json.loads(server.stdout.read())
    return float(spent), seen


def bare() -> float:
    """botocore alone: one client, one pool of threads, the same calls, the answers thrown away."""
    from botocore.config import Config
    from botocore.session import Session

    began = cpu_seconds()
    session = Session()
    config = Config(max_pool_connections=_THREADS)
    session.create_client("sts", REGION).get_caller_identity()
    session.create_client("ec2", REGION).describe_regions(AllRegions=True)
    client = session.create_client("sqs", REGION, config=config)
    urls = client.list_queues(MaxResults=1000)["QueueUrls"]

    def ask(url: str) -> None:
        client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        client.list_queue_tags(QueueUrl=url)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(ask, urls))
    return cpu_seconds() - began


class _Nowhere:
    """A sink that counts and forgets."""

    def __init__(self) -> None:
        self.count, self.complete = 0, True
        self._lock = threading.Lock()

    def is_done(self, scope: Scope) -> bool:
        return False

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        with self._lock:
            self.count += len(rows)

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        self.complete = self.complete and state.complete


def trueline() -> float:
    """Collect the queues of one account and region: calls, parsing, mapping, finished rows."""
    from trueline.catalog import load
    from trueline.collect.aws import AwsRequest, collect
    from trueline.settings import cache_directory

    types = {"aws_sqs_queue": load((), cache_directory()).types["aws_sqs_queue"]}
    sink = _Nowhere()
    began = cpu_seconds()
    collect(AwsRequest(regions=(REGION,)), types, sink)
    spent = cpu_seconds() - began
    if not sink.complete or sink.count != QUEUES:
        raise RuntimeError(f"{sink.count} rows came, not {QUEUES}")
    return spent


def main(what: str) -> None:
    """One measurement; the result is a number of seconds."""
    measured: dict[str, Any] = {"bare": bare, "trueline": trueline}
    print(measured[what]())


if __name__ == "__main__":
    main(*sys.argv[1:])
