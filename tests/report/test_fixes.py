"""Which fixes a report offers by itself."""

from __future__ import annotations

from dataclasses import replace

from trueline.catalog import load
from trueline.report.fixes import attribute_fixes


def test_a_policy_on_one_boolean_attribute_has_a_fix() -> None:
    catalog = load()
    fixes = attribute_fixes(catalog.policies.values(), catalog.types)
    assert fixes["aws-ebs-volume-unencrypted"] == ("encrypted", "true")
    assert fixes["aws-rds-instance-public-address"] == ("publicly_accessible", "false")


def test_what_several_things_decide_has_none() -> None:
    catalog = load()
    assert "aws-s3-bucket-public-by-policy" not in attribute_fixes(
        catalog.policies.values(), catalog.types
    )
    policy = catalog.policies["aws-rds-instance-unencrypted"]
    both = replace(policy, fails_when="NOT storage_encrypted AND is_absent(kms_key_id)")
    assert attribute_fixes([both], catalog.types) == {}
