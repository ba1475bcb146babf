"""A small estate, scanned once into a home of its own, for examples that read a snapshot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from docs_estate import Recorded

import trueline
from trueline.demo import Refusal, simulated_aws

REGION = "eu-west-1"
TYPES = ("aws_sqs_queue", "aws_kms_key", "aws_ec2_security_group")


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """Two queues, a key whose policy may not be read, and a group that is open to everyone."""
    home = tmp_path_factory.mktemp("estate") / "home"
    with (
        pytest.MonkeyPatch.context() as patch,
        simulated_aws((Refusal("kms", action="GetKeyPolicy"),)) as (url, door),
    ):
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": str(home / "none"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "none"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        _fill()
        door.closed = True
        yield Recorded(home, trueline.scan("aws", regions=[REGION], types=TYPES, home=home))


def _fill() -> None:
    import boto3

    sqs, ec2 = (boto3.client(s, region_name=REGION) for s in ("sqs", "ec2"))
    key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
    sqs.create_queue(
        QueueName="orders", Attributes={"SqsManagedSseEnabled": "false"}, tags={"env": "prod"}
    )
    sqs.create_queue(QueueName="payments", Attributes={"KmsMasterKeyId": key})
    group = ec2.create_security_group(GroupName="open", Description="open")["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    ssh["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
