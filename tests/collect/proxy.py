"""A small HTTP proxy before the simulator: counts what it passes on, and breaks it on request."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["FaultProxy", "Request"]

_S3 = {
    ("GET", ""): "ListBuckets",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "publicAccessBlock"): "GetPublicAccessBlock",
    ("GET", "versioning"): "GetBucketVersioning",
}


@dataclass(frozen=True)
class Request:
    """One request as the services see it; `args` tells requests of one call apart."""

    call: str
    region: str
    args: str
    agent: str
    path: str


Fault = Callable[[Request], "str | tuple[int, bytes] | None"]
"""`drop`, `hang`, `truncate`, `empty`, an HTTP answer instead, or None to pass it on."""


@dataclass
class FaultProxy:
    """`fault` is asked for each request; `seen` holds all that came."""

    upstream: str
    fault: Fault | None = None
    seen: list[Request] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        proxy = self

        class Handler(_Handler):
            owner = proxy

        class Server(ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.hung = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, request: Request) -> Any:
        with self._lock:
            self.seen.append(request)
        return None if self.fault is None else self.fault(request)

    def calls(self) -> Counter[str]:
        return Counter(request.call for request in self.seen)

    def close(self) -> None:
        self.hung.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: FaultProxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        action = self.owner.take(_describe(self, body))
        if action == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if action == "hang":
            self.owner.hung.wait(60)
            self.close_connection = True
            return
        if isinstance(action, tuple):
            self._send(action[0], [("Content-Type", "text/xml")], action[1])
            return
        status, headers, content = self._upstream(body)
        if action == "empty":
            content = b""
        if action == "cut":
            content = content[: max(1, len(content) // 2)]
        if action == "truncate":
            self._send(status, headers, content, claim=len(content) + 100)
            self.close_connection = True
            return
        self._send(status, headers, content)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815 - names of the library

    def _upstream(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.owner.upstream)
        link = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
            link.request(self.command, self.path, body=body, headers=headers)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def _send(
        self, status: int, headers: list[tuple[str, str]], content: bytes, claim: int | None = None
    ) -> None:
        skipped = ("content-length", "connection", "transfer-encoding", "date", "server")
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in skipped:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if claim is None else claim))
        self.end_headers()
        self.wfile.write(content)


def _describe(handler: BaseHTTPRequestHandler, body: bytes) -> Request:
    scope = handler.headers.get("Authorization", "").partition("Credential=")[2].split("/")
    service, region = (scope[3], scope[2]) if len(scope) > 3 else ("", "")
    agent = handler.headers.get("User-Agent", "")
    url = urlsplit(handler.path)
    text = body.decode("utf-8", "replace")
    target = handler.headers.get("X-Amz-Target", "")
    if target:
        call = target.rpartition(".")[2]
    elif "Action=" in text:
        call = parse_qs(text)["Action"][0]
    else:
        names = [name for name in parse_qs(url.query, keep_blank_values=True) if name != "x-id"]
        call = _S3.get((handler.command, names[0] if names else ""), handler.path)
        if handler.headers.get("x-amz-account-id"):
            service, call = "s3control", "GetPublicAccessBlock"
    return Request(f"{service}.{call}", region, f"{handler.path} {text}", agent, url.path)


def wait_until(done: Callable[[], bool], seconds: float = 10) -> bool:
    """Poll; False if it never came true."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
