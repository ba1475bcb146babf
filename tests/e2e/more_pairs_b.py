"""The small account's clusters of databases, streams, APIs, groups, parameters and alarms."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["build_more_pairs_b"]

_LOG_GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:api"


def build_more_pairs_b(client: Callable[[str], Any], keys: Mapping[str, str]) -> None:
    """Make them with the clients that `client` gives by service; `keys` are ARNs of KMS keys."""
    _database_clusters(client("rds"), keys["good"])
    _warehouses(client("redshift"))
    _streams(client("kinesis"), keys["good"])
    _rest_apis(client("apigateway"))
    _http_apis(client("apigatewayv2"))
    templates = _templates(client("ec2"))
    target = client("elbv2").describe_target_groups(Names=["app"])["TargetGroups"][0]
    _groups_of_machines(client("autoscaling"), templates, target["TargetGroupArn"])
    _fences(client("ec2"))
    _groups_of_people(client("iam"))
    _detectors(client("guardduty"))
    _parameters(client("ssm"), keys["good"])
    _alarms(client("cloudwatch"))


def _database_clusters(rds: Any, key: str) -> None:
    for engine in ("aurora-postgresql", "neptune"):
        login = {"MasterUsername": "admin0", "MasterUserPassword": "not-a-real-password"}
        for name in ("good", "bad"):
            good = name == "good"
            rds.create_db_cluster(
                DBClusterIdentifier=f"{engine}-{name}",
                Engine=engine,
                StorageEncrypted=good,
                BackupRetentionPeriod=14 if good else 1,
                DeletionProtection=good,
                **({"KmsKeyId": key} if good else {}),
                **(login if engine != "neptune" else {}),
            )


def _warehouses(redshift: Any) -> None:
    for name, good in (("good", True), ("bad", False)):
        redshift.create_cluster(
            ClusterIdentifier=name,
            NodeType="ra3.large",
            MasterUsername="admin0",
            MasterUserPassword="Not-a-real-passw0rd",
            PubliclyAccessible=not good,
            Encrypted=good,
        )


def _streams(kinesis: Any, key: str) -> None:
    for name in ("good", "bad"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.start_stream_encryption(StreamName="good", EncryptionType="KMS", KeyId=key)
    kinesis.increase_stream_retention_period(StreamName="good", RetentionPeriodHours=168)


def _rest_apis(gateway: Any) -> None:
    for name, authorization in (("good", "AWS_IAM"), ("bad", "NONE")):
        api = gateway.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
        api_id = api["id"]
        root = gateway.get_resources(restApiId=api_id)["items"][0]["id"]
        place = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**place, authorizationType=authorization)
        gateway.put_integration(**place, type="MOCK")
        gateway.create_deployment(restApiId=api_id, stageName="live")
        if name == "good":
            log = {"destinationArn": _LOG_GROUP, "format": "$context.requestId"}
            gateway.update_stage(
                restApiId=api_id,
                stageName="live",
                patchOperations=[
                    {"op": "replace", "path": f"/accessLogSettings/{k}", "value": v}
                    for k, v in log.items()
                ],
            )


def _http_apis(gateway: Any) -> None:
    for name, authorization in (("good", "AWS_IAM"), ("bad", "NONE")):
        api = gateway.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
        gateway.create_route(ApiId=api, RouteKey="GET /a", AuthorizationType=authorization)
        log = {"DestinationArn": _LOG_GROUP, "Format": "$context.requestId"}
        gateway.create_stage(
            ApiId=api,
            StageName="$default",
            **({"AccessLogSettings": log} if name == "good" else {}),
        )


def _templates(ec2: Any) -> dict[str, str]:
    data = {
        "good": {"MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"}},
        "bad": {
            "MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "enabled"},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
            "UserData": base64.b64encode(b"export DB_PASSWORD=not-a-real-one").decode(),
        },
    }
    image = ec2.register_image(Name="templates", RootDeviceName="/dev/sda1")["ImageId"]
    return {
        name: ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": image, "InstanceType": "m7g.large", **more},
        )["LaunchTemplate"]["LaunchTemplateId"]
        for name, more in data.items()
    }


def _groups_of_machines(scaling: Any, templates: Mapping[str, str], target: str) -> None:
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-12c6146b", InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="good",
        LaunchTemplate={"LaunchTemplateId": templates["good"]},
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["eu-west-1a"],
        HealthCheckType="ELB",
        TargetGroupARNs=[target],
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="old",
        LaunchConfigurationName="old",
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["eu-west-1a"],
    )


def _fences(ec2: Any) -> None:
    """The ACL that the VPC came with admits everyone; this one admits a network."""
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=100,
        Protocol="-1",
        RuleAction="allow",
        Egress=False,
        CidrBlock="10.0.0.0/8",
    )
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})


def _groups_of_people(iam: Any) -> None:
    for name, actions in (("good", "s3:GetObject"), ("bad", "*")):
        iam.create_group(GroupName=name)
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.put_group_policy(
            GroupName=name,
            PolicyName="inline",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
    iam.add_user_to_group(GroupName="good", UserName="ann")


def _detectors(guardduty: Any) -> None:
    for good in (True, False):
        state = "ENABLED" if good else "DISABLED"
        guardduty.create_detector(
            Enable=good, Features=[{"Name": "S3_DATA_EVENTS", "Status": state}]
        )


def _parameters(ssm: Any, key: str) -> None:
    ssm.put_parameter(Name="/db/password", Type="SecureString", Value="not-real", KeyId=key)
    ssm.put_parameter(Name="/db/token", Type="String", Value="not-real")


def _alarms(cloudwatch: Any) -> None:
    for name, good in (("good", True), ("bad", False)):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            ActionsEnabled=good,
            AlarmActions=["arn:aws:sns:eu-west-1:123456789012:on-call"] if good else [],
        )
