"""One account's APIs: clients, paging, and endpoints that are known to be down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.session import Session

import trueline
from trueline.collect.answers import CallError, Halt, Meter
from trueline.collect.aws.faults import FAULTS, UNREADABLE, failure, refuses_identity
from trueline.collect.aws.names import Geography
from trueline.collect.aws.paging import Paging, paging_of
from trueline.collect.aws.request import Patience
from trueline.collect.aws.wire import Link, Wire
from trueline.errors import ConfigError

__all__ = ["AwsRemote", "client_config"]

_POOL = 64
_READABLE_ATTEMPTS = 3
"""An answer that cannot be parsed may have been cut off; twice more it is asked for."""
_AWS_SUFFIXES = (
    "amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn",
    "c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov", "amazonaws.eu",
)  # fmt: skip


def client_config(patience: Patience) -> Config:
    """How every client is made: our timeouts, our name in the logs, retries left to `Wire`."""
    return Config(
        connect_timeout=patience.connect,
        read_timeout=patience.read,
        max_pool_connections=_POOL,
        retries={"mode": "standard", "total_max_attempts": 1},
        user_agent_extra=f"trueline/{trueline.__version__}",
    )


@dataclass(frozen=True, slots=True)
class _Operation:
    method: Callable[..., dict[str, Any]]
    paging: Paging
    link: Link


class AwsRemote:
    """The APIs of one account, by (service, region). Thread-safe; close it when done."""

    def __init__(
        self,
        session: Session,
        wire: Wire,
        geography: Geography,
        patience: Patience,
        halt: Halt,
        making: threading.Lock,
    ) -> None:
        self._session, self._wire, self._geography = session, wire, geography
        self._regions, self._unconfirmed = geography.regions, frozenset[str]()
        self._config, self._patience, self._halt = client_config(patience), patience, halt
        self._making = making
        self._clients: dict[tuple[str, str], tuple[Any, Link]] = {}
        self._operations: dict[tuple[str, str], _Operation] = {}

    def learn(self, regions: Iterable[str], confirmed: bool) -> None:
        """Regions that the account named, and botocore may not know yet; or those that it did not
        confirm."""
        self._regions |= frozenset(regions)
        self._unconfirmed = frozenset() if confirmed else frozenset(regions)

    def has_region(self, region: str) -> bool:
        return region in self._regions

    def pages(
        self, call: str, region: str, args: Mapping[str, Any], meter: Meter
    ) -> Iterator[dict[str, Any]]:
        """The pages of `service.Operation`, one request each, as botocore parses them.

        Raises CallError, also for a page token that comes again; Stopped between pages.
        """
        operation = self._operations.get((call, region)) or self._operation(call, region)
        asked: set[str] = set()
        while True:
            page = self._send(call, operation, args, meter)
            yield page
            further = operation.paging.next(page)
            if further is None:
                return
            token = repr(further)
            if token in asked:
                raise CallError("error", "PaginationLoop", "the same page was announced again")
            asked.add(token)
            args = {**args, **further}

    def close(self) -> None:
        """Give up all connections."""
        with self._making:
            clients, self._clients = self._clients, {}
            self._operations.clear()
        for client, _ in clients.values():
            client.close()

    def _send(
        self, call: str, operation: _Operation, args: Mapping[str, Any], meter: Meter
    ) -> dict[str, Any]:
        name = call.partition(".")[2]
        attempts = min(self._patience.attempts, _READABLE_ATTEMPTS)
        for attempt in range(1, attempts + 1):
            self._halt.check()
            barrier = operation.link.barrier(name)
            if barrier is not None:
                raise barrier.again()
            current = self._wire.current
            current.meter, current.link = meter, operation.link
            try:
                page = operation.method(**args)
            except FAULTS as error:
                failed = failure(error)
                if attempt < attempts and failed.code == UNREADABLE:
                    self._halt.sleep(0.1 * attempt)
                    continue
                failed = self._explain(failed, operation.link)
                operation.link.failed(name, failed)
                raise failed from None
            finally:
                current.meter = current.link = None
            operation.link.succeeded(name)
            page.pop("ResponseMetadata", None)
            return page
        raise CallError("truncated", UNREADABLE)

    def _explain(self, failed: CallError, link: Link) -> CallError:
        """What a failure means in this region."""
        if failed.code == "EndpointConnectionError" and self._geography.lacks(
            link.prefix, link.region
        ):
            message = "the service is not offered in this region"
            return CallError("disabled", "NoEndpoint", message, nothing_there=True)
        if refuses_identity(failed.code) and link.region in self._unconfirmed:
            return CallError("disabled", failed.code, "the region seems not to be enabled")
        return failed

    def _operation(self, call: str, region: str) -> _Operation:
        service, _, name = call.partition(".")
        client, link = self._client(service, region)
        described = self._pagination(service).get(name)
        methods = {api: method for method, api in client.meta.method_to_api_mapping.items()}
        made = _Operation(
            getattr(client, methods[name]),
            paging_of(client.meta.service_model.operation_model(name), described),
            link,
        )
        self._operations[call, region] = made
        return made

    def _pagination(self, service: str) -> Mapping[str, Any]:
        loader = self._session.get_component("data_loader")
        try:
            described: Mapping[str, Any] = loader.load_service_model(service, "paginators-1")
        except UnknownServiceError:
            return {}
        pagination: Mapping[str, Any] = described["pagination"]
        return pagination

    def _client(self, service: str, region: str) -> tuple[Any, Link]:
        with self._making:
            held = self._clients.get((service, region))
            if held is None:
                client = self._make(service, region)
                link = Link(service, client.meta.service_model.endpoint_prefix, region)
                held = self._clients[service, region] = client, link
            return held

    def _make(self, service: str, region: str) -> Any:
        try:
            client = self._session.create_client(service, region_name=region, config=self._config)
        except ValueError as error:
            if "endpoint" not in str(error):
                raise
            message = f"the endpoint that is set for {service} is not a URL"
            hint = "check AWS_ENDPOINT_URL and endpoint_url in the AWS configuration"
            raise ConfigError("aws.endpoint", message, hint) from None
        if _is_aws(client.meta.endpoint_url):
            return client
        if service == "s3":
            # The bucket's name before a host that is not AWS's would not resolve.
            client.close()
            config = self._config.merge(Config(s3={"addressing_style": "path"}))
            return self._session.create_client(service, region_name=region, config=config)
        if service == "s3control":
            client.meta.events.register("before-call.s3-control", _without_account_in_host)
        return client


def _is_aws(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == suffix or host.endswith("." + suffix) for suffix in _AWS_SUFFIXES)


def _without_account_in_host(params: dict[str, Any], **_: Any) -> None:
    """The account travels in a header; botocore puts it before the host as well."""
    url = urlsplit(params["url"])
    account = params["headers"].get("x-amz-account-id", "")
    if account and url.netloc.startswith(f"{account}."):
        params["url"] = urlunsplit(url._replace(netloc=url.netloc[len(account) + 1 :]))
