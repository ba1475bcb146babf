"""A small account in one region: of every type something good and something bad."""

from __future__ import annotations

import io
import json
import zipfile
from functools import lru_cache
from typing import Any

import boto3

from e2e.more_pairs_a import build_more_pairs_a
from e2e.more_pairs_b import build_more_pairs_b

__all__ = ["ACCOUNT", "REGION", "build_pairs"]

ACCOUNT, REGION = "123456789012", "eu-west-1"
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_ANYWHERE = "0.0.0.0/0"


def build_pairs(endpoint: str) -> None:
    """Make everything at `endpoint`, with the credentials of the environment."""

    @lru_cache
    def client(service: str, region: str = REGION) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=endpoint)

    keys = _keys(client("kms"))
    _identities(client("iam"))
    _buckets(client("s3"), keys)
    _account(client("iam"), client("account"), client("s3control"))
    _trails(client("cloudtrail"), client("logs"), keys["good"])
    vpc, groups, subnets = _network(client("ec2"))
    _machines(client("ec2"), groups, subnets, keys["good"])
    _databases(client("rds"), groups, subnets)
    _functions(client("lambda"))
    _queues(client("sqs"), keys)
    _balancers(client("elbv2"), vpc, groups, subnets)
    _clusters(client("ecs"))
    build_more_pairs_a(client, keys)
    build_more_pairs_b(client, keys)


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def _trust(**principal: str) -> str:
    return _document(Principal=principal, Action="sts:AssumeRole")


