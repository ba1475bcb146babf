"""Which fixes a report offers by itself."""

from __future__ import annotations

from dataclasses import replace

from report.kit import POLICY, verdict
from trueline.catalog import load
from trueline.model import Location
from trueline.report.excerpts import excerpts
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


def test_a_block_that_is_written_over_lines_keeps_its_brace_in_the_excerpt() -> None:
    head = 'resource "aws_thing" "abc"'
    block = Location("main.tf", 1, 1, 1, len(head) + 1)
    made = verdict("fail", location=block)
    for behind, shown in ((" {", " {"), (" { # not for others", " …")):
        lines = [head + behind]
        (excerpt,) = excerpts([made], {"p": POLICY}, lambda _, lines=lines: lines).values()
        assert excerpt == head + shown
