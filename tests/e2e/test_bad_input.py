"""Bad input: the documented form of error, the right exit code, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.conftest import REGION, ROLE, Estate, Outcome, Program

PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "resource_changes": [],
    "configuration": {"root_module": {}},
}


def says(outcome: Outcome, code: int, *parts: str) -> None:
    """The exit code, the three-line form on stderr, and what must be named in it."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert "error[" in outcome.err
    for part in parts:
        assert part in outcome.err, outcome.err


def test_an_unknown_profile_is_a_usage_error_that_names_it(live: Program) -> None:
    says(live("scan", "aws", "--profile", "nobody", "--quiet"), 2, "nobody", "help:")


def test_an_unknown_region_is_a_usage_error_with_the_nearest_name(live: Program) -> None:
    outcome = live("scan", "aws", "--role-arn", ROLE, "--region", "eu-wets-1", "--quiet")
    says(outcome, 2, "eu-wets-1", "eu-west-1")


def test_missing_credentials_end_with_4_and_record_nothing(program: Program) -> None:
    says(program("scan", "aws", "--region", REGION, "--quiet"), 4, "credentials", "help:")
    assert list((program.home / "lake" / "snapshots").iterdir()) == []


def test_expired_credentials_end_with_4(live: Program, estate: Estate) -> None:
    refused = Program(live.directory / "expired", live.env | {"AWS_ENDPOINT_URL": ""})
    refused.directory.mkdir()
    with _server(_EXPIRED) as endpoint:
        outcome = refused("scan", "aws", "--region", REGION, "--quiet", AWS_ENDPOINT_URL=endpoint)
    says(outcome, 4, "ExpiredToken", "renew")


def test_an_unreachable_endpoint_ends_with_4(live: Program) -> None:
    outcome = live("scan", "aws", "--region", REGION, "-q", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    says(outcome, 4, "help:")


def test_an_unwritable_home_is_found_before_the_first_call(program: Program) -> None:
    file = program.directory / "file"
    file.write_text("not a directory")
    outcome = program("scan", "aws", "--quiet", "--home", str(file / "home"))
    says(outcome, 2, "home-unwritable", "--home")


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ('content = ["x\n', 1, "TOML"),
        ("\n[acounts]\nexpected = []\n", 2, "acounts"),
        ('[params."aws-nothing-like-this"]\ndays = 1\n', 1, "aws-nothing-like-this"),
        ('[[environments]]\nname = "a"\nmatch = "TRUE"\npolices = {}\n', 4, "polices"),
        ('[[environments]]\nname = "a"\nmatch = "nonsense = 1"\n', 1, "nonsense"),
    ],
)
def test_a_broken_configuration_stops_before_anything_is_read(
    program: Program, text: str, line: int, named: str
) -> None:
    (program.directory / "trueline.toml").write_text(text)
    plan = program.directory / "plan.json"
    plan.write_text(json.dumps(PLAN))
    outcome = program("check", str(plan))
    says(outcome, 2, named)
    if line > 1:
        assert f"trueline.toml:{line}" in outcome.err


@pytest.mark.parametrize(
    ("predicate", "named"),
    [
        ("NOT versionin", "versioning"),
        ("EXISTS (SELECT 1 FROM aws_kms_key)", "sub-quer"),
        ("name = 'a' JOIN aws_kms_key", "error"),
        ("kms_key_id = 'x'", "coalesce"),
        ("name IS NULL", "is_absent"),
    ],
)
def test_a_policy_with_a_typo_or_a_join_stops_with_its_place(
    program: Program, predicate: str, named: str
) -> None:
    folder = program.directory / "content" / "policies" / "aws" / "s3"
    folder.mkdir(parents=True)
    (folder / "aws-s3-bucket-mine.yaml").write_text(_policy(predicate))
    (program.directory / "trueline.toml").write_text('content = ["content"]\n')
    outcome = program("policy", "list")
    says(outcome, 2, "aws-s3-bucket-mine.yaml:")
    assert named.lower() in outcome.err.lower()


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "ATTACH '/tmp/x.db' AS x",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "DROP TABLE aws_s3_bucket",
    ],
)
def test_sql_that_reads_or_writes_files_is_refused(scanned: Program, sql: str) -> None:
    says(scanned("query", sql), 2, "query-refused")


def test_a_full_disk_keeps_the_previous_snapshot(scanned: Program) -> None:
    before = snapshots(scanned)
    script = (
        "import resource, runpy, sys;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "sys.argv = ['trueline', *sys.argv[1:]];"
        "runpy.run_module('trueline', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "scan", "aws", "--role-arn", ROLE, "--region", REGION,
         "--type", "aws_s3_bucket", "--quiet"],
        cwd=scanned.directory, env=scanned.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    says(Outcome(done.returncode, done.stdout, done.stderr), 5, "lake-write-failed")
    assert snapshots(scanned) == before
    assert scanned("resource", "list", "--type", "aws_s3_bucket").code == 0


