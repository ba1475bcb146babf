"""Stands before the simulated AWS: notes every request, and answers some otherwise than AWS would.

Requests carry the name of their operation in a header of ours, which a botocore handler adds, so
that faults can be aimed at exactly one operation of any protocol.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import botocore.handlers
import botocore.session

__all__ = ["Answer", "Seen", "Watch", "denial", "error_answer", "named_requests"]

_HEADER = "x-test-call"
_SIGNED = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/")
_models = botocore.session.get_session()
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Seen:
    """One request; `key` is the access key that signed it, `args` its path, query and body."""

    call: str
    key: str
    region: str
    args: str


@dataclass(frozen=True)
class Answer:
    """An HTTP answer in place of the one of AWS."""

    status: str
    kind: str
    body: str
    headers: tuple[tuple[str, str], ...] = ()


Fault = Callable[[Seen], "Answer | str | None"]
"""An answer instead; `drop` = the connection is cut before the answer, `cut` = inside its body;
`half`, `empty` = the body is short but said to be whole; `hang` = no answer; None = passed on."""


@dataclass
class Watch:
    """A WSGI application before another. `fault` is asked for each request, `seen` holds all."""

    behind: WSGI
    fault: Fault | None = None
    seen: list[Seen] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        seen = _seen(environ)
        with self._lock:
            self.seen.append(seen)
            action = self.fault(seen) if self.fault is not None else None
        if action is None:
            return self.behind(environ, start)
        if isinstance(action, Answer):
            data = action.body.encode()
            headers = [("Content-Type", action.kind), ("Content-Length", str(len(data)))]
            start(action.status, [*headers, *action.headers])
            return [data]
        if action in ("cut", "half", "empty"):
            return self._shortened(action, environ, start)
        if action == "hang":
            self.released.wait(60)
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[None]:
        """Answer by `fault` for a while, and forget what was seen before."""
        self.fault, self.released = fault, threading.Event()
        self.seen.clear()
        try:
            yield
        finally:
            self.released.set()
            self.fault = None

    def _shortened(
        self, how: str, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterator[bytes]:
        said: list[Any] = []
        whole = b"".join(self.behind(environ, lambda *args: said.extend(args[:2])))
        body = b"" if how == "empty" else whole[: len(whole) // 2]
        claimed = len(whole) if how == "cut" else len(body)
        headers = [(k, v) for k, v in said[1] if k.lower() != "content-length"]
        start(said[0], [*headers, ("Content-Length", str(claimed))])
        yield body
        if how == "cut":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def _seen(environ: dict[str, Any]) -> Seen:
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
    key, region = (signed[1], signed[2]) if signed else ("", "")
    asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
    call = environ.get("HTTP_" + _HEADER.upper().replace("-", "_"), "")
    return Seen(call, key, region, f"{asked} {body.decode()}")


def _name(model: Any, params: dict[str, Any], **_: Any) -> None:
    params["headers"][_HEADER] = f"{model.service_model.service_name}.{model.name}"


@contextmanager
def named_requests() -> Iterator[None]:
    """Sessions that are made inside name the operation of every request."""
    handler = ("before-call", _name)
    botocore.handlers.BUILTIN_HANDLERS.append(handler)
    try:
        yield
    finally:
        botocore.handlers.BUILTIN_HANDLERS.remove(handler)


def error_answer(call: str, code: str, status: int, message: str = "as the test says") -> Answer:
    """An error as the service of `call` words it in its protocol."""
    service = _models.get_service_model(call.partition(".")[0])
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    protocol, line = service.resolved_protocol, f"{status} Said"
    if "json" in protocol:
        said = (("x-amzn-ErrorType", code),) if protocol == "rest-json" else ()
        body = json.dumps({"__type": f"com.amazon.coral.service#{code}", "message": message})
        return Answer(line, "application/x-amz-json-1.1", body, said)
    if protocol == "ec2":
        body = f"<Response><Errors><Error>{error}</Error></Errors></Response>"
    elif service.service_name == "s3":
        body = f"<Error>{error}</Error>"
    else:
        body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    return Answer(line, "text/xml", body)


def denial(call: str) -> Answer:
    """What the service of `call` answers to someone who may not make it."""
    service = _models.get_service_model(call.partition(".")[0])
    message = (
        "User: arn:aws:sts::111122223333:assumed-role/audit/trueline is not authorized to "
        f"perform: {service.signing_name}:{call.partition('.')[2]} because no identity-based "
        "policy allows it"
    )
    if service.resolved_protocol == "ec2":
        return error_answer(call, "UnauthorizedOperation", 403, message)
    if "json" in service.resolved_protocol:
        status = 403 if service.resolved_protocol == "rest-json" else 400
        return error_answer(call, "AccessDeniedException", status, message)
    return error_answer(call, "AccessDenied", 403, message)
