"""Credentials, accounts and regions: what is read, and how each goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trueline.collect.aws import Patience
from trueline.errors import ConfigError, RemoteError
from trueline.model import Scope

from .proxy import FaultProxy, Request
from .specs import ACCOUNT, BUCKET, QUEUE, USER
from .support import Memory, Result

Read = Callable[..., Result]
_ROLES = ("arn:aws:iam::111122223333:role/reader", "arn:aws:iam::444455556666:role/reader")


def in_account(client: Callable[..., Any], role: str, service: str, region: str) -> Any:
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="setup")["Credentials"]
    return client(
        service,
        region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


@pytest.fixture
def two_accounts(client: Callable[..., Any]) -> None:
    for role in _ROLES:
        account = role.split(":")[4]
        in_account(client, role, "sqs", "us-east-1").create_queue(QueueName=f"q{account}")


def test_several_roles_give_several_accounts(
    two_accounts: None, read: Read, proxy: FaultProxy
) -> None:
    result = read(QUEUE, ACCOUNT, role_arns=_ROLES)
    assert result.outcome.accounts == ("111122223333", "444455556666")
    found = {(r["account"], r["name"]) for r in result.rows("aws_sqs_queue").values()}
    assert found == {("111122223333", "q111122223333"), ("444455556666", "q444455556666")}
    assert result.statuses("sts.AssumeRole") == {"ok": 2}
    assert result.sent() == result.outcome.requests == len(proxy.seen)


def test_an_account_whose_role_is_refused_does_not_stop_the_others(
    two_accounts: None, read: Read, proxy: FaultProxy
) -> None:
    def refuse(request: Request) -> Any:
        if request.call == "sts.AssumeRole" and "111122223333" in request.args:
            return 403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
        return None

    proxy.fault = refuse
    result = read(QUEUE, USER, role_arns=_ROLES)
    assert (result.outcome.accounts, result.outcome.failed) == (
        ("444455556666",),
        ("111122223333",),
    )
    states = {
        (s.scope.region, s.scope.type): (s.complete, s.cause)
        for s in result.sink.states.values()
        if s.scope.account == "111122223333"
    }
    assert states == {
        ("us-east-1", "aws_sqs_queue"): (False, "denied"),
        ("eu-west-1", "aws_sqs_queue"): (False, "denied"),
        ("global", "aws_iam_user"): (False, "denied"),
    }
    assert result.sent() == result.outcome.requests == len(proxy.seen)


def test_accounts_that_were_not_asked_for_are_left_out(two_accounts: None, read: Read) -> None:
    result = read(QUEUE, role_arns=_ROLES, accounts=("444455556666",))
    assert result.outcome.accounts == ("444455556666",)
    assert {s.account for s in result.sink.states} == {"444455556666"}


def test_an_account_that_was_expected_and_not_seen_is_named(read: Read) -> None:
    result = read(QUEUE, expected_accounts=("123456789012", "999900001111"))
    assert result.outcome.missing == ("999900001111",)


def test_an_account_that_no_credentials_give_is_a_usage_error(read: Read) -> None:
    with pytest.raises(ConfigError, match="999900001111"):
        read(QUEUE, accounts=("999900001111",))


def test_a_role_that_is_none_is_a_usage_error(read: Read, proxy: FaultProxy) -> None:
    with pytest.raises(ConfigError, match="ARN of a role"):
        read(QUEUE, role_arns=("arn:aws:iam::1:user/x",))
    assert not proxy.seen


def test_an_unknown_profile_is_a_usage_error_with_a_suggestion(
    read: Read, tmp_path: Path, proxy: FaultProxy
) -> None:
    (tmp_path / "config").write_text("[profile production]\nregion = us-east-1\n")
    with pytest.raises(ConfigError) as error:
        read(QUEUE, profile="prodution")
    assert error.value.hint == "did you mean 'production'?"
    assert not proxy.seen


def test_the_profile_of_the_environment_may_be_unknown_too(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(ConfigError, match="nowhere"):
        read(QUEUE)


@pytest.mark.parametrize(
    ("name", "close"), [("eu-wset-1", "eu-west-1"), ("us-esat-1", "us-east-1")]
)
def test_an_unknown_region_is_a_usage_error_with_a_suggestion(
    read: Read, name: str, close: str
) -> None:
    with pytest.raises(ConfigError) as error:
        read(QUEUE, regions=(name,))
    assert error.value.hint == f"did you mean {close!r}?"


def test_a_region_of_another_partition_is_a_usage_error(read: Read) -> None:
    with pytest.raises(ConfigError, match="cn-north-1"):
        read(QUEUE, regions=("cn-north-1",))


@pytest.mark.parametrize(("code", "status"), [("ExpiredToken", 403), ("InvalidClientTokenId", 403)])
def test_credentials_that_are_refused_are_a_remote_error(
    read: Read, proxy: FaultProxy, code: str, status: int
) -> None:
    text = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
    proxy.fault = lambda _: (status, text)
    with pytest.raises(RemoteError, match=code) as error:
        read(QUEUE)
    assert error.value.exit_code == 4
    assert error.value.hint


def test_credentials_that_expire_before_anything_was_read_are_a_remote_error(
    read: Read, proxy: FaultProxy
) -> None:
    text = b'{"__type": "x#ExpiredTokenException", "message": "m"}'
    proxy.fault = lambda request: (400, text) if request.call.startswith("sqs") else None
    with pytest.raises(RemoteError, match="ExpiredTokenException"):
        read(QUEUE)


def test_no_credentials_at_all_are_a_remote_error(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RemoteError, match="no usable AWS credentials"):
        read(QUEUE)


def test_an_endpoint_that_nobody_serves_is_a_remote_error(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(RemoteError, match="could not be reached"):
        read(QUEUE)


def _regions(*states: tuple[str, str]) -> bytes:
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>{state}</optInStatus></item>"
        for name, state in states
    )
    info = f"<regionInfo>{items}</regionInfo>"
    return f"<DescribeRegionsResponse>{info}</DescribeRegionsResponse>".encode()


def test_regions_that_are_not_enabled_are_entered_and_not_asked(
    read: Read, proxy: FaultProxy
) -> None:
    answer = _regions(("us-east-1", "opt-in-not-required"), ("me-south-1", "not-opted-in"))
    proxy.fault = lambda request: (200, answer) if request.call == "ec2.DescribeRegions" else None
    result = read(QUEUE, BUCKET, regions=())
    assert result.outcome.regions["123456789012"].read == ("us-east-1",)
    assert result.outcome.regions["123456789012"].disabled == ("me-south-1",)
    lines = [r for r in result.coverage if r.region == "me-south-1"]
    assert [(r.type, r.call, r.status, r.calls) for r in lines] == [
        ("aws_sqs_queue", "sqs.ListQueues", "disabled", 0)
    ]
    assert "me-south-1" not in {request.region for request in proxy.seen}


def test_where_the_regions_cannot_be_listed_all_are_tried(read: Read, proxy: FaultProxy) -> None:
    text = (
        b"<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"
    )
    unknown = b'{"__type": "x#UnrecognizedClientException", "message": "m"}'

    def fault(request: Request) -> Any:
        if request.call == "ec2.DescribeRegions":
            return 403, text
        return (400, unknown) if request.region == "af-south-1" else None

    proxy.fault = fault
    result = read(QUEUE, regions=("us-east-1", "af-south-1"))
    assert result.statuses("ec2.DescribeRegions") == {"denied": 1}
    states = {s.scope.region: (s.complete, s.cause) for s in result.sink.states.values()}
    assert states == {"us-east-1": (True, None), "af-south-1": (False, "disabled")}


def test_scopes_that_are_done_are_not_read_again(read: Read, proxy: FaultProxy) -> None:
    done = {Scope("aws", "123456789012", "us-east-1", "aws_sqs_queue")}
    result = read(QUEUE, sink=Memory(already=done))
    assert {s.region for s in result.sink.states} == {"eu-west-1"}
    assert {r.region for r in proxy.seen if r.call == "sqs.ListQueues"} == {"eu-west-1"}
    assert result.sent() == result.outcome.requests == len(proxy.seen)


def test_an_interrupted_run_ends_between_two_requests(
    read: Read, proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    for n in range(60):
        client("sqs").create_queue(QueueName=f"q{n}")
    stop = threading.Event()

    def fault(request: Request) -> None:
        if request.call == "sqs.GetQueueAttributes":
            stop.set()

    proxy.fault = fault
    result = read(QUEUE, stop=stop, regions=("us-east-1",))
    assert result.outcome.interrupted
    assert not result.sink.states
    assert proxy.calls()["sqs.GetQueueAttributes"] < 60


def test_an_interrupted_run_does_not_wait_for_an_answer(read: Read, proxy: FaultProxy) -> None:
    stop = threading.Event()

    def fault(request: Request) -> str | None:
        if request.call != "sqs.ListQueues":
            return None
        stop.set()
        return "hang"

    proxy.fault = fault
    result = read(QUEUE, stop=stop, regions=("us-east-1",))
    assert result.outcome.interrupted
    assert not result.sink.states
    assert not proxy.hung.is_set()


def test_an_interruption_ends_the_wait_before_a_retry(read: Read, proxy: FaultProxy) -> None:
    stop = threading.Event()

    def fault(request: Request) -> Any:
        if request.call != "sqs.ListQueues":
            return None
        threading.Timer(0.3, stop.set).start()
        return 400, b'{"__type": "x#ThrottlingException", "message": "m"}'

    proxy.fault = fault
    result = read(QUEUE, stop=stop, regions=("us-east-1",), patience=Patience(longest_wait=600.0))
    assert result.outcome.interrupted
    assert not result.sink.states


def test_a_broken_configuration_file_is_a_usage_error(read: Read, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile a\nthis is no configuration")
    with pytest.raises(ConfigError) as error:
        read(QUEUE, profile="a")
    assert error.value.where is not None
    assert error.value.where.file == str(tmp_path / "config")


def test_an_endpoint_that_is_no_address_is_a_usage_error(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    with pytest.raises(ConfigError, match="not a URL"):
        read(QUEUE)
