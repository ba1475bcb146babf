"""IAM actions: wildcards, and the actions by which a principal can widen its own permissions."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["PRIVILEGED_ACTIONS", "covers_everything", "matched_privileges", "matches"]

PRIVILEGED_ACTIONS = frozenset(
    {
        # Give a principal other or wider policies.
        "iam:addusertogroup",
        "iam:attachgrouppolicy",
        "iam:attachrolepolicy",
        "iam:attachuserpolicy",
        "iam:createpolicyversion",
        "iam:putgrouppolicy",
        "iam:putrolepolicy",
        "iam:putuserpolicy",
        "iam:setdefaultpolicyversion",
        # Take away what holds it back: denies and permissions boundaries.
        "iam:deletegrouppolicy",
        "iam:deleterolepermissionsboundary",
        "iam:deleterolepolicy",
        "iam:deleteuserpermissionsboundary",
        "iam:deleteuserpolicy",
        "iam:detachgrouppolicy",
        "iam:detachrolepolicy",
        "iam:detachuserpolicy",
        "iam:putrolepermissionsboundary",
        "iam:putuserpermissionsboundary",
        # Credentials of somebody else.
        "iam:createaccesskey",
        "iam:createloginprofile",
        "iam:createservicespecificcredential",
        "iam:resetservicespecificcredential",
        "iam:updateaccesskey",
        "iam:updateloginprofile",
        "iam:uploadsigningcertificate",
        "iam:uploadsshpublickey",
        # Become another role, or let others in.
        "iam:addclientidtoopenidconnectprovider",
        "iam:createopenidconnectprovider",
        "iam:createsamlprovider",
        "iam:passrole",
        "iam:updateassumerolepolicy",
        "iam:updateopenidconnectproviderthumbprint",
        "iam:updatesamlprovider",
        "sts:assumerole",
        "sts:assumeroot",
        # Permission sets of the identity centre.
        "identitystore:creategroupmembership",
        "sso:attachcustomermanagedpolicyreferencetopermissionset",
        "sso:attachmanagedpolicytopermissionset",
        "sso:createaccountassignment",
        "sso:deletepermissionsboundaryfrompermissionset",
        "sso:putinlinepolicytopermissionset",
        "sso:updatepermissionset",
        # Run own code where a stronger role is already attached.
        "cloudformation:executechangeset",
        "cloudformation:updatestack",
        "codebuild:startbuild",
        "codebuild:startbuildbatch",
        "codebuild:updateproject",
        "codestar:associateteammember",
        "codestar:createproject",
        "datapipeline:putpipelinedefinition",
        "ec2:modifyinstanceattribute",
        "ec2-instance-connect:sendserialconsolesshpublickey",
        "ec2-instance-connect:sendsshpublickey",
        "ecs:executecommand",
        "elasticmapreduce:addjobflowsteps",
        "glue:updatedevendpoint",
        "glue:updatejob",
        "lambda:updatefunctioncode",
        "lambda:updatefunctionconfiguration",
        "sagemaker:createpresigneddomainurl",
        "sagemaker:createpresignednotebookinstanceurl",
        "sagemaker:updatenotebookinstancelifecycleconfig",
        "ssm:createassociation",
        "ssm:sendcommand",
        "ssm:startsession",
        "states:updatestatemachine",
    }
)
"""Facts about AWS, lower case. Most are dangerous on `*` and ordinary on one named resource."""

_WILD = frozenset("*?")


def matches(pattern: str, text: str) -> bool:
    """Does an IAM wildcard pattern (`*` any characters, `?` one) match? Both are in lower case.

    Linear in practice and quadratic at worst, whatever the pattern: it may come from an attacker.
    """
    at = place = 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(char == "*" for char in pattern[at:])


@lru_cache(16_384)
def matched_privileges(pattern: str) -> frozenset[str]:
    """The privileged actions that a lower-case pattern covers."""
    if _WILD.isdisjoint(pattern):
        return PRIVILEGED_ACTIONS & {pattern}
    return frozenset(action for action in PRIVILEGED_ACTIONS if matches(pattern, action))


def covers_everything(pattern: str) -> bool:
    """Is this action pattern `*`, `*:*`, or another spelling of every action?"""
    parts = pattern.split(":")
    return len(parts) <= 2 and all("*" in part and _WILD.issuperset(part) for part in parts)