def _keys(kms: Any) -> dict[str, str]:
    def key(name: str) -> str:
        made: str = kms.create_key(Description=name)["KeyMetadata"]["KeyId"]
        return made

    keys = {name: key(name) for name in ("good", "off", "leaving", "open")}
    kms.enable_key_rotation(KeyId=keys["good"])
    kms.create_alias(AliasName="alias/good", TargetKeyId=keys["good"])
    kms.disable_key(KeyId=keys["off"])
    kms.schedule_key_deletion(KeyId=keys["leaving"])
    everyone = _document(Principal={"AWS": "*"}, Action="kms:*", Resource="*")
    kms.put_key_policy(KeyId=keys["open"], PolicyName="default", Policy=everyone)
    return {name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{made}" for name, made in keys.items()}


def _identities(iam: Any) -> None:
    documents = {
        "narrow": _document(Action="s3:GetObject", Resource="arn:aws:s3:::orders/*"),
        "everything": _document(Action="*", Resource="*"),
        "all-but": _document(NotAction="iam:*", Resource="*"),
        "privileges": _document(Action="iam:PassRole", Resource="*"),
    }
    for name, document in documents.items():
        iam.create_policy(PolicyName=name, PolicyDocument=document)
    github = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    trusts = {
        "good": _trust(Service="ec2.amazonaws.com"),
        "admin": _trust(Service="lambda.amazonaws.com"),
        "anyone": _trust(AWS="*"),
        "foreign": _trust(AWS="arn:aws:iam::999988887777:root"),
        "github": _trust(Federated=github),
    }
    for name, trust in trusts.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    for role, policy in (("good", "narrow"), ("admin", "everything")):
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{policy}")
    iam.create_instance_profile(InstanceProfileName="good")
    iam.add_role_to_instance_profile(InstanceProfileName="good", RoleName="good")
    for name in ("ann", "bob"):
        iam.create_user(UserName=name)
        iam.create_login_profile(UserName=name, Password="Correct-horse-9-battery")
        iam.create_access_key(UserName=name)
    iam.create_access_key(UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/narrow")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName="ann",
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def _account(iam: Any, account: Any, s3control: Any) -> None:
    """The block of public ACLs is the account's: a bucket that lacks it passes by that alone."""
    iam.create_account_alias(AccountAlias="pairs")
    iam.update_account_password_policy(
        MinimumPasswordLength=16, RequireSymbols=True, RequireNumbers=True
    )
    account.put_alternate_contact(
        AlternateContactType="SECURITY",
        Name="Security",
        Title="Team",
        EmailAddress="security@example.com",
        PhoneNumber="+35315550100",
    )
    s3control.meta.events.register("before-sign", _without_host_prefix)
    s3control.put_public_access_block(
        AccountId=ACCOUNT,
        PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKS, False) | {_BLOCKS[0]: True},
    )


def _without_host_prefix(request: Any, **_: Any) -> None:
    """botocore puts the account before the host, which no name server here knows."""
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")


def _buckets(s3: Any, keys: dict[str, str]) -> None:
    for name in ("good-logs", "good-data", "bad-policy", "bad-acl", "off-key"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    tls_only = _document(
        Effect="Deny",
        Principal="*",
        Action="s3:*",
        Resource=["arn:aws:s3:::good-data", "arn:aws:s3:::good-data/*"],
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )
    s3.put_bucket_policy(Bucket="good-data", Policy=tls_only)
    s3.put_public_access_block(
        Bucket="good-data",
        PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKS[1:], True),
    )
    s3.put_bucket_versioning(
        Bucket="good-data", VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"}
    )
    for name, kms_key in (("good-data", keys["good"]), ("off-key", keys["off"])):
        rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": rule}]
            },
        )
    s3.put_bucket_acl(Bucket="good-logs", ACL="log-delivery-write")
    s3.put_bucket_logging(
        Bucket="good-data",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "good-logs", "TargetPrefix": ""}},
    )
    s3.put_bucket_tagging(
        Bucket="good-data", Tagging={"TagSet": [{"Key": "owner", "Value": "data"}]}
    )
    s3.put_bucket_policy(
        Bucket="bad-policy",
        Policy=_document(
            Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::bad-policy/*"
        ),
    )
    s3.put_bucket_acl(Bucket="bad-acl", ACL="public-read")


def _trails(cloudtrail: Any, logs: Any, key: str) -> None:
    logs.create_log_group(logGroupName="trail")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:trail:*"
    cloudtrail.create_trail(
        Name="good",
        S3BucketName="good-data",
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=key,
        CloudWatchLogsLogGroupArn=group,
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/good",
    )
    cloudtrail.start_logging(Name="good")
    cloudtrail.create_trail(Name="bad", S3BucketName="bad-policy")
    cloudtrail.create_trail(
        Name="idle", S3BucketName="good-logs", IsMultiRegionTrail=True, IsOrganizationTrail=True
    )


def _network(ec2: Any) -> tuple[str, dict[str, str], list[str]]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::good-logs",
    )
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{'ab'[i]}"
        )["Subnet"]["SubnetId"]
        for i in range(2)
    ]
    groups = {}
    for name, cidr, ports in (
        ("good", "10.0.0.0/8", (443, 443)),
        ("open", _ANYWHERE, (0, 65535)),
        ("wide", "52.0.0.0/6", (443, 443)),
    ):
        groups[name] = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)[
            "GroupId"
        ]
        rule = {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1]}
        ec2.authorize_security_group_ingress(
            GroupId=groups[name], IpPermissions=[rule | {"IpRanges": [{"CidrIp": cidr}]}]
        )
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": _ANYWHERE}]}]
    ec2.revoke_security_group_egress(GroupId=groups["good"], IpPermissions=everything)
    return vpc, groups, subnets


def _machines(ec2: Any, groups: dict[str, str], subnets: list[str], key: str) -> None:
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    for group, public in (("good", False), ("good", True), ("open", True)):
        good = group == "good" and not public
        more = {"IamInstanceProfile": {"Name": "good"}} if good else {}
        ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="t3.small" if good else "m5.4xlarge",
            MetadataOptions={"HttpTokens": "required" if good else "optional"},
            UserData="" if good else "export DB_PASSWORD=hunter2-not-real\n",
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": subnets[0],
                    "AssociatePublicIpAddress": public,
                    "Groups": [groups[group]],
                }
            ],
            **more,
        )
    for encrypted in ({"Encrypted": True, "KmsKeyId": key}, {"Encrypted": False}):
        volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, **encrypted)["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot,
        Attribute="createVolumePermission",
        OperationType="add",
        GroupNames=["all"],
    )


def _databases(rds: Any, groups: dict[str, str], subnets: list[str]) -> None:
    rds.create_db_subnet_group(
        DBSubnetGroupName="pairs", DBSubnetGroupDescription="pairs", SubnetIds=subnets
    )
    for name, good in (("good", True), ("open", False)):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.medium",
            Engine="postgres",
            AllocatedStorage=50,
            MasterUsername="admin0",
            MasterUserPassword="not-a-real-password",
            DBSubnetGroupName="pairs",
            VpcSecurityGroupIds=[groups[name]],
            StorageEncrypted=good,
            PubliclyAccessible=not good,
            BackupRetentionPeriod=14 if good else 0,
            DeletionProtection=good,
            AutoMinorVersionUpgrade=good,
        )


def _functions(functions: Any) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context):\n    return event\n")
    for name, runtime, variable in (
        ("good", "python3.13", {"STAGE": "prod"}),
        ("bad", "python3.8", {"API_TOKEN": "not-a-real-token"}),
    ):
        functions.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=f"arn:aws:iam::{ACCOUNT}:role/admin",
            Handler="main.handler",
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": variable},
        )
        auth = "AWS_IAM" if name == "good" else "NONE"
        functions.create_function_url_config(FunctionName=name, AuthType=auth)
    functions.add_permission(
        FunctionName="bad", StatementId="anyone", Action="lambda:InvokeFunction", Principal="*"
    )


def _queues(sqs: Any, keys: dict[str, str]) -> None:
    for name, key in (("good", keys["good"]), ("off", keys["off"])):
        sqs.create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})
    everyone = _document(
        Principal="*", Action="sqs:SendMessage", Resource=f"arn:aws:sqs:{REGION}:{ACCOUNT}:open"
    )
    sqs.create_queue(
        QueueName="open", Attributes={"SqsManagedSseEnabled": "false", "Policy": everyone}
    )


def _balancers(elb: Any, vpc: str, groups: dict[str, str], subnets: list[str]) -> None:
    target = elb.create_target_group(Name="app", Protocol="HTTP", Port=8080, VpcId=vpc)[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    for name in ("good", "open"):
        balancer = elb.create_load_balancer(
            Name=name, Subnets=subnets, SecurityGroups=[groups[name]]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        action: dict[str, Any] = {"Type": "forward", "TargetGroupArn": target}
        if name == "good":
            action = {"Type": "redirect", "RedirectConfig": redirect}
            settings = {
                "access_logs.s3.enabled": "true",
                "access_logs.s3.bucket": "good-logs",
                "deletion_protection.enabled": "true",
                "routing.http.drop_invalid_header_fields.enabled": "true",
            }
            elb.modify_load_balancer_attributes(
                LoadBalancerArn=balancer,
                Attributes=[{"Key": k, "Value": v} for k, v in settings.items()],
            )
        elb.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action]
        )


def _clusters(ecs: Any) -> None:
    for name, value, logging in (("good", "enabled", "DEFAULT"), ("bad", "disabled", "NONE")):
        ecs.create_cluster(
            clusterName=name,
            settings=[{"name": "containerInsights", "value": value}],
            configuration={"executeCommandConfiguration": {"logging": logging}},
        )
