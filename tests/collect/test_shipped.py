"""The types that ship with Trueline, read from a small estate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from trueline.catalog import load

from .proxy import FaultProxy
from .support import Result


def test_every_shipped_type_is_read_with_no_call_made_twice(
    read: Callable[..., Result], proxy: FaultProxy, client: Callable[..., Any]
) -> None:
    client("s3").create_bucket(Bucket="logs")
    client("cloudtrail").create_trail(Name="trail", S3BucketName="logs", IsMultiRegionTrail=True)
    client("iam").create_user(UserName="ann")
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    for region in ("us-east-1", "eu-west-1"):
        client("sqs", region).create_queue(QueueName="q")
        client("kms", region).create_key()
        client("ecs", region).create_cluster(clusterName="c")
    types = load().types
    result = read(*types.values())
    failed = {r.call for r in result.coverage if r.status not in ("ok", "absent")}
    asked = Counter((r.call, r.region, r.args) for r in proxy.seen)
    repeated = {call for (call, _, _), count in asked.items() if count > 1}
    assert repeated <= failed | {"iam.GenerateCredentialReport"}
    assert result.sent() == result.outcome.requests == len(proxy.seen)
    assert all(state.complete for state in result.sink.states.values())
    read_types = {state.scope.type for state in result.sink.states.values()}
    assert read_types == {t for t, rtype in types.items() if rtype.live is not None}
    keys = Counter((r.account, r.region, r.type, r.call, r.status, r.code) for r in result.coverage)
    assert not [key for key, count in keys.items() if count > 1]
