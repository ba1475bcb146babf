"""Fills the simulated AWS: a production account that is mostly in order and a sandbox that is not.

Everything is made through ordinary API calls, as a team would have made it over the years.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

__all__ = ["ACCOUNTS", "REGIONS", "build_estate"]

ACCOUNTS = {"production": "111122223333", "sandbox": "444455556666"}
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
PORTS = {"ssh": 22, "rdp": 3389, "postgres": 5432, "https": 443}


def build_estate(
    endpoint: str, accounts: Sequence[str] = tuple(ACCOUNTS), regions: Sequence[str] = REGIONS
) -> dict[str, Any]:
    """Make the accounts in these regions at `endpoint`; returns a session per account name."""
    import boto3

    sessions = {}
    for name in accounts:
        account = ACCOUNTS[name]
        base = boto3.Session("test", "test", region_name=REGIONS[0])
        sts = base.client("sts", endpoint_url=endpoint)
        role = f"arn:aws:iam::{account}:role/trueline-audit"
        got = sts.assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
        session = boto3.Session(
            got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], REGIONS[0]
        )
        sessions[name] = session
        maker = _Account(session, endpoint, name, account)
        maker.identity()
        maker.buckets()
        for region in regions:
            maker.region(region)
        maker.trail()
    return sessions


class _Account:
    """Makes one account; `careful` = production."""

    def __init__(self, session: Any, endpoint: str, name: str, account: str) -> None:
        self.session, self.endpoint = session, endpoint
        self.name, self.account, self.careful = name, account, name == "production"
        self.clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = self.session.client(
                service, region_name=region, endpoint_url=self.endpoint
            )
        return self.clients[service, region]

    def tags(self, **more: str) -> list[dict[str, str]]:
        said = {"env": "prod" if self.careful else "sandbox", "owner": "platform", **more}
        return [{"Key": k, "Value": v} for k, v in said.items()]

    # identities ------------------------------------------------------------------------------

    def identity(self) -> None:
        iam = self.client("iam")
        iam.create_account_alias(AccountAlias=f"example-{self.name}")
        if self.careful:
            iam.update_account_password_policy(
                MinimumPasswordLength=16,
                RequireSymbols=True,
                RequireNumbers=True,
                RequireUppercaseCharacters=True,
                RequireLowercaseCharacters=True,
                PasswordReusePrevention=24,
            )
        self.roles(iam)
        self.users(iam)

    def roles(self, iam: Any) -> None:
        iam.create_role(
            RoleName="trueline-audit",
            AssumeRolePolicyDocument=_trust({"AWS": f"arn:aws:iam::{ACCOUNTS['production']}:root"}),
        )
        for name in ("app-server", "batch-worker", "report-builder"):
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=_trust({"Service": "ec2.amazonaws.com"}),
                Tags=self.tags(),
            )
        iam.create_role(
            RoleName="functions",
            AssumeRolePolicyDocument=_trust({"Service": "lambda.amazonaws.com"}),
        )
        read = iam.create_policy(
            PolicyName="read-orders",
            PolicyDocument=_document("Allow", ["s3:GetObject"], ["arn:aws:s3:::orders/*"]),
        )["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="app-server", PolicyArn=read)
        if self.careful:
            return
        everything = iam.create_policy(
            PolicyName="do-anything", PolicyDocument=_document("Allow", ["*"], ["*"])
        )["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="batch-worker", PolicyArn=everything)
        iam.create_policy(
            PolicyName="pass-roles",
            PolicyDocument=_document("Allow", ["iam:PassRole", "ec2:RunInstances"], ["*"]),
        )
        iam.create_role(
            RoleName="vendor-integration",
            AssumeRolePolicyDocument=_trust({"AWS": "*"}),
            Description="left from a proof of concept",
        )
        iam.put_role_policy(
            RoleName="vendor-integration",
            PolicyName="inline",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"},
                    ],
                }
            ),
        )

    def users(self, iam: Any) -> None:
        names = ("ana", "bo") if self.careful else ("carl", "dee", "build-bot", "legacy-ftp")
        for name in names:
            iam.create_user(UserName=name, Tags=self.tags())
            if name in ("ana", "carl", "dee"):
                iam.create_login_profile(UserName=name, Password="Correct-horse-9-battery")
            if name in ("ana", "dee"):
                device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
                iam.enable_mfa_device(
                    UserName=name,
                    SerialNumber=device["VirtualMFADevice"]["SerialNumber"],
                    AuthenticationCode1="123456",
                    AuthenticationCode2="654321",
                )
            if name in ("build-bot", "legacy-ftp"):
                iam.create_access_key(UserName=name)
        if not self.careful:
            iam.create_access_key(UserName="legacy-ftp")
            iam.attach_user_policy(
                UserName="build-bot",
                PolicyArn=f"arn:aws:iam::{self.account}:policy/do-anything",
            )

    # storage ---------------------------------------------------------------------------------

    def buckets(self) -> None:
        prefix = f"example-{self.name}"
        for name in ("audit-logs", "orders", "backups", "artifacts", "web-assets", "exports"):
            self.bucket(f"{prefix}-{name}", REGIONS[len(name) % len(REGIONS)])
        if self.careful:
            for name in ("audit-logs", "orders", "backups", "artifacts"):
                self.harden(f"{prefix}-{name}")
            return
        s3 = self.client("s3")
        web = f"{prefix}-web-assets"
        s3.put_bucket_policy(
            Bucket=web,
            Policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "s3:GetObject",
                            "Resource": f"arn:aws:s3:::{web}/*",
                        }
                    ],
                }
            ),
        )
        s3.put_bucket_acl(Bucket=f"{prefix}-exports", ACL="public-read")

    def bucket(self, name: str, region: str) -> None:
        s3 = self.client("s3", region)
        more: dict[str, Any] = {}
        if region != "us-east-1":
            more["CreateBucketConfiguration"] = {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, **more)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": self.tags()})

    def harden(self, name: str) -> None:
        s3 = self.client("s3")
        blocks = (
            "BlockPublicAcls",
            "IgnorePublicAcls",
            "BlockPublicPolicy",
            "RestrictPublicBuckets",
        )
        s3.put_public_access_block(
            Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
        )
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_policy(
            Bucket=name,
            Policy=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Sid": "TlsOnly",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                }
            ),
        )

    def trail(self) -> None:
        bucket = f"example-{self.name}-audit-logs"
        for region in REGIONS[:1] if self.careful else REGIONS[2:]:
            trail = self.client("cloudtrail", region)
            trail.create_trail(
                Name="organisation" if self.careful else "test",
                S3BucketName=bucket,
                IsMultiRegionTrail=self.careful,
                IncludeGlobalServiceEvents=True,
                EnableLogFileValidation=self.careful,
            )
            if self.careful:
                trail.start_logging(Name="organisation")
                trail.put_event_selectors(
                    TrailName="organisation",
                    EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}],
                )

    # one region ------------------------------------------------------------------------------

    def region(self, region: str) -> None:
        if self.careful:
            self.client("ec2", region).enable_ebs_encryption_by_default()
        key = self.keys(region)
        network = self.network(region)
        self.machines(region, network, key)
        self.databases(region, key)
        self.functions(region)
        self.queues(region, key)
        self.balancers(region, network)
        self.clusters(region)

    def keys(self, region: str) -> str:
        kms = self.client("kms", region)
        key: str = kms.create_key(
            Description="data", Tags=[{"TagKey": "owner", "TagValue": "platform"}]
        )["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/data", TargetKeyId=key)
        if self.careful:
            kms.enable_key_rotation(KeyId=key)
        return key

    def network(self, region: str) -> dict[str, Any]:
        ec2 = self.client("ec2", region)
        number = REGIONS.index(region) + (0 if self.careful else 100)
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=self.spec("vpc"))
        vpc_id = vpc["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc_id,
                CidrBlock=f"10.{number}.{i}.0/24",
                AvailabilityZone=f"{region}{'ab'[i]}",
            )["Subnet"]["SubnetId"]
            for i in range(2)
        ]
        if self.careful:
            ec2.create_flow_logs(
                ResourceIds=[vpc_id],
                ResourceType="VPC",
                TrafficType="ALL",
                LogDestinationType="s3",
                LogDestination=f"arn:aws:s3:::example-{self.name}-audit-logs",
            )
        groups = {
            "web": self.group(region, vpc_id, "web", [("0.0.0.0/0", PORTS["https"])]),
            "app": self.group(region, vpc_id, "app", [("10.0.0.0/8", 8080)]),
            "data": self.group(region, vpc_id, "data", [("10.0.0.0/8", PORTS["postgres"])]),
        }
        if not self.careful:
            groups["ssh"] = self.group(
                region, vpc_id, "ssh-from-anywhere", [("0.0.0.0/0", PORTS["ssh"])]
            )
            groups["open"] = self.group(region, vpc_id, "temporary", [("0.0.0.0/0", -1)])
        return {"vpc": vpc_id, "subnets": subnets, "groups": groups}

    def group(self, region: str, vpc: str, name: str, sources: list[tuple[str, int]]) -> str:
        ec2 = self.client("ec2", region)
        group: str = ec2.create_security_group(
            GroupName=name,
            Description=f"{name} tier",
            VpcId=vpc,
            TagSpecifications=self.spec("security-group"),
        )["GroupId"]
        for cidr, port in sources:
            rule: dict[str, Any] = {"IpProtocol": "-1" if port < 0 else "tcp"}
            if port >= 0:
                rule |= {"FromPort": port, "ToPort": port}
            ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[rule | {"IpRanges": [{"CidrIp": cidr}]}]
            )
        return group

    def spec(self, kind: str, **more: str) -> list[dict[str, Any]]:
        return [{"ResourceType": kind, "Tags": self.tags(**more)}]

    def machines(self, region: str, network: dict[str, Any], key: str) -> None:
        ec2 = self.client("ec2", region)
        image = ec2.register_image(Name=f"base-{self.name}", RootDeviceName="/dev/sda1")["ImageId"]
        plans = [("app-1", "app", False), ("app-2", "app", False), ("batch", "app", False)]
        if not self.careful:
            plans += [("jump", "ssh", True), ("forgotten", "app", True), ("test", "open", True)]
        for name, group, public in plans:
            ec2.run_instances(
                ImageId=image,
                MinCount=1,
                MaxCount=1,
                InstanceType="t3.small" if self.careful else "m5.4xlarge",
                MetadataOptions={"HttpTokens": "required" if self.careful else "optional"},
                UserData="" if self.careful else "export DB_PASSWORD=hunter2-not-real\n",
                NetworkInterfaces=[
                    {
                        "DeviceIndex": 0,
                        "SubnetId": network["subnets"][0],
                        "AssociatePublicIpAddress": public,
                        "Groups": [network["groups"][group]],
                    }
                ],
                TagSpecifications=self.spec("instance", Name=name),
            )
        for index in range(3):
            encrypted: dict[str, Any] = {"Encrypted": self.careful or index == 0}
            if encrypted["Encrypted"]:
                encrypted["KmsKeyId"] = key
            volume = ec2.create_volume(
                AvailabilityZone=f"{region}a",
                Size=20 * (index + 1),
                TagSpecifications=self.spec("volume", Name=f"data-{index}"),
                **encrypted,
            )
            snapshot = ec2.create_snapshot(
                VolumeId=volume["VolumeId"],
                Description=f"nightly {index}",
                TagSpecifications=self.spec("snapshot"),
            )
            if not self.careful and index == 2 and region == REGIONS[0]:
                ec2.modify_snapshot_attribute(
                    SnapshotId=snapshot["SnapshotId"],
                    Attribute="createVolumePermission",
                    OperationType="add",
                    GroupNames=["all"],
                )

    def databases(self, region: str, key: str) -> None:
        rds = self.client("rds", region)
        for name in ("orders", "reports"):
            more: dict[str, Any] = {"StorageEncrypted": self.careful}
            if self.careful:
                more["KmsKeyId"] = key
            rds.create_db_instance(
                DBInstanceIdentifier=f"{name}-{region}",
                DBInstanceClass="db.t3.medium",
                Engine="postgres",
                AllocatedStorage=50,
                MasterUsername="admin0",
                MasterUserPassword="not-a-real-password",
                PubliclyAccessible=not self.careful and name == "reports",
                BackupRetentionPeriod=14 if self.careful else 0,
                DeletionProtection=self.careful,
                MultiAZ=self.careful,
                Tags=self.tags(),
                **more,
            )

    def functions(self, region: str) -> None:
        functions = self.client("lambda", region)
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("main.py", "def handler(event, context):\n    return event\n")
        for name in ("resize-image", "send-invoice"):
            settings = {"STAGE": self.name}
            if not self.careful:
                settings["API_TOKEN"] = "not-a-real-token"
            functions.create_function(
                FunctionName=name,
                Runtime="python3.12" if self.careful else "python3.8",
                Role=f"arn:aws:iam::{self.account}:role/functions",
                Handler="main.handler",
                Code={"ZipFile": code.getvalue()},
                Environment={"Variables": settings},
                Tags={"owner": "platform", "env": "prod" if self.careful else "sandbox"},
            )
        if not self.careful:
            functions.add_permission(
                FunctionName="send-invoice",
                StatementId="anyone",
                Action="lambda:InvokeFunction",
                Principal="*",
            )

    def queues(self, region: str, key: str) -> None:
        sqs = self.client("sqs", region)
        for name in ("orders", "invoices"):
            attributes = {"KmsMasterKeyId": key} if self.careful else {}
            if not self.careful and name == "invoices":
                attributes["SqsManagedSseEnabled"] = "false"
                attributes["Policy"] = json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": "*",
                                "Action": "sqs:SendMessage",
                                "Resource": f"arn:aws:sqs:{region}:{self.account}:{name}",
                            }
                        ],
                    }
                )
            sqs.create_queue(QueueName=name, Attributes=attributes, tags={"owner": "platform"})

    def balancers(self, region: str, network: dict[str, Any]) -> None:
        elb = self.client("elbv2", region)
        balancer = elb.create_load_balancer(
            Name="front",
            Subnets=network["subnets"],
            SecurityGroups=[network["groups"]["web"]],
            Tags=self.tags(),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        target = elb.create_target_group(
            Name="app", Protocol="HTTP", Port=8080, VpcId=network["vpc"]
        )["TargetGroups"][0]["TargetGroupArn"]
        if self.careful:
            action: dict[str, Any] = {
                "Type": "redirect",
                "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            }
        else:
            action = {"Type": "forward", "TargetGroupArn": target}
        elb.create_listener(
            LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action]
        )

    def clusters(self, region: str) -> None:
        value = "enabled" if self.careful else "disabled"
        self.client("ecs", region).create_cluster(
            clusterName="services",
            settings=[{"name": "containerInsights", "value": value}],
            tags=[{"key": "owner", "value": "platform"}],
        )


def _document(effect: str, actions: list[str], resources: list[str]) -> str:
    statement = {"Effect": effect, "Action": actions, "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
