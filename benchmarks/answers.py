"""A small AWS that answers a few calls with canned text after a fixed delay.

Run as a module it prints its URL, serves until its input ends, and then prints how many requests
came: its CPU time is thereby not that of whoever asks.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

__all__ = ["QUEUES", "REGION"]

QUEUES = 400
REGION = "eu-west-1"
_DELAY = 0.01
_ACCOUNT = "111122223333"
_STS = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    f"<GetCallerIdentityResult><Arn>arn:aws:iam::{_ACCOUNT}:user/reader</Arn><UserId>A</UserId>"
    f"<Account>{_ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
_REGIONS = (
    '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo><item>'
    f"<regionName>{REGION}</regionName><regionEndpoint>x</regionEndpoint>"
    "<optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>"
)
_ATTRIBUTES = {
    "QueueArn": f"arn:aws:sqs:{REGION}:{_ACCOUNT}:queue",
    "VisibilityTimeout": "30",
    "MessageRetentionPeriod": "345600",
    "CreatedTimestamp": "1700000000",
    "SqsManagedSseEnabled": "true",
    "Policy": json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "own",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"},
                    "Action": "sqs:*",
                    "Resource": "*",
                }
            ],
        }
    ),
}
_URLS = [f"https://sqs.{REGION}.amazonaws.com/{_ACCOUNT}/queue-{i}" for i in range(QUEUES)]
_JSON: dict[str, Any] = {
    "ListQueues": {"QueueUrls": _URLS},
    "GetQueueAttributes": {"Attributes": _ATTRIBUTES},
    "ListQueueTags": {"Tags": {"env": "prod", "owner": "platform"}},
}
_XML = {"GetCallerIdentity": _STS, "DescribeRegions": _REGIONS}
_ANSWERS = {
    **{name: ("application/x-amz-json-1.0", json.dumps(a).encode()) for name, a in _JSON.items()},
    **{name: ("text/xml", text.encode()) for name, text in _XML.items()},
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[str]] = Counter()
    lock: ClassVar[threading.Lock] = threading.Lock()

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        call = target or parse_qs(body.decode())["Action"][0]
        with self.lock:
            self.seen[f"{call} {body.decode()}"] += 1
        time.sleep(_DELAY)
        kind, text = _ANSWERS.get(call, ("text/plain", b"not known here"))
        head = f"HTTP/1.1 {200 if call in _ANSWERS else 400} -\r\nContent-Type: {kind}\r\n"
        self.wfile.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    """Serve until standard input ends; then say how many requests came, and how many twice."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()
    print(
        json.dumps(
            {"requests": _Handler.seen.total(), "twice": sum(n > 1 for n in _Handler.seen.values())}
        )
    )
    server.shutdown()


if __name__ == "__main__":
    main()
