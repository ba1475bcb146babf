"""Small resource types, built by hand, so that these tests stand on no shipped content."""

from __future__ import annotations

from typing import Any

from trueline.model import Call, Column, Live, ResourceType, parse_type

__all__ = ["ACCOUNT", "BUCKET", "INSTANCE", "QUEUE", "ROLE", "USER", "make_type"]


def make_type(table: str, live: Live, columns: dict[str, tuple[str, str, Any]]) -> ResourceType:
    """Columns are name: (type, live mapping), or with the `omitted` value as third."""
    made = {}
    for name, (kind, mapping, *omitted) in columns.items():
        extra = {"omitted": omitted[0]} if omitted else {}
        made[name] = Column(name, parse_type(kind), name, {"live": mapping}, **extra)
    return ResourceType(table, table, "aws", made, live)


QUEUE = make_type(
    "aws_sqs_queue",
    Live(
        scope="region",
        list=Call("list", "sqs.ListQueues", rows="QueueUrls", may_lack_rows=True, as_="url",
                  fixed={"MaxResults": 2}),
        parts=(
            Call("attributes", "sqs.GetQueueAttributes", args={"QueueUrl": "url"},
                 fixed={"AttributeNames": ["All"]}, keep="Attributes",
                 gone=("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")),
            Call("tag_map", "sqs.ListQueueTags", args={"QueueUrl": "url"}, keep="Tags || `{}`"),
        ),
        uid="join('', ['arn:aws:sqs:', scope.region, ':', scope.account, ':', last_part(url)])",
        region="scope.region",
    ),
    {
        "name": ("text", "last_part(url)"),
        "kms_key_id": ("text?", "attributes.KmsMasterKeyId"),
        "visibility": ("text", "attributes.VisibilityTimeout"),
        "tags": ("map<text,text>", "tag_map", {}),
    },
)  # fmt: skip

BUCKET = make_type(
    "aws_s3_bucket",
    Live(
        scope="global",
        list=Call("list", "s3.ListBuckets", rows="Buckets", as_="bucket"),
        parts=(
            Call("location", "s3.GetBucketLocation", args={"Bucket": "bucket.Name"},
                 gone=("NoSuchBucket",)),
            Call("block", "s3.GetPublicAccessBlock", args={"Bucket": "bucket.Name"},
                 keep="PublicAccessBlockConfiguration",
                 absent=("NoSuchPublicAccessBlockConfiguration",),
                 region="location.LocationConstraint"),
            Call("versioning", "s3.GetBucketVersioning", args={"Bucket": "bucket.Name"},
                 region="location.LocationConstraint"),
        ),
        uid="join('', ['arn:aws:s3:::', bucket.Name])",
        region="not_null(location.LocationConstraint, 'us-east-1')",
    ),
    {
        "name": ("text", "bucket.Name"),
        "blocks_acls": ("bool", "block.BlockPublicAcls", False),
        "versioned": ("bool", "versioning.Status == 'Enabled'", False),
    },
)  # fmt: skip

USER = make_type(
    "aws_iam_user",
    Live(
        scope="global",
        list=Call("list", "iam.ListUsers", rows="Users", as_="user"),
        parts=(
            Call("keys", "iam.ListAccessKeys", args={"UserName": "user.UserName"},
                 rows="AccessKeyMetadata", gone=("NoSuchEntity",)),
            Call("inline_names", "iam.ListUserPolicies", args={"UserName": "user.UserName"},
                 rows="PolicyNames"),
            Call("inline", "iam.GetUserPolicy", each="inline_names", as_="policy_name",
                 args={"UserName": "user.UserName", "PolicyName": "policy_name"},
                 keep="PolicyDocument"),
            Call("report", "iam.GetCredentialReport", rows="csv_rows(Content)", key="arn",
                 match="user.Arn", missing="unknown",
                 first=(Call("first", "iam.GenerateCredentialReport",
                             until="State == 'COMPLETE'"),)),
        ),
        uid="user.Arn",
    ),
    {
        "name": ("text", "user.UserName"),
        "active_keys": ("int", "length(keys[?Status == 'Active'])"),
        "inline_count": ("int", "length(inline)"),
        "password_enabled": ("text", "report.password_enabled"),
    },
)  # fmt: skip

_AUTHORIZATION = "iam.GetAccountAuthorizationDetails"

ROLE = make_type(
    "aws_iam_role",
    Live(
        scope="global",
        list=Call("list", _AUTHORIZATION, rows="RoleDetailList", as_="role"),
        parts=(),
        uid="role.Arn",
    ),
    {"name": ("text", "role.RoleName")},
)

POLICY = make_type(
    "aws_iam_policy",
    Live(
        scope="global",
        list=Call("list", _AUTHORIZATION, rows="Policies", as_="policy"),
        parts=(),
        uid="policy.Arn",
    ),
    {"name": ("text", "policy.Arn")},
)

ACCOUNT = make_type(
    "aws_account",
    Live(
        scope="global",
        list=None,
        parts=(
            Call("summary", "iam.GetAccountSummary", keep="SummaryMap"),
            Call("passwords", "iam.GetAccountPasswordPolicy", keep="PasswordPolicy",
                 absent=("NoSuchEntity",)),
            Call("block", "s3control.GetPublicAccessBlock", args={"AccountId": "scope.account"},
                 keep="PublicAccessBlockConfiguration",
                 absent=("NoSuchPublicAccessBlockConfiguration",)),
        ),
        uid="join('', ['arn:aws:iam::', scope.account, ':root'])",
    ),
    {
        "name": ("text?", "scope.account"),
        "users": ("int", "summary.Users"),
        "password_min_length": ("int?", "passwords.MinimumPasswordLength"),
        "blocks_acls": ("bool", "block.BlockPublicAcls", False),
    },
)  # fmt: skip

INSTANCE = make_type(
    "aws_ec2_instance",
    Live(
        scope="region",
        list=Call("list", "ec2.DescribeInstances", rows="Reservations[].Instances[]",
                  as_="instance"),
        parts=(
            Call("encrypted", "ec2.GetEbsEncryptionByDefault"),
            Call("volume", "ec2.DescribeVolumes", rows="Volumes", key="VolumeId",
                 match="instance.BlockDeviceMappings[0].Ebs.VolumeId", missing="unknown",
                 batch_size=2, batch_ids="VolumeIds", gone=("InvalidVolume.NotFound",)),
        ),
        uid="join('', ['arn:aws:ec2:', scope.region, ':instance/', instance.InstanceId])",
        region="scope.region",
    ),
    {
        "name": ("text", "instance.InstanceId"),
        "default_encryption": ("bool", "encrypted.EbsEncryptionByDefault"),
        "volume_size": ("int", "volume.Size"),
    },
)  # fmt: skip
