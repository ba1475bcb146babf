"""A simulated AWS estate to try Trueline on: two accounts, three regions, good and bad."""

from trueline.demo.estate import ACCOUNTS, REGIONS, build_estate
from trueline.demo.server import Refusal, simulated_aws

__all__ = ["ACCOUNTS", "REFUSED", "REGIONS", "Refusal", "build_estate", "simulated_aws"]

REFUSED = (
    Refusal("s3", path="/example-production-exports", query="policy"),
    Refusal("kms", action="GetKeyPolicy", region="us-east-1"),
    Refusal("ec2", action="DescribeFlowLogs", region="eu-central-1"),
    Refusal("sqs", action="ListQueues", region="us-east-1"),
)
"""What the demo's role may not do, so that the ledger has something to say."""
