"""Reads AWS accounts into rows: `collect(AwsRequest(...), types, sink)`."""

from trueline.collect.aws.collector import collect
from trueline.collect.aws.request import AwsRequest, Patience

__all__ = ["AwsRequest", "Patience", "collect"]
