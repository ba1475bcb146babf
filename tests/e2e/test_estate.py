"""Looking at what was recorded: resources, filters, queries, differences."""

from __future__ import annotations

import pytest

from e2e.conftest import Program

BUCKETS = ("--type", "aws_s3_bucket", "--type", "aws_sqs_queue")


@pytest.fixture
def scanned(live: Program) -> Program:
    """A home with one small snapshot."""
    assert live.scan(*BUCKETS).code == 0
    return live


def test_resources_are_filtered_by_a_rule(scanned: Program) -> None:
    def names(rule: str) -> set[str]:
        found = scanned("resource", "list", "--filter", rule, "--format", "json").json()
        return {r["name"] for r in found}

    assert names("type:aws_sqs_queue") == {"orders", "invoices"}
    assert names("type:aws_sqs_queue AND name LIKE 'ord%'") == {"orders"}
    assert names("tag('env') = 'sandbox' AND type:aws_s3_bucket")
    assert names("tag('env') = 'prod' AND type:aws_s3_bucket") == set()
    wrong = scanned("resource", "list", "--filter", "regoin:eu-west-1")
    assert wrong.code == 2
    assert "region" in wrong.err


def test_one_resource_is_shown_with_what_is_known_of_each_column(scanned: Program) -> None:
    (shown,) = scanned("resource", "show", "invoices", "--format", "json").json()
    assert shown["type"] == "aws_sqs_queue"
    assert shown["columns"]["kms_key_id"] == {"absent": True}
    assert shown["columns"]["statements"]["value"][0]["effect"] == "Allow"
    assert scanned("resource", "show", "nothing-like-this").code == 2


def test_a_select_is_answered_in_every_format(scanned: Program) -> None:
    sql = "SELECT name FROM aws_sqs_queue ORDER BY name"
    assert scanned("query", sql, "--format", "json").json() == [
        {"name": "invoices"},
        {"name": "orders"},
    ]
    assert scanned("query", sql, "--format", "csv").out == "name\ninvoices\norders\n"
    assert scanned("query", "-", "--format", "jsonl", stdin=sql).out.count("\n") == 2


def test_two_snapshots_of_the_same_estate_do_not_differ(scanned: Program) -> None:
    assert scanned.scan(*BUCKETS).code == 0
    outcome = scanned("diff", "--format", "json")
    assert outcome.json() == []
    assert scanned("diff", "1", "2").code == 0
    assert scanned("diff", "1", "7").code == 2


def test_the_footprint_counts_what_is_there_and_names_what_was_not_asked_for(
    scanned: Program,
) -> None:
    seen = scanned("map", "--format", "json").json()
    assert seen["types"]["aws_sqs_queue"] == 2
    assert "us-east-1" in seen["not_asked"]["444455556666"]
    assert seen["incomplete"] == []


def test_an_expected_account_that_was_never_seen_is_in_map_and_ledger(live: Program) -> None:
    (live.directory / "trueline.toml").write_text('[accounts]\nexpected = ["999988887777"]\n')
    report = live.scan("--type", "aws_sqs_queue", "--format", "json").json()
    (row,) = [c for c in report["coverage"] if c["account"] == "999988887777"]
    assert row["status"] == "error"
    assert report["summary"]["share_read"] < 1
    assert live("map", "--format", "json").json()["missing"] == ["999988887777"]


def test_old_snapshots_are_pruned_and_the_newest_stays(scanned: Program) -> None:
    assert scanned.scan(*BUCKETS).code == 0
    assert scanned("lake", "prune", "--keep", "1").code == 0
    info = scanned("lake", "info", "--format", "json").json()
    assert [s["number"] for s in info["snapshots"]] == [2]
    assert scanned("lake", "prune", "--keep", "soon").code == 2
