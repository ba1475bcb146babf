"""The small account's topics, tables, images, secrets, logs, caches, files, certificates, tasks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

__all__ = ["build_more_pairs_a"]

_ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
_ROLE = "arn:aws:iam::123456789012:role/good"
_LOG_KINDS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
_PAIR = (("good", True), ("bad", False))


def build_more_pairs_a(client: Callable[..., Any], keys: Mapping[str, str]) -> None:
    """Make them with the clients of services that `client` gives; `keys` are ARNs of KMS keys."""
    _topics(client("sns"), keys["good"])
    _tables(client("dynamodb"), keys["good"])
    _images(client("ecr"))
    _kubernetes(client("eks"), keys["good"])
    _secrets(client("secretsmanager"), keys["good"])
    _logs(client("logs"), keys["good"])
    _distributions(client("cloudfront"), client("logs", "us-east-1"))
    _file_systems(client("efs"), keys["good"])
    _caches(client("elasticache"), keys["good"])
    _search(client("opensearch"), keys["good"])
    _certificates(client("acm"))
    _tasks(client("ecs"))


def _everyone(action: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _topics(sns: Any, key: str) -> None:
    sns.create_topic(Name="good", Attributes={"KmsMasterKeyId": key})
    sns.create_topic(Name="bad", Attributes={"Policy": _everyone("sns:Publish")})


def _tables(dynamodb: Any, key: str) -> None:
    for name, good in _PAIR:
        sse = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=good,
            **({"SSESpecification": sse} if good else {}),
        )
    dynamodb.update_continuous_backups(
        TableName="good", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    table = _ARN.format("dynamodb", "table/bad")
    dynamodb.put_resource_policy(ResourceArn=table, Policy=_everyone("dynamodb:GetItem", table))


def _images(ecr: Any) -> None:
    """What is scanned is what a rule of the registry names."""
    for name, good in _PAIR:
        ecr.create_repository(
            repositoryName=name, imageTagMutability="IMMUTABLE" if good else "MUTABLE"
        )
    rule = {
        "scanFrequency": "SCAN_ON_PUSH",
        "repositoryFilters": [{"filter": "good", "filterType": "WILDCARD"}],
    }
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[rule])
    ecr.put_lifecycle_policy(
        repositoryName="good",
        lifecyclePolicyText=json.dumps(
            {
                "rules": [
                    {
                        "rulePriority": 1,
                        "selection": {
                            "tagStatus": "untagged",
                            "countType": "imageCountMoreThan",
                            "countNumber": 5,
                        },
                        "action": {"type": "expire"},
                    }
                ]
            }
        ),
    )
    ecr.set_repository_policy(repositoryName="bad", policyText=_everyone("ecr:BatchGetImage"))


def _kubernetes(eks: Any, key: str) -> None:
    for name, good in _PAIR:
        eks.create_cluster(
            name=name,
            version="1.35" if good else "1.24",
            roleArn=_ROLE,
            resourcesVpcConfig={
                "subnetIds": ["subnet-1", "subnet-2"],
                "endpointPublicAccess": not good,
                "endpointPrivateAccess": good,
                **({} if good else {"publicAccessCidrs": ["0.0.0.0/0"]}),
            },
            logging={"clusterLogging": [{"types": _LOG_KINDS, "enabled": good}]},
            encryptionConfig=(
                [{"resources": ["secrets"], "provider": {"keyArn": key}}] if good else []
            ),
        )
        groups = {"sourceSecurityGroups": ["sg-1"]} if good else {}
        eks.create_nodegroup(
            clusterName=name,
            nodegroupName="workers",
            subnets=["subnet-1"],
            nodeRole=_ROLE,
            remoteAccess={"ec2SshKey": "admins", **groups},
        )


def _secrets(manager: Any, key: str) -> None:
    for name in ("good", "bad"):
        manager.create_secret(Name=name, SecretString="not-real", KmsKeyId=key)
    manager.rotate_secret(
        SecretId="good",
        RotationLambdaARN=_ARN.format("lambda", "function:good"),
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
    )
    manager.put_resource_policy(
        SecretId="bad", ResourcePolicy=_everyone("secretsmanager:GetSecretValue")
    )


def _logs(logs: Any, key: str) -> None:
    logs.create_log_group(logGroupName="good", kmsKeyId=key)
    logs.put_retention_policy(logGroupName="good", retentionInDays=365)
    logs.create_log_group(logGroupName="bad")
    logs.put_retention_policy(logGroupName="bad", retentionInDays=1)


def _distributions(cloudfront: Any, logs: Any) -> None:
    """The third one has the second version of access logs, which is set up beside it."""
    for name, good in (*_PAIR, ("delivered", False)):
        made = cloudfront.create_distribution(DistributionConfig=_distribution(name, good))
        arn = made["Distribution"]["ARN"]
    logs.put_delivery_source(name="delivered", resourceArn=arn, logType="ACCESS_LOGS")


def _distribution(name: str, good: bool) -> dict[str, Any]:
    protocol = "https-only" if good else "http-only"
    origin = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": protocol}
    certificate = {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/shop",
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021" if good else "TLSv1",
    }
    return {
        "CallerReference": name,
        "Comment": name,
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [{"Id": "api", "DomainName": "example.com", "CustomOriginConfig": origin}],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "redirect-to-https" if good else "allow-all",
        },
        "ViewerCertificate": certificate,
        "WebACLId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b" if good else "",
        "Logging": {
            "Enabled": good,
            "IncludeCookies": False,
            "Bucket": "good-logs.s3.amazonaws.com" if good else "",
            "Prefix": "",
        },
    }


def _file_systems(efs: Any, key: str) -> None:
    for name, good in _PAIR:
        made = efs.create_file_system(
            CreationToken=name,
            Encrypted=good,
            Backup=good,
            **({"KmsKeyId": key} if good else {}),
        )["FileSystemId"]
        if not good:
            mount = _everyone("elasticfilesystem:ClientMount")
            efs.put_file_system_policy(FileSystemId=made, Policy=mount)


def _caches(elasticache: Any, key: str) -> None:
    for name, good in _PAIR:
        secured = {"AuthToken": "not-a-real-password", "KmsKeyId": key} if good else {}
        elasticache.create_replication_group(
            ReplicationGroupId=name,
            ReplicationGroupDescription=name,
            Engine="redis",
            CacheNodeType="cache.t4g.micro",
            NumCacheClusters=1,
            AtRestEncryptionEnabled=good,
            TransitEncryptionEnabled=good,
            **secured,
        )


def _search(opensearch: Any, key: str) -> None:
    for name, good in _PAIR:
        encryption = {"Enabled": good, **({"KmsKeyId": key} if good else {})}
        audit = {"CloudWatchLogsLogGroupArn": _ARN.format("logs", "log-group:good")}
        opensearch.create_domain(
            DomainName=f"{name}-domain",
            AccessPolicies=_everyone("es:*"),
            EncryptionAtRestOptions=encryption,
            NodeToNodeEncryptionOptions={"Enabled": good},
            DomainEndpointOptions={
                "EnforceHTTPS": good,
                "TLSSecurityPolicy": f"Policy-Min-TLS-1-{'2-2019-07' if good else '0-2019-07'}",
            },
            AdvancedSecurityOptions={"Enabled": good},
            LogPublishingOptions={"AUDIT_LOGS": audit | {"Enabled": good}},
        )


def _certificates(acm: Any) -> None:
    """The bad ones are an imported one with a short key that ends soon, and one kept from logs."""
    for name, logged in (("good", "ENABLED"), ("hidden", "DISABLED")):
        acm.request_certificate(
            DomainName=f"{name}.example.com",
            Options={"CertificateTransparencyLoggingPreference": logged},
        )
    for days, bits in ((200, 2048), (5, 1024)):
        certificate, key = _certificate(days, bits)
        acm.import_certificate(Certificate=certificate, PrivateKey=key)


def _certificate(days: int, bits: int) -> tuple[bytes, bytes]:
    """A certificate that ends in some `days`, and its key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"in-{days}.example.com")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.TraditionalOpenSSL
    return certificate.public_bytes(pem), key.private_bytes(
        pem, plain, serialization.NoEncryption()
    )


def _tasks(ecs: Any) -> None:
    """A policy of host networks applies to the last two alone."""
    for name, good, network in (
        ("good", True, "bridge"),
        ("good-host", True, "host"),
        ("bad", False, "host"),
    ):
        secret = {"name": "DB_PASSWORD", "value": "not-a-real-one"}
        ecs.register_task_definition(
            family=name,
            networkMode=network,
            **({} if good else {"pidMode": "host"}),
            containerDefinitions=[
                {
                    "name": "web",
                    "image": "web:1",
                    "memory": 128,
                    "privileged": not good,
                    "readonlyRootFilesystem": good,
                    "user": "1000" if good else "root",
                    "environment": [] if good else [secret],
                }
            ],
        )