def test_a_corrupted_segment_makes_its_scopes_unknown_and_is_in_the_ledger(
    scanned: Program,
) -> None:
    newest = json.loads(
        max((scanned.home / "lake" / "snapshots").iterdir(), key=lambda p: int(p.stem)).read_text()
    )
    segment = next(i for i, raw in newest["segments"].items() if raw[0] == "aws_sqs_queue")
    path = scanned.home / "lake" / "segments" / f"{segment}.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 64)
    listed = scanned("resource", "list", "--type", "aws_sqs_queue")
    assert listed.code == 0
    ledger = scanned("coverage", "--format", "json").json()
    damaged = [r for r in ledger if r["type"] == "aws_sqs_queue" and r["status"] == "error"]
    assert damaged
    assert scanned.scan("--type", "aws_sqs_queue").code == 0
    assert "orders" in scanned("resource", "list", "--type", "aws_sqs_queue").out


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("a text", "hello", ("plan",)),
        (
            "a state",
            json.dumps({"format_version": "1.0", "values": {"root_module": {}}}),
            ("plan",),
        ),
        ("of the future", json.dumps(PLAN | {"format_version": "9.0"}), ("9.0",)),
        ("truncated", json.dumps(PLAN)[:60], ("plan",)),
        ("empty", "", ("plan",)),
    ],
)
def test_a_plan_that_is_not_one_is_refused(
    program: Program, name: str, text: str, parts: tuple[str, ...]
) -> None:
    (program.directory / "plan.json").write_text(text)
    says(program("check", "plan.json"), 2, "plan.json", "help:", *parts)


def test_a_missing_plan_is_refused(program: Program) -> None:
    says(program("check", "nowhere.json"), 2, "nowhere.json")


def test_a_plan_of_100_mb_is_judged(program: Program) -> None:
    filler = [
        {
            "address": f"aws_mq_broker.n[{i}]",
            "mode": "managed",
            "type": "aws_mq_broker",
            "name": "n",
            "index": i,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"name": "x" * 20_000},
                "after_unknown": {"id": True},
                "before_sensitive": False,
                "after_sensitive": {},
            },
        }
        for i in range(5_000)
    ]
    path = program.directory / "plan.json"
    path.write_text(json.dumps(PLAN | {"resource_changes": filler}))
    assert path.stat().st_size > 100_000_000
    outcome = program("check", "plan.json", "--format", "json")
    assert outcome.code == 0
    assert outcome.json()["summary"]["resources"] == 0
    unread = [c for c in outcome.json()["coverage"] if c["status"] == "unsupported"]
    assert unread[0]["type"] == "aws_mq_broker"


def test_an_output_that_cannot_be_written_is_an_action_error(program: Program) -> None:
    (program.directory / "plan.json").write_text(json.dumps(PLAN))
    outcome = program("check", "plan.json", "--output", "json:nowhere/report.json")
    assert outcome.code == 5
    assert "output-failed" in outcome.err


def snapshots(program: Program) -> list[str]:
    return sorted(p.name for p in (program.home / "lake" / "snapshots").iterdir())


@pytest.fixture
def scanned(live: Program) -> Program:
    """A home with one small snapshot."""
    outcome = live.scan("--type", "aws_s3_bucket", "--type", "aws_sqs_queue")
    assert outcome.code == 0, outcome
    return live


def _policy(predicate: str) -> str:
    return f"""\
id: aws-s3-bucket-mine
title: Mine
severity: low
resource: aws_s3_bucket
fails_when: "{predicate}"
why: Because.
fix: {{steps: [Do it.]}}
verify: Look.
fixed_by: data
automation: never
tests:
  - {{name: a, expect: unknown, row: {{}}}}
"""


_EXPIRED = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
    "<Message>The security token included in the request is expired</Message></Error>"
    "<RequestId>x</RequestId></ErrorResponse>"
)


def _server(body: str):  # type: ignore[no-untyped-def]
    """A server that answers every request with 403 and this body."""
    import threading
    from contextlib import contextmanager
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data = body.encode()
            self.send_response(403)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    @contextmanager
    def serve():  # type: ignore[no-untyped-def]
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()

    return serve()


def test_a_home_of_a_newer_format_is_refused(program: Program) -> None:
    lake = program.home / "lake"
    (lake / "snapshots").mkdir(parents=True)
    (lake / "segments").mkdir()
    (lake / "runs").mkdir()
    (lake / "snapshots" / "1.json").write_text(json.dumps({"format": 99}))
    outcome = program("lake", "info")
    assert outcome.code == 2
    assert "newer" in outcome.err or "format" in outcome.err
    assert Path(lake / "snapshots" / "1.json").exists()
