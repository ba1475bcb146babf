"""The simulator, a proxy before it, and a sink that remembers."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from trueline.collect.aws import AwsRequest, collect
from trueline.model import ResourceType

from .proxy import FaultProxy
from .support import QUICK, Memory, Result


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def clients() -> dict[Any, Any]:
    """Clients are dear; they are made once."""
    return {}


@pytest.fixture
def proxy(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[FaultProxy]:
    """A fresh estate behind a proxy; the environment points at it, and at nothing else."""
    urllib.request.urlopen(f"{moto}/moto-api/reset", data=b"", timeout=10).close()
    made = FaultProxy(moto)
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield made
    made.close()


@pytest.fixture
def client(moto: str, proxy: FaultProxy, clients: dict[Any, Any]) -> Callable[..., Any]:
    """A client that reaches the simulator past the proxy."""

    def make(service: str, region: str = "us-east-1", **more: Any) -> Any:
        key = (service, region, *sorted(more.items()))
        if key not in clients:
            clients[key] = boto3.client(service, region_name=region, endpoint_url=moto, **more)
        return clients[key]

    return make


@pytest.fixture
def read(proxy: FaultProxy) -> Callable[..., Result]:
    """Collect these types from the proxy."""

    def run(
        *types: ResourceType, sink: Memory | None = None, stop: Any = None, **request: Any
    ) -> Result:
        request.setdefault("regions", ("us-east-1", "eu-west-1"))
        request.setdefault("patience", QUICK)
        kept = sink or Memory()
        tables = {rtype.table: rtype for rtype in types}
        return Result(collect(AwsRequest(**request), tables, kept, None, stop), kept)

    return run
