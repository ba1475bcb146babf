"""A local AWS: moto behind a door that refuses some calls, as real permissions would.

moto answers as a server on the loopback interface, so that the scan is an ordinary one: real
clients, real requests, real error answers.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

__all__ = ["Refusal", "Request", "serve", "simulated_aws"]

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Request:
    """What an AWS request says of itself; `action` is empty for REST services, `body` is kept
    for services that are asked by forms."""

    service: str
    region: str
    action: str
    path: str
    query: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Requests that are answered with AccessDenied: all fields given must fit."""

    service: str
    action: str = ""
    region: str = ""
    path: str = ""
    query: str = ""

    def fits(self, request: Request) -> bool:
        return (
            self.service == request.service
            and self.action in ("", request.action)
            and self.region in ("", request.region)
            and (not self.path or request.path.startswith(self.path))
            and (not self.query or self.query in request.query.split("&"))
        )


class Door:
    """A WSGI application in front of moto. Refusals apply once `closed` is set."""

    def __init__(self, behind: WSGI, refusals: Iterable[Refusal]) -> None:
        self.behind, self.refusals, self.closed = behind, tuple(refusals), False

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = _request(environ)
        if self.closed and any(r.fits(request) for r in self.refusals):
            return _denied(request, start)
        if request.path == "/getContactInformation":
            return _answer(start, "200 OK", "application/json", _CONTACT)
        if request.service == "ec2" and request.action in _EC2:
            name = f"{request.action}Response"
            body = f"<{name}><requestId>demo</requestId>{_EC2[request.action]}</{name}>"
            return _answer(start, "200 OK", "text/xml", body)
        if request.action == "DescribeSnapshots" and b"RestorableBy.1=all" in request.body:
            return self._public_snapshots(environ, start)
        return self.behind(environ, start)

    def _public_snapshots(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        """moto overlooks who may restore a snapshot: keep those that everyone may."""
        said: list[Any] = []
        answer = b"".join(self.behind(environ, lambda *args: said.extend(args))).decode()
        tree = ElementTree.fromstring(answer)  # noqa: S314 - moto wrote it
        everyone = _snapshots_of_everyone()
        for listed in tree.iter():
            if listed.tag.endswith("snapshotSet"):
                for item in list(listed):
                    if not any(e.text in everyone for e in item if e.tag.endswith("snapshotId")):
                        listed.remove(item)
        namespace = tree.tag.partition("}")[0].lstrip("{")
        ElementTree.register_namespace("", namespace)
        return _answer(start, said[0], "text/xml", ElementTree.tostring(tree, encoding="unicode"))


def _snapshots_of_everyone() -> set[str]:
    from moto.backends import get_backend

    return {
        snapshot.id
        for regions in get_backend("ec2").values()
        for backend in regions.values()
        for snapshot in backend.snapshots.values()
        if "all" in snapshot.create_volume_permission_groups
    }


_CONTACT = json.dumps(
    {
        "ContactInformation": {
            "FullName": "Cloud Team",
            "AddressLine1": "1 Example Street",
            "City": "Dublin",
            "PostalCode": "D02 X285",
            "CountryCode": "IE",
            "PhoneNumber": "+35315550100",
        }
    }
)
_EC2 = {
    "GetImageBlockPublicAccessState": (
        "<imageBlockPublicAccessState>block-new-sharing</imageBlockPublicAccessState>"
    ),
    "GetSnapshotBlockPublicAccessState": "<state>unblocked</state>",
    "GetInstanceMetadataDefaults": "<accountLevel/>",
}
"""Calls that moto lacks, answered in their documented shape for every account and region."""


def _request(environ: dict[str, Any]) -> Request:
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    action, body = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2], b""
    if not action and environ.get("CONTENT_TYPE", "").startswith(
        "application/x-www-form-urlencoded"
    ):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
        environ["wsgi.input"] = io.BytesIO(body)
        found = re.search(rb"(?:^|&)Action=(\w+)", body)
        action = found[1].decode() if found else ""
    return Request(
        service=scope[3] if scope else "",
        region=scope[2] if scope else "",
        action=action,
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        body=body,
    )


def _denied(request: Request, start: Callable[..., Any]) -> Iterable[bytes]:
    """The refusal in the protocol of the service."""
    message = f"User is not authorized to perform this action ({request.action or request.query})"
    if request.service == "s3":
        body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        return _answer(start, "403 Forbidden", "application/xml", body)
    if request.service == "ec2":
        code = "UnauthorizedOperation"
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>"
            "</Error></Errors><RequestID>demo</RequestID></Response>"
        )
        return _answer(start, "403 Forbidden", "text/xml", body)
    if request.service in ("iam", "rds", "sqs", "elasticloadbalancing"):
        body = (
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
            f"<Message>{message}</Message></Error><RequestId>demo</RequestId></ErrorResponse>"
        )
        return _answer(start, "403 Forbidden", "text/xml", body)
    body = json.dumps({"__type": "AccessDeniedException", "message": message})
    return _answer(start, "400 Bad Request", "application/x-amz-json-1.1", body)


def _answer(
    start: Callable[..., Any], status: str, content_type: str, body: str
) -> Iterable[bytes]:
    data = body.encode()
    headers = [("Content-Type", content_type), ("Content-Length", str(len(data)))]
    if content_type.endswith("json") and status.startswith("400"):
        headers.append(("x-amzn-ErrorType", "AccessDeniedException"))
    start(status, headers)
    return [data]


@contextmanager
def simulated_aws(refusals: Iterable[Refusal] = ()) -> Iterator[tuple[str, Door]]:
    """Run the simulation on a free port of the loopback interface: (endpoint URL, its door).

    There is one simulated AWS a process: it begins empty each time.
    """
    moto_api_backend.reset()
    door = Door(DomainDispatcherApplication(create_backend_app), refusals)
    with serve(door) as url:
        yield url, door


@contextmanager
def serve(application: WSGI) -> Iterator[str]:
    """Run a WSGI application on a free port of the loopback interface: its URL."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
            """Say nothing: the scan's own ledger tells what was asked."""

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
